//! Operators that only move elements: each output element is an element of an input, or a fill value.
//! Input and output share their quantisation parameters. One file per operator; what they all come
//! down to is a list of [`Block`]s, which one kernel executes.

mod concat;
mod depth_to_space;
mod gather;
mod mirror_pad;
mod pad;
mod resize_nearest;
mod slice;
mod space_to_depth;
mod transpose;

pub use concat::Concat;
pub use depth_to_space::DepthToSpace;
pub use gather::Gather;
pub use mirror_pad::MirrorPad;
pub use pad::Pad;
pub use resize_nearest::{Coordinates, ResizeNearest};
pub use slice::Slice;
pub use space_to_depth::SpaceToDepth;
pub use transpose::Transpose;

use serde::{Deserialize, Serialize};

use super::ShapeError;
use crate::Shape;

/// An operator that only moves elements, with its attributes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Move {
    /// Surrounds the input by a value.
    Pad(Pad),
    /// Surrounds the input by its mirror image.
    MirrorPad(MirrorPad),
    /// Permutes axes.
    Transpose(Transpose),
    /// Every so many elements of a range of each axis, forwards or backwards.
    Slice(Slice),
    /// Joins inputs along an axis.
    Concat(Concat),
    /// Elements of an axis by constant indices.
    Gather(Gather),
    /// Blocks of an image become channels.
    SpaceToDepth(SpaceToDepth),
    /// Channels become blocks of an image.
    DepthToSpace(DepthToSpace),
    /// Enlarges or shrinks an image by repeating or dropping rows and columns.
    ResizeNearest(ResizeNearest),
}

/// A box of the output and where its elements come from.
///
/// The element at index `i` of the box lies at `write + Σ i[k]·axes[k].pitch` of the output and comes
/// from `Σ axes[k].sources[i[k]]` of the input. Blocks of one operator do not overlap in the output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Number of the input.
    pub input: usize,
    /// Offset of the first element in the output.
    pub write: usize,
    /// Outermost first.
    pub axes: Vec<BlockAxis>,
}

/// An axis of a [`Block`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockAxis {
    /// Elements of the output from one index to the next.
    pub pitch: usize,
    /// This axis' share of the offset in the input, by index.
    pub sources: Vec<usize>,
}

impl Move {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Move::Pad(_) => "pad",
            Move::MirrorPad(_) => "mirror_pad",
            Move::Transpose(_) => "transpose",
            Move::Slice(_) => "slice",
            Move::Concat(_) => "concat",
            Move::Gather(_) => "gather",
            Move::SpaceToDepth(_) => "space_to_depth",
            Move::DepthToSpace(_) => "depth_to_space",
            Move::ResizeNearest(_) => "resize_nearest",
        }
    }

    /// Number of inputs; `None` for one or more.
    pub(super) fn arity(&self) -> Option<usize> {
        match self {
            Move::Concat(_) => None,
            Move::Pad(_)
            | Move::MirrorPad(_)
            | Move::Transpose(_)
            | Move::Slice(_)
            | Move::Gather(_)
            | Move::SpaceToDepth(_)
            | Move::DepthToSpace(_)
            | Move::ResizeNearest(_) => Some(1),
        }
    }

    pub(super) fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        let input = inputs[0];
        match self {
            Move::Pad(op) => op.output_shape(input),
            Move::MirrorPad(op) => op.output_shape(input),
            Move::Transpose(op) => op.output_shape(input),
            Move::Slice(op) => op.output_shape(input),
            Move::Concat(op) => op.output_shape(inputs),
            Move::Gather(op) => op.output_shape(input),
            Move::SpaceToDepth(op) => op.output_shape(input),
            Move::DepthToSpace(op) => op.output_shape(input),
            Move::ResizeNearest(op) => op.output_shape(input),
        }
    }

    /// Where the elements of the output come from, for inputs whose shapes
    /// [`crate::Op::output_shape`] accepts. What no block writes has the [`Self::fill`] value.
    pub fn blocks(&self, inputs: &[&Shape]) -> Vec<Block> {
        let input = inputs[0];
        match self {
            Move::Pad(op) => vec![op.block(input)],
            Move::MirrorPad(op) => vec![op.block(input)],
            Move::Transpose(op) => vec![op.block(input)],
            Move::Slice(op) => vec![op.block(input)],
            Move::Concat(op) => op.blocks(inputs),
            Move::Gather(op) => vec![op.block(input)],
            Move::SpaceToDepth(op) => vec![op.block(input)],
            Move::DepthToSpace(op) => vec![op.block(input)],
            Move::ResizeNearest(op) => vec![op.block(input)],
        }
    }

    /// The real value around what the blocks write, if they leave anything over.
    pub fn fill(&self) -> Option<f32> {
        match self {
            Move::Pad(op) => Some(op.fill.get()),
            Move::MirrorPad(_)
            | Move::Transpose(_)
            | Move::Slice(_)
            | Move::Concat(_)
            | Move::Gather(_)
            | Move::SpaceToDepth(_)
            | Move::DepthToSpace(_)
            | Move::ResizeNearest(_) => None,
        }
    }
}

/// Elements from one index of each axis to the next.
fn strides(shape: &Shape) -> Vec<usize> {
    let mut strides = vec![1; shape.dims().len()];
    for axis in (1..strides.len()).rev() {
        strides[axis - 1] = strides[axis] * shape.dims()[axis];
    }
    strides
}

/// The block of an operator that treats each axis on its own: output index `i` of axis `k` is input index
/// `sources[k][i]`.
fn separable(input: &Shape, sources: Vec<Vec<usize>>) -> Block {
    let output = Shape::new(sources.iter().map(Vec::len).collect::<Vec<_>>());
    let scaled = sources
        .into_iter()
        .zip(strides(input))
        .zip(strides(&output));
    Block {
        input: 0,
        write: 0,
        axes: scaled
            .map(|((sources, stride), pitch)| BlockAxis {
                pitch,
                sources: sources.into_iter().map(|index| index * stride).collect(),
            })
            .collect(),
    }
}

/// Refuses a list that has not one entry per axis.
fn per_axis(
    op: &'static str,
    attribute: &'static str,
    entries: usize,
    input: &Shape,
) -> Result<(), ShapeError> {
    if entries != input.dims().len() {
        return Err(ShapeError::Attribute {
            op,
            attribute,
            value: entries,
            rule: "a list of one number per axis of the input",
        });
    }
    Ok(())
}

/// Refuses an axis that the input does not have.
fn axis(op: &'static str, axis: usize, input: &Shape) -> Result<(), ShapeError> {
    if axis >= input.dims().len() {
        return Err(ShapeError::Attribute {
            op,
            attribute: "axis",
            value: axis,
            rule: "an axis of the input, counted from 0",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
