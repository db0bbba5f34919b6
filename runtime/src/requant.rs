//! Requantisation: from an i32 accumulator to the output's scale, by a fixed-point multiplier.
//!
//! Two roundings exist (`int8.md`): TensorFlow Lite Micro's double rounding, for imported models, and
//! a single one, for Ember's own. They differ by one in about 1.8 % of cases.

/// How a requantisation rounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// (acc·m + 2^(30−e)) >> (31−e): one rounding, half up.
    Single,
    /// Saturating rounding doubling high multiply, then a rounding shift, half away from zero.
    TfLite,
}

/// A real factor mantissa·2^(exponent−31); mantissa in [2³⁰, 2³¹) or 0, exponent in [−31, 30].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// Q0.31 mantissa.
    pub mantissa: i32,
    /// Power of two; positive is a left shift.
    pub exponent: i8,
}
