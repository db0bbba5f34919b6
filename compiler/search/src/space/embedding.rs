//! Numbers as rows of a table.

use ember_ir::{Embedding, Op, TensorId};

use super::blocks::Assembly;
use super::fit::{MAX_ROWS, MAX_WIDTH};

impl Assembly {
    /// Nothing where the input is no map of single numbers.
    pub(super) fn embedding(
        &mut self,
        number: usize,
        rows: usize,
        width: usize,
        x: TensorId,
    ) -> TensorId {
        let Some([_, _, 1]) = self.size(x) else {
            return x;
        };
        let op = Op::Embedding(Embedding {
            rows: rows.clamp(1, MAX_ROWS),
            width: width.clamp(1, MAX_WIDTH),
        });
        self.node(format!("embedding{number}"), op, &[x])
    }
}
