//! A depthwise convolution: four channels at a time, a band of bytes.

use core::arch::naked_asm;
use core::mem::MaybeUninit;

use crate::isa::SMALL;
use crate::kernels::depthwise_conv2d::Kernel;
pub(crate) use crate::kernels::depthwise_conv2d::by_row::copy_rows;
pub(crate) use crate::kernels::depthwise_conv2d::unprepared::{Prepared, prepare};
use crate::kernels::rolled;
use crate::scratch::CHANNELS;

/// Bytes of a pixel in a band.
pub(crate) const PIXEL: usize = CHANNELS;

/// Copies pixels, `step` bytes apart, to a band; returns where the next goes.
///
/// # Safety
/// The pixels' four channels may be read, and the band has room for them.
#[inline(always)]
pub(crate) unsafe fn copy(
    mut x: *const i8,
    step: usize,
    mut to: *mut i8,
    pixels: usize,
) -> *mut i8 {
    for _ in 0..pixels {
        rolled();
        // SAFETY: the caller's promise. Words may not lie at any address on these cores.
        unsafe {
            to.cast::<[i8; CHANNELS]>()
                .write(x.cast::<[i8; CHANNELS]>().read());
            to = to.add(PIXEL);
        }
        x = x.wrapping_add(step);
    }
    to
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
        if kernel.square && !SMALL {
            one_pixel::<3>(kernel, x, sums.as_mut_ptr());
        } else {
            one_pixel::<0>(kernel, x, sums.as_mut_ptr());
        }
        sums.assume_init()
    }
}

/// One tap: 16 instructions for 4 multiplications. r0 input, r1 weights, r4 to r7 the numbers 0 to 3.
macro_rules! tap {
    () => {
        "ldrsb r2, [r0, r4]
         ldrsb r3, [r1, r4]
         muls r2, r3, r2
         add r8, r2
         ldrsb r2, [r0, r5]
         ldrsb r3, [r1, r5]
         muls r2, r3, r2
         add r9, r2
         ldrsb r2, [r0, r6]
         ldrsb r3, [r1, r6]
         muls r2, r3, r2
         add r10, r2
         ldrsb r2, [r0, r7]
         ldrsb r3, [r1, r7]
         muls r2, r3, r2
         add r11, r2
         adds r1, #4
        "
    };
}

/// The sums of one pixel. Written out for a window of `SIDE` by `SIDE` adjacent taps: 46 instructions
/// around, 18 per tap, 1 per row; or looped over: 23 per tap, 9 per row.
///
/// r0 input, r1 weights, r2 and r3 data, r4 to r7 the numbers 0 to 3, r8 to r11 the sums, r12 bytes from a
/// row to the next, lr the kernel.
#[unsafe(naked)]
unsafe extern "C" fn one_pixel<const SIDE: usize>(
    kernel: &Kernel,
    x: *const i8,
    sums: *mut [i32; CHANNELS],
) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r2, r4-r7}}",
        "sub sp, #8",
        "mov lr, r0",
        "ldr r0, [r0]",
        "subs r0, #16",
        "ldm r0!, {{r2-r5}}",
        "mov r8, r2",
        "mov r9, r3",
        "mov r10, r4",
        "mov r11, r5",
        "mov r2, lr",
        "ldr r3, [r2, #16]",
        "mov r12, r3",
        "mov r0, r1",
        "ldr r1, [r2]",
        "movs r4, #0",
        "movs r5, #1",
        "movs r6, #2",
        "movs r7, #3",
        ".if {side}",
        ".rept {side}",
        ".rept {side}",
        tap!(),
        "adds r0, #4",
        ".endr",
        "add r0, r12",
        ".endr",
        ".else",
        "ldr r3, [r2, #4]",
        "2:",
        "str r3, [sp]",
        "mov r3, lr",
        "ldr r3, [r3, #8]",
        "3:",
        "str r3, [sp, #4]",
        tap!(),
        "mov r2, lr",
        "ldr r2, [r2, #12]",
        "adds r0, r0, r2",
        "ldr r3, [sp, #4]",
        "subs r3, #1",
        "bne 3b",
        "add r0, r12",
        "ldr r3, [sp]",
        "subs r3, #1",
        "bne 2b",
        ".endif",
        "add sp, #8",
        "pop {{r0}}",
        "mov r1, r8",
        "mov r2, r9",
        "mov r3, r10",
        "mov r4, r11",
        "stm r0!, {{r1-r4}}",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
        side = const SIDE,
    )
}

/// A row of pixels; the first one's first tap is at `x`, its output goes to `out`.
///
/// # Safety
/// All taps may be read and all outputs up to the kernel's end written.
#[inline(always)]
pub(crate) unsafe fn row<const METHOD: u32>(
    (kernel, ()): (&Kernel, &()),
    mut x: *const i8,
    mut out: *mut i8,
    _: usize,
) {
    while out < kernel.end {
        rolled();
        // SAFETY: the caller's promise.
        unsafe {
            let sums = sums(kernel, x);
            for (k, sum) in sums.into_iter().enumerate() {
                rolled();
                *out.add(k) = kernel.channels[k % CHANNELS].saturated::<METHOD>(sum);
            }
            out = out.add(kernel.step);
        }
        x = x.wrapping_add(kernel.pixel);
    }
}
