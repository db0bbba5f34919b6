//! The recurrent cell that DARTS searches.

use crate::requant::{Rounding, Scale};

/// Most nodes of a cell.
pub const MAX_CELL_NODES: usize = 8;

/// The function of a node, of a sum in Q3.12; its value is Q0.15.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CellFunction {
    /// The hyperbolic tangent.
    Tanh,
    /// The sum between 0 and 1.
    Relu,
    /// The logistic function.
    Sigmoid,
    /// The sum between −1 and 1.
    Identity,
}

/// A node of the cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CellNode {
    /// Which gated step it reads: 0 is that of the inputs, then come the nodes.
    pub from: u8,
    /// Its function.
    pub function: CellFunction,
}

/// The nodes of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CellNodes {
    count: u8,
    nodes: [CellNode; MAX_CELL_NODES],
}

impl CellNodes {
    /// One to [`MAX_CELL_NODES`] nodes.
    ///
    /// # Panics
    /// If they are none or more, or one reads itself or a later one.
    pub const fn new(nodes: &[CellNode]) -> Self {
        assert!(
            !nodes.is_empty() && nodes.len() <= MAX_CELL_NODES,
            "one to eight nodes"
        );
        let none = CellNode {
            from: 0,
            function: CellFunction::Tanh,
        };
        let mut all = [none; MAX_CELL_NODES];
        let mut at = 0;
        while at < nodes.len() {
            assert!(nodes[at].from as usize <= at, "a node reads an earlier one");
            all[at] = nodes[at];
            at += 1;
        }
        Self {
            count: nodes.len() as u8,
            nodes: all,
        }
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.count as usize
    }

    /// The nodes.
    pub fn as_slice(&self) -> &[CellNode] {
        let (nodes, _) = self.nodes.split_at(self.count().min(MAX_CELL_NODES));
        nodes
    }

    /// What a gated step reads and its function; the first one reads hidden values.
    #[inline(always)]
    pub(crate) const fn step(&self, stage: usize) -> (usize, CellFunction) {
        match stage {
            0 => (0, CellFunction::Tanh),
            // Below the count, which is at most all; the mask says so to the compiler.
            _ => {
                let node = &self.nodes[(stage - 1) % MAX_CELL_NODES];
                (1 + node.from as usize, node.function)
            }
        }
    }

    /// One over their number, Q0.15, rounded.
    pub const fn share(&self) -> i32 {
        let count = self.count as i32;
        ((1 << 15) + count / 2) / count
    }
}

/// A recurrent layer of DARTS' cell. States are Q0.15, 0 before the first step, and never leave ±1: hidden values
/// h, then s0, s1, … of the gated steps sk = sj + c⊙(f − sj), of which the first one reads inputs and h, the others
/// an earlier one. A sum is Q3.12, of int8 inputs or 16-bit states; gates c and values f are Q0.15; products of two
/// such numbers round once, half up, also that of the sum of the nodes' states with its share, the next h.
#[derive(Clone, Copy, Debug)]
pub struct DartsCellParams<'a> {
    /// What the gated steps behind the first one compute.
    pub nodes: CellNodes,
    /// Steps of a call.
    pub steps: usize,
    /// Elements read per step.
    pub inputs: usize,
    /// Units: elements written per step.
    pub hidden: usize,
    /// Output zero point.
    pub output_zero: i8,
    /// Whether hidden values are kept from call to call.
    pub stateful: bool,
    /// How sums and outputs round.
    pub rounding: Rounding,
    /// From state to output.
    pub output: Scale,
    /// Per row, gates of all units and then their values: those of inputs, then those of each gated step.
    pub weights: &'a [i8],
    /// Per gated step and row, of the first one folded.
    pub bias: &'a [i32],
    /// From these sums to Q3.12, per row and part, mantissas.
    pub mantissas: &'a [i32],
    /// Exponents.
    pub exponents: &'a [i8],
    /// [`crate::lstm_math::SIGMOID`].
    pub sigmoid: &'a [u16; 256],
}

impl DartsCellParams<'_> {
    /// Rows of weights.
    pub const fn rows(&self) -> usize {
        2 * self.hidden
    }

    /// Gated steps.
    pub const fn stages(&self) -> usize {
        1 + self.nodes.count()
    }

    /// Weights of a row.
    pub const fn row_len(&self) -> usize {
        self.inputs + self.stages() * self.hidden
    }

    /// Bytes of scratch.
    pub const fn scratch(&self) -> usize {
        darts_cell_scratch(self.nodes.count(), self.hidden, self.stateful)
    }
}

/// Bytes of scratch of so many nodes and units: states of all gated steps, and hidden values unless they are kept.
pub const fn darts_cell_scratch(nodes: usize, hidden: usize, stateful: bool) -> usize {
    let states = if stateful { 1 } else { 2 };
    hidden.saturating_mul(2 * (nodes + states))
}
