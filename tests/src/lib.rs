//! What the cross-crate tests share: networks ([`models`], [`random_graphs`]) and the way from an
//! emitted crate to a run in QEMU ([`firmware`]).

pub mod calibrate;
pub mod firmware;
pub mod models;
pub mod random_graphs;
