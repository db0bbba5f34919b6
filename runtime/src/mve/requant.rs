//! Requantisation of four channels at once, by the short forms of `kernels::requant`.

use core::arch::asm;

/// What a layer's outputs share; constant per layer.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// The short form of `TfLite`, or else that of `Single`.
    pub(crate) double: bool,
    /// The left shift before the product.
    pub(crate) pre: u32,
    /// Lower and upper bound of the outputs.
    pub(crate) clamp: [i32; 2],
}

impl Form {
    /// Requantises four sums and stores them to four adjacent bytes. The conditions cost nothing: they are
    /// constant where this is inlined.
    ///
    /// # Safety
    /// Four sums may be read from `acc`, and four mantissas, four addends, four shifts one after the other
    /// from `constants`; four bytes may be written to `output`.
    #[inline(always)]
    pub(crate) unsafe fn store(self, acc: *const i32, constants: *const i32, output: *mut i8) {
        let store = match (self.double, self.pre > 0, self.clamp != [-128, 127]) {
            (false, false, false) => store::<false, false, false>,
            (false, false, true) => store::<false, false, true>,
            (false, true, false) => store::<false, true, false>,
            (false, true, true) => store::<false, true, true>,
            (true, _, false) => store::<true, false, false>,
            (true, _, true) => store::<true, false, true>,
        };
        // SAFETY: the caller's promise.
        unsafe { store(acc, constants, output, self) }
    }
}

/// Requantises and stores (VSTRB.32 wants a low address register):
/// hi(acc·m) for `Single`, the rounded doubled high product and its sign for `TfLite` (`DOUBLE`), then
/// addend, arithmetic shift, clamp. 11 instructions, 2 more for `DOUBLE`, 2 for a shift before (`PRE`), 4
/// for a clamp to less than eight bits (`CLAMPED`).
///
/// # Safety
/// As for [`Form::store`].
#[inline(always)]
unsafe fn store<const DOUBLE: bool, const PRE: bool, const CLAMPED: bool>(
    acc: *const i32,
    constants: *const i32,
    output: *mut i8,
    form: Form,
) {
    // SAFETY: the caller vouches for every address.
    unsafe {
        asm!(
            "vldrw.u32 q0, [{acc}]",
            "vldrw.u32 q1, [{constants}]",
            ".if {pre}",
            "vshl.s32 q0, {shift}",
            ".endif",
            ".if {double}",
            // (2·acc·m + 2^31) >> 32; the sums are too small to saturate.
            "vqrdmulh.s32 q0, q0, q1",
            "vshr.s32 q1, q0, #31",
            "vadd.i32 q0, q0, q1",
            ".else",
            "vmulh.s32 q0, q0, q1",
            ".endif",
            "vldrw.u32 q1, [{constants}, #16]",
            "vadd.i32 q0, q0, q1",
            "vldrw.u32 q1, [{constants}, #32]",
            "vneg.s32 q1, q1",
            "vshl.s32 q0, q0, q1",
            ".if {clamped}",
            "vdup.32 q1, {low}",
            "vmax.s32 q0, q0, q1",
            "vdup.32 q1, {high}",
            "vmin.s32 q0, q0, q1",
            ".endif",
            "vqmovnb.s32 q0, q0",
            "vqmovnb.s16 q0, q0",
            "vstrb.32 q0, [r1]",
            double = const DOUBLE as u32,
            pre = const PRE as u32,
            clamped = const CLAMPED as u32,
            shift = in(reg) form.pre,
            low = in(reg) form.clamp[0],
            high = in(reg) form.clamp[1],
            acc = in(reg) acc,
            constants = in(reg) constants,
            in("r1") output,
            out("d0") _,
            out("d1") _,
            out("d2") _,
            out("d3") _,
            options(nostack, preserves_flags),
        );
    }
}
