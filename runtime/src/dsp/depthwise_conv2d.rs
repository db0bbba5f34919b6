//! A depthwise convolution: four channels at a time.
//!
//! A band holds a pixel as two pairs of half-words, channels (0, 2) and (1, 3), and so does the stream
//! with a tap's weights: a tap is two LDRD and four SMLABB or SMLATT, 6 instructions for 4 multiplications.

use core::arch::{asm, naked_asm};
use core::mem::MaybeUninit;

use crate::isa::SMALL;
use crate::kernels::TFLITE;
pub(crate) use crate::kernels::depthwise_conv2d::unprepared::{Prepared, prepare};
use crate::kernels::depthwise_conv2d::{Kernel, Strides};
use crate::scratch::CHANNELS;

/// Bytes of a pixel in a band.
pub(crate) const PIXEL: usize = 2 * CHANNELS;

/// Copies pixels, `step` bytes apart, to a band; returns where the next goes. 7 instructions per pixel.
///
/// # Safety
/// The pixels' four channels may be read, and the band has room for them.
#[inline(always)]
pub(crate) unsafe fn copy(x: *const i8, step: usize, to: *mut i8, pixels: usize) -> *mut i8 {
    let mut next = to;
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "cbz r0, 3f",
            "2:",
            "ldr {even}, [{x}]",
            "add {x}, {step}",
            "sxtb16 {odd}, {even}, ror #8",
            "sxtb16 {even}, {even}",
            "subs r0, #1",
            "strd {even}, {odd}, [{next}], #8",
            "bne 2b",
            "3:",
            x = inout(reg) x => _,
            next = inout(reg) next,
            step = in(reg) step,
            even = out(reg) _,
            odd = out(reg) _,
            inout("r0") pixels => _,
            options(nostack),
        );
    }
    next
}

/// One pixel of a row, from `$from` to `$to`: 4 instructions. r8 and r9 data.
macro_rules! pixel {
    ($from:literal, $to:literal) => {
        concat!(
            "ldr r8, [",
            $from,
            "]\nsxtb16 r9, r8, ror #8\nsxtb16 r8, r8\nstrd r8, r9, [",
            $to,
            "], #8\n"
        )
    };
}

/// Copies rows of four channels that follow each other to a band, by three rows: 15 instructions per pixel of
/// each, 9 around. Rows that are left over take 11 per two pixels, 5 for the last of an odd number, 7 around;
/// all together 12.
///
/// r0 the input, r1, r11, r12 the band's rows, r2 rows, r3 from a pixel to the next, r4 from a row to the
/// next, r5 pixels, r6 the same in the band; r7 counts pixels, r10 from behind three rows to the next.
///
/// # Safety
/// The rows' pixels may be read from `row` on, and the band has room for them from `to` on.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn copy_rows(
    row: *const i8,
    to: *mut i8,
    rows: usize,
    strides: &Strides,
) {
    naked_asm!(
        ".cpu cortex-m33",
        "push {{r4-r11, lr}}",
        "ldm r3, {{r3-r6}}",
        "cmp r5, #0",
        "beq 6f",
        "add r10, r4, r4, lsl #1",
        "mls r10, r5, r3, r10",
        "b 3f",
        "1:",
        "add r11, r1, r6",
        "add r12, r11, r6",
        "mov r7, r5",
        "2:",
        pixel!("r0", "r1"),
        pixel!("r0, r4", "r11"),
        pixel!("r0, r4, lsl #1", "r12"),
        "add r0, r3",
        "subs r7, #1",
        "bne 2b",
        "add r0, r10",
        "add r1, r12, r6",
        "sub r1, r1, r5, lsl #3",
        "3:",
        "subs r2, #3",
        "bge 1b",
        "adds r2, #3",
        "beq 6f",
        "mls r4, r5, r3, r4",
        "sub r6, r6, r5, lsl #3",
        "4:",
        "lsrs r7, r5, #1",
        "bcc 5f",
        pixel!("r0", "r1"),
        "add r0, r3",
        "5:",
        "cbz r7, 8f",
        "7:",
        pixel!("r0", "r1"),
        pixel!("r0, r3", "r1"),
        "add r0, r0, r3, lsl #1",
        "subs r7, #1",
        "bne 7b",
        "8:",
        "add r0, r4",
        "add r1, r6",
        "subs r2, #1",
        "bne 4b",
        "6:",
        "pop {{r4-r11, pc}}",
    )
}

/// Writes pixels of padding. 4 instructions per two.
///
/// # Safety
/// The band has room for them.
#[inline(always)]
pub(crate) unsafe fn fill(zero: i8, to: *mut i8, pixels: usize) {
    // SAFETY: the caller's promise; bands are aligned.
    unsafe {
        asm!(
            "lsrs r0, r0, #1",
            "it cs",
            "strdcs {pair}, {pair}, [{to}], #8",
            "cbz r0, 3f",
            "2:",
            "strd {pair}, {pair}, [{to}], #8",
            "strd {pair}, {pair}, [{to}], #8",
            "subs r0, #1",
            "bne 2b",
            "3:",
            pair = in(reg) u32::from(i16::from(zero).cast_unsigned()) * 0x1_0001,
            to = inout(reg) to => _,
            inout("r0") pixels => _,
            options(nostack),
        );
    }
}

