//! Logarithm of softmax: the table of [`super::softmax`], and the factor that turns differences to the maximum
//! into Q5.26.

use ember_ir::Multiplier;
use ember_runtime::Scale;
use ember_runtime::params::LogSoftmaxParams;

use super::{Context, Overflow, requant, softmax};

/// The owned twin of [`LogSoftmaxParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct LogSoftmax {
    /// Number of rows.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// `exps[d]`: exp of the scaled difference −d, Q0.31.
    pub exps: Box<[i32; 256]>,
    /// From a difference to Q5.26.
    pub scale: Scale,
    /// The largest distance that Q5.26 holds.
    pub farthest: u8,
}

impl LogSoftmax {
    /// What the kernel takes.
    pub fn params(&self) -> LogSoftmaxParams<'_> {
        LogSoftmaxParams {
            rows: self.rows,
            len: self.len,
            exps: &self.exps,
            scale: self.scale,
            farthest: self.farthest,
        }
    }
}

pub(super) fn lower(context: &Context<'_>, overflows: &mut Vec<Overflow>) -> LogSoftmax {
    let softmax::Softmax { rows, len, exps } = softmax::lower(context, overflows);
    let (multiplier, minimum) = softmax::differences(context.input(0).scale);
    // A scale below 2⁻²⁶ shows no difference.
    let multiplier = match multiplier.exponent {
        0.. => multiplier,
        _ => Multiplier::new(0.0),
    };
    LogSoftmax {
        rows,
        len,
        exps,
        scale: requant::scale(multiplier),
        farthest: u8::try_from(minimum.unsigned_abs()).unwrap_or(u8::MAX),
    }
}
