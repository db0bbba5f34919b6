//! A convolution: two filters by three pixels, or by two at the end of a layer.
//!
//! Patches are widened to half-words when they are gathered: per word of four taps and pixel the pairs
//! (0, 2) and (1, 3), the three pixels' pairs one after the other. The sums then load a pixel's four taps
//! with one LDRD and widen the weights alone: 20 instructions for 24 multiplications.

use core::arch::naked_asm;
use core::mem::MaybeUninit;

pub(crate) use super::patch::Patch;
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

/// Four taps of three pixels, two filters: 20 instructions, 80 bytes; of two pixels 15 and 60.
macro_rules! word {
    () => {
        "ldrd r8, r9, [r6], #8
         ldrd r12, lr, [r7], #8
         sxtb16 r10, r8, ror #8
         sxtb16 r8, r8
         sxtb16 r11, r9, ror #8
         sxtb16 r9, r9
         smlad r0, r8, r12, r0
         smlad r0, r10, lr, r0
         smlad r3, r9, r12, r3
         smlad r3, r11, lr, r3
         ldrd r12, lr, [r7], #(16 - 8 * {third})
         smlad r1, r8, r12, r1
         smlad r1, r10, lr, r1
         smlad r4, r9, r12, r4
         smlad r4, r11, lr, r4
         .if {third}
         ldrd r12, lr, [r7], #8
         smlad r2, r8, r12, r2
         smlad r2, r10, lr, r2
         smlad r5, r9, r12, r5
         smlad r5, r11, lr, r5
         .endif"
    };
}

/// Enters: r0 the frame. Leaves: sp points at eight words: x, out, second, third, end, end of x, entry
/// into the loop, zero; r6 the stream. 18 instructions, 11 if nothing is unrolled.
///
/// The loop has `unrolled` words, a power of two; it is entered so far behind its head that the rest of
/// the words by that number is done first.
macro_rules! enter {
    () => {
        ".cpu cortex-m33
         push {{r4-r11, lr}}
         ldm r0, {{r1-r8}}
         .if {unrolled} > 1
         rsb r9, r6, #0
         and r9, r9, #({unrolled} - 1)
         movs r10, #(60 + 20 * {third})
         mul r9, r9, r10
         adr r10, 2f
         add r9, r10
         orr r11, r9, #1
         .endif
         movs r10, #24
         mla r10, r6, r10, r1
         mov r6, r8
         mov r12, r7
         push {{r11, r12}}
         push {{r5, r10}}
         push {{r1-r4}}"
    };
}

/// Sums of one record: 7 instructions before the words; of two pixels 6, and r2 the end of x.
macro_rules! sums {
    () => {
        "ldrd r0, r3, [r6], #8
         ldr r7, [sp]
         mov r1, r0
         mov r4, r3
         .if {third}
         mov r2, r0
         mov r5, r3
         .else
         ldr r2, [sp, #20]
         .endif
         .if {unrolled} > 1
         ldr pc, [sp, #24]
         .p2align 2
         .endif
         2:"
    };
}

/// After the words: more of them, or on. 3 instructions per turn, 2 with two pixels.
macro_rules! more {
    () => {
        ".if {third}
         ldr r12, [sp, #20]
         cmp r7, r12
         .else
         cmp r7, r2
         .endif
         bne 2b"
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

/// Finishes the sum in `$acc` and stores it: 6 instructions for `TfLite`, 4 for `Single`.
///
/// r8 the mantissa, r10 the shift, lr the addend. In `TfLite` the sign of the sum stands for that of the
/// product: they differ only where 2·acc·m rounds to zero, and there the shift, at least one, rounds both
/// to the zero point.
macro_rules! finish {
    ($acc:literal, $store:literal) => {
        concat!(
            ".if {double}\nadd r9, lr, ",
            $acc,
            ", asr #31\nlsl ",
            $acc,
            ", ",
            $acc,
            ", #1\nsmmlar ",
            $acc,
            ", ",
            $acc,
            ", r8, r9\n.else\nsmmla ",
            $acc,
            ", ",
            $acc,
            ", r8, lr\n.endif\nasr ",
            $acc,
            ", ",
            $acc,
            ", r10\nssat ",
            $acc,
            ", #8, ",
            $acc,
            "\nstrb ",
            $acc,
            ", ",
            $store
        )
    };
}

/// Per pair, beside the words: 24 instructions and 36 for six outputs in `TfLite`, 24 in `Single`. Two
/// pixels are as quick as three: they are two of five where a layer runs row by row.
///
/// Sums: r0 to r2 the first filter's, r3 to r5 the second's; r6 stream, r7 patches, r8 and r9 weights,
/// the odd pairs of them in r10 and r11, r12 and lr a pixel's pairs. Outputs: r7 and r12 the pixels'
/// distances, r8 mantissa, r9 scratch, r10 shifts, r11 where the output goes, lr the addend.
#[unsafe(naked)]
unsafe extern "C" fn all_pairs<const METHOD: u32, const COUNT: usize>(frame: &Frame) {
    naked_asm!(
        enter!(),
        "1:",
        sums!(),
        ".rept {unrolled}",
        word!(),
        ".endr",
        more!(),
        "ldrd r8, r10, [r6], #8",
        "ldr r11, [sp, #4]",
        "ldrd r12, r7, [sp, #8]",
        "ldr lr, [sp, #28]",
        "lsr r9, r10, #8",
        "lsl lr, lr, r9",
        ".if {third}",
        finish!("r2", "[r11, r7]"),
        ".endif",
        finish!("r1", "[r11, r12]"),
        finish!("r0", "[r11], #1"),
        "ldr r8, [r6], #4",
        "ldr lr, [sp, #28]",
        "lsr r9, r10, #24",
        "lsr r10, r10, #16",
        "lsl lr, lr, r9",
        ".if {third}",
        finish!("r5", "[r11, r7]"),
        ".endif",
        finish!("r4", "[r11, r12]"),
        finish!("r3", "[r11], #1"),
        "str r11, [sp, #4]",
        "ldr r12, [sp, #16]",
        "cmp r11, r12",
        "bne 1b",
        "add sp, #32",
        "pop {{r4-r11, pc}}",
        unrolled = const if SMALL { 1 } else { 4 },
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
        ".rept {unrolled}",
        word!(),
        ".endr",
        more!(),
        "ldr r6, [sp, #68]",
        "stm r6, {{r0-r5}}",
        "add sp, #32",
        "pop {{r4-r11, lr}}",
        "pop {{r1, pc}}",
        unrolled = const 1,
        third = const 1,
    )
}
