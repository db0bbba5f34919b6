//! A convolution: four filters by three pixels, or by two at the end of a layer, two filters at a time.
//!
//! Patches are bytes, one after the other, their last block filled up with zeros: so the last block of a
//! filter's weights may reach into what follows in the stream, and nothing is predicated. Five loads of
//! sixteen bytes serve six VMLADAVA, 96 multiplications.

use core::arch::{asm, naked_asm};

pub(crate) use super::patch::Patch;
use super::requant::finish;
use crate::isa::SMALL;
use crate::kernels::conv2d::Frame;
use crate::kernels::requant::Requant;
use crate::kernels::{TFLITE, rolled, unknown};
use crate::packing::{BLOCK, FILTERS, swapped};
use crate::scratch;

/// Pixels computed together.
pub(crate) const PIXELS: usize = scratch::PIXELS;

/// Pixels computed together where there are fewer.
const TAIL: usize = 2;

/// A block of two filters by three pixels: 11 instructions for 96 multiplications, by two 8 for 64. `$a` is empty
/// for the first block, else that of VMLADAVA.
macro_rules! block {
    ($a:literal) => {
        concat!(
            "vldrb.u8 q0, [r7], #16\nvldrb.u8 q1, [r9], #16\nvldrb.u8 q2, [r1], #16\n",
            "vmladav",
            $a,
            ".s8 r0, q0, q2\nvmladav",
            $a,
            ".s8 r6, q1, q2\n",
            "vldrb.u8 q2, [r3], #16\n",
            "vmladav",
            $a,
            ".s8 r2, q0, q2\nvmladav",
            $a,
            ".s8 r8, q1, q2\n",
            ".if {third}\nvldrb.u8 q2, [r5], #16\n",
            "vmladav",
            $a,
            ".s8 r4, q0, q2\nvmladav",
            $a,
            ".s8 r10, q1, q2\n.endif\n",
        )
    };
}

/// The sums of two filters, to lanes of q3, q4, q5: 18 instructions, and 12 per block but the first; of
/// two pixels 14 and 9.
macro_rules! pass {
    ($high:literal, $low:literal) => {
        concat!(
            "ldm sp, {{r1, r3, r5}}\n",
            block!(""),
            "wls lr, r12, 3f\n2:\n",
            block!("a"),
            "le lr, 2b\n3:\nadd r7, r11\nadd r9, r11\n",
            "vmov q3[",
            $high,
            "], q3[",
            $low,
            "], r0, r6\n",
            "vmov q4[",
            $high,
            "], q4[",
            $low,
            "], r2, r8\n",
            ".if {third}\nvmov q5[",
            $high,
            "], q5[",
            $low,
            "], r4, r10\n.endif\n",
        )
    };
}

/// Computes all whole records of filters.
///
/// # Safety
/// The frame's patches, records and outputs are there.
#[inline(always)]
pub(crate) unsafe fn pairs<const METHOD: u32>(frame: &mut Frame, _: Requant) {
    // SAFETY: the caller's promise; the function keeps to the procedure call standard.
    unsafe {
        if SMALL && frame.count < PIXELS {
            // A pixel that there is none of is written before the one in whose place it is.
            frame.third = frame.second;
        }
        if SMALL || frame.count > TAIL {
            all_records::<METHOD, PIXELS>(frame);
        } else {
            all_records::<METHOD, TAIL>(frame);
        }
    }
}

