//! What the innermost sums of a depthwise convolution read.

use core::mem::MaybeUninit;

use super::Task;
use crate::isa::TARGET;
use crate::isa::depthwise_conv2d as isa;
use crate::kernels::requant::Channel;
use crate::kernels::{OTHER, rolled, unknown};
use crate::packing;
use crate::scratch::{CHANNELS, Isa};

/// A group of channels with its constants, as the innermost sums read it.
#[repr(C)]
pub(crate) struct Kernel {
    /// Weights of the first tap; the four biases are before them.
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
    pub(crate) channels: [Channel; CHANNELS],
    /// Whether the taps are 3×3 and adjacent.
    pub(crate) square: bool,
    pub(crate) factors: *const i32,
    /// Twice the output's zero point, plus one.
    pub(crate) zero: i32,
}

impl Kernel {
    /// Writes what all groups of a layer have in common, where it stays: it is too large to be moved.
    #[inline(always)]
    pub(super) fn prepare(place: &mut MaybeUninit<Self>, task: &Task) {
        let [rows, columns] = task.geometry.kernel;
        let [down, right] = task.geometry.dilation;
        let right = right * isa::PIXEL;
        let kernel = place.as_mut_ptr();
        // SAFETY: the fields are there.
        unsafe {
            (*kernel).rows = rows;
            (*kernel).columns = columns;
            (*kernel).right = right;
            (*kernel).down = (down * task.strides.band_row) as isize - (columns * right) as isize;
            (*kernel).pixel = task.geometry.stride[1] * isa::PIXEL;
            (*kernel).step = task.geometry.output[2];
            (*kernel).end = core::ptr::null_mut();
            (*kernel).square = rows == 3 && columns == 3 && right == isa::PIXEL;
            (*kernel).zero = task.requant.doubled_zero();
            // What `load` leaves out is nothing rather than undefined. Unrolled, it would be a call of a
            // routine that clears memory and is larger than the rest of this function.
            for k in 0..unknown(CHANNELS) {
                rolled();
                let channel = (&raw mut (*kernel).channels).cast::<Channel>().add(k);
                channel.write(Channel::NOTHING);
            }
        }
    }

    /// Adds the constants of a group.
    ///
    /// # Safety
    /// The place is prepared, and the record is one of the layer's.
    #[inline(always)]
    pub(super) unsafe fn load<'a, const METHOD: u32>(
        place: &'a mut MaybeUninit<Self>,
        task: &Task,
        record: *const i32,
    ) -> &'a mut Self {
        let kernel = place.as_mut_ptr();
        // SAFETY: the caller's promise; the factors are the record's last words; now all fields are
        // written.
        unsafe {
            let factors = record.add(task.record - packing::factor_words(TARGET, CHANNELS));
            (*kernel).factors = factors;
            (*kernel).weights = record.add(CHANNELS);
            // With Helium, code reads the record.
            if METHOD != OTHER && !matches!(TARGET, Isa::Mve) {
                #[cfg(all(target_arch = "arm", target_has_atomic = "32", not(feature = "mve")))]
                crate::thumb2::requant::unpack(
                    factors,
                    (*kernel).zero,
                    (&raw mut (*kernel).channels).cast(),
                );
                #[cfg(not(all(
                    target_arch = "arm",
                    target_has_atomic = "32",
                    not(feature = "mve")
                )))]
                for k in 0..CHANNELS {
                    rolled();
                    let channel = task.requant.unpacked_as::<METHOD>(factors, CHANNELS, k);
                    (*kernel).channels[k] = channel;
                }
            }
            &mut *kernel
        }
    }
}
