//! Product of matrices, both of which change from sample to sample or are constants; the axes before the last two
//! are batches, repeated as element-wise operators do.

use serde::{Deserialize, Serialize};

use super::{ShapeError, binary, positive};
use crate::Shape;

/// Attributes of a product of matrices.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Matmul {
    /// The left matrices are `[depth, rows]` instead of `[rows, depth]`.
    pub transpose_left: bool,
    /// The right matrices are `[columns, depth]` instead of `[depth, columns]`.
    pub transpose_right: bool,
}

const NAME: &str = "matmul";

impl Matmul {
    pub(super) fn output_shape(&self, left: &Shape, right: &Shape) -> Result<Shape, ShapeError> {
        let [one, other] = [left, right].map(|shape| {
            shape
                .dims()
                .split_last_chunk::<2>()
                .ok_or_else(|| ShapeError::Rank {
                    op: NAME,
                    expected: "…xNxM",
                    actual: shape.clone(),
                })
        });
        let ((batches, &left_matrix), (others, &right_matrix)) = (one?, other?);
        let turned = |[a, b]: [usize; 2], turn: bool| if turn { [b, a] } else { [a, b] };
        let [rows, depth] = turned(left_matrix, self.transpose_left);
        let [same, columns] = turned(right_matrix, self.transpose_right);
        for size in [rows, depth, columns] {
            positive(NAME, "size of a matrix", size)?;
        }
        if depth != same {
            return Err(ShapeError::Mismatch {
                op: NAME,
                left: left.clone(),
                right: right.clone(),
            });
        }
        let batches = binary::broadcast(NAME, &Shape::new(batches), &Shape::new(others))?;
        Ok(Shape::new([batches.dims(), &[rows, columns]].concat()))
    }

    /// Products that an output is the sum of.
    pub fn depth(&self, left: &Shape) -> usize {
        match *left.dims() {
            [.., depth, _] if self.transpose_left => depth,
            [.., depth] => depth,
            [] => 0,
        }
    }
}
