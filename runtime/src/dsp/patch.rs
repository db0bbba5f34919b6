//! The patches of a convolution, widened to half-words.

use core::arch::asm;

use super::conv2d::PIXELS;
use crate::thumb2::{copy, copy_runs, fill};

/// Bytes of the patches per word of four taps: pixels, pairs, bytes of a pair.
const WORD: usize = PIXELS * 2 * 4;

/// A patch under construction.
///
/// Taps that come in whole words are widened as they come; others (three channels, say) are collected as
/// bytes behind the patches first.
pub(crate) struct Patch {
    /// Where the next word's pairs go.
    pairs: *mut i8,
    /// Where the next byte goes, if bytes are collected.
    bytes: *mut i8,
    /// The collected bytes, or null.
    collected: *mut i8,
    taps: usize,
}

impl Patch {
    /// Nothing is to be prepared.
    #[inline(always)]
    pub(crate) unsafe fn prepare(_scratch: *mut i8, _taps: usize) {}

    /// # Safety
    /// `scratch` has room for the patches of a layer of so many channels, and `slot` is below [`PIXELS`].
    #[inline(always)]
    pub(crate) unsafe fn new(scratch: *mut i8, slot: usize, channels: usize, taps: usize) -> Self {
        // SAFETY: within the scratch.
        unsafe {
            let collected = if channels.is_multiple_of(4) {
                core::ptr::null_mut()
            } else {
                scratch.add(taps.div_ceil(4) * WORD)
            };
            Self {
                pairs: scratch.add(slot * 8),
                bytes: collected,
                collected,
                taps,
            }
        }
    }

    /// Appends taps of the input.
    ///
    /// # Safety
    /// `len` bytes may be read from `x`, and the patch has room for them.
    #[inline(always)]
    pub(crate) unsafe fn copy(&mut self, x: *const i8, len: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            if self.collected.is_null() {
                self.pairs = widen(x, self.pairs, len / 4);
            } else {
                self.bytes = copy(x, self.bytes, len);
            }
        }
    }

    /// Appends so many runs of taps, `step` bytes from one to the next; at least one.
    ///
    /// # Safety
    /// `len` bytes of each may be read, and the patch has room for them.
    #[inline(always)]
    pub(crate) unsafe fn runs(&mut self, x: *const i8, len: usize, count: usize, step: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            if self.collected.is_null() {
                self.pairs = widen_runs(x, self.pairs, len / 4, count, step.wrapping_sub(len));
            } else {
                self.bytes = copy_runs(x, self.bytes, len, count, step);
            }
        }
    }

    /// Appends taps in the padding.
    ///
    /// # Safety
    /// The patch has room for `len` bytes.
    #[inline(always)]
    pub(crate) unsafe fn fill(&mut self, zero: i8, len: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            if self.collected.is_null() {
                self.pairs = fill_pairs(zero, self.pairs, len / 4);
            } else {
                self.bytes = fill(zero, self.bytes, len);
            }
        }
    }

    /// Widens what was collected.
    ///
    /// # Safety
    /// All taps were appended.
    #[inline(always)]
    pub(crate) unsafe fn finish(self) {
        if !self.collected.is_null() {
            // SAFETY: the last word's bytes beyond the taps are read, and multiplied by zero.
            unsafe { widen(self.collected, self.pairs, self.taps.div_ceil(4)) };
        }
    }
}

/// Widens `r0` words: 10 instructions for two, 3 around.
macro_rules! widen {
    () => {
        "lsrs r0, r0, #1
         bcc 2f
         ldr {even}, [{x}], #4
         sxtb16 {odd}, {even}, ror #8
         sxtb16 {even}, {even}
         strd {even}, {odd}, [{pairs}], #{word}
         2:
         cbz r0, 4f
         3:
         ldr {even}, [{x}], #4
         sxtb16 {odd}, {even}, ror #8
         sxtb16 {even}, {even}
         strd {even}, {odd}, [{pairs}], #{word}
         ldr {even}, [{x}], #4
         sxtb16 {odd}, {even}, ror #8
         sxtb16 {even}, {even}
         subs r0, #1
         strd {even}, {odd}, [{pairs}], #{word}
         bne 3b
         4:"
    };
}

/// Widens so many words of a pixel.
///
/// # Safety
/// The words may be read from `x`, and their pairs written from `pairs` on.
#[inline(always)]
unsafe fn widen(x: *const i8, pairs: *mut i8, words: usize) -> *mut i8 {
    let mut end = pairs;
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            widen!(),
            word = const WORD,
            x = inout(reg) x => _,
            pairs = inout(reg) end,
            even = out(reg) _,
            odd = out(reg) _,
            inout("r0") words => _,
            options(nostack),
        );
    }
    end
}

/// Widens so many runs of words, `rest` bytes from one's end to the next. 4 instructions per run besides.
///
/// # Safety
/// As for [`widen`]; there is at least one.
#[inline(always)]
unsafe fn widen_runs(
    x: *const i8,
    pairs: *mut i8,
    words: usize,
    count: usize,
    rest: usize,
) -> *mut i8 {
    let mut end = pairs;
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "5:",
            "mov r0, {words}",
            widen!(),
            "add {x}, {rest}",
            "subs {count}, #1",
            "bne 5b",
            word = const WORD,
            x = inout(reg) x => _,
            pairs = inout(reg) end,
            even = out(reg) _,
            odd = out(reg) _,
            words = in(reg) words,
            count = inout(reg) count => _,
            rest = in(reg) rest,
            out("r0") _,
            options(nostack),
        );
    }
    end
}

/// Writes the pairs of `words` words of zero points.
///
/// # Safety
/// They may be written from `pairs` on.
#[inline(always)]
unsafe fn fill_pairs(zero: i8, mut pairs: *mut i8, words: usize) -> *mut i8 {
    let pair = u32::from(i16::from(zero).cast_unsigned()) * 0x1_0001;
    for _ in 0..words {
        crate::kernels::rolled();
        // SAFETY: the caller's promise; patches are aligned.
        unsafe {
            pairs.cast::<[u32; 2]>().write([pair; 2]);
            pairs = pairs.add(WORD);
        }
    }
    pairs
}
