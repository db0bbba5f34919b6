//! Element-wise addition. The output may be exactly one of the inputs: each element is read before it
//! is written. One function for every layer of a model, as in [`super::conv2d`].

use super::multiply::{multiply_high, multiply_high_rounded};
use super::requant::{Channel, Form, Requant};
use super::{OTHER, SINGLE, TFLITE, binary, frozen, rolled};
use crate::arena::Memory;
use crate::layer::Add;
#[cfg(all(target_arch = "arm", feature = "mve"))]
use crate::mve::add as fast;
use crate::params::AddParams;
use crate::requant::{Rounding, Scale, requantize};
#[cfg(all(target_arch = "arm", target_has_atomic = "32", not(feature = "mve")))]
use crate::thumb2::add as fast;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn add_s8<L: Add>(arena: &mut impl Memory) {
    const {
        let len = L::PARAMS.len;
        assert!(len > 0, "empty layer");
        assert!(
            L::LEFT.len == len && L::RIGHT.len == len,
            "input regions and length differ"
        );
        assert!(L::OUTPUT.len == len, "output region and length differ");
    }
    let base = binary::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: regions and length were checked against each other.
    unsafe {
        match const { add_form(&L::PARAMS) } {
            Form::TfLite => run::<TFLITE>(base, frozen(task)),
            Form::Single => run::<SINGLE>(base, frozen(task)),
            Form::Shifted | Form::Other => run::<OTHER>(base, frozen(task)),
        }
    }
}

/// Left shift of the inputs.
const SHIFT: u32 = 20;

/// Bits of a difference of two i8 shifted by that.
const SHIFTED_BITS: u32 = 8 + SHIFT;

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(crate) struct Task {
    /// Offsets in the arena.
    pub(crate) left: usize,
    pub(crate) right: usize,
    pub(crate) output: usize,
    pub(crate) len: usize,
    pub(crate) steps: [Step; 2],
    pub(crate) requant: Requant,
    pub(crate) factor: Channel,
    /// For the definition.
    rounding: Rounding,
}

impl Task {
    const fn new<L: Add>() -> Self {
        let p = L::PARAMS;
        let requant = Requant::of_add(&p);
        Self {
            left: L::LEFT.offset,
            right: L::RIGHT.offset,
            output: L::OUTPUT.offset,
            len: p.len,
            steps: Step::of(&p),
            requant,
            factor: requant.channel(p.output.mantissa, p.output.exponent),
            rounding: p.rounding,
        }
    }
}

/// How an addition is computed: both steps and the sum have to fit the short forms.
pub const fn add_form(p: &AddParams) -> Form {
    let [left, right] = Step::of(p);
    if left.fits && right.fits {
        Requant::of_add(p).form()
    } else {
        Form::Other
    }
}

/// From an input to its share of the sum: an inner requantisation, whose result is not clamped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) zero: i32,
    pub(crate) scale: Scale,
    /// Of the short form, hi((x·2^before − `shifted_zero`)·m) + `addend`, shifted right by `after`.
    pub(crate) shifted_zero: i32,
    pub(crate) addend: i32,
    pub(crate) after: u32,
    /// Whether the short form holds.
    pub(super) fits: bool,
}

/// Left shift of the inputs of the short form. In `TfLite` it doubles the product; hi(2²·acc·m) of `Single`
/// has the right shift s + 1, of which the last bit rounds.
pub(crate) const fn before<const METHOD: u32>() -> u32 {
    if METHOD == TFLITE {
        SHIFT + 1
    } else {
        SHIFT + 2
    }
}

impl Step {
    const fn of(p: &AddParams) -> [Self; 2] {
        [
            Self::new(p.rounding, p.left, p.left_zero),
            Self::new(p.rounding, p.right, p.right_zero),
        ]
    }

    pub(super) const fn new(rounding: Rounding, scale: Scale, zero: i8) -> Self {
        let zero = zero as i32;
        let shift = -(scale.exponent as i32);
        let mut step = Self {
            zero,
            scale,
            shifted_zero: 0,
            addend: 0,
            after: 0,
            fits: scale.mantissa > 0 && shift >= 0 && shift <= 22,
        };
        if !step.fits {
            return step;
        }
        match rounding {
            // hi((x − zero)·2²¹·m), if nothing is shifted after it, is the result, whatever its sign. The
            // short form takes one from what is negative, so nothing may be; and what is added instead of
            // the zero point is exact if 2²¹·m is a multiple of 2³². The larger scale's is 2⁵¹.
            Rounding::TfLite if shift == 0 => {
                let lowest = i8::MIN as i32;
                step.shifted_zero = lowest << before::<TFLITE>();
                step.addend = (lowest - zero) * (scale.mantissa >> 11);
                step.fits = scale.mantissa.trailing_zeros() >= 11;
            }
            Rounding::TfLite => {
                step.shifted_zero = zero << before::<TFLITE>();
                step.after = shift as u32;
                step.addend = 1 << (shift - 1);
            }
            Rounding::Single => {
                step.shifted_zero = zero << before::<SINGLE>();
                step.after = shift as u32 + 1;
                step.addend = 1 << shift;
            }
        }
        step
    }

