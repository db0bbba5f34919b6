//! The innermost sums in plain Rust, for cores without DSP or MVE instructions and for the host; also
//! what those fall back on for rare shapes. Same file names as [`crate::dsp`] and [`crate::mve`].

#![cfg_attr(
    all(target_arch = "arm", any(feature = "dsp", feature = "mve")),
    allow(dead_code, reason = "only what the faster sums fall back on is used")
)]

pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod depthwise_conv2d;
