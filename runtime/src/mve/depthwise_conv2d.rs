//! A depthwise convolution: four channels at a time, by two pixels where the window is three by three.
//!
//! A band holds a pixel as four bytes, and so does the stream with a tap's weights. Sixteen bytes are the
//! three taps of a row, and one more; VMLADAVA sums a channel of them if the weights of the others are
//! zero. So a group's nine words of weights become twelve vectors, one per row and channel.

use core::arch::{asm, naked_asm};
use core::mem::MaybeUninit;

pub(crate) use super::band::{PIXEL, copy, fill};
use super::requant::finish;
use crate::kernels::depthwise_conv2d::Kernel;
pub(crate) use crate::kernels::depthwise_conv2d::by_row::copy_rows;
use crate::kernels::{TFLITE, rolled};
use crate::scratch::{self, CHANNELS};

/// Sides of the window that is written out.
const SIDE: usize = 3;

/// A group of channels, as the code of [`SIDE`] by [`SIDE`] adjacent taps reads it.
#[repr(C)]
pub(crate) struct Square {
    /// Per row of taps and channel, the row's weights, zero but for the channel's.
    weights: MaybeUninit<[[i32; 4]; SIDE * CHANNELS]>,
    record: *const i32,
    factors: *const i32,
    /// Bytes in the band from a row of taps to the next, and from a pixel to the next.
    down: isize,
    pixel: usize,
    /// Bytes from an output pixel to the next.
    step: usize,
    /// The output's zero point.
    zero: i32,
}

/// What is prepared for a group of channels.
pub(crate) type Prepared = Square;

const _: () = assert!(size_of::<Square>() == scratch::PREPARED);

/// Prepares the code of a square window; of another the weights are not read.
///
/// # Safety
/// The kernel is that of a record.
#[inline(always)]
pub(crate) unsafe fn prepare<'a>(
    kernel: &Kernel,
    place: &'a mut MaybeUninit<Square>,
) -> &'a Square {
    let square = place.as_mut_ptr();
    // SAFETY: all fields are written, in place because they are many; biases are before the weights.
    unsafe {
        (*square).record = kernel.weights.sub(CHANNELS);
        (*square).factors = kernel.factors;
        (*square).down = kernel.down + (kernel.columns * kernel.right) as isize;
        (*square).pixel = kernel.pixel;
        (*square).step = kernel.step;
        (*square).zero = kernel.zero >> 1;
        if kernel.square {
            spread(kernel.weights, (*square).weights.as_mut_ptr());
        }
        &*square
    }
}

/// The sums of a pixel whose first tap is at `x`: q0, from r1, r3; q1 input, q2 weights, lr counts
/// columns. 6 instructions per tap, 5 per row, one around.
///
/// # Safety
/// All taps may be read.
#[inline(always)]
pub(crate) unsafe fn sums(kernel: &Kernel, x: *const i8) -> [i32; CHANNELS] {
    let mut sums = MaybeUninit::<[i32; CHANNELS]>::uninit();
    let down = kernel.down + (kernel.columns * kernel.right) as isize;
    // SAFETY: the caller's promise; biases are before the weights; all four sums are written.
    unsafe {
        asm!(
            "vldrw.u32 q0, [r3], #16",
            "2:",
            "mov r1, {x}",
            "dls lr, {columns}",
            "3:",
            "vldrb.s32 q1, [r1]",
            "vldrb.s32 q2, [r3], #4",
            "vmul.i32 q1, q1, q2",
            "vadd.i32 q0, q0, q1",
            "add r1, {right}",
            "le lr, 3b",
            "add {x}, {down}",
            "subs {rows}, #1",
            "bne 2b",
            "vstrw.32 q0, [{sums}]",
            x = inout(reg) x => _,
            columns = in(reg) kernel.columns,
            right = in(reg) kernel.right,
            down = in(reg) down,
            rows = inout(reg) kernel.rows => _,
            sums = in(reg) sums.as_mut_ptr(),
            inout("r3") kernel.weights.sub(CHANNELS) => _,
            out("r1") _,
            out("lr") _,
            out("d0") _, out("d1") _,
            out("d2") _, out("d3") _,
            out("d4") _, out("d5") _,
            options(nostack),
        );
        sums.assume_init()
    }
}

