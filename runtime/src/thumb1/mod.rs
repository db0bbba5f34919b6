//! The innermost sums on cores with Thumb-1 only (Cortex-M0, M0+): byte loads by index, MULS and ADDS in
//! the eight low registers.
//!
//! Naked functions called by `bl` from `asm!`, as in `dsp`. Pointers stand at the end of a run
//! and one negative index serves them all: its increment ends the loop.

pub(crate) mod conv2d;
pub(crate) mod dense;
