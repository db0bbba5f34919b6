//! Layers with constant pseudo-random weights, declared by one line each, and the comparison of a kernel
//! with its reference on one input. `no_std`: the same file runs on a device.

pub mod cases;
pub mod check;
pub mod declare;
pub mod dot;
pub mod int4;
mod overlap;

pub use check::Checked;
