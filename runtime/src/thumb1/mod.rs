//! The innermost sums on cores with Thumb-1 only (Cortex-M0, M0+): byte loads, MULS and ADDS.
//!
//! Naked functions, as in `dsp`. Only eight registers can be loaded, multiplied or counted; the sums live
//! in the other six, which can be added to. A byte that is loaded without its sign needs no index
//! register, so the patches of a convolution hold x + 128, and the packed biases have 128·Σw less
//! ([`crate::packing`]).

pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod depthwise_conv2d;
pub(crate) mod requant;
