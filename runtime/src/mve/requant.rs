//! Requantisation of four channels at once.

use core::arch::asm;

/// The short form of `Single`, without a shift before and with the full range as clamp: hi(acc·m) +
/// addend, arithmetic shift, saturation to eight bits, stored to four adjacent bytes
/// (VSTRB.32 wants a low address register). 11 instructions.
///
/// # Safety
/// Four sums may be read from `acc`, and four mantissas, four addends, four shifts one after the other
/// from `constants`; four bytes may be written to `output`.
#[inline(always)]
pub(crate) unsafe fn store(acc: *const i32, constants: *const i32, output: *mut i8) {
    // SAFETY: the caller vouches for every address.
    unsafe {
        asm!(
            "vldrw.u32 q0, [{acc}]",
            "vldrw.u32 q1, [{constants}]",
            "vmulh.s32 q0, q0, q1",
            "vldrw.u32 q1, [{constants}, #16]",
            "vadd.i32 q0, q0, q1",
            "vldrw.u32 q1, [{constants}, #32]",
            "vneg.s32 q1, q1",
            "vshl.s32 q0, q0, q1",
            "vqmovnb.s32 q0, q0",
            "vqmovnb.s16 q0, q0",
            "vstrb.32 q0, [r1]",
            acc = in(reg) acc,
            constants = in(reg) constants,
            in("r1") output,
            out("d0") _,
            out("d1") _,
            out("d2") _,
            out("d3") _,
            options(nostack, preserves_flags),
        );
    }
}
