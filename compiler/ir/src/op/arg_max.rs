//! Index of the largest element along an axis, of the first one if there are several: a class.
//!
//! The output is int8 with scale 1 and zero point 0, so that its byte is the index; hence an axis has at
//! most 128 elements.

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive};
use crate::{Quant, Shape};

/// Attributes of the index of the largest element.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ArgMax {
    /// The axis, which goes.
    pub axis: usize,
}

impl ArgMax {
    /// Scale and zero point of every output.
    pub const QUANT: Quant = Quant {
        scale: 1.0,
        zero_point: 0,
    };

    /// Elements that an axis may have.
    pub const MAX_LEN: usize = 128;

    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let refuse = |attribute, value, rule| ShapeError::Attribute {
            op: "arg_max",
            attribute,
            value,
            rule,
        };
        let mut dims = input.dims().to_vec();
        let Some(&len) = dims.get(self.axis) else {
            return Err(refuse(
                "axis",
                self.axis,
                "an axis of the input, counted from 0",
            ));
        };
        positive("arg_max", "elements of the axis", len)?;
        if len > Self::MAX_LEN {
            return Err(refuse(
                "elements of the axis",
                len,
                "at most 128, so that an index fits an int8",
            ));
        }
        dims.remove(self.axis);
        if dims.is_empty() {
            dims.push(1);
        }
        Ok(Shape::new(dims))
    }
}
