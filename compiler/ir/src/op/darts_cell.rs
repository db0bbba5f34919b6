//! The recurrent cell that DARTS searches, over a sequence `[T, inputs]` → `[T, hidden]`: a small graph of gated
//! steps per step of the sequence. With hidden values h, inputs x, W and U weights, σ the logistic function and ⊙
//! by units:
//!
//! ```text
//! s0 = h + c⊙(tanh(W·x + U·h + b) − h),     c = σ(W'·x + U'·h + b')
//! sk = sj + c⊙(f(U·sj + b) − sj),           c = σ(U'·sj + b')         node k reads j < k, f is its function
//! h  = mean of s1, s2, …
//! ```
//!
//! Functions without a bound of their own end at ±1 (in the original nothing bounds them): so states never leave
//! ±1 and are Q0.15 in int8. Biases of nodes are ours.
//!
//! Weights are `[2·hidden, inputs + hidden + nodes·hidden]`: gates c of all units, then their candidates; per row
//! the weights of the inputs, of the hidden values, then of what each node reads. A bias per row follows for the
//! first gated step, then for each node. In int8 a row has a scale for each of its parts.
//!
//! Source: Liu et al., "DARTS: Differentiable architecture search" (2018), sections 2.1 and A.2.2.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive};
use crate::Shape;

/// Most nodes: those of the original.
pub const MAX_CELL_NODES: usize = 8;

/// Attributes of the cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct DartsCell {
    /// What a step computes.
    pub nodes: CellNodes,
    /// Number of units.
    pub hidden: usize,
    /// Whether hidden values are kept from call to call, so that calls are pieces of one sequence.
    pub stateful: bool,
}

/// A node of the cell.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct CellNode {
    /// What it reads: 0 is the first gated step, then come the nodes.
    pub from: usize,
    /// Its function.
    pub function: CellFunction,
}

/// The function of a node.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum CellFunction {
    /// The hyperbolic tangent.
    #[default]
    Tanh,
    /// min(max(0, x), 1).
    Relu,
    /// The logistic function.
    Sigmoid,
    /// min(max(−1, x), 1).
    Identity,
}

impl CellFunction {
    /// Every function.
    pub const ALL: [Self; 4] = [Self::Tanh, Self::Relu, Self::Sigmoid, Self::Identity];

    /// Its name in the text form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tanh => "tanh",
            Self::Relu => "relu",
            Self::Sigmoid => "sigmoid",
            Self::Identity => "identity",
        }
    }
}

/// One to [`MAX_CELL_NODES`] nodes, each of which reads an earlier one or the first gated step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<CellNode>", into = "Vec<CellNode>")]
pub struct CellNodes {
    count: usize,
    /// Behind the last one the default.
    nodes: [CellNode; MAX_CELL_NODES],
}

impl CellNodes {
    /// The nodes, unless they are none or too many, or one reads itself or a later one.
    pub fn new(nodes: &[CellNode]) -> Option<Self> {
        let mut all = [CellNode::default(); MAX_CELL_NODES];
        all.get_mut(..nodes.len())?.copy_from_slice(nodes);
        let reads_back = nodes.iter().enumerate().all(|(at, node)| node.from <= at);
        (reads_back && !nodes.is_empty()).then_some(Self {
            count: nodes.len(),
            nodes: all,
        })
    }

    /// The nodes.
    pub fn as_slice(&self) -> &[CellNode] {
        &self.nodes[..self.count]
    }
}

impl fmt::Debug for CellNodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

impl TryFrom<Vec<CellNode>> for CellNodes {
    type Error = String;

    fn try_from(nodes: Vec<CellNode>) -> Result<Self, String> {
        Self::new(&nodes).ok_or_else(|| {
            format!("a cell has 1 to {MAX_CELL_NODES} nodes, each of which reads an earlier one")
        })
    }
}

impl From<CellNodes> for Vec<CellNode> {
    fn from(nodes: CellNodes) -> Self {
        nodes.as_slice().to_vec()
    }
}

impl DartsCell {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let op = "darts_cell";
        let &[steps, inputs] = input.dims() else {
            return Err(ShapeError::Rank {
                op,
                expected: "TxN",
                actual: input.clone(),
            });
        };
        positive(op, "steps", steps)?;
        positive(op, "inputs", inputs)?;
        positive(op, "hidden units", self.hidden)?;
        Ok(Shape::from([steps, self.hidden]))
    }

    /// Rows of weights.
    pub fn rows(&self) -> usize {
        self.hidden.saturating_mul(2)
    }

    /// Gated steps per step: the first one and the nodes.
    pub fn stages(&self) -> usize {
        1 + self.nodes.as_slice().len()
    }

    /// Parts of a row: inputs, hidden values, what each node reads.
    pub fn parts(&self) -> usize {
        1 + self.stages()
    }

    pub(super) fn weight_shape(&self, input: &Shape) -> Option<Shape> {
        let &[_, inputs] = input.dims() else {
            return None;
        };
        let of_states = self.hidden.saturating_mul(self.stages());
        Some(Shape::from([self.rows(), inputs.saturating_add(of_states)]))
    }

    /// Numbers that are kept from call to call.
    pub fn state(&self) -> usize {
        if self.stateful { self.hidden } else { 0 }
    }
}
