//! Requantisation of four outputs at once, by the short forms of [`crate::kernels::requant`]: with a
//! rounding shift, 2^(s−1) needs no addend of its own, and the zero point is added behind the shift.

use core::arch::asm;

/// From sums to outputs, for each of some vectors: `$m` the mantissas, `$s` the shifts, negated, `$zero`
/// the zero point. Leaves the outputs in the lowest bytes of the lanes. 7 instructions per vector for
/// `TfLite`, 5 for `Single`; the vectors alternate, so that none waits for itself. `$t` is overwritten.
///
/// `TfLite`: VQRDMULH is (2·acc·m + 2^31) >> 32 (the sums are too small to saturate), and with its sign
/// added to it the shift, which rounds up from the half, rounds away from zero.
macro_rules! finish {
    ($m:literal, $s:literal, $zero:literal, $t:literal, $($q:literal)+) => {
        concat!(
            ".if {double}\n",
            $("vqrdmulh.s32 ", $q, ", ", $q, ", ", $m, "\n",)+
            $("vshr.s32 ", $t, ", ", $q, ", #31\nvadd.i32 ", $q, ", ", $q, ", ", $t, "\n",)+
            ".else\n",
            $("vmulh.s32 ", $q, ", ", $q, ", ", $m, "\n",)+
            ".endif\n",
            $("vrshl.s32 ", $q, ", ", $q, ", ", $s, "\n",)+
            $("vadd.i32 ", $q, ", ", $q, ", ", $zero, "\n",)+
            $("vqmovnb.s32 ", $q, ", ", $q, "\n",)+
            $("vqmovnb.s16 ", $q, ", ", $q, "\n",)+
        )
    };
}
pub(super) use finish;

/// Clamps outputs that were only saturated: 5 instructions per sixteen.
///
/// q0 the outputs, q1 and q2 the bounds, lr counts bytes.
///
/// # Safety
/// `count` bytes may be read and written from `output` on.
#[inline(always)]
pub(crate) unsafe fn clamp(output: *mut i8, count: usize, [low, high]: [i32; 2]) {
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "vdup.8 q1, {low}",
            "vdup.8 q2, {high}",
            "wlstp.8 lr, {count}, 3f",
            "2:",
            "vldrb.u8 q0, [{output}]",
            "vmax.s8 q0, q0, q1",
            "vmin.s8 q0, q0, q2",
            "vstrb.8 q0, [{output}], #16",
            "letp lr, 2b",
            "3:",
            low = in(reg) low,
            high = in(reg) high,
            count = in(reg) count,
            output = inout(reg) output => _,
            out("lr") _,
            out("d0") _, out("d1") _,
            out("d2") _, out("d3") _,
            out("d4") _, out("d5") _,
            options(nostack),
        );
    }
}
