//! A trained network made smaller: which of its channels can go, which of its layers become two thin
//! ones. Both change the topology; what is left is trained on.

mod channels;
pub mod low_rank;
mod magnitude;
mod masks;
pub mod prune;
pub mod reduction;

pub use magnitude::magnitude;
pub(crate) use masks::learned;
pub use reduction::{Reduction, Wish};
