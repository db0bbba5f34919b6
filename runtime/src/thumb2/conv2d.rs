//! A convolution: two filters by three pixels, or by two at the end of a layer; patches as bytes one after
//! the other.

use core::arch::naked_asm;
use core::mem::MaybeUninit;

use super::{copy, copy_runs};
use crate::isa::SMALL;
use crate::kernels::TFLITE;
use crate::kernels::conv2d::Frame;
use crate::kernels::requant::Requant;
use crate::packing::FILTERS;
use crate::scratch;

/// Pixels computed together.
pub(crate) const PIXELS: usize = scratch::PIXELS;

/// Pixels computed together where there are fewer.
const TAIL: usize = 2;

/// A patch under construction: its bytes one after the other.
pub(crate) struct Patch {
    next: *mut i8,
}

impl Patch {
    /// Nothing is written before all patches.
    #[inline(always)]
    pub(crate) unsafe fn prepare(_: *mut i8, _: usize) {}

    /// # Safety
    /// `scratch` has room for the patches of a layer of so many taps, and `slot` is below [`PIXELS`].
    #[inline(always)]
    pub(crate) unsafe fn new(scratch: *mut i8, slot: usize, _channels: usize, taps: usize) -> Self {
        // SAFETY: within the scratch.
        let next = unsafe { scratch.add(slot * taps.next_multiple_of(4)) };
        Self { next }
    }

    /// Appends taps of the input.
    ///
    /// # Safety
    /// `len` bytes may be read from `x`, and the patch has room for them.
    #[inline(always)]
    pub(crate) unsafe fn copy(&mut self, x: *const i8, len: usize) {
        // SAFETY: the caller's promise.
        self.next = unsafe { copy(x, self.next, len) };
    }

    /// Appends so many runs of taps, `step` bytes from one to the next; at least one.
    ///
    /// # Safety
    /// `len` bytes of each may be read, and the patch has room for them.
    #[inline(always)]
    pub(crate) unsafe fn runs(&mut self, x: *const i8, len: usize, count: usize, step: usize) {
        // SAFETY: the caller's promise.
        self.next = unsafe { copy_runs(x, self.next, len, count, step) };
    }

    /// Appends taps in the padding.
    ///
    /// # Safety
    /// The patch has room for `len` bytes.
    #[inline(always)]
    pub(crate) unsafe fn fill(&mut self, zero: i8, len: usize) {
        // SAFETY: the caller's promise.
        self.next = unsafe { super::fill(zero, self.next, len) };
    }

    /// Nothing is left to do: what fills the last word is multiplied by zero.
    #[inline(always)]
    pub(crate) unsafe fn finish(self) {}
}

/// One tap of three pixels, two filters, the tap `$k` and what moves the pointers on: 11 instructions for
/// 6 multiplications; of two pixels 8 for 4.
macro_rules! tap {
    ($second:literal, $first:literal, $x:literal) => {
        concat!(
            "ldrsb r11, [r6, #",
            $second,
            "]\nldrsb r10, [r6",
            $first,
            "\nldrsb r12, [r7",
            $x,
            "\nmla r0, r10, r12, r0\nmla r3, r11, r12, r3\nldrsb r12, [r8",
            $x,
            "\nmla r1, r10, r12, r1\nmla r4, r11, r12, r4\n.if {third}\nldrsb r12, [r9",
            $x,
            "\nmla r2, r10, r12, r2\nmla r5, r11, r12, r5\n.endif\n"
        )
    };
}

/// Four taps, the first one last so that it moves the pointers: 44 instructions, 176 bytes; of two pixels
/// 32.
macro_rules! word {
    () => {
        concat!(
            tap!("7", ", #3]", ", #3]"),
            tap!("6", ", #2]", ", #2]"),
            tap!("5", ", #1]", ", #1]"),
            tap!("4", "], #8", "], #4"),
        )
    };
}

/// Enters: r0 the frame. Leaves: sp points at eight words: x, out, second, third, end, bytes of a patch,
/// entry into the loop, zero; r6 the stream. 15 instructions, 10 if nothing is unrolled.
///
/// The loop has `unrolled` words, two or one; with an odd number of them it is entered at its last.
macro_rules! enter {
    () => {
        "push {{r4-r11, lr}}
         ldm r0, {{r1-r8}}
         lsl r10, r6, #2
         .if {unrolled} > 1
         adr r11, 2f
         tst r6, #1
         it ne
         addne r11, #176
         orr r11, #1
         .endif
         mov r12, r7
         mov r6, r8
         push {{r11, r12}}
         push {{r5, r10}}
         push {{r1-r4}}"
    };
}

