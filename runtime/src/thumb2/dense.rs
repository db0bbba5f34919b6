//! A fully connected layer: four rows at a time, one input byte for all of them.

use core::arch::naked_asm;
use core::mem::MaybeUninit;

use crate::isa::SMALL;
use crate::kernels::TFLITE;
use crate::kernels::dense::Frame;
use crate::kernels::requant::Requant;
use crate::packing::ROWS;

/// One input, four rows: 9 instructions for 4 multiplications; `$x` and `$w` may move the pointers.
macro_rules! tap {
    ($x:literal, $fourth:literal, $third:literal, $second:literal, $first:literal) => {
        concat!(
            "ldrsb r8, [r4",
            $x,
            "\nldrsb r9, [r5, #",
            $fourth,
            "]\nldrsb r10, [r5, #",
            $third,
            "]\nmla r3, r8, r9, r3\nldrsb r9, [r5, #",
            $second,
            "]\nmla r2, r8, r10, r2\nldrsb r10, [r5",
            $first,
            "\nmla r1, r8, r9, r1\nmla r0, r8, r10, r0\n"
        )
    };
}

/// Four inputs, the first one last so that it moves the pointers: 36 instructions, 144 bytes.
macro_rules! word {
    () => {
        concat!(
            tap!(", #3]", "15", "11", "7", ", #3]"),
            tap!(", #2]", "14", "10", "6", ", #2]"),
            tap!(", #1]", "13", "9", "5", ", #1]"),
            tap!("], #4", "12", "8", "4", "], #16"),
        )
    };
}

/// Enters: r0 the frame. Leaves: sp points at five words: x, out, end, entry into the loop, zero; r5 the
/// stream, r11 the end of the input. 17 instructions.
///
/// The loop has `unrolled` words, a power of two; it is entered so far behind its head that the rest of
/// the words by that number is done first.
macro_rules! enter {
    () => {
        "push {{r4-r11, lr}}
         ldm r0, {{r1-r6}}
         add r11, r1, r4, lsl #2
         rsb r9, r4, #0
         and r9, r9, #({unrolled} - 1)
         movs r10, #144
         mul r9, r9, r10
         adr r10, 2f
         add r9, r10
         orr r9, #1
         mov r10, r5
         mov r5, r6
         push {{r9, r10}}
         push {{r1, r2, r3}}"
    };
}

/// The sums of one record: 3 instructions around the words, 2 per turn.
macro_rules! sums {
    () => {
        concat!(
            "ldm r5!, {{r0-r3}}\nldr r4, [sp]\nldr pc, [sp, #12]\n.p2align 2\n2:\n.rept {unrolled}\n",
            word!(),
            ".endr\n",
            "cmp r4, r11\nbne 2b\n"
        )
    };
}

/// Finishes the sum in `$acc` and stores it: 7 instructions for `TfLite`, 5 for `Single`; as in
/// [`super::conv2d`]. `$m` the mantissa, r7 the shift, lr the addend, r10 the output.
macro_rules! finish {
    ($acc:literal, $m:literal) => {
        concat!(
            ".if {double}\nmov r9, #0x80000000\nadd r12, lr, ",
            $acc,
            ", asr #31\nlsl ",
            $acc,
            ", ",
            $acc,
            ", #1\nsmlal r9, r12, ",
            $acc,
            ", ",
            $m,
            "\n.else\nsmull r9, r12, ",
            $acc,
            ", ",
            $m,
            "\nadd r12, lr\n.endif\nasr r12, r7\nssat r12, #8, r12\nstrb r12, [r10], #1\n"
        )
    };
}

/// Two outputs: 8 instructions besides. r6 and r8 mantissas, r7 shifts.
macro_rules! finish_pair {
    ($first:literal, $second:literal) => {
        concat!(
            "ldm r5!, {{r6, r7, r8}}\nldr lr, [sp, #16]\nlsr r9, r7, #8\nlsl lr, lr, r9\n",
            finish!($first, "r6"),
            "ldr lr, [sp, #16]\nlsr r9, r7, #24\nlsr r7, r7, #16\nlsl lr, lr, r9\n",
            finish!($second, "r8"),
        )
    };
}

/// Computes all whole groups of rows.
///
/// # Safety
/// The frame's input, records and outputs are there.
#[inline(always)]
pub(crate) unsafe fn groups<const METHOD: u32>(frame: &Frame, _: Requant) {
    // SAFETY: the caller's promise; the function keeps to the procedure call standard.
    unsafe { all_groups::<METHOD>(frame) }
}

/// Per group, beside the words: 24 instructions and 28 for four outputs in `TfLite`, 20 in `Single`.
///
/// r0 to r3 the sums, r4 the input, r5 the stream, r8 an input, r9 and r10 weights, r11 the input's end.
#[unsafe(naked)]
unsafe extern "C" fn all_groups<const METHOD: u32>(frame: &Frame) {
    naked_asm!(
        enter!(),
        "1:",
        sums!(),
        "ldr r10, [sp, #4]",
        finish_pair!("r0", "r1"),
        finish_pair!("r2", "r3"),
        "str r10, [sp, #4]",
        "ldr r12, [sp, #8]",
        "cmp r10, r12",
        "bne 1b",
        "add sp, #20",
        "pop {{r4-r11, pc}}",
        unrolled = const if SMALL { 1 } else { 4 },
        double = const (METHOD == TFLITE) as u32,
    )
}

/// The sums of a record.
///
/// # Safety
/// The frame's input and record are there.
#[inline(always)]
pub(crate) unsafe fn sums(frame: &Frame) -> [i32; ROWS] {
    let mut sums = MaybeUninit::uninit();
    // SAFETY: the caller's promise; all four sums are written.
    unsafe {
        one_group(frame, sums.as_mut_ptr());
        sums.assume_init()
    }
}

/// As [`all_groups`], but one group, whose sums are stored, by a loop of single words: small, because it is
/// for few.
#[unsafe(naked)]
unsafe extern "C" fn one_group(frame: &Frame, sums: *mut [i32; ROWS]) {
    naked_asm!(
        "push {{r1, lr}}",
        enter!(),
        sums!(),
        "ldr r4, [sp, #56]",
        "stm r4, {{r0-r3}}",
        "add sp, #20",
        "pop {{r4-r11, lr}}",
        "pop {{r1, pc}}",
        unrolled = const 1,
    )
}
