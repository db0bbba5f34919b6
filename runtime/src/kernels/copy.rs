//! Elements elsewhere: padding, slices, transposition, concatenation and the like. The output is filled, if
//! it is to be, and then runs of bytes are copied piece by piece. One function for every layer of a model,
//! as in [`super::conv2d`].

use super::bytes::{copy, fill};
use super::{base, frozen, inside, rolled};
use crate::arena::{Memory, Region};
use crate::layer::Copy;
use crate::params::{CopyParams, PIECE_WORDS, Piece};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn copy_s8<L: Copy>(arena: &mut impl Memory) {
    let base = checked::<L, _>(arena);
    let task: &'static Task = const {
        &Task {
            inputs: L::INPUTS,
            output: L::OUTPUT,
            fill: match L::PARAMS.fill {
                Some(value) => value as i32,
                None => NOTHING,
            },
            pieces: L::PARAMS.pieces,
        }
    };
    // SAFETY: all pieces were checked against the regions.
    unsafe { run(base, frozen(task)) }
}

/// What is no i8: the output is not filled.
const NOTHING: i32 = i32::MIN;

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    inputs: &'static [Region],
    output: Region,
    fill: i32,
    pieces: &'static [i32],
}

/// The arena of a layer whose pieces lie in its regions, or it does not compile.
#[inline(always)]
fn checked<L: Copy, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        inside(L::OUTPUT, M::LEN);
        let mut input = 0;
        while input < L::INPUTS.len() {
            inside(L::INPUTS[input], M::LEN);
            assert!(
                !L::INPUTS[input].overlaps(L::OUTPUT),
                "input and output overlap"
            );
            input += 1;
        }
        pieces_fit(&L::PARAMS, L::INPUTS, L::OUTPUT.len);
    }
    base(arena)
}

/// Asserts that every run lies in its input and in the output.
const fn pieces_fit(p: &CopyParams<'_>, inputs: &[Region], output: usize) {
    assert!(
        p.pieces.len().is_multiple_of(PIECE_WORDS),
        "a piece is not whole"
    );
    let mut index = 0;
    while index < p.pieces.len() / PIECE_WORDS {
        let piece = Piece::of(p.pieces, index);
        assert!(
            piece.input >= 0 && (piece.input as usize) < inputs.len(),
            "no such input"
        );
        assert!(piece.run > 0, "empty run");
        let (mut low, mut high) = (piece.read as i64, piece.read as i64);
        let (mut first, mut last) = (piece.write as i64, piece.write as i64);
        let mut k = 0;
        while k < piece.axes.len() {
            let axis = piece.axes[k];
            assert!(axis.count > 0, "empty axis");
            let steps = axis.count as i64 - 1;
            let (read, write) = (steps * axis.read as i64, steps * axis.write as i64);
            if read < 0 {
                low += read;
            } else {
                high += read;
            }
            if write < 0 {
                first += write;
            } else {
                last += write;
            }
            k += 1;
        }
        let input = inputs[piece.input as usize].len as i64;
        let run = piece.run as i64;
        assert!(low >= 0 && high + run <= input, "a run leaves its input");
        assert!(
            first >= 0 && last + run <= output as i64,
            "a run leaves the output"
        );
        index += 1;
    }
}

/// Fills and copies.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    // SAFETY: every run lies in a region, and the regions of the inputs are apart from the output's. A
    // piece is laid out as its words are.
    unsafe {
        let output = arena.add(task.output.offset);
        if task.fill != NOTHING {
            fill(output, task.output.len, task.fill as i8);
        }
        let mut piece = task.pieces.as_ptr().cast::<Piece>();
        let end = piece.add(task.pieces.len() / PIECE_WORDS);
        let regions = task.inputs.as_ptr();
        while piece < end {
            rolled();
            let p = &*piece;
            let input = (*regions.add(p.input as usize)).offset;
            let from = arena.add(input).offset(p.read as isize).cast_const();
            copy_piece(p, from, output.offset(p.write as isize));
            piece = piece.add(1);
        }
    }
}

/// # Safety
/// Every run lies in what may be read, and in what may be written.
#[inline(always)]
unsafe fn copy_piece(piece: &Piece, mut fa: *const i8, mut ta: *mut i8) {
    let [a, b, c, d] = &piece.axes;
    let run = piece.run as usize;
    // SAFETY: the caller's promise.
    unsafe {
        for _ in 0..a.count {
            rolled();
            let (mut fb, mut tb) = (fa, ta);
            for _ in 0..b.count {
                rolled();
                let (mut fc, mut tc) = (fb, tb);
                for _ in 0..c.count {
                    rolled();
                    let (mut from, mut to) = (fc, tc);
                    for _ in 0..d.count {
                        rolled();
                        if run == 1 {
                            *to = *from;
                        } else {
                            copy(from, to, run);
                        }
                        from = from.wrapping_offset(d.read as isize);
                        to = to.wrapping_offset(d.write as isize);
                    }
                    fc = fc.wrapping_offset(c.read as isize);
                    tc = tc.wrapping_offset(c.write as isize);
                }
                fb = fb.wrapping_offset(b.read as isize);
                tb = tb.wrapping_offset(b.write as isize);
            }
            fa = fa.wrapping_offset(a.read as isize);
            ta = ta.wrapping_offset(a.write as isize);
        }
    }
}
