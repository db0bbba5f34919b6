//! The innermost sums on cores with Thumb-2 but without DSP instructions (Cortex-M3): byte loads and MLA.
//! What takes no more than a DSP instruction in one place (`add`, `requant`) is for all of them.
//!
//! Naked functions, as in `dsp`; LLVM's own schedule of the same loops spills half of the registers.
//! Words may lie at any address on these cores.

use core::arch::asm;

pub(crate) mod add;
#[cfg(not(feature = "dsp"))]
pub(crate) mod conv2d;
#[cfg(not(feature = "dsp"))]
pub(crate) mod dense;
#[cfg(not(feature = "dsp"))]
pub(crate) mod depthwise_conv2d;
pub(crate) mod requant;

/// Copies `{len}` bytes, which is 0 afterwards: 4 instructions per word, 4 per byte of the rest, 4 around.
macro_rules! copy {
    () => {
        "subs {len}, #4
         blt 3f
         2:
         ldr {data}, [{from}], #4
         subs {len}, #4
         str {data}, [{next}], #4
         bge 2b
         3:
         adds {len}, #4
         beq 5f
         4:
         ldrb {data}, [{from}], #1
         subs {len}, #1
         strb {data}, [{next}], #1
         bne 4b
         5:"
    };
}

/// Copies bytes; returns where the next one goes.
///
/// # Safety
/// `len` bytes may be read from `from` and written to `to`.
#[inline(always)]
pub(crate) unsafe fn copy(from: *const i8, to: *mut i8, len: usize) -> *mut i8 {
    let mut next = to;
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            copy!(),
            from = inout(reg) from => _,
            next = inout(reg) next,
            len = inout(reg) len => _,
            data = out(reg) _,
            options(nostack),
        );
    }
    next
}

/// Copies so many runs of bytes, `step` bytes from one to the next, one after the other; returns where the
/// next byte goes. 4 instructions per run besides.
///
/// # Safety
/// `len` bytes of each may be read and all written to `to`; there is at least one.
#[inline(always)]
pub(crate) unsafe fn copy_runs(
    from: *const i8,
    to: *mut i8,
    len: usize,
    count: usize,
    step: usize,
) -> *mut i8 {
    let mut next = to;
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "6:",
            "mov {len}, {run}",
            copy!(),
            "add {from}, {rest}",
            "subs {count}, #1",
            "bne 6b",
            from = inout(reg) from => _,
            next = inout(reg) next,
            len = out(reg) _,
            data = out(reg) _,
            count = inout(reg) count => _,
            run = in(reg) len,
            rest = in(reg) step.wrapping_sub(len),
            options(nostack),
        );
    }
    next
}

/// Writes the same byte `len` times; returns where the next one goes.
///
/// # Safety
/// They may be written from `to` on.
#[inline(always)]
pub(crate) unsafe fn fill(zero: i8, mut to: *mut i8, len: usize) -> *mut i8 {
    for _ in 0..len {
        crate::kernels::rolled();
        // SAFETY: the caller's promise.
        unsafe {
            *to = zero;
            to = to.add(1);
        }
    }
    to
}
