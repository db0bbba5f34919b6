//! Requantisation without a long multiplication: SMULL, SSAT and shifted operands in 16-bit steps.

use core::arch::naked_asm;

use crate::kernels::TFLITE;
use crate::kernels::requant::Channel;

/// The output of an accumulator, saturated: 41 instructions for `TfLite`, 38 for `Single`, 3 more beyond
/// eight bits.
///
/// The upper half of a product from its quarters: with acc = h·2^16 + l, l signed, and m = mh·2^16 + ml,
/// acc·m = h·mh·2^32 + mid·2^16 + a rest in 0..2^16, where mid = l·mh + h·ml + (l·ml >> 16). The rest
/// moves no shift by 16 bits or more. |acc| < 2^29 and m < 2^31 keep every sum inside 32 bits.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn saturated<const METHOD: u32>(acc: i32, channel: &Channel) -> i32 {
    naked_asm!(
        "push {{r4, lr}}",
        "ldr r2, [r1]",
        "mov r12, r1",
        "sxth r3, r0",
        "subs r0, r0, r3",
        "asrs r0, r0, #16",
        "uxth r1, r2",
        "lsrs r2, r2, #16",
        "movs r4, r1",
        "muls r4, r3, r4",
        "asrs r4, r4, #16",
        "muls r3, r2, r3",
        "adds r3, r3, r4",
        "muls r1, r0, r1",
        "adds r3, r3, r1",
        "muls r0, r2, r0",
        ".if {double}",
        // (2·acc·m + 2^31) >> 32 and its sign.
        "lsls r0, r0, #1",
        "asrs r3, r3, #14",
        "adds r3, #1",
        "asrs r3, r3, #1",
        "adds r0, r0, r3",
        "asrs r3, r0, #31",
        "adds r0, r0, r3",
        ".else",
        "asrs r3, r3, #16",
        "adds r0, r0, r3",
        ".endif",
        "mov r1, r12",
        "ldr r2, [r1, #4]",
        "ldr r3, [r1, #8]",
        "adds r0, r0, r2",
        "asrs r0, r3",
        "movs r1, #128",
        "adds r0, r0, r1",
        "cmp r0, #255",
        "bls 2f",
        "asrs r0, r0, #31",
        "mvns r0, r0",
        "uxtb r0, r0",
        "2:",
        "subs r0, r0, r1",
        "pop {{r4, pc}}",
        double = const (METHOD == TFLITE) as u32,
    )
}
