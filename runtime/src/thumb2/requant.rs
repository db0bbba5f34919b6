//! The constants of channels, unpacked.

use core::arch::asm;

use crate::kernels::requant::Channel;
use crate::scratch::CHANNELS;

/// Unpacks the factors of a group of channels: 7 instructions per pair. `zero` is what addends are made of.
///
/// Shifts by a register take its lowest byte, so that nothing is masked.
///
/// # Safety
/// `factors` are those of a record of [`CHANNELS`] channels of a short form, and there is room for these.
#[inline(always)]
pub(crate) unsafe fn unpack(factors: *const i32, zero: i32, channels: *mut Channel) {
    // SAFETY: the caller's promise; three words are read and six written, twice.
    unsafe {
        asm!(
            ".rept {pairs}",
            "ldm {factors}!, {{r0, r2, r3}}",
            "lsr r1, r2, #8",
            "lsr r4, r2, #24",
            "lsr r5, r2, #16",
            "lsl r1, {zero}, r1",
            "lsl r4, {zero}, r4",
            "stm {channels}!, {{r0-r5}}",
            ".endr",
            pairs = const CHANNELS / 2,
            factors = inout(reg) factors => _,
            zero = in(reg) zero,
            channels = inout(reg) channels => _,
            out("r0") _, out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _,
            options(nostack, preserves_flags),
        );
    }
}
