//! Element-wise addition of two tensors (the join of a residual block), of which each axis of one is
//! repeated along the other's.

use serde::{Deserialize, Serialize};

use super::Activation;

/// Attributes of an addition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Add {
    /// Fused activation.
    pub activation: Activation,
}
