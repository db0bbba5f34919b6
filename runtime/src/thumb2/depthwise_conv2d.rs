//! A depthwise convolution: four channels at a time, a band of bytes.

use core::arch::{asm, naked_asm};
use core::mem::MaybeUninit;

use crate::isa::SMALL;
use crate::kernels::depthwise_conv2d::Kernel;
pub(crate) use crate::kernels::depthwise_conv2d::by_row::copy_rows;
pub(crate) use crate::kernels::depthwise_conv2d::unprepared::{Prepared, prepare};
use crate::kernels::{TFLITE, rolled};
use crate::scratch::CHANNELS;

/// Bytes of a pixel in a band.
pub(crate) const PIXEL: usize = CHANNELS;

/// Copies pixels, `step` bytes apart, to a band; returns where the next goes. 5 instructions per pixel.
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
            "ldr {data}, [{x}]",
            "add {x}, {step}",
            "subs r0, #1",
            "str {data}, [{next}], #4",
            "bne 2b",
            "3:",
            x = inout(reg) x => _,
            next = inout(reg) next,
            step = in(reg) step,
            data = out(reg) _,
            inout("r0") pixels => _,
            options(nostack),
        );
    }
    next
}

/// Writes pixels of padding.
///
/// # Safety
/// The band has room for them.
#[inline(always)]
pub(crate) unsafe fn fill(zero: i8, mut to: *mut i8, pixels: usize) {
    let word = u32::from(zero.cast_unsigned()) * 0x0101_0101;
    for _ in 0..pixels {
        rolled();
        // SAFETY: the caller's promise; bands are aligned.
        unsafe {
            to.cast::<u32>().write(word);
            to = to.add(PIXEL);
        }
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

/// One tap: 12 instructions for 4 multiplications. r4 input, r5 weights, the first channel last so that
/// it moves them; r8 to r11 data.
macro_rules! tap {
    ($next:literal) => {
        concat!(
            "ldrsb r8, [r4, #3]\nldrsb r9, [r5, #3]\nldrsb r10, [r4, #2]\nldrsb r11, [r5, #2]\n",
            "mla r3, r8, r9, r3\nmla r2, r10, r11, r2\nldrsb r8, [r4, #1]\nldrsb r9, [r5, #1]\n",
            "ldrsb r10, [r4]",
            $next,
            "\nldrsb r11, [r5], #4\nmla r1, r8, r9, r1\n",
            "mla r0, r10, r11, r0\n"
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
            tap!(", #4"),
            ".endr\nadd r4, r7\n.endr\n.else\nldr r7, [lr, #4]\n2:\nldr r12, [lr, #8]\n3:\n",
            tap!(""),
            "ldr r8, [lr, #12]\nadd r4, r8\nsubs r12, #1\nbne 3b\nldr r8, [lr, #16]\nadd r4, r8\n",
            "subs r7, #1\nbne 2b\n.endif\n"
        )
    };
}

/// Finishes the sum in `$acc` and stores it: 8 instructions for `TfLite`, 6 for `Single`, as in
/// [`super::conv2d`]; r8 the channel, r9 its mantissa, r10 its addend, r11 its shift, r12 the output, r4 a
/// product's lower half.
macro_rules! finish {
    ($acc:literal, $at:literal) => {
        concat!(
            "ldm r8!, {{r9, r10, r11}}\n.if {double}\nmov r4, #0x80000000\nadd r10, r10, ",
            $acc,
            ", asr #31\nlsl ",
            $acc,
            ", ",
            $acc,
            ", #1\nsmlal r4, r10, ",
            $acc,
            ", r9\n.else\nsmull r4, r9, ",
            $acc,
            ", r9\nadd r10, r9\n.endif\nasr r10, r11\n",
            "ssat r10, #8, r10\nstrb r10, [r12, #",
            $at,
            "]\n"
        )
    };
}

/// A row of pixels: beside the taps 7 instructions per pixel (9 if taps are looped over), and 32 for its
/// four outputs in `TfLite`, 24 in `Single`.
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
