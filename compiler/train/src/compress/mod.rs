//! A trained network made smaller: which of its channels can go.

mod channels;
pub mod prune;
