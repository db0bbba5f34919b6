//! The innermost sums in plain Rust: for the host, and what the assembly of `thumb1`, `thumb2`, `dsp`
//! and `mve` falls back on for rare shapes. Same file names there.

#![cfg_attr(
    target_arch = "arm",
    allow(dead_code, reason = "only what the faster sums fall back on is used")
)]

pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod depthwise_conv2d;
