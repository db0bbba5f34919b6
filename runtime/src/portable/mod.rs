//! The innermost sums in plain Rust, for hosts. Same file names in `thumb1`, `thumb2`, `dsp` and `mve`.

pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod depthwise_conv2d;
