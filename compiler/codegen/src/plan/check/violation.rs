//! What may be wrong with a plan.

use super::super::ALIGN;

/// What is wrong with a plan. Sizes and offsets are bytes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanViolation {
    /// The order is not a permutation of the nodes, or regions do not match tensors in number.
    #[error("the plan has {actual} {what}, the graph has {expected}")]
    Count {
        /// `nodes`, `regions` or `scratch regions`.
        what: &'static str,
        /// How many the graph has.
        expected: usize,
        /// How many the plan has.
        actual: usize,
    },
    /// A node is missing or occurs twice.
    #[error("node `{node}` runs {times} times; it must run once")]
    Runs {
        /// The node.
        node: String,
        /// How often it is in the order.
        times: usize,
    },
    /// The region's size is not the tensor's.
    #[error("tensor `{tensor}` takes {expected} bytes and has a region of {bytes}")]
    Size {
        /// The tensor.
        tensor: String,
        /// Bytes of its elements.
        expected: usize,
        /// Its region's size.
        bytes: usize,
    },
    /// An offset, or the arena's size, is not a multiple of the alignment.
    #[error("{what} is {value}, not a multiple of {ALIGN}")]
    Alignment {
        /// What is misaligned.
        what: String,
        /// Its value.
        value: usize,
    },
    /// A region ends behind the arena.
    #[error("{what} ends at byte {end} of an arena of {arena_bytes}")]
    Outside {
        /// What ends there.
        what: String,
        /// One past its last byte.
        end: usize,
        /// The arena's size.
        arena_bytes: usize,
    },
    /// Rows of a chain are not where a node reads them.
    #[error("{reader} does not find row {row} of tensor `{tensor}`")]
    Row {
        /// Who reads.
        reader: String,
        /// Whose row.
        tensor: String,
        /// Which.
        row: usize,
    },
    /// A chain's nodes do not follow each other in the order.
    #[error("the nodes of the chain do not run one after the other")]
    Torn,
    /// A tensor is read after something else was written over it, or before it was written.
    #[error("{reader} reads tensor `{tensor}`, which {cause}")]
    Spoilt {
        /// Who reads.
        reader: String,
        /// What is read.
        tensor: String,
        /// What became of it.
        cause: String,
    },
    /// A node's output overlaps one of its inputs in a way its kernel does not allow.
    #[error("node `{node}` writes over its input `{input}` while it reads it")]
    Clash {
        /// The node.
        node: String,
        /// The input.
        input: String,
    },
    /// Scratch is smaller than what the kernel needs, or larger.
    #[error("node `{node}` needs {needed} bytes of scratch and has {bytes}")]
    Scratch {
        /// The node.
        node: String,
        /// What its kernel needs.
        needed: usize,
        /// What the plan gives it.
        bytes: usize,
    },
    /// A node's scratch overlaps its input or its output.
    #[error("the scratch of node `{node}` overlaps its {what} `{tensor}`")]
    ScratchClash {
        /// The node.
        node: String,
        /// `input` or `output`.
        what: &'static str,
        /// The tensor.
        tensor: String,
    },
    /// A reshape's output does not lie on its input.
    #[error("reshape `{node}` lies at byte {output}, its input at byte {input}; it moves nothing")]
    Moved {
        /// The node.
        node: String,
        /// Offset of its output.
        output: usize,
        /// Offset of its input.
        input: usize,
    },
}
