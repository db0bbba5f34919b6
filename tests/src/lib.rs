//! What the cross-crate tests share: networks ([`models`], [`nets`], [`random_graphs`]), the way from an emitted
//! crate to a run in QEMU ([`firmware`], [`suite`]), layers in a planned arena ([`arena`]), and the fit of the cost model ([`calibrate`]).

pub mod arena;
mod arena_rows;
pub mod calibrate;
pub mod firmware;
pub mod linked;
pub mod models;
pub mod nets;
pub mod random_graphs;
pub mod suite;
