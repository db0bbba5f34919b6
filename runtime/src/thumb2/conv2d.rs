//! Sums of a convolution: two filters by two pixels.

use core::arch::{asm, naked_asm};
use core::marker::PhantomData;

use super::unroll;
use crate::kernels::conv2d::Patch;
use crate::portable::conv2d as portable;

pub(crate) use portable::edge;

/// Filters summed together.
pub(crate) const FILTERS: usize = 2;

/// Pixels summed together.
pub(crate) const PIXELS: usize = 2;

/// How the code of a patch is unrolled.
struct Plan<P>(PhantomData<P>);

impl<P: Patch> Plan<P> {
    /// Whether the offsets fit the instructions: one loop of runs, the next pixel within a load's reach.
    const FITS: bool = P::RUNS[0] == 1
        && P::PIXEL < 4096
        && P::FILTER < 1 << 16
        && P::STEP[1] < 1 << 16
        && (P::RUNS[1] == 1 || P::STEP[1] >= P::RUN);
    /// Short runs are unrolled, others counted.
    const UNROLLED: bool = P::RUN * P::RUNS[1] <= 16 || P::RUNS[1] == 1;
    const COPIES: usize = if Self::UNROLLED { P::RUNS[1] } else { 1 };
    const COUNTED: usize = if Self::UNROLLED { 0 } else { P::RUNS[1] };
    /// Bytes of the input between two runs.
    const GAP: usize = if P::RUNS[1] > 1 && Self::FITS {
        P::STEP[1] - P::RUN
    } else {
        0
    };
    const PIXEL: usize = P::PIXEL % 4096;
    const FILTER: usize = P::FILTER % (1 << 16);
}

/// The accumulators of a tile, from patches without padding: `[pixel][filter]`.
///
/// # Safety
/// As for [`portable::tile`].
#[inline(always)]
pub(crate) unsafe fn tile<P: Patch>(
    x: *const i8,
    w: *const i8,
    bias: [i32; FILTERS],
) -> [[i32; FILTERS]; PIXELS] {
    if !Plan::<P>::FITS {
        // SAFETY: the caller's promise.
        return unsafe { portable::tile::<P>(x, w, bias) };
    }
    let mut acc = [[0; FILTERS]; PIXELS];
    // SAFETY: `sum` reads what P describes, which the caller vouches for; it saves r4 to r10.
    unsafe {
        asm!(
            "bl {sum}",
            sum = sym sum::<P>,
            inout("r0") x => acc[0][0],
            inout("r1") w => acc[0][1],
            inout("r2") bias[0] => acc[1][0],
            inout("r3") bias[1] => acc[1][1],
            out("r12") _,
            out("lr") _,
            options(readonly),
        );
    }
    acc
}

/// One channel: 8 instructions for 4 multiplications.
macro_rules! byte {
    () => {
        "ldrsb r8, [r4, #{pixel}]
         ldrsb r7, [r4], #1
         ldrsb r9, [r5], #1
         ldrsb r10, [r6], #1
         mla r0, r7, r9, r0
         mla r1, r7, r10, r1
         mla r2, r8, r9, r2
         mla r3, r8, r10, r3"
    };
}

/// In: r0 input, r1 weights, r2 and r3 the two filters' biases. Out: r0, r1 the first pixel's
/// accumulators, r2, r3 the second's.
///
/// r4 input, r5 and r6 weights of either filter, r7 and r8 the pixels, r9 and r10 the filters, r12 counts
/// runs, lr turns. 8 instructions around the runs, 3 per turn of four bytes, 3 or 4 per run.
#[unsafe(naked)]
unsafe extern "C" fn sum<P: Patch>() {
    naked_asm!(
        "push {{r4-r10, lr}}",
        "mov r4, r0",
        "mov r5, r1",
        "movw r6, #{filter}",
        "add r6, r5",
        "mov r0, r2",
        "mov r1, r3",
        ".if {counted}",
        "mov r12, #{counted}",
        "3:",
        ".endif",
        ".rept {copies}",
        ".if {turns}",
        "movw lr, #{turns}",
        "2:",
        ".rept 4",
        byte!(),
        ".endr",
        "subs lr, #1",
        "bne 2b",
        ".endif",
        ".rept {rest}",
        byte!(),
        ".endr",
        ".if {gap}",
        "movw r7, #{gap}",
        "add r4, r7",
        ".endif",
        ".endr",
        ".if {counted}",
        "subs r12, #1",
        "bne 3b",
        ".endif",
        "pop {{r4-r10, pc}}",
        filter = const Plan::<P>::FILTER,
        pixel = const Plan::<P>::PIXEL,
        copies = const Plan::<P>::COPIES,
        counted = const Plan::<P>::COUNTED,
        turns = const unroll(P::RUN).0,
        rest = const unroll(P::RUN).1,
        gap = const Plan::<P>::GAP,
    )
}
