//! A depthwise convolution in plain Rust: four channels at a time, a band of bytes.

use crate::kernels::depthwise_conv2d::Kernel;
pub(crate) use crate::kernels::depthwise_conv2d::by_row::copy_rows;
pub(crate) use crate::kernels::depthwise_conv2d::unprepared::{Prepared, prepare};
use crate::scratch::CHANNELS;

/// Bytes of a pixel in a band.
pub(crate) const PIXEL: usize = CHANNELS;

/// Copies pixels, `step` bytes apart, to a band; returns where the next goes.
///
/// # Safety
/// The pixels' four channels may be read, and the band has room for them.
pub(crate) unsafe fn copy(
    mut x: *const i8,
    step: usize,
    mut to: *mut i8,
    pixels: usize,
) -> *mut i8 {
    for _ in 0..pixels {
        // SAFETY: the caller's promise.
        unsafe {
            to.cast::<[i8; CHANNELS]>()
                .write_unaligned(x.cast::<[i8; CHANNELS]>().read_unaligned());
            x = x.wrapping_add(step);
            to = to.add(PIXEL);
        }
    }
    to
}

/// Writes pixels of padding.
///
/// # Safety
/// The band has room for them.
pub(crate) unsafe fn fill(zero: i8, to: *mut i8, pixels: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        to.write_bytes(zero.cast_unsigned(), pixels * PIXEL);
    }
}

/// The sums of a pixel whose first tap is at `x`.
///
/// # Safety
/// All taps may be read.
pub(crate) unsafe fn sums(kernel: &Kernel, mut x: *const i8) -> [i32; CHANNELS] {
    // SAFETY: biases are before the weights.
    let mut sums = unsafe { *kernel.weights.sub(CHANNELS).cast::<[i32; CHANNELS]>() };
    let mut w = kernel.weights.cast::<i8>();
    for _ in 0..kernel.rows {
        for _ in 0..kernel.columns {
            for (k, sum) in sums.iter_mut().enumerate() {
                // SAFETY: the caller's promise; there are four weights per tap.
                let product = unsafe { i32::from(*x.add(k)) * i32::from(*w.add(k)) };
                *sum = sum.wrapping_add(product);
            }
            x = x.wrapping_add(kernel.right);
            w = w.wrapping_add(CHANNELS);
        }
        x = x.wrapping_offset(kernel.down);
    }
    sums
}

/// A row of pixels; the first one's first tap is at `x`, its output goes to `out`.
///
/// # Safety
/// All taps may be read and all outputs up to the kernel's end written.
pub(crate) unsafe fn row<const METHOD: u32>(
    (kernel, ()): (&Kernel, &()),
    mut x: *const i8,
    mut out: *mut i8,
    _: usize,
) {
    while out < kernel.end {
        // SAFETY: the caller's promise.
        unsafe {
            let outputs = sums(kernel, x).into_iter().zip(kernel.channels);
            for (k, (sum, channel)) in outputs.enumerate() {
                *out.add(k) = channel.saturated::<METHOD>(sum);
            }
            out = out.add(kernel.step);
        }
        x = x.wrapping_add(kernel.pixel);
    }
}
