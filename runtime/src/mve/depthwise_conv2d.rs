//! Sums of a depthwise convolution: four channels at a time, widened to 32 bits as they are loaded
//! (widening loads want a low address register, hence r1 and r3).

use core::arch::asm;
use core::mem::MaybeUninit;

use crate::kernels::depthwise_conv2d::{Taps, Window};

/// Channels summed together.
pub(crate) const CHANNELS: usize = 4;

/// Four lanes of 32 bits.
pub(crate) struct Sums;

impl Taps<CHANNELS> for Sums {
    type Filter = ();

    #[inline(always)]
    unsafe fn filter<W: Window>(_: *const i8) {}

    /// q0 the sums, q1 input, q2 weights. Per tap two loads, VMUL, VADD and two steps: 6 instructions
    /// for 4 multiplications; 2 per row, 2 around.
    #[inline(always)]
    unsafe fn pixel<W: Window>(
        x: *const i8,
        w: *const i8,
        (): &(),
        bias: [i32; CHANNELS],
    ) -> [i32; CHANNELS] {
        let mut acc = MaybeUninit::<[i32; CHANNELS]>::uninit();
        // SAFETY: reads all taps of W, which the caller vouches for, and `bias`; initialises `acc`.
        unsafe {
            asm!(
                "vldrw.u32 q0, [{bias}]",
                ".rept {rows}",
                "mov r1, {x}",
                ".rept {columns}",
                "vldrb.s32 q1, [r1]",
                "vldrb.s32 q2, [r3]",
                "vmul.i32 q1, q1, q2",
                "vadd.i32 q0, q0, q1",
                "add r1, {column}",
                "add r3, {weight}",
                ".endr",
                "add {x}, {row}",
                ".endr",
                "vstrw.32 q0, [{acc}]",
                rows = const W::KERNEL[0],
                columns = const W::KERNEL[1],
                bias = in(reg) bias.as_ptr(),
                acc = in(reg) acc.as_mut_ptr(),
                x = inout(reg) x => _,
                inout("r3") w => _,
                out("r1") _,
                row = in(reg) W::STEP[0],
                column = in(reg) W::STEP[1],
                weight = in(reg) W::WEIGHT_STEP,
                out("d0") _,
                out("d1") _,
                out("d2") _,
                out("d3") _,
                out("d4") _,
                out("d5") _,
                options(nostack, preserves_flags),
            );
            acc.assume_init()
        }
    }

    #[inline(always)]
    unsafe fn tap(
        x: *const i8,
        w: *const i8,
        zero: i8,
        mut acc: [i32; CHANNELS],
    ) -> [i32; CHANNELS] {
        // SAFETY: reads four bytes from x and w, which the caller vouches for, and writes `acc`.
        unsafe {
            asm!(
                "vldrw.u32 q0, [{acc}]",
                "vldrb.s32 q1, [r1]",
                "vldrb.s32 q2, [r3]",
                "vsub.i32 q1, q1, {zero}",
                "vmul.i32 q1, q1, q2",
                "vadd.i32 q0, q0, q1",
                "vstrw.32 q0, [{acc}]",
                acc = in(reg) acc.as_mut_ptr(),
                in("r1") x,
                in("r3") w,
                zero = in(reg) i32::from(zero),
                out("d0") _,
                out("d1") _,
                out("d2") _,
                out("d3") _,
                out("d4") _,
                out("d5") _,
                options(nostack, preserves_flags),
            );
        }
        acc
    }
}
