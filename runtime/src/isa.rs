//! Which innermost sums serve a target; every kernel takes its own from here.
//!
//! Decided by the target and the crate's features. Armv6-M and Armv7-M are told apart by
//! compare-and-swap, which only the latter has and which stable Rust can ask for; Armv8-M Baseline
//! (Cortex-M23) is not supported.

/// The instruction set that is compiled for. A host packs and needs memory as a Cortex-M3, which is what
/// [`crate::portable`] is written for: no core needs less.
pub(crate) const TARGET: Isa = if cfg!(not(target_arch = "arm")) {
    Isa::Thumb2
} else if cfg!(feature = "mve") {
    Isa::Mve
} else if cfg!(feature = "dsp") {
    Isa::Dsp
} else if cfg!(target_has_atomic = "32") {
    Isa::Thumb2
} else {
    Isa::Thumb1
};

/// Whether code is to be small: then there is one form of each innermost loop, and none is unrolled.
#[cfg(target_arch = "arm")]
pub(crate) const SMALL: bool = cfg!(feature = "size");

use crate::scratch::Isa;

#[cfg(all(target_arch = "arm", feature = "dsp", not(feature = "mve")))]
pub(crate) use crate::dsp::{conv2d, dense, depthwise_conv2d};
#[cfg(all(target_arch = "arm", feature = "mve"))]
pub(crate) use crate::mve::{conv2d, dense, depthwise_conv2d};
#[cfg(not(target_arch = "arm"))]
pub(crate) use crate::portable::{conv2d, dense, depthwise_conv2d};
#[cfg(all(
    target_arch = "arm",
    not(target_has_atomic = "32"),
    not(any(feature = "dsp", feature = "mve"))
))]
pub(crate) use crate::thumb1::{conv2d, dense, depthwise_conv2d};
#[cfg(all(
    target_arch = "arm",
    target_has_atomic = "32",
    not(any(feature = "dsp", feature = "mve"))
))]
pub(crate) use crate::thumb2::{conv2d, dense, depthwise_conv2d};
