//! The verifier: what every stage may rely on. It runs after every pass in tests and debug builds,
//! and on every graph that comes from outside; it returns all violations at once.
//!
//! A graph without violations has ids in range, unique names, producers before their readers, shapes
//! as inferred, and sizes that no later sum of bytes can overflow; an int8 graph also has finite
//! positive scales and obeys the operators' quantisation rules. 16-bit tensors are read and written only by
//! operators that have a kernel for them.

mod float;
mod quant;
mod topology;

pub use float::verify_float;
pub use quant::verify_quant;
pub use topology::verify_graph;

use crate::{Shape, ShapeError};

/// Elements that one tensor, or one node's weights, may have: far above any microcontroller, far
/// below what overflows an index.
pub const MAX_ELEMENTS: usize = 1 << 28;

/// One broken rule.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Violation {
    /// A name is not usable.
    #[error("{what} has no name")]
    EmptyName {
        /// `the graph` or `tensor 3`.
        what: String,
    },
    /// Two tensors of one name.
    #[error("tensors {first} and {second} are both named `{name}`; names must be unique")]
    DuplicateName {
        /// The name.
        name: String,
        /// Index of the first.
        first: usize,
        /// Index of the second.
        second: usize,
    },
    /// An id points outside the graph's tensors.
    #[error("{place} names tensor {id}, the graph has {tensors}")]
    UnknownTensor {
        /// Who uses the id.
        place: String,
        /// The id.
        id: usize,
        /// Number of tensors.
        tensors: usize,
    },
    /// A graph without inputs or outputs.
    #[error("the graph has no {what}")]
    Nothing {
        /// `inputs` or `outputs`.
        what: &'static str,
    },
    /// A tensor listed twice among the inputs or the outputs.
    #[error("tensor `{tensor}` is listed twice among the {what}")]
    Listed {
        /// The tensor.
        tensor: String,
        /// `inputs` or `outputs`.
        what: &'static str,
    },
    /// A tensor that nothing writes.
    #[error("tensor `{tensor}` is neither an input nor the output of a node")]
    Unwritten {
        /// The tensor.
        tensor: String,
    },
    /// A tensor that is written more than once, or an input that is written.
    #[error("node {node} writes tensor `{tensor}`, which {before} has written")]
    Rewritten {
        /// Index of the node.
        node: usize,
        /// The tensor.
        tensor: String,
        /// Who was first.
        before: String,
    },
    /// A node that runs before the one whose result it reads.
    #[error("node `{node}` reads tensor `{tensor}` before it is written; reorder the nodes")]
    Order {
        /// The node.
        node: String,
        /// The tensor.
        tensor: String,
    },
    /// An operator that cannot take its inputs.
    #[error("node `{node}`: {error}")]
    Operator {
        /// The node.
        node: String,
        /// Why.
        error: ShapeError,
    },
    /// 16-bit activations where there is no kernel for them.
    #[error("node `{node}` ({op}): {problem}")]
    Int16 {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// What it cannot do.
        problem: &'static str,
    },
    /// A bias that a 32-bit sum cannot begin with.
    #[error("bias of node `{node}`, entry {index}: {value} does not fit 32 bits")]
    Bias {
        /// The node.
        node: String,
        /// Where in the list.
        index: usize,
        /// The number.
        value: i64,
    },
    /// A pool with an output that sees nothing but padding.
    #[error("node `{node}`: row or column {position} of the output sees only padding; pad less")]
    Blind {
        /// The node.
        node: String,
        /// The row or column.
        position: usize,
    },
    /// A tensor whose shape is not what its node computes.
    #[error("tensor `{tensor}` has shape {actual}, its node computes {expected}")]
    Shape {
        /// The tensor.
        tensor: String,
        /// The inferred shape.
        expected: Shape,
        /// The declared shape.
        actual: Shape,
    },
    /// A tensor that is empty or larger than [`MAX_ELEMENTS`].
    #[error("{what} has {elements} elements; 1 to {MAX_ELEMENTS} are possible")]
    Elements {
        /// Whose size.
        what: String,
        /// Its size.
        elements: usize,
    },
    /// A list with the wrong number of entries.
    #[error("{what}: {actual} entries, {expected} needed")]
    Length {
        /// Which list.
        what: String,
        /// How many it needs.
        expected: usize,
        /// How many it has.
        actual: usize,
    },
    /// Weights on an operator that has none, or none where they are needed.
    #[error("node `{node}` ({op}) {problem}")]
    Weights {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// `needs weights` or `takes no weights`.
        problem: &'static str,
    },
    /// A number that is not finite.
    #[error("{what} of node `{node}`, entry {index}: {value} is not finite")]
    NotFinite {
        /// `weights` or `bias`.
        what: &'static str,
        /// The node.
        node: String,
        /// Where in the list.
        index: usize,
        /// The number.
        value: f32,
    },
    /// A scale that is not finite and positive.
    #[error("{what}: scale {scale} is not finite and positive")]
    Scale {
        /// Whose scale.
        what: String,
        /// Its value.
        scale: f32,
    },
    /// A 16-bit tensor with a zero point.
    #[error("tensor `{tensor}` is int16 and has zero point {zero_point}; it must be 0")]
    ZeroPoint {
        /// The tensor.
        tensor: String,
        /// Its zero point.
        zero_point: i8,
    },
    /// A type where numbers are real.
    #[error("tensor `{tensor}` is int16; a network in f32 has no integer types")]
    Typed {
        /// The tensor.
        tensor: String,
    },
    /// A weight that its type does not have, as −128, whose negation does not fit int8.
    #[error("weights of node `{node}`, entry {index}: {value} is {rule}")]
    Weight {
        /// The node.
        node: String,
        /// Where in the list; the first of the node.
        index: usize,
        /// The weight.
        value: i8,
        /// What it is against.
        rule: &'static str,
    },
    /// A type of weights where there is no kernel for it.
    #[error("node `{node}` ({op}): {problem}")]
    WeightType {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// What it cannot do.
        problem: &'static str,
    },
    /// A table of int8 values in a network of real numbers.
    #[error("node `{node}`: a table of int8 values has no real form")]
    IntegerOnly {
        /// The node.
        node: String,
    },
    /// A quantisation rule of an operator.
    #[error("node `{node}` ({op}): {rule}, it has {actual}")]
    Quantisation {
        /// The node.
        node: String,
        /// Its operator.
        op: &'static str,
        /// What must hold.
        rule: String,
        /// What is there instead.
        actual: String,
    },
}

#[cfg(test)]
mod tests;