/// Per record 36 instructions and 24 per block but the first, 39 for twelve outputs in `TfLite`, 33 in
/// `Single`; of two pixels 28 and 18, 29 and 25; 24 around all.
///
/// Sums: r0, r2, r4 the first filter's, r6, r8, r10 the second's; r1, r3, r5 patches; r7, r9 weights; r11
/// from behind a filter to the one after the next; r12 blocks but the first; lr counts them; q0, q1
/// weights, q2 a pixel. Outputs: q3, q4, q5 the pixels' sums, q6 biases, q0 mantissas, q1 shifts; r0, r2,
/// r4 where they go. Stack: the patches, out, second, third, zero point, end.
#[unsafe(naked)]
unsafe extern "C" fn all_records<const METHOD: u32, const COUNT: usize>(frame: &Frame) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4-r11, lr}}",
        "vpush {{d8-d13}}",
        "ldr r9, [r0, #32]",
        "ldm r0, {{r1-r8}}",
        "asr r7, r7, #1",
        "push {{r5}}",
        "push {{r2, r3, r4, r7}}",
        "sub r12, r6, #1",
        "lsl r6, r6, #4",
        "add r3, r1, r6",
        "add r5, r3, r6",
        "push {{r1, r3, r5}}",
        "mov r7, r8",
        "rsb r11, r6, r9, lsl #1",
        "add r9, r7",
        "add r9, #16",
        "1:",
        "vldrw.u32 q6, [r7], #16",
        pass!("2", "0"),
        pass!("3", "1"),
        "vldrw.u32 q0, [r7], #16",
        "vldrb.s32 q1, [r7], #4",
        "add r9, #36",
        "ldrd r0, r2, [sp, #12]",
        "ldrd r4, r6, [sp, #20]",
        "add r2, r0",
        ".if {third}",
        "add r4, r0",
        ".endif",
        "vadd.i32 q3, q3, q6",
        "vadd.i32 q4, q4, q6",
        ".if {third}",
        "vadd.i32 q5, q5, q6",
        finish!("q0", "q1", "r6", "q2", "q3" "q4" "q5"),
        "vstrb.32 q5, [r4]",
        ".else",
        finish!("q0", "q1", "r6", "q2", "q3" "q4"),
        ".endif",
        "vstrb.32 q4, [r2]",
        "vstrb.32 q3, [r0], #4",
        "ldr r6, [sp, #28]",
        "str r0, [sp, #12]",
        "cmp r0, r6",
        "bne 1b",
        "add sp, #32",
        "vpop {{d8-d13}}",
        "pop {{r4-r11, pc}}",
        third = const (COUNT == PIXELS) as u32,
        double = const (METHOD == TFLITE) as u32,
    )
}

/// The sums of a record: `[filter][pixel]`.
///
/// # Safety
/// The frame's patches and record are there.
#[inline(always)]
pub(crate) unsafe fn sums(frame: &Frame) -> [[i32; PIXELS]; FILTERS] {
    let mut sums = [[0; PIXELS]; FILTERS];
    for k in 0..unknown(frame.rows) {
        rolled();
        // SAFETY: a record has a bias per filter, then the filters, of which there are no more than FILTERS.
        unsafe {
            let w = frame.packed.add(frame.rows).cast::<i8>();
            let w = w.add(swapped(k, frame.rows) * frame.filter);
            *sums.as_mut_ptr().add(k) = dot(frame, w, *frame.packed.add(k));
        }
    }
    sums
}

/// The sums of a filter: r0, r2, r4, from r1, r3, r5; q0 weights, q1 a pixel; lr counts blocks. 8
/// instructions for 48 multiplications, one around.
///
/// # Safety
/// The frame's patches and the filter's weights are there.
#[inline(always)]
unsafe fn dot(frame: &Frame, w: *const i8, bias: i32) -> [i32; PIXELS] {
    let pixel = |k| frame.x.wrapping_add(k * frame.blocks * BLOCK);
    let [mut a, mut b, mut c] = [bias; PIXELS];
    // SAFETY: the caller's promise; what follows a filter in the stream is multiplied by zero.
    unsafe {
        asm!(
            "dls lr, {blocks}",
            "2:",
            "vldrb.u8 q0, [{w}], #16",
            "vldrb.u8 q1, [r1], #16",
            "vmladava.s8 r0, q0, q1",
            "vldrb.u8 q1, [r3], #16",
            "vmladava.s8 r2, q0, q1",
            "vldrb.u8 q1, [r5], #16",
            "vmladava.s8 r4, q0, q1",
            "le lr, 2b",
            blocks = in(reg) frame.blocks,
            w = inout(reg) w => _,
            inout("r0") a,
            inout("r1") pixel(0) => _,
            inout("r2") b,
            inout("r3") pixel(1) => _,
            inout("r4") c,
            inout("r5") pixel(2) => _,
            out("lr") _,
            out("d0") _, out("d1") _,
            out("d2") _, out("d3") _,
            options(readonly, nostack),
        );
    }
    [a, b, c]
}
