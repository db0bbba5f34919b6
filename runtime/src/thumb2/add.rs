//! An addition, on all cores with a long multiplication.

use core::arch::naked_asm;

use crate::kernels::TFLITE;
use crate::kernels::add::{Task, before};

/// What the loop reads, in this order.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    /// The inputs, the output and its end.
    pub(crate) x: *const i8,
    pub(crate) y: *const i8,
    pub(crate) out: *mut i8,
    pub(crate) end: *mut i8,
    /// Shifted zero points of the inputs, their mantissas, addends, right shifts.
    pub(crate) zeros: [i32; 2],
    pub(crate) mantissas: [i32; 2],
    pub(crate) addends: [i32; 2],
    pub(crate) shifts: [u32; 2],
    /// The same of the sum.
    pub(crate) addend: i32,
    pub(crate) mantissa: i32,
    pub(crate) shift: i32,
}

impl Frame {
    /// # Safety
    /// The task's regions lie in the arena.
    #[inline(always)]
    pub(crate) unsafe fn new(arena: *mut i8, task: &Task) -> Self {
        let steps = &task.steps;
        // SAFETY: the caller's promise.
        let [x, y, out] =
            [task.left, task.right, task.output].map(|offset| unsafe { arena.add(offset) });
        Self {
            x,
            y,
            out,
            // SAFETY: the caller's promise.
            end: unsafe { out.add(task.len) },
            zeros: steps.map(|step| step.shifted_zero),
            mantissas: steps.map(|step| step.scale.mantissa),
            addends: steps.map(|step| step.addend),
            shifts: steps.map(|step| step.after),
            addend: task.factor.addend,
            mantissa: task.factor.mantissa,
            shift: task.factor.shift,
        }
    }
}

/// The product of `$acc` and the mantissa `$m`, its upper half plus `$addend`, in `$high`: 2 instructions
/// for `TfLite`, 1 for `Single`; without DSP instructions 3 and 2. `$low` is overwritten.
///
/// In `TfLite` the sign of `$acc` stands for that of the product, as in [`super::conv2d`]. In `Single`
/// `$low` may be `$acc`, in `TfLite` `$addend`.
macro_rules! product {
    ($high:literal, $low:literal, $acc:literal, $m:literal, $addend:literal) => {
        concat!(
            ".if {double}\nadd ",
            $high,
            ", ",
            $addend,
            ", ",
            $acc,
            ", asr #31\n.if {dsp}\nsmmlar ",
            $high,
            ", ",
            $acc,
            ", ",
            $m,
            ", ",
            $high,
            "\n.else\nmov ",
            $low,
            ", #0x80000000\nsmlal ",
            $low,
            ", ",
            $high,
            ", ",
            $acc,
            ", ",
            $m,
            "\n.endif\n.elseif {dsp}\nsmmla ",
            $high,
            ", ",
            $acc,
            ", ",
            $m,
            ", ",
            $addend,
            "\n.else\nsmull ",
            $low,
            ", ",
            $high,
            ", ",
            $acc,
            ", ",
            $m,
            "\nadd ",
            $high,
            ", ",
            $addend,
            "\n.endif\n"
        )
    };
}

/// Adds all elements, each with 22 instructions for `TfLite`, 18 for `Single`; without DSP instructions 25
/// and 21.
///
/// r0, r1 inputs, r2 output, r3 its end; r4, r5 zero points, r6, r7 mantissas, r8, r9 addends of the
/// inputs; r10, r11 an element of each, r12 and lr products. sp points at the five words that are left.
///
/// # Safety
/// As many bytes as the output has, at least one, may be read from both inputs; it is apart from each or it.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn add<const METHOD: u32>(frame: &Frame) {
    naked_asm!(
        // As in `dsp`.
        ".if {dsp}",
        ".cpu cortex-m33",
        ".endif",
        "push {{r4-r11, lr}}",
        "add r12, r0, #40",
        "ldm r12, {{r4-r8}}",
        "push {{r4-r8}}",
        "ldm r0, {{r0-r9}}",
        "2:",
        "ldrsb r10, [r0], #1",
        "ldrsb r11, [r1], #1",
        "rsb r10, r4, r10, lsl #{before}",
        "rsb r11, r5, r11, lsl #{before}",
        product!("r12", "lr", "r10", "r6", "r8"),
        product!("r10", "lr", "r11", "r7", "r9"),
        "ldrd r11, lr, [sp]",
        "asr r12, r11",
        "asr r10, lr",
        "add r10, r12",
        "ldrd lr, r11, [sp, #8]",
        ".if {double}",
        "lsl r10, #1",
        product!("r12", "lr", "r10", "r11", "lr"),
        ".else",
        product!("r12", "r10", "r10", "r11", "lr"),
        ".endif",
        "ldr r11, [sp, #16]",
        "asr r12, r11",
        "ssat r12, #8, r12",
        "strb r12, [r2], #1",
        "cmp r2, r3",
        "bne 2b",
        "add sp, #20",
        "pop {{r4-r11, pc}}",
        before = const before::<METHOD>(),
        double = const (METHOD == TFLITE) as u32,
        dsp = const cfg!(feature = "dsp") as u32,
    )
}
