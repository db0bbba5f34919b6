//! An addition, four elements at a time.

use core::arch::naked_asm;

use crate::kernels::TFLITE;
use crate::kernels::add::Task;

/// What the loop reads, in this order.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    /// The inputs and the output.
    pub(crate) x: *const i8,
    pub(crate) y: *const i8,
    pub(crate) out: *mut i8,
    /// Zero points of the inputs, their mantissas, their right shifts, negated.
    pub(crate) zeros: [i32; 2],
    pub(crate) mantissas: [i32; 2],
    pub(crate) shifts: [i32; 2],
    /// The same of the output.
    pub(crate) zero: i32,
    pub(crate) mantissa: i32,
    pub(crate) shift: i32,
    /// All ones where the sign of an input's product counts.
    pub(crate) signs: [i32; 2],
    /// Elements.
    pub(crate) len: usize,
}

impl Frame {
    /// # Safety
    /// The task's regions lie in the arena.
    #[inline(always)]
    pub(crate) unsafe fn new(arena: *mut i8, task: &Task) -> Self {
        let [left, right] = &task.steps;
        // SAFETY: the caller's promise.
        let [x, y, out] =
            [task.left, task.right, task.output].map(|offset| unsafe { arena.add(offset) });
        let steps = [left, right];
        Self {
            x,
            y,
            out,
            zeros: steps.map(|step| step.zero),
            mantissas: steps.map(|step| step.scale.mantissa),
            shifts: steps.map(|step| -step.after.cast_signed()),
            // It is added after the shift, which rounds by itself.
            zero: task.requant.doubled_zero() >> 1,
            mantissa: task.factor.mantissa,
            shift: -task.factor.shift,
            signs: steps.map(|step| -i32::from(step.after > 0)),
            len: task.len,
        }
    }
}

/// Adds all elements: per four 26 instructions for `TfLite`, 20 for `Single`.
///
/// r0, r1 inputs, r2 output; r3, r4 zero points, r5, r6 mantissas, r7, r8 shifts of the inputs; r9 zero
/// point, r10 mantissa, r11 shift of the output; lr counts elements. q0, q1 inputs, q2 signs, q3, q4 which
/// of them count. Rounding shifts and the doubled product are those of [`super::requant`].
///
/// # Safety
/// `len` bytes may be read from both inputs and written to the output, which is apart from each or it.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn add<const METHOD: u32>(frame: &Frame) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r4-r11, lr}}",
        "vpush {{d8-d9}}",
        "ldr r1, [r0, #48]",
        "vdup.32 q3, r1",
        "ldr r1, [r0, #52]",
        "vdup.32 q4, r1",
        "ldr r12, [r0, #56]",
        "ldm r0, {{r0-r11}}",
        "dlstp.32 lr, r12",
        "2:",
        "vldrb.s32 q0, [r0], #4",
        "vldrb.s32 q1, [r1], #4",
        "vsub.i32 q0, q0, r3",
        "vsub.i32 q1, q1, r4",
        ".if {double}",
        "vshl.i32 q0, q0, #20",
        "vshl.i32 q1, q1, #20",
        "vqrdmulh.s32 q0, q0, r5",
        "vqrdmulh.s32 q1, q1, r6",
        "vshr.s32 q2, q0, #31",
        "vand q2, q2, q3",
        "vadd.i32 q0, q0, q2",
        "vshr.s32 q2, q1, #31",
        "vand q2, q2, q4",
        "vadd.i32 q1, q1, q2",
        ".else",
        "vshl.i32 q0, q0, #22",
        "vshl.i32 q1, q1, #22",
        "vdup.32 q2, r5",
        "vmulh.s32 q0, q0, q2",
        "vdup.32 q2, r6",
        "vmulh.s32 q1, q1, q2",
        ".endif",
        "vrshl.s32 q0, r7",
        "vrshl.s32 q1, r8",
        "vadd.i32 q0, q0, q1",
        ".if {double}",
        "vqrdmulh.s32 q0, q0, r10",
        "vshr.s32 q2, q0, #31",
        "vadd.i32 q0, q0, q2",
        ".else",
        "vdup.32 q2, r10",
        "vmulh.s32 q0, q0, q2",
        ".endif",
        "vrshl.s32 q0, r11",
        "vadd.i32 q0, q0, r9",
        "vqmovnb.s32 q0, q0",
        "vqmovnb.s16 q0, q0",
        "vstrb.32 q0, [r2], #4",
        "letp lr, 2b",
        "vpop {{d8-d9}}",
        "pop {{r4-r11, pc}}",
        double = const (METHOD == TFLITE) as u32,
    )
}
