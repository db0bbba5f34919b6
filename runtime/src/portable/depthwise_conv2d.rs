//! A depthwise convolution in plain Rust: four channels at a time, a band of bytes.

use crate::isa::TARGET;
use crate::kernels::requant::Requant;
use crate::packing::depthwise_record_words;
use crate::scratch::{CHANNELS, Geometry};

/// Bytes of a pixel in a band.
pub(crate) const PIXEL: usize = CHANNELS;

/// Copies pixels, `step` bytes apart, to a band; returns where the next goes.
///
/// # Safety
/// The pixels' four channels may be read, and the band has room for them.
pub(crate) unsafe fn copy(mut x: *const i8, step: usize, mut to: *mut i8, pixels: usize) -> *mut i8 {
    for _ in 0..pixels {
        // SAFETY: the caller's promise.
        unsafe {
            to.cast::<[i8; CHANNELS]>().write_unaligned(x.cast::<[i8; CHANNELS]>().read_unaligned());
            x = x.wrapping_add(step);
            to = to.add(PIXEL);
        }
    }
    to
}

/// Writes pixels of padding; returns where the next goes.
///
/// # Safety
/// The band has room for them.
pub(crate) unsafe fn fill(zero: i8, to: *mut i8, pixels: usize) -> *mut i8 {
    // SAFETY: the caller's promise.
    unsafe {
        to.write_bytes(zero.cast_unsigned(), pixels * PIXEL);
        to.add(pixels * PIXEL)
    }
}

/// A group of channels with its constants.
pub(crate) struct Kernel<'a> {
    geometry: &'a Geometry,
    row_bytes: usize,
    record: *const i32,
    requant: Requant,
}

impl<'a> Kernel<'a> {
    /// The kernel of a record, for bands of rows of so many bytes.
    ///
    /// # Safety
    /// The record is one of the layer's.
    pub(crate) unsafe fn new(
        geometry: &'a Geometry,
        row_bytes: usize,
        record: *const i32,
        requant: Requant,
    ) -> Self {
        Self {
            geometry,
            row_bytes,
            record,
            requant,
        }
    }

    /// The sums of a pixel whose first tap is at `x`.
    ///
    /// # Safety
    /// All taps may be read.
    pub(crate) unsafe fn sums(&self, x: *const i8) -> [i32; CHANNELS] {
        let [rows, columns] = self.geometry.kernel;
        let [down, right] = self.geometry.dilation;
        // SAFETY: the caller's promise; a record has four biases, then four weights per tap.
        unsafe {
            let w = self.record.add(CHANNELS).cast::<i8>();
            core::array::from_fn(|k| {
                let mut sum = *self.record.add(k);
                for row in 0..rows {
                    for column in 0..columns {
                        let at = row * down * self.row_bytes + column * right * PIXEL + k;
                        let w = *w.add((row * columns + column) * CHANNELS + k);
                        sum = sum.wrapping_add(i32::from(*x.add(at)) * i32::from(w));
                    }
                }
                sum
            })
        }
    }

    /// A row of pixels; the first one's first tap is at `x`, its output goes to `out`.
    ///
    /// # Safety
    /// All taps may be read and all outputs written.
    pub(crate) unsafe fn row<const METHOD: u32>(&self, x: *const i8, out: *mut i8, pixels: usize) {
        let [taps, channels] = [
            self.geometry.kernel[0] * self.geometry.kernel[1],
            self.geometry.output[2],
        ];
        for pixel in 0..pixels {
            // SAFETY: the caller's promise; the factors are the record's last words.
            unsafe {
                let sums = self.sums(x.add(pixel * self.geometry.stride[1] * PIXEL));
                let factors = self.record.add(depthwise_record_words(TARGET, taps) - CHANNELS / 2 * 3);
                for (k, &sum) in sums.iter().enumerate() {
                    let channel = self.requant.unpacked(factors, CHANNELS, k);
                    *out.add(pixel * channels + k) = self.requant.finish(sum, channel);
                }
            }
        }
    }
}
