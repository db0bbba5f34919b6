//! A fully connected layer: four rows at a time, sixteen inputs per turn. The last turn is predicated, so
//! that neither input nor weights need anything behind them.

use core::arch::{asm, naked_asm};

use super::requant::finish;
use crate::kernels::TFLITE;
use crate::kernels::dense::Frame;
use crate::kernels::requant::Requant;
use crate::packing::{ROWS, swapped};

/// Computes all whole groups of rows.
///
/// # Safety
/// The frame's input, records and outputs are there.
#[inline(always)]
pub(crate) unsafe fn groups<const METHOD: u32>(frame: &Frame, _: Requant) {
    // SAFETY: the caller's promise; the function keeps to the procedure call standard.
    unsafe { all_groups::<METHOD>(frame) }
}

/// Per group 10 instructions per 64 multiplications, 29 around in `TfLite`, 27 in `Single`.
///
/// r0, r2, r4, r6 the sums of rows 0 to 3; r1 input; r3, r5, r7, r8 weights of rows 0, 2, 1, 3; r9 bytes
/// of a row, r10 from behind what a turn read of the last to its end; r11 the output, r12 inputs, lr
/// counts them; q0 input, q1 weights. Stack: the input, the zero point, one past the last output.
#[unsafe(naked)]
unsafe extern "C" fn all_groups<const METHOD: u32>(frame: &Frame) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4-r11, lr}}",
        "ldm r0, {{r1-r7}}",
        "mov r11, r2",
        "mov r12, r7",
        "asr r2, r5, #1",
        "push {{r1, r2, r3}}",
        "mov r3, r6",
        "add r9, r7, #3",
        "bic r9, r9, #3",
        "sub r10, r9, r4, lsl #4",
        "1:",
        "ldm r3!, {{r0, r2, r4, r6}}",
        "ldr r1, [sp]",
        "add r5, r3, r9",
        "add r7, r5, r9",
        "add r8, r7, r9",
        "dlstp.8 lr, r12",
        "2:",
        "vldrb.u8 q0, [r1], #16",
        "vldrb.u8 q1, [r3], #16",
        "vmladava.s8 r0, q0, q1",
        "vldrb.u8 q1, [r5], #16",
        "vmladava.s8 r4, q0, q1",
        "vldrb.u8 q1, [r7], #16",
        "vmladava.s8 r2, q0, q1",
        "vldrb.u8 q1, [r8], #16",
        "vmladava.s8 r6, q0, q1",
        "letp lr, 2b",
        "vmov q0[2], q0[0], r0, r4",
        "vmov q0[3], q0[1], r2, r6",
        "add r3, r8, r10",
        "ldrd r2, r4, [sp, #4]",
        "vldrw.u32 q1, [r3], #16",
        "vldrb.s32 q2, [r3], #4",
        finish!("q1", "q2", "r2", "q3", "q0"),
        "mov r0, r11",
        "vstrb.32 q0, [r0]",
        "add r11, #4",
        "cmp r11, r4",
        "bne 1b",
        "add sp, #12",
        "pop {{r4-r11, pc}}",
        double = const (METHOD == TFLITE) as u32,
    )
}

/// The sums of a record.
///
/// # Safety
/// The frame's input and record are there.
#[inline(always)]
pub(crate) unsafe fn sums(frame: &Frame) -> [i32; ROWS] {
    let mut sums = [0; ROWS];
    let row = frame.len.next_multiple_of(4);
    for (k, sum) in sums.iter_mut().enumerate().take(frame.rows) {
        // SAFETY: a record has a bias per row, then the rows.
        unsafe {
            let w = frame.packed.add(frame.rows).cast::<i8>();
            let w = w.add(swapped(k, frame.rows) * row);
            *sum = dot(frame.x, w, frame.len, *frame.packed.add(k));
        }
    }
    sums
}

/// The sum of a row in r0; q0 input, q1 weights, lr counts inputs. 4 instructions for 16
/// multiplications, one around.
///
/// # Safety
/// `len` bytes may be read from `x` and `w`.
#[inline(always)]
unsafe fn dot(x: *const i8, w: *const i8, len: usize, bias: i32) -> i32 {
    let mut sum = bias;
    // SAFETY: the caller's promise; lanes beyond `len` are neither read nor added.
    unsafe {
        asm!(
            "dlstp.8 lr, {len}",
            "2:",
            "vldrb.u8 q0, [{x}], #16",
            "vldrb.u8 q1, [{w}], #16",
            "vmladava.s8 r0, q0, q1",
            "letp lr, 2b",
            len = in(reg) len,
            x = inout(reg) x => _,
            w = inout(reg) w => _,
            inout("r0") sum,
            out("lr") _,
            out("d0") _, out("d1") _,
            out("d2") _, out("d3") _,
            options(readonly, nostack),
        );
    }
    sum
}