/// The sums of a pixel whose first tap is at `x`.
///
/// # Safety
/// All taps may be read.
#[inline(always)]
pub(crate) unsafe fn sums(kernel: &Kernel, x: *const i8) -> [i32; CHANNELS] {
    let mut sums = MaybeUninit::uninit();
    // SAFETY: the caller's promise; all four sums are written.
    unsafe {
        one_pixel(kernel, x, sums.as_mut_ptr());
        sums.assume_init()
    }
}

/// A row of pixels; the first one's first tap is at `x`, its output goes to `out`.
///
/// # Safety
/// All taps may be read and all outputs up to the kernel's end written.
#[inline(always)]
pub(crate) unsafe fn row<const METHOD: u32>(
    (kernel, ()): (&Kernel, &()),
    x: *const i8,
    out: *mut i8,
    _: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if kernel.square && !SMALL {
            pixels_of_row::<METHOD, 3>(kernel, x, out);
        } else {
            pixels_of_row::<METHOD, 0>(kernel, x, out);
        }
    }
}

/// One tap: 6 instructions for 4 multiplications. r4 input, r5 weights, r8 to r11 pairs of either.
macro_rules! tap {
    ($next:literal) => {
        concat!(
            "ldrd r8, r9, [r4]",
            $next,
            "\nldrd r10, r11, [r5], #8\nsmlabb r0, r8, r10, r0\n",
            "smlatt r2, r8, r10, r2\nsmlabb r1, r9, r11, r1\nsmlatt r3, r9, r11, r3\n"
        )
    };
}

/// All taps of a pixel: r6 its first tap, lr the kernel; r7 is free. Written out for a window of `side`
/// by `side` adjacent taps, 5 instructions around and one per row; or looped over, with 4 more per tap, 5
/// per row and r12.
macro_rules! taps {
    () => {
        concat!(
            "ldr r5, [lr]\nldmdb r5, {{r0-r3}}\nmov r4, r6\n",
            ".if {side}\nldr r7, [lr, #16]\n.rept {side}\n.rept {side}\n",
            tap!(", #8"),
            ".endr\nadd r4, r7\n.endr\n.else\nldr r7, [lr, #4]\n2:\nldr r12, [lr, #8]\n3:\n",
            tap!(""),
            "ldr r8, [lr, #12]\nadd r4, r8\nsubs r12, #1\nbne 3b\nldr r8, [lr, #16]\nadd r4, r8\n",
            "subs r7, #1\nbne 2b\n.endif\n"
        )
    };
}

/// Finishes the sum in `$acc` and stores it: 7 instructions for `TfLite`, 5 for `Single`, as in
/// [`super::conv2d`]; r8 the channel, r12 the output.
macro_rules! finish {
    ($acc:literal, $at:literal) => {
        concat!(
            "ldm r8!, {{r9, r10, r11}}\n.if {double}\nadd r10, r10, ",
            $acc,
            ", asr #31\nlsl ",
            $acc,
            ", ",
            $acc,
            ", #1\nsmmlar ",
            $acc,
            ", ",
            $acc,
            ", r9, r10\n.else\nsmmla ",
            $acc,
            ", ",
            $acc,
            ", r9, r10\n.endif\nasr ",
            $acc,
            ", ",
            $acc,
            ", r11\nssat ",
            $acc,
            ", #8, ",
            $acc,
            "\nstrb ",
            $acc,
            ", [r12, #",
            $at,
            "]\n"
        )
    };
}

/// A row of pixels: beside the taps 7 instructions per pixel (9 if taps are looped over), and 28 for its
/// four outputs in `TfLite`, 20 in `Single`.
///
/// r0 to r3 the sums, r4 taps, r5 weights, r6 the pixel's first tap, r8 to r11 data, r12 the output (on
/// the stack while taps are looped over), lr the kernel.
#[unsafe(naked)]
unsafe extern "C" fn pixels_of_row<const METHOD: u32, const SIDE: usize>(
    kernel: &Kernel,
    x: *const i8,
    out: *mut i8,
) {
    naked_asm!(
        ".cpu cortex-m33",
        "push {{r2, r4-r11, lr}}",
        "mov lr, r0",
        "mov r6, r1",
        "mov r12, r2",
        "1:",
        taps!(),
        ".if {side} == 0",
        "ldr r12, [sp]",
        ".endif",
        "add r8, lr, #32",
        finish!("r0", "0"),
        finish!("r1", "1"),
        finish!("r2", "2"),
        finish!("r3", "3"),
        "add r8, lr, #20",
        "ldm r8, {{r8, r9, r10}}",
        "add r6, r8",
        "add r12, r9",
        ".if {side} == 0",
        "str r12, [sp]",
        ".endif",
        "cmp r12, r10",
        "bne 1b",
        "pop {{r2, r4-r11, pc}}",
        side = const SIDE,
        double = const (METHOD == TFLITE) as u32,
    )
}

/// As [`pixels_of_row`], but one pixel, whose sums are stored.
#[unsafe(naked)]
unsafe extern "C" fn one_pixel(kernel: &Kernel, x: *const i8, sums: *mut [i32; CHANNELS]) {
    naked_asm!(
        ".cpu cortex-m33",
        "push {{r2, r4-r11, lr}}",
        "mov lr, r0",
        "mov r6, r1",
        taps!(),
        "ldr r12, [sp]",
        "stm r12, {{r0-r3}}",
        "pop {{r2, r4-r11, pc}}",
        side = const 0,
    )
}
