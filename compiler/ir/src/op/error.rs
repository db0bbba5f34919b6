//! Why an operator cannot take its inputs.

use super::Real;
use crate::Shape;

/// Why an operator cannot take its inputs.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ShapeError {
    /// Wrong number of inputs.
    #[error("{op} takes {expected} input(s), it was given {actual}")]
    Arity {
        /// Name of the operator.
        op: &'static str,
        /// How many it takes.
        expected: usize,
        /// How many it got.
        actual: usize,
    },
    /// The input has the wrong rank.
    #[error("{op} needs an input of shape {expected}, it was given {actual}")]
    Rank {
        /// Name of the operator.
        op: &'static str,
        /// What it wants, in words.
        expected: &'static str,
        /// What it got.
        actual: Shape,
    },
    /// The window does not fit the padded input.
    #[error("{op}: a window of {window} does not fit the padded {axis} of {size}")]
    WindowTooLarge {
        /// Name of the operator.
        op: &'static str,
        /// `height` or `width`.
        axis: &'static str,
        /// The dilated window's extent.
        window: usize,
        /// The padded input's extent.
        size: usize,
    },
    /// An attribute that must be positive is zero, or padding is not smaller than the window.
    #[error("{op}: {attribute} is {value}; it must be {rule}")]
    Attribute {
        /// Name of the operator.
        op: &'static str,
        /// Name of the attribute.
        attribute: &'static str,
        /// Its value.
        value: usize,
        /// What it must be.
        rule: &'static str,
    },
    /// A real attribute is not what it must be.
    #[error("{op}: {attribute} is {value}; it must be {rule}")]
    Real {
        /// Name of the operator.
        op: &'static str,
        /// Name of the attribute.
        attribute: &'static str,
        /// Its value.
        value: Real,
        /// What it must be.
        rule: &'static str,
    },
    /// Two shapes that must be equal are not.
    #[error("{op}: shapes {left} and {right} differ")]
    Mismatch {
        /// Name of the operator.
        op: &'static str,
        /// First shape.
        left: Shape,
        /// Second shape.
        right: Shape,
    },
}

/// `[H, W, C]` of the input or the error that says so.
pub(super) fn spatial(op: &'static str, input: &Shape) -> Result<[usize; 3], ShapeError> {
    input.hwc().ok_or_else(|| ShapeError::Rank {
        op,
        expected: "HxWxC",
        actual: input.clone(),
    })
}

/// Refuses a zero where a positive number is needed.
pub(super) fn positive(
    op: &'static str,
    attribute: &'static str,
    value: usize,
) -> Result<(), ShapeError> {
    if value == 0 {
        return Err(ShapeError::Attribute {
            op,
            attribute,
            value,
            rule: "at least 1",
        });
    }
    Ok(())
}
