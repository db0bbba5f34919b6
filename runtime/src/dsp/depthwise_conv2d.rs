//! Sums of a depthwise convolution: four channels at a time, one word of the input per tap.
//!
//! The weights of the four channels are widened once for all pixels; a tap then is one load, two
//! SXTB16, a load of two words and four SMLABB or SMLATT: 8 instructions for 4 multiplications.

use core::arch::{asm, naked_asm};
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::{widen, widen_and_add};
use crate::kernels::depthwise_conv2d::{MOST_UNROLLED, Taps, Window};
use crate::kernels::rolled;

/// Channels summed together.
pub(crate) const CHANNELS: usize = 4;

/// Which code a window uses.
struct Plan<W>(PhantomData<W>);

impl<W: Window> Plan<W> {
    /// Whether [`sum`] serves: widened weights kept on the stack, a row of taps within a load's reach.
    /// For larger windows weights are widened for every pixel.
    const KEPT: bool = W::UNROLLED && W::KERNEL[1] * W::STEP[1] < 4096 && W::STEP[0] < 1 << 16;
    const COLUMN: usize = if Self::KEPT { W::STEP[1] } else { 0 };
    const ROW: usize = W::STEP[0] % (1 << 16);
}

/// Four channels in two words.
pub(crate) struct Sums;

impl Taps<CHANNELS> for Sums {
    type Filter = [MaybeUninit<[u32; 2]>; MOST_UNROLLED];

    #[inline(always)]
    unsafe fn filter<W: Window>(w: *const i8) -> Self::Filter {
        let mut filter = [MaybeUninit::uninit(); MOST_UNROLLED];
        if Plan::<W>::KEPT {
            for (tap, pairs) in filter.iter_mut().enumerate().take(W::TAPS) {
                rolled();
                // SAFETY: a tap of W, by the caller's promise.
                pairs.write(widen(unsafe { load(w.add(tap * W::WEIGHT_STEP)) }));
            }
        }
        filter
    }

    #[inline(always)]
    unsafe fn pixel<W: Window>(
        x: *const i8,
        w: *const i8,
        filter: &Self::Filter,
        mut acc: [i32; CHANNELS],
    ) -> [i32; CHANNELS] {
        if Plan::<W>::KEPT {
            // SAFETY: `sum` reads the taps of W from x, which the caller vouches for, and their widened
            // weights, all initialised by `filter`; it saves r4 to r12.
            unsafe {
                asm!(
                    "bl {sum}",
                    sum = sym sum::<W>,
                    inout("r0") acc[0],
                    inout("r1") acc[1],
                    inout("r2") acc[2],
                    inout("r3") acc[3],
                    in("r4") x,
                    in("r5") filter.as_ptr(),
                    out("lr") _,
                    options(readonly),
                );
            }
            return acc;
        }
        for ky in 0..W::KERNEL[0] {
            for kx in 0..W::KERNEL[1] {
                rolled();
                let tap = ky * W::KERNEL[1] + kx;
                // SAFETY: a tap of W, by the caller's promise.
                unsafe {
                    let x = load(x.add(ky * W::STEP[0] + kx * W::STEP[1]));
                    let w = load(w.add(tap * W::WEIGHT_STEP));
                    acc = multiply(widen(x), widen(w), acc);
                }
            }
        }
        acc
    }

    #[inline(always)]
    unsafe fn edge<W: Window>(
        x: *const i8,
        w: *const i8,
        [rows, columns]: [usize; 2],
        zero: i8,
        mut acc: [i32; CHANNELS],
    ) -> [i32; CHANNELS] {
        let minus_zero = u32::from((-i16::from(zero)).cast_unsigned()) * 0x1_0001;
        for ky in 0..rows {
            rolled();
            for kx in 0..columns {
                rolled();
                // SAFETY: a tap of the part, by the caller's promise.
                let (x, w) = unsafe {
                    (
                        load(x.add(ky * W::STEP[0] + kx * W::STEP[1])),
                        load(w.add((ky * W::KERNEL[1] + kx) * W::WEIGHT_STEP)),
                    )
                };
                acc = multiply(widen_and_add(x, minus_zero), widen(w), acc);
            }
        }
        acc
    }
}

/// In and out: r0 to r3 the accumulators; in: r4 input, r5 widened weights.
///
/// r9 and r10 pairs of the input, r11 and r12 of the weights; offsets within a row of taps are
/// immediate. 8 instructions per tap, 2 per row, 2 around.
#[unsafe(naked)]
unsafe extern "C" fn sum<W: Window>() {
    naked_asm!(
        ".cpu cortex-m33",
        "push {{r4, r5, r9-r12, lr}}",
        ".rept {rows}",
        ".set .Lember_column, 0",
        ".rept {columns}",
        "ldr r9, [r4, #.Lember_column]",
        "ldrd r11, r12, [r5], #8",
        "sxtb16 r10, r9, ror #8",
        "sxtb16 r9, r9",
        "smlabb r0, r9, r11, r0",
        "smlabb r1, r10, r12, r1",
        "smlatt r2, r9, r11, r2",
        "smlatt r3, r10, r12, r3",
        ".set .Lember_column, .Lember_column + {column}",
        ".endr",
        ".if {rows} > 1",
        "movw r11, #{row}",
        "add r4, r11",
        ".endif",
        ".endr",
        "pop {{r4, r5, r9-r12, pc}}",
        rows = const W::KERNEL[0],
        columns = const W::KERNEL[1],
        column = const Plan::<W>::COLUMN,
        row = const Plan::<W>::ROW,
    )
}

/// Four bytes, whatever their alignment. One instruction.
///
/// # Safety
/// Four bytes may be read from `at`.
#[inline(always)]
unsafe fn load(at: *const i8) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { at.cast::<u32>().read_unaligned() }
}

/// Channel by channel: acc + x·w. LLVM makes SMLABB and SMLATT of it: four instructions.
#[inline(always)]
fn multiply(x: [u32; 2], w: [u32; 2], acc: [i32; CHANNELS]) -> [i32; CHANNELS] {
    let low = |pair: u32| i32::from(pair as i16);
    let high = |pair: u32| pair.cast_signed() >> 16;
    [
        acc[0].wrapping_add(low(x[0]) * low(w[0])),
        acc[1].wrapping_add(low(x[1]) * low(w[1])),
        acc[2].wrapping_add(high(x[0]) * high(w[0])),
        acc[3].wrapping_add(high(x[1]) * high(w[1])),
    ]
}
