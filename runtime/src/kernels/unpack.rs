//! Int4 weights as the kernels of int8 weights read them; see [`packing`].

use core::mem::MaybeUninit;

use super::{least, rolled};
use crate::isa::TARGET;
use crate::packing::{self, HIGH};

/// Unpacks the records of `rows` filters of `taps` weights, `group` filters each; where the next one is.
///
/// # Safety
/// `from` points at these records, and from `to` on there is room for as many words as
/// [`packing::matrix_words`] says.
#[inline(never)]
pub(super) unsafe fn unpack(
    mut from: *const i32,
    mut to: *mut i32,
    [group, rows, taps]: [usize; 3],
) -> *const i32 {
    let filter = taps.div_ceil(4);
    let mut left = rows;
    while left > 0 {
        rolled();
        let rows = packing::rows_in_record(TARGET, group, left);
        // SAFETY: the caller's promise. Where the number of words is odd one more is written, in the place of
        // the first factor, which comes next.
        unsafe {
            (from, to) = copy(from, to, rows);
            let end = to.add(rows * filter);
            while to < end {
                rolled();
                let word = *from;
                *to = word & HIGH;
                *to.add(1) = (word << 4) & HIGH;
                (from, to) = (from.add(1), to.add(2));
            }
            (from, to) = copy(from, end, packing::factor_words(TARGET, rows));
        }
        left -= least(rows, left);
    }
    from
}

/// Copies words; what follows them.
///
/// # Safety
/// So many words may be read and written.
#[inline(always)]
unsafe fn copy(mut from: *const i32, mut to: *mut i32, words: usize) -> (*const i32, *mut i32) {
    // SAFETY: the caller's promise.
    unsafe {
        let end = to.add(words);
        while to < end {
            rolled();
            *to = *from;
            (from, to) = (from.add(1), to.add(1));
        }
        (from, to)
    }
}

/// A copy of a layer's constant, to change it: word by word, or LLVM would call `memcpy` for it.
#[inline(always)]
pub(super) fn own<T: Copy>(constant: &T) -> T {
    const { assert!(align_of::<T>() == align_of::<usize>(), "not in words") };
    type Word = MaybeUninit<usize>;
    let mut own = MaybeUninit::<T>::uninit();
    let from: *const T = constant;
    let (from, to) = (from.cast::<Word>(), own.as_mut_ptr().cast::<Word>());
    // SAFETY: a type of this alignment consists of words, all of which are written.
    unsafe {
        for k in 0..size_of::<T>() / size_of::<usize>() {
            rolled();
            *to.add(k) = *from.add(k);
        }
        own.assume_init()
    }
}
