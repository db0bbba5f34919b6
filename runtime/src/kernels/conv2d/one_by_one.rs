//! Filters whose outputs are finished one by one.

use super::{Frame, Task};
use crate::isa::TARGET;
use crate::isa::conv2d as isa;
use crate::kernels::{least, rolled, unknown};
use crate::packing::{self, FILTERS};

/// Computes the filters from the frame's output on, up to the first pixel's `end`, and finishes their
/// outputs one by one: those of methods without code of their own, and those of the last record if it is
/// not whole.
///
/// # Safety
/// The frame's patches, records and outputs are there; a filter has so many taps.
#[inline(never)]
pub(super) unsafe fn one_by_one(task: &Task, frame: &mut Frame, end: *mut i8, taps: usize) {
    while frame.out < end {
        rolled();
        // SAFETY: the caller's promise.
        unsafe {
            let left = end.offset_from_unsigned(frame.out);
            frame.rows = packing::rows_in_record(TARGET, FILTERS, left);
            let sums = isa::sums(frame);
            let record = packing::record_words(TARGET, frame.rows, taps);
            frame.packed = frame.packed.add(record);
            let factors = frame.packed.sub(packing::factor_words(TARGET, frame.rows));
            let mut sum = sums.as_flattened().as_ptr();
            for k in 0..unknown(least(left, FILTERS)) {
                rolled();
                let first = *sum;
                // Those there are: third, second, first; PIXELS is three or less.
                let mut pixel = frame.count - 1;
                while pixel > 0 {
                    rolled();
                    let step = if pixel == 2 {
                        frame.third
                    } else {
                        frame.second
                    };
                    let output = task
                        .requant
                        .finish_one(*sum.add(pixel), factors, frame.rows, k);
                    *frame.out.add(step) = output;
                    pixel -= 1;
                }
                *frame.out = task.requant.finish_one(first, factors, frame.rows, k);
                frame.out = frame.out.add(1);
                sum = sum.add(isa::PIXELS);
            }
        }
    }
}
