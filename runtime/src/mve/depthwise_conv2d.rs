//! Sums of a depthwise convolution: four channels at a time, widened to 32 bits as they are loaded
//! (widening loads want a low address register, hence r1 and r3).

use core::arch::asm;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use crate::kernels::depthwise_conv2d::{Taps, Window};

/// Channels summed together.
pub(crate) const CHANNELS: usize = 4;

/// How the code of a window is written: rows of taps in a loop or one after the other.
struct Plan<W>(PhantomData<W>);

impl<W: Window> Plan<W> {
    /// A single long row is looped over tap by tap, as a column.
    const TURNED: bool = !W::UNROLLED && W::KERNEL[0] == 1;
    const ROWS: usize = if Self::TURNED { W::TAPS } else { W::KERNEL[0] };
    const COLUMNS: usize = W::TAPS / Self::ROWS;
    const ROW: usize = if Self::TURNED { W::STEP[1] } else { W::STEP[0] };
    /// Turns of the loop; 0 for none.
    const TURNS: usize = if W::UNROLLED { 0 } else { Self::ROWS };
    const COPIES: usize = if W::UNROLLED { Self::ROWS } else { 1 };
}

/// Four lanes of 32 bits.
pub(crate) struct Sums;

impl Taps<CHANNELS> for Sums {
    type Filter = ();

    #[inline(always)]
    unsafe fn filter<W: Window>(_: *const i8) {}

    /// q0 the sums, q1 input, q2 weights. Per tap two loads, VMUL, VADD and two steps: 6 instructions
    /// for 4 multiplications; 2 per row, 2 more if rows are looped over, 2 around.
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
                ".if {turns}",
                "movw {turn}, #{turns}",
                "2:",
                ".endif",
                ".rept {copies}",
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
                ".if {turns}",
                "subs {turn}, #1",
                "bne 2b",
                ".endif",
                "vstrw.32 q0, [{acc}]",
                copies = const Plan::<W>::COPIES,
                turns = const Plan::<W>::TURNS,
                columns = const Plan::<W>::COLUMNS,
                turn = out(reg) _,
                bias = in(reg) bias.as_ptr(),
                acc = in(reg) acc.as_mut_ptr(),
                x = inout(reg) x => _,
                inout("r3") w => _,
                out("r1") _,
                row = in(reg) Plan::<W>::ROW,
                column = in(reg) W::STEP[1],
                weight = in(reg) W::WEIGHT_STEP,
                out("d0") _,
                out("d1") _,
                out("d2") _,
                out("d3") _,
                out("d4") _,
                out("d5") _,
                options(nostack),
            );
            acc.assume_init()
        }
    }

    /// q0 the sums, q1 input, q2 weights, q3 the zero point; lr counts columns. Per tap two loads, VSUB,
    /// VMUL, VADD, two steps and LE: 8 instructions for 4 multiplications; 7 per row, 3 around.
    #[inline(always)]
    unsafe fn edge<W: Window>(
        x: *const i8,
        w: *const i8,
        [rows, columns]: [usize; 2],
        zero: i8,
        mut acc: [i32; CHANNELS],
    ) -> [i32; CHANNELS] {
        // SAFETY: reads the taps of the part, which the caller vouches for, and reads and writes `acc`.
        unsafe {
            asm!(
                "vldrw.u32 q0, [{acc}]",
                "vdup.32 q3, lr",
                "2:",
                "mov r1, {x}",
                "dls lr, {columns}",
                "3:",
                "vldrb.s32 q1, [r1]",
                "vldrb.s32 q2, [r3]",
                "vsub.i32 q1, q1, q3",
                "vmul.i32 q1, q1, q2",
                "vadd.i32 q0, q0, q1",
                "add r1, {column}",
                "add r3, {weight}",
                "le lr, 3b",
                "add {x}, {row}",
                "add r3, {rest}",
                "subs {rows}, #1",
                "bne 2b",
                "vstrw.32 q0, [{acc}]",
                acc = in(reg) acc.as_mut_ptr(),
                x = inout(reg) x => _,
                inout("r3") w => _,
                out("r1") _,
                columns = in(reg) columns,
                rows = inout(reg) rows => _,
                column = in(reg) W::STEP[1],
                weight = in(reg) W::WEIGHT_STEP,
                row = in(reg) W::STEP[0],
                rest = in(reg) (W::KERNEL[1] - columns) * W::WEIGHT_STEP,
                inout("lr") i32::from(zero) => _,
                out("d0") _,
                out("d1") _,
                out("d2") _,
                out("d3") _,
                out("d4") _,
                out("d5") _,
                out("d6") _,
                out("d7") _,
                options(nostack),
            );
        }
        acc
    }
}