/// A row of pixels; the first one's first tap is at `x`, its output goes to `out`.
///
/// # Safety
/// All taps may be read and the outputs of `pixels` pixels written.
#[inline(always)]
pub(crate) unsafe fn row<const METHOD: u32>(
    (kernel, square): (&Kernel, &Square),
    x: *const i8,
    out: *mut i8,
    pixels: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if kernel.square {
            pixels_of_row::<METHOD>(square, x, out, pixels);
        } else {
            any_pixels_of_row::<METHOD>((kernel, square), x, out, pixels);
        }
    }
}

/// As [`row`], for any window.
///
/// # Safety
/// As for [`row`].
#[inline(never)]
unsafe fn any_pixels_of_row<const METHOD: u32>(
    (kernel, square): (&Kernel, &Square),
    mut x: *const i8,
    mut out: *mut i8,
    pixels: usize,
) {
    for _ in 0..pixels {
        rolled();
        // SAFETY: the caller's promise.
        unsafe { store::<METHOD>(square, sums(kernel, x), out) };
        x = x.wrapping_add(kernel.pixel);
        out = out.wrapping_add(kernel.step);
    }
}

/// Requantises and stores the outputs of a pixel: 11 instructions for `TfLite`, 9 for `Single`.
///
/// q0 the sums, q1 mantissas, q2 shifts.
///
/// # Safety
/// Four bytes may be written.
#[inline(always)]
unsafe fn store<const METHOD: u32>(square: &Square, sums: [i32; CHANNELS], out: *mut i8) {
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "vldrw.u32 q0, [{sums}]",
            "vldrw.u32 q1, [r3], #16",
            "vldrb.s32 q2, [r3]",
            finish!("q1", "q2", "{zero}", "q3", "q0"),
            "vstrb.32 q0, [r1]",
            sums = in(reg) sums.as_ptr(),
            inout("r3") square.factors => _,
            in("r1") out,
            zero = in(reg) square.zero,
            double = const (METHOD == TFLITE) as u32,
            out("d0") _, out("d1") _,
            out("d2") _, out("d3") _,
            out("d4") _, out("d5") _,
            out("d6") _, out("d7") _,
            options(nostack),
        );
    }
}

/// Spreads a group's weights to a vector per row and channel: 10 instructions per row, 7 around.
///
/// q0 a row, q1 to q4 masks of the channels' bytes in its three taps, q5 a vector; lr counts rows.
///
/// # Safety
/// The words of all taps may be read, and one more.
#[inline(always)]
unsafe fn spread(words: *const i32, vectors: *mut [[i32; 4]; SIDE * CHANNELS]) {
    // SAFETY: the caller's promise; twelve vectors are written.
    unsafe {
        asm!(
            "vmov.i32 q1, #255",
            "vmov.32 q1[3], {zero}",
            "vshl.i32 q2, q1, #8",
            "vshl.i32 q3, q1, #16",
            "vshl.i32 q4, q1, #24",
            "dls lr, {rows}",
            "2:",
            "vldrw.u32 q0, [{words}], #12",
            "vand q5, q0, q1",
            "vstrw.32 q5, [{vectors}], #16",
            "vand q5, q0, q2",
            "vstrw.32 q5, [{vectors}], #16",
            "vand q5, q0, q3",
            "vstrw.32 q5, [{vectors}], #16",
            "vand q5, q0, q4",
            "vstrw.32 q5, [{vectors}], #16",
            "le lr, 2b",
            zero = in(reg) 0,
            rows = in(reg) SIDE,
            words = inout(reg) words => _,
            vectors = inout(reg) vectors => _,
            out("lr") _,
            out("d0") _, out("d1") _,
            out("d2") _, out("d3") _,
            out("d4") _, out("d5") _,
            out("d6") _, out("d7") _,
            out("d8") _, out("d9") _,
            out("d10") _, out("d11") _,
            options(nostack, preserves_flags),
        );
    }
}

