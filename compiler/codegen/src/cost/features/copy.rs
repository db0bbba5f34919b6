//! Elements elsewhere: a fill, pieces, four loops, runs of one byte, of words and of bytes.

use ember_ir::{Move, Shape, Tensor};
use ember_runtime::params::Piece;
use ember_runtime::scratch::Isa;

use super::{flag, numbers, rows};
use crate::lower::copy;

pub(super) fn counts(op: &Move, shapes: &[&Shape], to: &Tensor, isa: Isa) -> Vec<f64> {
    let (pieces, output) = (copy::pieces(op, shapes, to.element), to.bytes());
    let filled = flag(copy::is_filled(op, &pieces, output));
    let fill = match output.is_multiple_of(4) {
        true => [filled, filled * output / 4, 0],
        false => [filled, 0, filled * output],
    };
    let mut loops = [0; 3];
    // Single bytes; runs, their steps, words behind them, words that are not aligned, bytes behind those.
    let mut runs = [0; 6];
    let step = rows::step(isa);
    for piece in &pieces {
        let mut entered = 1;
        for (sum, axis) in loops.iter_mut().zip(&piece.axes) {
            entered *= axis.count as usize;
            *sum += entered;
        }
        let all = entered * piece.axes[3].count as usize;
        let bytes = piece.run as usize;
        if bytes == 1 {
            runs[0] += all;
            continue;
        }
        let aligned = match bytes.is_multiple_of(4) {
            true => aligned(piece),
            false => 0,
        };
        runs[1] += all;
        runs[2] += aligned * (bytes / step);
        runs[3] += aligned * (bytes % step / 4);
        runs[4] += (all - aligned) * (bytes / 4);
        runs[5] += (all - aligned) * (bytes % 4);
    }
    numbers(&[&[1], &fill, &[pieces.len()], &loops, &runs])
}

/// Runs of a piece that start at a multiple of four in the input and in the output: regions do.
fn aligned(piece: &Piece) -> usize {
    // By the rests of both places: how many runs have them.
    let mut rests = [[0usize; 4]; 4];
    let rest = |offset: i32| offset.rem_euclid(4) as usize;
    rests[rest(piece.read)][rest(piece.write)] = 1;
    for axis in &piece.axes {
        let mut next = [[0; 4]; 4];
        // Rests repeat after four indices.
        for index in 0..axis.count.min(4) {
            let times = (axis.count - index + 3) as usize / 4;
            for (read, counts) in rests.iter().enumerate() {
                for (write, count) in counts.iter().enumerate() {
                    let to = [
                        (read + rest(index * axis.read)) % 4,
                        (write + rest(index * axis.write)) % 4,
                    ];
                    next[to[0]][to[1]] += count * times;
                }
            }
        }
        rests = next;
    }
    rests[0][0]
}