/// The sums of one record: 11 instructions before the words, 7 if of two pixels and nothing unrolled; 2 per
/// turn.
macro_rules! sums {
    () => {
        concat!(
            "ldm r6!, {{r0, r3}}\nldr r7, [sp]\nldr r8, [sp, #20]\nmov r1, r0\nmov r4, r3\n",
            ".if {third}\nmov r2, r0\nmov r5, r3\nadd r9, r7, r8, lsl #1\n.endif\n",
            "add r8, r7\nmov lr, r8\n",
            ".if {unrolled} > 1\nldr pc, [sp, #24]\n.p2align 2\n.endif\n",
            "2:\n.rept {unrolled}\n",
            word!(),
            ".endr\n",
            "cmp r7, lr\nbne 2b\n"
        )
    };
}

/// Finishes the sum in `$acc` and stores it: 7 instructions for `TfLite`, 5 for `Single`.
///
/// r8 the mantissa, r10 the shift, lr the addend, r9 and r12 a product. In `TfLite` the sign of the sum
/// stands for that of the product, as in `dsp::conv2d`.
macro_rules! finish {
    ($acc:literal, $store:literal) => {
        concat!(
            ".if {double}\nmov r9, #0x80000000\nadd r12, lr, ",
            $acc,
            ", asr #31\nlsl ",
            $acc,
            ", ",
            $acc,
            ", #1\nsmlal r9, r12, ",
            $acc,
            ", r8\n.else\nsmull r9, r12, ",
            $acc,
            ", r8\nadd r12, lr\n.endif\nasr r12, r10\nssat r12, #8, r12\nstrb r12, ",
            $store,
            "\n"
        )
    };
}

/// The outputs of one filter: 2 instructions besides.
macro_rules! outputs {
    ($first:literal, $second:literal, $third:literal) => {
        concat!(
            ".if {third}\nldr r7, [sp, #12]\n",
            finish!($third, "[r11, r7]"),
            ".endif\nldr r7, [sp, #8]\n",
            finish!($second, "[r11, r7]"),
            finish!($first, "[r11], #1"),
        )
    };
}

/// Computes all whole pairs of filters.
///
/// # Safety
/// The frame's patches, records and outputs are there.
#[inline(always)]
pub(crate) unsafe fn pairs<const METHOD: u32>(frame: &mut Frame, _: Requant) {
    // SAFETY: the caller's promise; the function keeps to the procedure call standard.
    unsafe {
        if SMALL && frame.count < PIXELS {
            // A pixel that there is none of is written before the one in whose place it is.
            frame.third = frame.second;
        }
        if SMALL || frame.count > TAIL {
            all_pairs::<METHOD, PIXELS>(frame);
        } else {
            all_pairs::<METHOD, TAIL>(frame);
        }
    }
}

/// Per pair, beside the words: 30 instructions and 42 for six outputs in `TfLite`, 30 in `Single`. Two
/// pixels are summed by a loop of single words: small, because it is for few.
///
/// r0 to r2 the first filter's sums, r3 to r5 the second's, r6 the stream, r7 to r9 the patches, r10 and
/// r11 weights, r12 a pixel, lr the end of the first patch.
#[unsafe(naked)]
unsafe extern "C" fn all_pairs<const METHOD: u32, const COUNT: usize>(frame: &Frame) {
    naked_asm!(
        enter!(),
        "1:",
        sums!(),
        "ldr r8, [r6], #4",
        "ldr r10, [r6], #4",
        "ldr lr, [sp, #28]",
        "ldr r11, [sp, #4]",
        "lsr r9, r10, #8",
        "lsl lr, lr, r9",
        outputs!("r0", "r1", "r2"),
        "ldr r8, [r6], #4",
        "ldr lr, [sp, #28]",
        "lsr r9, r10, #24",
        "lsr r10, r10, #16",
        "lsl lr, lr, r9",
        outputs!("r3", "r4", "r5"),
        "str r11, [sp, #4]",
        "ldr r12, [sp, #16]",
        "cmp r11, r12",
        "bne 1b",
        "add sp, #32",
        "pop {{r4-r11, pc}}",
        unrolled = const if COUNT == PIXELS && !SMALL { 2 } else { 1 },
        third = const (COUNT == PIXELS) as u32,
        double = const (METHOD == TFLITE) as u32,
    )
}

/// The sums of a record: `[filter][pixel]`.
///
/// # Safety
/// The frame's patches and record are there.
#[inline(always)]
pub(crate) unsafe fn sums(frame: &Frame) -> [[i32; PIXELS]; FILTERS] {
    let mut sums = MaybeUninit::uninit();
    // SAFETY: the caller's promise; all six sums are written.
    unsafe {
        one_pair(frame, sums.as_mut_ptr());
        sums.assume_init()
    }
}

/// As [`all_pairs`], but one pair, whose sums are stored, by a loop of single words: small, because it is
/// for few.
#[unsafe(naked)]
unsafe extern "C" fn one_pair(frame: &Frame, sums: *mut [[i32; PIXELS]; FILTERS]) {
    naked_asm!(
        "push {{r1, lr}}",
        enter!(),
        sums!(),
        "ldr r6, [sp, #68]",
        "stm r6, {{r0-r5}}",
        "add sp, #32",
        "pop {{r4-r11, lr}}",
        "pop {{r1, pc}}",
        unrolled = const 1,
        third = const 1,
    )
}
