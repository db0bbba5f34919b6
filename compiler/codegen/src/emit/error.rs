//! What the emitter refuses.

use thiserror::Error;

/// Why a network cannot be emitted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EmitError {
    /// More or fewer than one input.
    #[error(
        "network `{network}` has {count} inputs; an emitted model takes exactly 1: join them in front of the network"
    )]
    Inputs {
        /// Name of the graph.
        network: String,
        /// How many it has.
        count: usize,
    },
    /// A golden vector of the wrong length.
    #[error("golden vector {index}: its {what} has {actual} bytes, the network's has {expected}")]
    Golden {
        /// Which vector.
        index: usize,
        /// `input` or `output`.
        what: &'static str,
        /// Bytes of the network's tensor.
        expected: usize,
        /// Bytes of the vector.
        actual: usize,
    },
    /// A threshold for a network that rebuilds nothing.
    #[error(
        "network `{network}` has a threshold for anomalies, but does not rebuild its input: it needs one int8 input, taken as a whole, and one int8 output of as many values"
    )]
    Threshold {
        /// Name of the graph.
        network: String,
    },
    /// The number of class names is not the number of outputs.
    #[error(
        "{actual} class names were given for a network with {expected} output values; give one per value, or none"
    )]
    Classes {
        /// Elements of all outputs.
        expected: usize,
        /// Names given.
        actual: usize,
    },
}
