//! The innermost sums on cores with Thumb-2 but without DSP instructions (Cortex-M3): byte loads and MLA.
//!
//! Naked functions called by `bl` from `asm!`, as in `dsp`; LLVM's own schedule of the same
//! loops spills half of the registers.

pub(crate) mod conv2d;
pub(crate) mod dense;

/// How `len` bytes are unrolled: `(turns of four, rest)`; straight code up to eight.
const fn unroll(len: usize) -> (usize, usize) {
    if len > 8 {
        (len / 4, len % 4)
    } else {
        (0, len)
    }
}
