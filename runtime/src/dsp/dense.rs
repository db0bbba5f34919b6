//! A fully connected layer: four rows at a time, eight inputs per turn.

use core::arch::naked_asm;
use core::mem::MaybeUninit;

use crate::isa::SMALL;
use crate::kernels::TFLITE;
use crate::kernels::dense::Frame;
use crate::kernels::requant::Requant;
use crate::packing::ROWS;

/// One word of one row against the input's pairs in r10 and `$odd`: 4 instructions for 4 multiplications.
macro_rules! row {
    ($w:literal, $sum:literal, $odd:literal) => {
        concat!(
            "sxtb16 lr, ",
            $w,
            "\nsmlad ",
            $sum,
            ", lr, r10, ",
            $sum,
            "\nsxtb16 ",
            $w,
            ", ",
            $w,
            ", ror #8\nsmlad ",
            $sum,
            ", ",
            $w,
            ", ",
            $odd,
            ", ",
            $sum,
            "\n"
        )
    };
}

/// One word of the input in `$x` against four rows: 19 instructions for 16 multiplications.
macro_rules! word {
    ($x:literal) => {
        concat!(
            "ldm r5!, {{r6, r7, r11, r12}}\nsxtb16 r10, ",
            $x,
            "\nsxtb16 ",
            $x,
            ", ",
            $x,
            ", ror #8\n",
            row!("r6", "r0", $x),
            row!("r7", "r1", $x),
            row!("r11", "r2", $x),
            row!("r12", "r3", $x),
        )
    };
}

/// Two words of the input: 39 instructions, 156 bytes.
macro_rules! words {
    () => {
        concat!("ldrd r8, r9, [r4], #8\n", word!("r8"), word!("r9"))
    };
}

/// Enters: r0 the frame. Leaves: sp points at seven words: x, out, end, end of x, first entry, second
/// entry, zero; r5 the stream. 28 instructions.
///
/// The loop has `unrolled` pairs of words, a power of two; it is entered so far behind its head that the
/// rest of the pairs by that number is done first. An odd word comes before. The first entry is the odd word's or the loop's, the
/// second the loop's or what follows it.
macro_rules! enter {
    () => {
        ".cpu cortex-m33
         push {{r4-r11, lr}}
         ldm r0, {{r1-r6}}
         add r7, r1, r4, lsl #2
         lsrs r8, r4, #1
         rsb r9, r8, #0
         and r9, r9, #({unrolled} - 1)
         movs r10, #156
         mul r9, r9, r10
         adr r11, 2f
         add r11, r9
         cmp r8, #0
         it eq
         adreq r11, 6f
         orr r11, #1
         mov r10, r11
         tst r4, #1
         it ne
         adrne r10, 5f
         orr r10, #1
         mov r12, r5
         mov r5, r6
         push {{r10, r11, r12}}
         push {{r1, r2, r3, r7}}"
    };
}

/// The sums of one record: 4 instructions around the words, 3 per turn.
macro_rules! sums {
    () => {
        concat!(
            "ldm r5!, {{r0-r3}}\nldr r4, [sp]\nldr pc, [sp, #16]\n.p2align 2\n5:\nldr r8, [r4], #4\n",
            word!("r8"),
            "ldr pc, [sp, #20]\n.p2align 2\n2:\n",
            ".rept {unrolled}\n",
            words!(),
            ".endr\n",
            "ldr r10, [sp, #12]\ncmp r4, r10\nbne 2b\n.p2align 2\n6:\n"
        )
    };
}

/// Finishes the sum in `$acc` and stores it: 6 instructions for `TfLite`, 4 for `Single`; as in
/// [`super::conv2d`]. `$m` the mantissa, r7 the shift, lr the addend, r10 the output.
macro_rules! finish {
    ($acc:literal, $m:literal) => {
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
            ", ",
            $m,
            ", r9\n.else\nsmmla ",
            $acc,
            ", ",
            $acc,
            ", ",
            $m,
            ", lr\n.endif\nasr ",
            $acc,
            ", ",
            $acc,
            ", r7\nssat ",
            $acc,
            ", #8, ",
            $acc,
            "\nstrb ",
            $acc,
            ", [r10], #1\n"
        )
    };
}

/// Two outputs: 6 instructions besides. r6 and r8 mantissas, r7 shifts, r11 the doubled zero point.
macro_rules! finish_pair {
    ($first:literal, $second:literal) => {
        concat!(
            "ldm r5!, {{r6, r7, r8}}\nlsr r9, r7, #8\nlsl lr, r11, r9\n",
            finish!($first, "r6"),
            "lsr r9, r7, #24\nlsr r7, r7, #16\nlsl lr, r11, r9\n",
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

/// Per group, beside the words: 10 instructions and 36 for four outputs in `TfLite`, 28 in `Single`.
///
/// r0 to r3 the sums, r4 the input, r5 the stream, r6, r7, r11, r12 a word of each row, r8 and r9 words of
/// the input, r10 the even pair of one, lr that of a weight.
#[unsafe(naked)]
unsafe extern "C" fn all_groups<const METHOD: u32>(frame: &Frame) {
    naked_asm!(
        enter!(),
        "1:",
        sums!(),
        "ldr r10, [sp, #4]",
        "ldr r11, [sp, #24]",
        finish_pair!("r0", "r1"),
        finish_pair!("r2", "r3"),
        "str r10, [sp, #4]",
        "ldr r11, [sp, #8]",
        "cmp r10, r11",
        "bne 1b",
        "add sp, #28",
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

/// As [`all_groups`], but one group, whose sums are stored, by a loop of single pairs: small, because it is
/// for few.
#[unsafe(naked)]
unsafe extern "C" fn one_group(frame: &Frame, sums: *mut [i32; ROWS]) {
    naked_asm!(
        "push {{r1, lr}}",
        enter!(),
        sums!(),
        "ldr r4, [sp, #64]",
        "stm r4, {{r0-r3}}",
        "add sp, #28",
        "pop {{r4-r11, lr}}",
        "pop {{r1, pc}}",
        unrolled = const 1,
    )
}
