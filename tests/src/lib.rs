//! What the cross-crate tests share: networks ([`models`], [`nets`], [`random_graphs`]), the way from an emitted
//! crate to a run in QEMU ([`firmware`], [`suite`]), and the fit of the cost model ([`calibrate`]).

pub mod calibrate;
pub mod firmware;
pub mod linked;
pub mod models;
pub mod nets;
pub mod random_graphs;
pub mod suite;
