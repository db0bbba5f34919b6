//! A trained network made smaller: which of its channels can go, which of its layers become two thin
//! ones, which of them have int4 weights. The first two change the topology; what is left is trained on.

mod channels;
pub mod int4;
pub mod low_rank;
mod magnitude;
mod masks;
pub mod prune;
pub mod reduction;

pub use int4::{int4_layers, with_int4};
pub use magnitude::magnitude;
pub(crate) use masks::learned;
pub use reduction::{Reduction, Wish};
