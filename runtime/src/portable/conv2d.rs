//! A convolution in plain Rust: one pixel at a time, patches as bytes.

use crate::isa::TARGET;
use crate::kernels::conv2d::Frame;
use crate::kernels::requant::Requant;
use crate::packing::{FILTERS, LANES, record_words};

/// Pixels computed together.
pub(crate) const PIXELS: usize = 1;

/// A patch: its bytes one after the other.
pub(crate) struct Patch {
    next: *mut i8,
}

impl Patch {
    /// Nothing is written before all patches.
    pub(crate) unsafe fn prepare(_: *mut i8, _: usize) {}

    /// The first patch in `scratch`.
    ///
    /// # Safety
    /// `scratch` has room for the patch, rounded up to words.
    pub(crate) unsafe fn new(
        scratch: *mut i8,
        _slot: usize,
        _channels: usize,
        _taps: usize,
    ) -> Self {
        Self { next: scratch }
    }

    /// Appends taps of the input.
    ///
    /// # Safety
    /// `len` bytes may be read from `x`, and the patch has room for them.
    pub(crate) unsafe fn copy(&mut self, x: *const i8, len: usize) {
        // SAFETY: the caller's promise; scratch and input are apart.
        unsafe {
            self.next.copy_from_nonoverlapping(x, len);
            self.next = self.next.add(len);
        }
    }

    /// Appends so many runs of taps, `step` bytes from one to the next.
    ///
    /// # Safety
    /// `len` bytes of each may be read, and the patch has room for them.
    pub(crate) unsafe fn runs(&mut self, mut x: *const i8, len: usize, count: usize, step: usize) {
        for _ in 0..count {
            // SAFETY: the caller's promise.
            unsafe { self.copy(x, len) };
            x = x.wrapping_add(step);
        }
    }

    /// Appends taps in the padding.
    ///
    /// # Safety
    /// The patch has room for `len` bytes.
    pub(crate) unsafe fn fill(&mut self, zero: i8, len: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            self.next.write_bytes(zero.cast_unsigned(), len);
            self.next = self.next.add(len);
        }
    }

    /// Nothing is left to do.
    pub(crate) unsafe fn finish(self) {}
}

/// The sums of a record: `[filter][pixel]`.
///
/// # Safety
/// The frame's patch and record are there.
pub(crate) unsafe fn sums(frame: &Frame) -> [[i32; PIXELS]; FILTERS] {
    // SAFETY: a record has a bias per filter, then blocks of LANES taps per filter; what fills the last
    // words of patch and record is read and multiplied by zero.
    unsafe {
        let mut sums = [[0]; FILTERS];
        for (k, sum) in sums.iter_mut().enumerate() {
            sum[0] = *frame.packed.add(k);
            for tap in 0..frame.blocks * LANES {
                let block = tap / LANES * LANES;
                let w = frame.packed.add(FILTERS).cast::<i8>();
                let w = *w.add(block * FILTERS + k * LANES + tap % LANES);
                let x = *frame.x.add(tap);
                sum[0] = sum[0].wrapping_add(i32::from(w) * i32::from(x));
            }
        }
        sums
    }
}

/// All whole pairs of filters.
///
/// # Safety
/// The frame's patches, records and outputs are there.
pub(crate) unsafe fn pairs<const METHOD: u32>(frame: &mut Frame, requant: Requant) {
    let record = record_words(TARGET, FILTERS, frame.blocks * LANES);
    while frame.out < frame.end {
        // SAFETY: the caller's promise; the factors are the record's last three words.
        unsafe {
            let factors = frame.packed.add(record - 3);
            for (k, [sum]) in sums(frame).into_iter().enumerate() {
                let channel = requant.unpacked_as::<METHOD>(factors, FILTERS, k);
                *frame.out.add(k) = channel.saturated::<METHOD>(sum);
            }
            frame.out = frame.out.add(FILTERS);
            frame.packed = frame.packed.add(record);
        }
    }
}
