//! A fully connected layer in plain Rust.

use crate::isa::TARGET;
use crate::kernels::dense::Frame;
use crate::kernels::requant::Requant;
use crate::packing::{self, LANES, ROWS};

/// The sums of a record.
///
/// # Safety
/// The frame's input and record are there.
pub(crate) unsafe fn sums(frame: &Frame) -> [i32; ROWS] {
    // SAFETY: a record has a bias per row, then blocks of LANES weights per row, the last one rounded up
    // to words.
    unsafe {
        let w = frame.packed.add(ROWS).cast::<i8>();
        core::array::from_fn(|k| {
            let mut sum = *frame.packed.add(k);
            for i in 0..frame.len {
                let block = i / LANES * LANES;
                let rest = frame.len - block;
                let lanes = if rest < LANES {
                    rest.next_multiple_of(4)
                } else {
                    LANES
                };
                let w = *w.add(block * ROWS + k * lanes + i % LANES);
                sum = sum.wrapping_add(i32::from(w) * i32::from(*frame.x.add(i)));
            }
            sum
        })
    }
}

/// All whole groups of rows.
///
/// # Safety
/// The frame's input, records and outputs are there.
pub(crate) unsafe fn groups<const METHOD: u32>(frame: &Frame, requant: Requant) {
    let record = packing::record_words(TARGET, ROWS, frame.len);
    let mut frame = Frame { ..*frame };
    while frame.out < frame.end {
        // SAFETY: the caller's promise; the factors are the record's last words.
        unsafe {
            let factors = frame.packed.add(record - ROWS / 2 * 3);
            for (k, sum) in sums(&frame).into_iter().enumerate() {
                let channel = requant.unpacked_as::<METHOD>(factors, ROWS, k);
                *frame.out.add(k) = channel.saturated::<METHOD>(sum);
            }
            frame.out = frame.out.add(ROWS);
            frame.packed = frame.packed.add(record);
        }
    }
}
