//! The bands of a depthwise convolution, copied by vectors.

use core::arch::asm;

use crate::scratch::CHANNELS;

/// Bytes of a pixel in a band.
pub(crate) const PIXEL: usize = CHANNELS;

/// Copies pixels, `step` bytes apart, to a band; returns where the next goes.
///
/// Where all are words, a gather loads four: q0 their distances, q1 the pixels, lr counts them, 4
/// instructions per four, 6 around. Else 4 per pixel.
///
/// # Safety
/// The pixels' four channels may be read, and the band has room for them.
#[inline(always)]
pub(crate) unsafe fn copy(x: *const i8, step: usize, to: *mut i8, pixels: usize) -> *mut i8 {
    // SAFETY: the caller's promise; lanes beyond the last pixel are neither read nor written.
    unsafe {
        if (x.addr() | step).is_multiple_of(4) {
            asm!(
                "mov r0, #0",
                "vidup.u32 q0, r0, #1",
                "vmul.i32 q0, q0, {step}",
                "lsl {step}, {step}, #2",
                "wlstp.32 lr, {pixels}, 3f",
                "2:",
                "vldrw.u32 q1, [{x}, q0]",
                "vstrw.32 q1, [{to}], #16",
                "add {x}, {x}, {step}",
                "letp lr, 2b",
                "3:",
                x = inout(reg) x => _,
                to = inout(reg) to => _,
                step = inout(reg) step => _,
                pixels = in(reg) pixels,
                out("r0") _,
                out("lr") _,
                out("d0") _, out("d1") _,
                out("d2") _, out("d3") _,
                options(nostack),
            );
        } else {
            asm!(
                "wls lr, {pixels}, 3f",
                "2:",
                "ldr {word}, [{x}]",
                "str {word}, [{to}], #4",
                "add {x}, {x}, {step}",
                "le lr, 2b",
                "3:",
                x = inout(reg) x => _,
                to = inout(reg) to => _,
                step = in(reg) step,
                pixels = in(reg) pixels,
                word = out(reg) _,
                out("lr") _,
                options(nostack, preserves_flags),
            );
        }
        to.add(pixels * PIXEL)
    }
}

/// Writes pixels of padding. 2 instructions per four, two around.
///
/// # Safety
/// The band has room for them.
#[inline(always)]
pub(crate) unsafe fn fill(zero: i8, to: *mut i8, pixels: usize) {
    // SAFETY: the caller's promise; lanes beyond the last pixel are not written.
    unsafe {
        asm!(
            "vdup.8 q0, {zero}",
            "wlstp.32 lr, {pixels}, 3f",
            "2:",
            "vstrw.32 q0, [{to}], #16",
            "letp lr, 2b",
            "3:",
            zero = in(reg) i32::from(zero),
            to = inout(reg) to => _,
            pixels = in(reg) pixels,
            out("lr") _,
            out("d0") _, out("d1") _,
            options(nostack),
        );
    }
}
