//! Blocks of bytes in the arena, copied and filled: where they are aligned by words, as many at once as a
//! core has registers for.

use super::rolled;
use crate::isa::TARGET;
use crate::scratch::Isa;

/// Copies bytes upwards: the target may lie below the source and overlap it. Words where both ends allow,
/// or where the core reads them at any address.
///
/// # Safety
/// Both are valid for so many bytes.
#[inline(never)]
pub(super) unsafe fn copy(mut from: *const i8, mut to: *mut i8, bytes: usize) {
    // SAFETY: the pointers stay within the bytes, and words are read and written where they are aligned.
    // A step's bytes are read before they are written.
    unsafe {
        let end = to.add(bytes);
        if (from.addr() | to.addr() | bytes).is_multiple_of(size_of::<u32>()) {
            let whole = to.add(bytes / STEP * STEP);
            while to < whole {
                rolled();
                (from, to) = copy_step(from, to);
            }
            while to < end {
                rolled();
                *to.cast::<u32>() = *from.cast::<u32>();
                (from, to) = (from.add(4), to.add(4));
            }
            return;
        }
        #[cfg(all(target_arch = "arm", target_has_atomic = "32", not(feature = "mve")))]
        crate::thumb2::copy(from, to, bytes);
        #[cfg(not(all(target_arch = "arm", target_has_atomic = "32", not(feature = "mve"))))]
        while to < end {
            rolled();
            *to = *from;
            (from, to) = (from.add(1), to.add(1));
        }
    }
}

/// Words that [`copy`] moves at once: as many as a core has registers for.
const WORDS: usize = if matches!(TARGET, Isa::Thumb1) { 4 } else { 8 };
const STEP: usize = WORDS * size_of::<u32>();

/// Copies [`WORDS`] aligned words; returns what is behind them.
///
/// # Safety
/// As for [`copy`].
#[inline(always)]
unsafe fn copy_step(mut from: *const i8, mut to: *mut i8) -> (*const i8, *mut i8) {
    // SAFETY: the caller's promise.
    unsafe {
        #[cfg(all(target_arch = "arm", target_has_atomic = "32"))]
        core::arch::asm!(
            "ldm {from}!, {{r2-r5, r8, r10, r12, lr}}",
            "stm {to}!, {{r2-r5, r8, r10, r12, lr}}",
            from = inout(reg) from,
            to = inout(reg) to,
            out("r2") _, out("r3") _, out("r4") _, out("r5") _,
            out("r8") _, out("r10") _, out("r12") _, out("lr") _,
            options(nostack, preserves_flags),
        );
        #[cfg(all(target_arch = "arm", not(target_has_atomic = "32")))]
        core::arch::asm!(
            "ldm {from}!, {{r2-r5}}",
            "stm {to}!, {{r2-r5}}",
            from = inout(reg) from,
            to = inout(reg) to,
            out("r2") _, out("r3") _, out("r4") _, out("r5") _,
            options(nostack, preserves_flags),
        );
        #[cfg(not(target_arch = "arm"))]
        {
            let words = *from.cast::<[u32; WORDS]>();
            *to.cast::<[u32; WORDS]>() = words;
            (from, to) = (from.add(STEP), to.add(STEP));
        }
    }
    (from, to)
}

/// Fills bytes. Words where the ends allow.
///
/// # Safety
/// The target is valid for so many bytes.
#[inline(never)]
pub(super) unsafe fn fill(mut to: *mut i8, bytes: usize, value: i8) {
    // SAFETY: the pointer stays within the bytes, and words are written where they are aligned.
    unsafe {
        let end = to.add(bytes);
        if (to.addr() | bytes).is_multiple_of(size_of::<u32>()) {
            let word = u32::from(value.cast_unsigned()) * 0x0101_0101;
            while to < end {
                rolled();
                *to.cast::<u32>() = word;
                to = to.add(4);
            }
        }
        while to < end {
            rolled();
            *to = value;
            to = to.add(1);
        }
    }
}
