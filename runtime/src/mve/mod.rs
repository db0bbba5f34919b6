//! The innermost sums on cores with Helium (Cortex-M55, M-profile vector extension): sixteen bytes per
//! load, sixteen products per VMLADAVA.
//!
//! Loops are tail-predicated (DLSTP, LETP): a run of any length is summed without a scalar rest, and
//! lanes beyond its end are neither read nor added. One load of the input serves four filters.

pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod depthwise_conv2d;
pub(crate) mod requant;

use core::arch::asm;

/// Adds Σ w·x over `len` bytes for each of four filters.
///
/// r0, r2, r4, r8 the accumulators (VMLADAVA wants even registers), lr counts bytes, q0 input, q1
/// weights. 10 instructions per 64 multiplications, one around.
///
/// # Safety
/// `len` bytes may be read from `x` and from each of `w`.
#[inline(always)]
unsafe fn dot(x: *const i8, w: [*const i8; 4], len: usize, acc: [i32; 4]) -> [i32; 4] {
    let [mut a, mut b, mut c, mut d] = acc;
    // SAFETY: the loop reads `len` bytes from each pointer, which the caller vouches for.
    unsafe {
        asm!(
            "dlstp.8 lr, {len}",
            "2:",
            "vldrb.u8 q0, [{x}], #16",
            "vldrb.u8 q1, [{w0}], #16",
            "vmladava.s8 r0, q0, q1",
            "vldrb.u8 q1, [{w1}], #16",
            "vmladava.s8 r2, q0, q1",
            "vldrb.u8 q1, [{w2}], #16",
            "vmladava.s8 r4, q0, q1",
            "vldrb.u8 q1, [{w3}], #16",
            "vmladava.s8 r8, q0, q1",
            "letp lr, 2b",
            len = in(reg) len,
            x = inout(reg) x => _,
            w0 = inout(reg) w[0] => _,
            w1 = inout(reg) w[1] => _,
            w2 = inout(reg) w[2] => _,
            w3 = inout(reg) w[3] => _,
            inout("r0") a,
            inout("r2") b,
            inout("r4") c,
            inout("r8") d,
            out("lr") _,
            out("d0") _,
            out("d1") _,
            out("d2") _,
            out("d3") _,
            options(readonly, nostack),
        );
    }
    [a, b, c, d]
}

/// Adds Σ w·(x − zero) over `len` bytes for each of four filters.
///
/// −zero may be 128, so it is added as two halves: q2 and q3 hold them. 18 instructions per 64
/// multiplications, 4 around.
///
/// # Safety
/// As for [`dot`].
#[inline(always)]
unsafe fn dot_from_zero(
    x: *const i8,
    w: [*const i8; 4],
    len: usize,
    zero: i8,
    acc: [i32; 4],
) -> [i32; 4] {
    let [mut a, mut b, mut c, mut d] = acc;
    let half = -i32::from(zero >> 1);
    let halves = (half & 0xff) | (-i32::from(zero) - half) << 8;
    // SAFETY: as in `dot`.
    unsafe {
        asm!(
            "vdup.8 q2, {halves}",
            "asr {halves}, {halves}, #8",
            "vdup.8 q3, {halves}",
            "dlstp.8 lr, {len}",
            "2:",
            "vldrb.u8 q0, [{x}], #16",
            "vldrb.u8 q1, [{w0}], #16",
            "vmladava.s8 r0, q0, q1",
            "vmladava.s8 r0, q2, q1",
            "vmladava.s8 r0, q3, q1",
            "vldrb.u8 q1, [{w1}], #16",
            "vmladava.s8 r2, q0, q1",
            "vmladava.s8 r2, q2, q1",
            "vmladava.s8 r2, q3, q1",
            "vldrb.u8 q1, [{w2}], #16",
            "vmladava.s8 r4, q0, q1",
            "vmladava.s8 r4, q2, q1",
            "vmladava.s8 r4, q3, q1",
            "vldrb.u8 q1, [{w3}], #16",
            "vmladava.s8 r8, q0, q1",
            "vmladava.s8 r8, q2, q1",
            "vmladava.s8 r8, q3, q1",
            "letp lr, 2b",
            halves = inout(reg) halves => _,
            len = in(reg) len,
            x = inout(reg) x => _,
            w0 = inout(reg) w[0] => _,
            w1 = inout(reg) w[1] => _,
            w2 = inout(reg) w[2] => _,
            w3 = inout(reg) w[3] => _,
            inout("r0") a,
            inout("r2") b,
            inout("r4") c,
            inout("r8") d,
            out("lr") _,
            out("d0") _,
            out("d1") _,
            out("d2") _,
            out("d3") _,
            out("d4") _,
            out("d5") _,
            out("d6") _,
            out("d7") _,
            options(readonly, nostack),
        );
    }
    [a, b, c, d]
}
