//! Rows of a table in flash by their number. One function for every layer of a model, as in [`super::conv2d`].

use super::{frozen, rolled, unary};
use crate::arena::Memory;
use crate::layer::Embedding;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn embedding_s8<L: Embedding>(arena: &mut impl Memory) {
    const {
        let (len, width) = (L::PARAMS.len, L::PARAMS.width);
        assert!(len > 0 && width > 0, "empty layer");
        assert!(L::INPUT.len == len, "input region and length differ");
        assert!(
            L::OUTPUT.len == len * width,
            "output region and length differ"
        );
        let values = L::PARAMS.values.len();
        assert!(
            values > 0 && values.is_multiple_of(width),
            "a row is not whole"
        );
    }
    let base = unary::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            input: L::INPUT.offset,
            output: L::OUTPUT.offset,
            len: L::PARAMS.len,
            width: L::PARAMS.width,
            last: L::PARAMS.values.len() / L::PARAMS.width - 1,
            values: L::PARAMS.values,
        }
    };
    // SAFETY: regions, lengths and rows were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    input: usize,
    output: usize,
    /// Numbers read.
    len: usize,
    /// Bytes of a row.
    width: usize,
    /// The last row of the table.
    last: usize,
    values: &'static [i8],
}

/// Copies byte by byte: rows in flash are not aligned.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let (width, last, values) = (task.width, task.last, task.values.as_ptr());
    // SAFETY: `len` bytes are read and as many rows written; a row's number is cut to those of the table.
    unsafe {
        let mut input = arena.add(task.input).cast_const();
        let mut output = arena.add(task.output);
        let end = input.add(task.len);
        while input < end {
            rolled();
            let number = usize::from((*input).cast_unsigned() ^ 0x80);
            let row = if number < last { number } else { last };
            let mut from = values.add(row * width);
            let row_end = output.add(width);
            while output < row_end {
                rolled();
                *output = *from;
                (from, output) = (from.add(1), output.add(1));
            }
            input = input.add(1);
        }
    }
}
