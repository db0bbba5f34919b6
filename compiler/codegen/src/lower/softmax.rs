//! Softmax: the table of the exponentials of all 256 differences to the maximum.

use ember_ir::Multiplier;
use ember_runtime::params::SoftmaxParams;
use ember_runtime::softmax_math;

use super::{Context, Overflow};

/// The owned twin of [`SoftmaxParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct Softmax {
    /// Number of rows.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// `exps[d]`: exp of the scaled difference −d, Q0.31.
    pub exps: Box<[i32; 256]>,
}

impl Softmax {
    /// What the kernel takes.
    pub fn params(&self) -> SoftmaxParams<'_> {
        SoftmaxParams {
            rows: self.rows,
            len: self.len,
            exps: &self.exps,
        }
    }
}

/// Elements whose exponentials, each at most 1, sum up below 2¹² (Q12.19).
const MAX_LEN: usize = (1 << 12) - 1;
/// Fraction bits of the scaled differences (Q5.26).
const FRACTION_BITS: i32 = 26;

pub(super) fn lower(context: &Context<'_>, overflows: &mut Vec<Overflow>) -> Softmax {
    let shape = context.graph.input_shape(context.node);
    let len = shape.dims().last().copied().unwrap_or(1);
    if len > MAX_LEN {
        overflows.push(Overflow {
            node: context.name().to_owned(),
            channel: 0,
            quantity: "the sum of exponentials",
            bound: len as u128,
            limit: MAX_LEN as u128,
        });
    }
    Softmax {
        rows: shape.elements() / len.max(1),
        len,
        exps: Box::new(exps(context.input(0).scale)),
    }
}

/// The table for an input scale.
fn exps(input_scale: f32) -> [i32; 256] {
    let (multiplier, minimum) = differences(input_scale);
    // A scale below 2⁻²⁶ has a negative exponent: no difference is visible, all exponentials are 1.
    let Ok(shift) = u32::try_from(multiplier.exponent) else {
        return [i32::MAX; 256];
    };
    softmax_math::exps_table(multiplier.mantissa, shift, minimum)
}

/// From differences to Q5.26, and the least difference; below −31·2²⁶/2^shift they count as minus infinity.
pub(super) fn differences(input_scale: f32) -> (Multiplier, i32) {
    let factor = f64::from(input_scale) * f64::from(1u32 << FRACTION_BITS);
    let multiplier = Multiplier::new(factor.min(f64::from(i32::MAX)));
    let largest = 31.0 * f64::from(1u32 << FRACTION_BITS);
    let minimum = -(largest / 2f64.powi(multiplier.exponent)).floor();
    (multiplier, minimum as i32)
}
