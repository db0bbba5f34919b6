//! Int4 weights as the kernels of int8 weights read them; see [`packing`].

use core::mem::MaybeUninit;

use super::{rolled, unknown};
use crate::isa::TARGET;
use crate::packing::{self, HIGH};

/// Unpacks the records of `rows` filters of `taps` weights, `group` filters each; where the next one is. Callers
/// hide that `group` is a constant ([`unknown`]): in a model where only one of them is it would be compiled in, and
/// the code would be another than in the models that prices are measured on.
///
/// # Safety
/// There are filters and weights, `from` points at their records, and from `to` on there is room for as many
/// words as [`packing::matrix_words`] says.
#[inline(never)]
pub(super) unsafe fn unpack(
    mut from: *const i32,
    mut to: *mut i32,
    mut rows: usize,
    taps: usize,
    group: usize,
) -> *const i32 {
    let filter = taps.div_ceil(4);
    // Nothing is counted that there might be none of.
    loop {
        rolled();
        let count = packing::rows_in_record(TARGET, group, rows);
        // SAFETY: the caller's promise. Where the number of words is odd one more is written, in the place of
        // the first factor, which comes next.
        unsafe {
            (from, to) = copy(from, to, count);
            let end = to.add(count * filter);
            from = weights(from, to, end);
            (from, to) = copy(from, end, packing::factor_words(TARGET, count));
        }
        if rows <= count {
            return from;
        }
        rows -= count;
    }
}

/// Copies words, at least one; what follows them.
///
/// # Safety
/// So many words may be read and written.
#[inline(always)]
unsafe fn copy(mut from: *const i32, mut to: *mut i32, words: usize) -> (*const i32, *mut i32) {
    // SAFETY: the caller's promise.
    unsafe {
        let end = to.add(words);
        loop {
            rolled();
            *to = *from;
            (from, to) = (from.add(1), to.add(1));
            if to >= end {
                return (from, to);
            }
        }
    }
}

/// Unpacks a record's weights, at least one word; what follows them.
///
/// # Safety
/// There are half as many words, rounded up, and room for one behind `end`.
#[cfg(not(target_arch = "arm"))]
unsafe fn weights(mut from: *const i32, mut to: *mut i32, end: *mut i32) -> *const i32 {
    // SAFETY: the caller's promise.
    unsafe {
        while to < end {
            to.write(*from & HIGH);
            to.add(1).write((*from << 4) & HIGH);
            (from, to) = (from.add(1), to.add(2));
        }
    }
    from
}

/// A word of r0 to two words of r1, by the mask in r3: 6 instructions a turn.
#[cfg(all(target_arch = "arm", target_has_atomic = "32"))]
macro_rules! two_words {
    () => {
        "ldr r5, [r0], #4
         and r4, r5, r3
         and r5, r3, r5, lsl #4
         strd r4, r5, [r1], #8"
    };
}

/// As above on Cortex-M0: 8 instructions a turn.
#[cfg(all(target_arch = "arm", not(target_has_atomic = "32")))]
macro_rules! two_words {
    () => {
        "ldm r0!, {{r5}}
         movs r4, r5
         ands r4, r3
         lsls r5, r5, #4
         ands r5, r3
         stm r1!, {{r4, r5}}"
    };
}

/// Unpacks a record's weights, at least one word; what follows them.
///
/// # Safety
/// There are half as many words, rounded up, and room for one behind `end`.
#[cfg(target_arch = "arm")]
#[inline(always)]
unsafe fn weights(mut from: *const i32, to: *mut i32, end: *mut i32) -> *const i32 {
    // SAFETY: the caller's promise.
    unsafe {
        core::arch::asm!(
            "2:",
            two_words!(),
            "cmp r1, r2",
            "blo 2b",
            inout("r0") from,
            inout("r1") to => _,
            in("r2") end,
            in("r3") HIGH,
            out("r4") _,
            out("r5") _,
            options(nostack),
        );
    }
    from
}

/// A copy of a layer's constant in `place`, to change it: word by word, or LLVM would call `memcpy`.
#[inline(always)]
pub(super) fn own<'a, T: Copy>(constant: &T, place: &'a mut MaybeUninit<T>) -> &'a mut T {
    const { assert!(align_of::<T>() == align_of::<usize>(), "not in words") };
    type Word = MaybeUninit<usize>;
    let from: *const T = constant;
    let (mut from, mut to) = (from.cast::<Word>(), place.as_mut_ptr().cast::<Word>());
    // SAFETY: a type of this alignment consists of words, all of which are written.
    unsafe {
        let end = from.add(unknown(size_of::<T>() / size_of::<usize>()));
        loop {
            rolled();
            *to = *from;
            (from, to) = (from.add(1), to.add(1));
            if from >= end {
                return place.assume_init_mut();
            }
        }
    }
}
