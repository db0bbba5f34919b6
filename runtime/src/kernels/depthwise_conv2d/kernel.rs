//! What the innermost sums of a depthwise convolution read.

use core::mem::MaybeUninit;

use super::Task;
use crate::isa::TARGET;
use crate::isa::depthwise_conv2d as isa;
use crate::kernels::requant::Channel;
use crate::kernels::rolled;
use crate::packing;
use crate::scratch::CHANNELS;

/// A group of channels with its constants, as the innermost sums read it.
#[repr(C)]
pub(crate) struct Kernel {
    /// Weights of the first tap.
    pub(crate) weights: *const i32,
    /// Rows of taps, and columns.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Bytes from a tap to the next, and from behind a row's last to the next row's first.
    pub(crate) right: usize,
    pub(crate) down: isize,
    /// Bytes in the band from a pixel to the next, and in the output.
    pub(crate) pixel: usize,
    pub(crate) step: usize,
    /// One past the outputs of the row that is computed.
    pub(crate) end: *mut i8,
    pub(crate) bias: [i32; CHANNELS],
    pub(crate) channels: [Channel; CHANNELS],
    /// Whether the taps are 3×3 and adjacent.
    pub(crate) square: bool,
    pub(crate) factors: *const i32,
    /// Twice the output's zero point, plus one.
    pub(crate) zero: i32,
}

impl Kernel {
    /// The kernel of a record, written where it stays: it is too large to be moved.
    ///
    /// # Safety
    /// The record is one of the layer's.
    #[inline(always)]
    pub(super) unsafe fn at<'a>(
        place: &'a mut MaybeUninit<Self>,
        task: &Task,
        record: *const i32,
    ) -> &'a mut Self {
        let [rows, columns] = task.geometry.kernel;
        let [down, right] = task.geometry.dilation;
        let right = right * isa::PIXEL;
        let row_bytes = task.columns * isa::PIXEL;
        let words = packing::depthwise_record_words(TARGET, rows * columns);
        let kernel = place.as_mut_ptr();
        // SAFETY: the caller's promise; the factors are the record's last words; all fields are written.
        unsafe {
            let factors = record.add(words - packing::factor_words(TARGET, CHANNELS));
            (*kernel).weights = record.add(CHANNELS);
            (*kernel).rows = rows;
            (*kernel).columns = columns;
            (*kernel).right = right;
            (*kernel).down = (down * row_bytes) as isize - (columns * right) as isize;
            (*kernel).pixel = task.geometry.stride[1] * isa::PIXEL;
            (*kernel).step = task.geometry.output[2];
            (*kernel).end = core::ptr::null_mut();
            (*kernel).square = rows == 3 && columns == 3 && right == isa::PIXEL;
            (*kernel).factors = factors;
            (*kernel).zero = task.requant.doubled_zero();
            let (bias, channels) = (&raw mut (*kernel).bias, &raw mut (*kernel).channels);
            for k in 0..CHANNELS {
                rolled();
                *bias.cast::<i32>().add(k) = *record.add(k);
                let channel = task.requant.unpacked(factors, CHANNELS, k);
                *channels.cast::<Channel>().add(k) = channel;
            }
            &mut *kernel
        }
    }
}
