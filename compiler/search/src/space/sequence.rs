//! Maps as sequences and back: a recurrent layer takes the pixels of a map in their order and gives a sequence
//! `[T, N]`, which stays one until something wants a map. And how the last map or sequence becomes a vector.

use ember_ir::{
    Cell, DartsCell, DepthwiseConv2d, Lstm, Mean, Move, Op, Real, Recurrent, Reshape, Shape, Slice,
    TensorId, Window2d,
};

use super::architecture::{Head, RecurrentCell};
use super::blocks::Assembly;
use super::fit::MAX_WIDTH;

/// Bits behind the point of an LSTM's cells in int8: they hold ±16, which a unit reaches in 16 steps at the
/// earliest.
const CELL_BITS: usize = 11;

impl Assembly {
    /// Height, width and channels of a map; a sequence is one of height 1, a vector is none.
    pub(super) fn size(&self, x: TensorId) -> Option<[usize; 3]> {
        match *self.builder.shape(x).dims() {
            [height, width, channels] => Some([height, width, channels]),
            [steps, values] => Some([1, steps, values]),
            _ => None,
        }
    }

    /// A sequence as a map, for the node of this name; anything else as it is.
    pub(super) fn map(&mut self, reader: &str, x: TensorId) -> TensorId {
        match *self.builder.shape(x).dims() {
            [steps, values] => self.reshaped(format!("{reader}_map"), [1, steps, values], x),
            _ => x,
        }
    }

    fn reshaped<const N: usize>(
        &mut self,
        name: String,
        shape: [usize; N],
        x: TensorId,
    ) -> TensorId {
        let shape = Shape::from(shape);
        self.node(name, Op::Reshape(Reshape { shape }), &[x])
    }

    /// A recurrent layer, or a fully connected one on a vector.
    pub(super) fn recurrent(
        &mut self,
        number: usize,
        cell: RecurrentCell,
        width: usize,
        x: TensorId,
    ) -> TensorId {
        let hidden = width.clamp(1, MAX_WIDTH);
        let Some([h, w, channels]) = self.size(x) else {
            return self.dense(format!("dense{number}"), hidden, self.activation, x);
        };
        let name = format!("{}{number}", cell.name());
        let mut x = x;
        if self.builder.shape(x).dims().len() != 2 {
            x = self.reshaped(format!("{name}_steps"), [h * w, channels], x);
        }
        let op = match cell {
            RecurrentCell::Gru => Op::Recurrent(Recurrent {
                cell: Cell::GruResetAfter,
                hidden,
                stateful: false,
            }),
            RecurrentCell::Darts(nodes) => Op::DartsCell(DartsCell {
                nodes,
                hidden,
                stateful: false,
            }),
            RecurrentCell::Lstm => Op::Lstm(Lstm {
                hidden,
                cell_bits: CELL_BITS,
                clip: Real::new(f32::INFINITY),
                stateful: false,
            }),
        };
        self.node(name, op, &[x])
    }

    pub(super) fn head(&mut self, head: Head, x: TensorId) -> TensorId {
        let Some([h, w, channels]) = self.size(x) else {
            return x;
        };
        if h * w == 1 {
            return x;
        }
        match head {
            Head::Flatten => x,
            Head::Mean => {
                let x = self.map("mean", x);
                self.node("mean".into(), Op::Mean(Mean {}), &[x])
            }
            Head::GlobalDepthwise => {
                let x = self.map("global", x);
                let op = DepthwiseConv2d {
                    window: Window2d::valid([h, w], [1, 1]),
                    multiplier: 1,
                    activation: ember_ir::Activation::None,
                };
                self.node("global".into(), Op::DepthwiseConv2d(op), &[x])
            }
            Head::Last => {
                let (begin, size) = match self.builder.shape(x).dims().len() {
                    2 => (vec![w - 1, 0], vec![1, channels]),
                    _ => (vec![h - 1, w - 1, 0], vec![1, 1, channels]),
                };
                let step = vec![1; size.len()];
                let op = Slice { begin, size, step };
                self.node("last".into(), Op::Move(Move::Slice(op)), &[x])
            }
        }
    }
}
