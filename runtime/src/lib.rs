//! The device side of Ember: everything an emitted model needs that is the same for every model.
//!
//! Owns: the arena, requantisation, the int8 kernels and their short reference forms, streaming
//! windows, the front end for sound, the anomaly score. Must not know: how networks are found, trained or planned. `no_std`, no heap, no float, no
//! panic path.
//!
//! Reading order: [`arena`], [`requant`], [`fixed_point`], [`params`], [`layer`], [`reference`](mod@reference),
//! [`scratch`], [`packing`], [`kernels`] (with `isa` and the innermost sums per instruction set in
//! `portable`, `thumb1`, `thumb2`, `dsp`, `mve`), [`model`], [`window`], [`log_mel`], [`anomaly`], [`text`].
#![no_std]

pub mod anomaly;
pub mod arena;
#[cfg(all(target_arch = "arm", feature = "dsp", not(feature = "mve")))]
mod dsp;
pub mod fixed_point;
mod isa;
pub mod kernels;
pub mod layer;
pub mod log_mel;
pub mod log_softmax_math;
pub mod lstm_math;
pub mod model;
#[cfg(all(target_arch = "arm", feature = "mve"))]
mod mve;
pub mod packing;
pub mod params;
#[cfg(not(target_arch = "arm"))]
mod portable;
pub mod reference;
pub mod requant;
pub mod scratch;
pub mod softmax_math;
pub mod text;
#[cfg(all(
    target_arch = "arm",
    not(target_has_atomic = "32"),
    not(any(feature = "dsp", feature = "mve"))
))]
mod thumb1;
#[cfg(all(target_arch = "arm", target_has_atomic = "32", not(feature = "mve")))]
mod thumb2;
pub mod window;

pub use arena::{Arena, Memory, Region};
pub use heapless;
pub use model::Model;
pub use requant::{Rounding, Scale};
pub use window::Window;
