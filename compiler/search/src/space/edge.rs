//! Operations that keep the map's shape: the options of an edge of a cell.

use std::fmt;

use ember_ir::{Activation, AveragePool2d, Op, TensorId};
use serde::{Deserialize, Serialize};

use super::architecture::{Border, Window};
use super::blocks::Assembly;
use super::fit::fit;

/// What an edge computes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeOp {
    /// Nothing: the edge is not there.
    Cut,
    /// The map itself.
    Skip,
    /// An average of 3×3.
    AveragePool,
    /// A convolution of 1×1.
    Pointwise,
    /// A convolution of 3×3.
    Conv,
}

/// `conv k3`.
impl fmt::Display for EdgeOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EdgeOp::Cut => "cut",
            EdgeOp::Skip => "skip",
            EdgeOp::AveragePool => "average k3 s1",
            EdgeOp::Pointwise => "conv k1",
            EdgeOp::Conv => "conv k3",
        })
    }
}

impl Assembly {
    /// In a chain a cut edge would cut off everything before it: it is one that computes nothing.
    pub(super) fn edge(&mut self, number: usize, op: EdgeOp, x: TensorId) -> TensorId {
        let Some([h, w, channels]) = self.size(x) else {
            return x;
        };
        let same = Window {
            kernel: 3,
            stride: 1,
            dilation: 1,
            padding: Border::Same,
        };
        let name = format!("conv{number}");
        match op {
            EdgeOp::Cut | EdgeOp::Skip => x,
            EdgeOp::Pointwise => self.pointwise(name, channels, self.activation, x),
            EdgeOp::Conv => self.conv(name, channels, same, self.activation, x),
            EdgeOp::AveragePool => {
                let op = AveragePool2d {
                    window: fit(same, [h, w]),
                    activation: Activation::None,
                };
                let name = format!("pool{number}");
                let x = self.map(&name, x);
                self.node(name, Op::AveragePool2d(op), &[x])
            }
        }
    }
}