/// A row of taps of two pixels: 14 instructions for 24 multiplications. `$a` is empty for the first row,
/// else that of VMLADAVA.
macro_rules! taps {
    ($a:literal, $k0:literal, $k1:literal, $k2:literal, $k3:literal) => {
        concat!(
            "vldrb.u8 q0, [r1]\nvldrb.u8 q1, [r3]\n",
            "vldrw.u32 q2, [r5, #",
            $k0,
            "]\n",
            "vmladav",
            $a,
            ".s8 r0, q0, q2\nvmladav",
            $a,
            ".s8 r8, q1, q2\n",
            "vldrw.u32 q2, [r5, #",
            $k1,
            "]\n",
            "vmladav",
            $a,
            ".s8 r2, q0, q2\nvmladav",
            $a,
            ".s8 r10, q1, q2\n",
            "vldrw.u32 q2, [r5, #",
            $k2,
            "]\n",
            "vmladav",
            $a,
            ".s8 r4, q0, q2\nvmladav",
            $a,
            ".s8 r12, q1, q2\n",
            "vldrw.u32 q2, [r5, #",
            $k3,
            "]\n",
            "vmladav",
            $a,
            ".s8 r6, q0, q2\nvmladav",
            $a,
            ".s8 lr, q1, q2\n",
        )
    };
}

/// A row of pixels, two at a time; an odd number's first is both of its pair. Per pair 42 instructions
/// for the taps, 6 between them, 20 for the outputs in `TfLite`, 16 in `Single`, 8 around.
///
/// r0, r2, r4, r6 the first pixel's sums, r8, r10, r12, lr the second's; r1 and r3 their first taps, r5
/// weights, r7 from a row of taps to the next, r9 the zero point, r11 from the last row of a pixel to the
/// first of the next; q0 and q1 rows, then sums; q2 weights, q3 biases, q4 mantissas, q5 shifts. Stack:
/// outputs of the pair, step and end of the outputs, step of the pixels.
#[unsafe(naked)]
unsafe extern "C" fn pixels_of_row<const METHOD: u32>(
    square: &Square,
    x: *const i8,
    out: *mut i8,
    pixels: usize,
) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4-r11, lr}}",
        "vpush {{d8-d11}}",
        "mov r5, r0",
        "add r0, #192",
        "ldm r0, {{r4, r6, r7, r8, r10}}",
        "ldr r9, [r0, #20]",
        "vldrw.u32 q3, [r4]",
        "vldrw.u32 q4, [r6]",
        "vldrb.s32 q5, [r6, #16]",
        "mla r4, r3, r10, r2",
        "sub r11, r8, r7, lsl #1",
        "tst r3, #1",
        "mov r3, r1",
        "mov r0, r2",
        "itt eq",
        "addeq r3, r8",
        "addeq r2, r10",
        "push {{r4, r8}}",
        "push {{r0, r2, r10}}",
        "1:",
        taps!("", "0", "16", "32", "48"),
        "add r1, r7",
        "add r3, r7",
        taps!("a", "64", "80", "96", "112"),
        "add r1, r7",
        "add r3, r7",
        taps!("a", "128", "144", "160", "176"),
        "vmov q0[2], q0[0], r0, r4",
        "vmov q0[3], q0[1], r2, r6",
        "vmov q1[2], q1[0], r8, r12",
        "vmov q1[3], q1[1], r10, lr",
        "vadd.i32 q0, q0, q3",
        "vadd.i32 q1, q1, q3",
        finish!("q4", "q5", "r9", "q2", "q0" "q1"),
        "ldm sp, {{r0, r2, r4, r6, r8}}",
        "add r1, r3, r11",
        "add r3, r1, r8",
        "vstrb.32 q1, [r2]",
        "vstrb.32 q0, [r0]",
        "add r0, r2, r4",
        "add r2, r0, r4",
        "strd r0, r2, [sp]",
        "cmp r0, r6",
        "bne 1b",
        "add sp, #20",
        "vpop {{d8-d11}}",
        "pop {{r4-r11, pc}}",
        double = const (METHOD == TFLITE) as u32,
    )
}
