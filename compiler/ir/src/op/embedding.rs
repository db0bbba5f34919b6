//! Rows of a table by their number: tokens become vectors that training finds. Each element of the input is a
//! number from 0 on; what lies outside of the table counts as its nearest row. The input's last axis has one
//! element, the output's is a row. Source: Bengio et al., "A neural probabilistic language model" (2003).
//!
//! In int8 networks the input has scale 1 and zero point −128, so 256 numbers are a byte, and the rows are bytes
//! of the output: nothing is computed.

use serde::{Deserialize, Serialize};

use super::ShapeError;
use crate::{Quant, Shape};

/// Attributes of an embedding; its weights are `[rows, width]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Embedding {
    /// Rows of the table, at most 256.
    pub rows: usize,
    /// Elements of a row.
    pub width: usize,
}

impl Embedding {
    /// Scale and zero point of every input.
    pub const INPUT: Quant = Quant {
        scale: 1.0,
        zero_point: -128,
    };

    /// The row that a number of the input stands for.
    pub fn row(&self, number: f32) -> usize {
        // A cast saturates, and NaN is 0.
        (number.round() as usize).min(self.rows.saturating_sub(1))
    }

    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let rule = |attribute, value, most, rule| {
            if (1..=most).contains(&value) {
                return Ok(());
            }
            Err(ShapeError::Attribute {
                op: "embedding",
                attribute,
                value,
                rule,
            })
        };
        rule("rows", self.rows, 256, "from 1 to 256")?;
        rule("width", self.width, usize::MAX, "at least 1")?;
        let mut dims = input.dims().to_vec();
        match dims.last_mut() {
            Some(last) if *last == 1 => *last = self.width,
            _ => {
                return Err(ShapeError::Rank {
                    op: "embedding",
                    expected: "with one element on its last axis",
                    actual: input.clone(),
                });
            }
        }
        Ok(Shape::new(dims))
    }
}
