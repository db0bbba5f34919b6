//! Elements elsewhere: a fill value, then pieces of the inputs.

use crate::params::{CopyParams, PIECE_WORDS, Piece};

/// Reads and writes what the pieces say; `inputs` are all inputs in full.
pub fn copy_s8(params: &CopyParams<'_>, inputs: &[&[i8]], output: &mut [i8]) {
    if let Some(value) = params.fill {
        output.fill(value);
    }
    for index in 0..params.pieces.len() / PIECE_WORDS {
        let piece = Piece::of(params.pieces, index);
        let input = inputs[piece.input as usize];
        let runs: i32 = piece.axes.iter().map(|axis| axis.count).product();
        for run in 0..runs {
            let (mut rest, mut read, mut write) = (run, piece.read, piece.write);
            for axis in piece.axes.iter().rev() {
                let index = rest % axis.count;
                rest /= axis.count;
                read += index * axis.read;
                write += index * axis.write;
            }
            let (read, write, len) = (read as usize, write as usize, piece.run as usize);
            output[write..write + len].copy_from_slice(&input[read..read + len]);
        }
    }
}
