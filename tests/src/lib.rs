//! What the cross-crate tests share: networks ([`models`], [`nets`], [`random_graphs`]), the way from an emitted
//! crate to a run in QEMU ([`firmware`], [`suite`]), layers in a planned arena ([`arena`]), the fit of the cost model
//! ([`calibrate`]) and its check ([`cost_check`]), [`arguments`] of their programs.

pub mod arena;
mod arena_rows;
pub mod arguments;
pub mod calibrate;
pub mod cost_check;
pub mod firmware;
pub mod front;
pub mod linked;
pub mod models;
pub mod nets;
pub mod random_graphs;
pub mod suite;
