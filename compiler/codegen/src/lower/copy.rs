//! Elements elsewhere: the blocks of an operator as pieces of runs at regular distances.
//!
//! An axis of a block is cut into stretches whose sources lie at regular distances: a whole axis mostly,
//! three parts of a mirrored one; in a stretch of two levels each element comes several times, as in an
//! enlarged image. Every combination of stretches is a piece. Axes that follow each other without a gap
//! become one, and the innermost contiguous one is the run.

use ember_ir::{BlockAxis, Element, Move, Shape};
use ember_runtime::params::{CopyParams, PIECE_AXES, Piece, PieceAxis};

use super::Context;

/// The owned twin of [`CopyParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct Copy {
    /// What the output is filled with first.
    pub fill: Option<i8>,
    /// The pieces, as words.
    pub pieces: Vec<i32>,
}

impl Copy {
    /// What the kernel takes.
    pub fn params(&self) -> CopyParams<'_> {
        CopyParams {
            fill: self.fill,
            pieces: &self.pieces,
        }
    }
}

pub(super) fn lower(context: &Context<'_>, op: &Move) -> Copy {
    let shapes = context.node.inputs.iter();
    let shapes: Vec<&Shape> = shapes.map(|&id| &context.graph.tensor(id).shape).collect();
    let tensor = context.graph.tensor(context.node.output);
    let pieces = pieces(op, &shapes, tensor.element);
    Copy {
        fill: op
            .fill()
            .filter(|_| is_filled(op, &pieces, tensor.bytes()))
            .map(|value| context.output().quantize(value)),
        pieces: pieces.iter().flat_map(Piece::words).collect(),
    }
}

/// A piece in bytes, of one in elements.
fn of_elements(piece: &Piece, element: Element) -> Piece {
    let bytes = element.bytes() as i32;
    Piece {
        input: piece.input,
        read: piece.read * bytes,
        write: piece.write * bytes,
        run: piece.run * bytes,
        axes: piece.axes.map(|axis| PieceAxis {
            count: axis.count,
            read: axis.read * bytes,
            write: axis.write * bytes,
        }),
    }
}

/// The pieces of an operator on inputs of these shapes and this type.
pub(crate) fn pieces(op: &Move, shapes: &[&Shape], element: Element) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for block in op.blocks(shapes) {
        let stretches: Vec<Vec<Stretch>> = block.axes.iter().map(stretches).collect();
        let mut drafts = vec![Draft {
            read: 0,
            write: block.write as i32,
            axes: Vec::new(),
        }];
        for axis in &stretches {
            let longer = |draft: Draft| axis.iter().map(move |stretch| draft.with(stretch));
            drafts = drafts.into_iter().flat_map(longer).collect();
        }
        let input = block.input as i32;
        let drafts = drafts.into_iter().flat_map(|draft| draft.pieces(input));
        pieces.extend(drafts.map(|piece| of_elements(&piece, element)));
    }
    pieces
}

/// Whether the pieces of an operator leave some of its output's bytes to be filled.
pub(crate) fn is_filled(op: &Move, pieces: &[Piece], output: usize) -> bool {
    op.fill().is_some() && pieces.iter().map(bytes).sum::<i64>() < output as i64
}

/// Bytes that a piece writes.
fn bytes(piece: &Piece) -> i64 {
    let runs = piece.axes.iter().map(|axis| i64::from(axis.count));
    runs.product::<i64>() * i64::from(piece.run)
}

/// A part of an axis: the first source, its place in the output, and one or two levels of indices.
struct Stretch {
    read: i32,
    write: i32,
    axes: Vec<PieceAxis>,
}

/// Cuts an axis into as few stretches as a look ahead finds. Every number lies below the verifier's limit
/// of elements.
fn stretches(axis: &BlockAxis) -> Vec<Stretch> {
    let pitch = axis.pitch as i32;
    let mut found = Vec::new();
    let mut at = 0;
    while at < axis.sources.len() {
        let rest = &axis.sources[at..];
        let step = |index: usize| rest[index + 1] as i32 - rest[index] as i32;
        let inner = regular(rest.len() - 1, step);
        // The same again and again, at a regular distance.
        let again = |times: usize| {
            let next = times * inner;
            let is = next + inner <= rest.len()
                && (0..inner).all(|i| {
                    rest[next + i].wrapping_sub(rest[next]) == rest[i].wrapping_sub(rest[0])
                });
            is.then(|| rest[next] as i32 - rest[0] as i32)
        };
        let distance = again(1);
        let mut outer = 1;
        while let Some(distance) = distance
            && again(outer) == Some(distance * outer as i32)
        {
            outer += 1;
        }
        let level = |count: usize, read: i32, pitch: i32| PieceAxis {
            count: count as i32,
            read: if count > 1 { read } else { 0 },
            write: if count > 1 { pitch } else { 0 },
        };
        found.push(Stretch {
            read: rest[0] as i32,
            write: at as i32 * pitch,
            axes: vec![
                level(outer, distance.unwrap_or(0), pitch * inner as i32),
                level(inner, if inner > 1 { step(0) } else { 0 }, pitch),
            ],
        });
        at += inner * outer;
    }
    found
}

/// Elements up to the first of `steps` steps that is not like the one before.
fn regular(steps: usize, step: impl Fn(usize) -> i32) -> usize {
    if steps == 0 {
        return 1;
    }
    2 + (1..steps)
        .take_while(|&index| step(index) == step(0))
        .count()
}

/// A piece with any number of axes.
#[derive(Clone)]
struct Draft {
    read: i32,
    write: i32,
    axes: Vec<PieceAxis>,
}

impl Draft {
    fn with(&self, stretch: &Stretch) -> Self {
        let mut draft = self.clone();
        draft.read += stretch.read;
        draft.write += stretch.write;
        for &axis in stretch.axes.iter().filter(|axis| axis.count > 1) {
            match draft.axes.last_mut() {
                Some(outer)
                    if outer.read == axis.read * axis.count
                        && outer.write == axis.write * axis.count =>
                {
                    *outer = PieceAxis {
                        count: outer.count * axis.count,
                        ..axis
                    };
                }
                _ => draft.axes.push(axis),
            }
        }
        draft
    }

    /// As pieces: one, unless there are more axes than a piece has.
    fn pieces(mut self, input: i32) -> Vec<Piece> {
        let mut run = 1;
        if let Some(axis) = self.axes.last()
            && (axis.read, axis.write) == (1, 1)
        {
            run = axis.count;
            self.axes.pop();
        }
        let outer = self.axes.len().saturating_sub(PIECE_AXES);
        let inner = self.axes.split_off(outer);
        let mut axes = [PieceAxis::ONE; PIECE_AXES];
        axes[PIECE_AXES - inner.len()..].copy_from_slice(&inner);
        let mut pieces = vec![Piece {
            input,
            read: self.read,
            write: self.write,
            run,
            axes,
        }];
        for axis in &self.axes {
            let moved = |piece: Piece| {
                (0..axis.count).map(move |index| {
                    let mut piece = piece;
                    piece.read += index * axis.read;
                    piece.write += index * axis.write;
                    piece
                })
            };
            pieces = pieces.into_iter().flat_map(moved).collect();
        }
        pieces
    }
}