    #[inline(always)]
    pub(super) fn apply<const METHOD: u32>(&self, x: i8, rounding: Rounding) -> i32 {
        let x = i32::from(x);
        if METHOD == OTHER {
            return requantize((x - self.zero) << SHIFT, self.scale, rounding);
        }
        let x = (x << before::<METHOD>()) - self.shifted_zero;
        let y = if METHOD == TFLITE {
            // The sign of the factor stands for that of the product: where they differ, at 0, the shift
            // drops what is taken away.
            multiply_high_rounded(x, self.scale.mantissa) + (x >> 31)
        } else {
            multiply_high(x, self.scale.mantissa)
        };
        y.wrapping_add(self.addend) >> (self.after & 31)
    }
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run<const METHOD: u32>(arena: *mut i8, task: &Task) {
    // SAFETY: three regions of `len` bytes inside the arena.
    unsafe {
        #[cfg(all(target_arch = "arm", target_has_atomic = "32"))]
        if METHOD == OTHER {
            each::<METHOD>(arena, task);
        } else {
            fast::add::<METHOD>(&fast::Frame::new(arena, task));
        }
        #[cfg(not(all(target_arch = "arm", target_has_atomic = "32")))]
        each::<METHOD>(arena, task);
        if task.requant.is_clamped() {
            task.requant.clamp(arena.add(task.output), task.len);
        }
    }
}

/// Computes all outputs, in plain Rust, before the layer's clamp where the form is a short one.
///
/// # Safety
/// As for [`run`].
#[inline(always)]
unsafe fn each<const METHOD: u32>(arena: *mut i8, task: &Task) {
    // Copies, because what is written to the arena might be the task, for all that LLVM knows.
    let ([left, right], factor, rounding) = (task.steps, task.factor, task.rounding);
    // SAFETY: the caller's promise.
    unsafe {
        let [mut x, mut y] = [task.left, task.right].map(|offset| arena.add(offset).cast_const());
        let mut output = arena.add(task.output);
        let end = output.add(task.len);
        while output < end {
            rolled();
            let sum = left
                .apply::<METHOD>(*x, rounding)
                .wrapping_add(right.apply::<METHOD>(*y, rounding));
            *output = if METHOD == OTHER {
                task.requant.finish_any(sum, &factor)
            } else {
                factor.saturated::<METHOD>(sum)
            };
            (x, y, output) = (x.add(1), y.add(1), output.add(1));
        }
    }
}

impl Requant {
    /// How the outputs of an addition are requantised.
    const fn of_add(p: &AddParams) -> Self {
        Self::of_sum(
            p.rounding,
            p.output_zero,
            p.clamp,
            [p.left, p.right, p.output],
        )
    }

    /// How sums or differences are, of inputs with these factors; the last is that of the sum.
    pub(super) const fn of_sum(
        rounding: Rounding,
        zero: i8,
        clamp: [i8; 2],
        [left, right, sum]: [Scale; 3],
    ) -> Self {
        // A factor below 2^e turns 28 bits into 28 + e; one more for the sum. Differences are at most
        // 255, so that what rounding adds is still below.
        let most = max(left.exponent, right.exponent);
        let bits = if most < 3 {
            SHIFTED_BITS + 1 + max(most, 0) as u32
        } else {
            32
        };
        let scale = ([sum.mantissa], [sum.exponent]);
        let scales: (&[i32], &[i8]) = (&scale.0, &scale.1);
        Self::new(rounding, zero, clamp, bits, scales)
    }
}

const fn max(a: i8, b: i8) -> i8 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn steps_equal_the_definition(
            // The larger of two scales is exactly a half; others that shift 0 has a short form of end in zeros.
            mantissa in prop_oneof![
                Just(1 << 30),
                (1i32 << 19..1 << 20).prop_map(|m| m << 11),
                1i32 << 30..=i32::MAX,
            ],
            exponent in prop_oneof![Just(0i8), -22i8..=0],
            zero: i8,
            tflite: bool,
        ) {
            let rounding = if tflite { Rounding::TfLite } else { Rounding::Single };
            let step = Step::new(rounding, Scale { mantissa, exponent }, zero);
            let is_exact = mantissa.trailing_zeros() >= 11;
            prop_assert_eq!(step.fits, !tflite || exponent < 0 || is_exact);
            if step.fits {
                for x in i8::MIN..=i8::MAX {
                    let short = if tflite {
                        step.apply::<TFLITE>(x, rounding)
                    } else {
                        step.apply::<SINGLE>(x, rounding)
                    };
                    prop_assert_eq!(short, step.apply::<OTHER>(x, rounding), "x = {}", x);
                }
            }
        }
    }
}
