//! Sums of a convolution: two filters by one pixel.

use core::arch::{asm, naked_asm};

use crate::kernels::conv2d::Patch;
use crate::portable::conv2d as portable;

pub(crate) use portable::edge;

/// Filters summed together.
pub(crate) const FILTERS: usize = 2;

/// Pixels summed together.
pub(crate) const PIXELS: usize = 1;

/// The accumulators of a tile, from a patch without padding: `[pixel][filter]`.
///
/// # Safety
/// As for [`portable::tile`].
#[inline(always)]
pub(crate) unsafe fn tile<P: Patch>(
    x: *const i8,
    w: *const i8,
    bias: [i32; FILTERS],
) -> [[i32; FILTERS]; PIXELS] {
    let mut acc = bias;
    for outer in 0..P::RUNS[0] {
        // SAFETY: `sum` reads the runs that P describes, which the caller vouches for; it saves r4 to r7.
        unsafe {
            asm!(
                "bl {sum}",
                sum = sym sum::<P>,
                inout("r0") x.add(outer * P::STEP[0]) => _,
                inout("r1") w.add(outer * P::RUNS[1] * P::RUN) => _,
                inout("r2") acc[0],
                inout("r3") acc[1],
                out("r12") _,
                out("lr") _,
                options(readonly),
            );
        }
    }
    [acc]
}

/// One channel: 8 instructions for 2 multiplications; the last sets the flags for the loop.
macro_rules! byte {
    () => {
        "ldrsb r6, [r0, r5]
         ldrsb r7, [r1, r5]
         muls r7, r6, r7
         adds r2, r2, r7
         ldrsb r7, [r4, r5]
         muls r7, r6, r7
         adds r3, r3, r7
         adds r5, #1"
    };
}

/// In: r0 input, r1 weights; in and out: r2 and r3 the two filters' accumulators.
///
/// r0, r1, r4 input and weights at the end of the run, r5 the index, r6 and r7 factors; the stack counts
/// runs. 4 instructions around the runs (2 more if counted), 5 per run (6 more if counted), 1 per turn
/// of four bytes.
#[unsafe(naked)]
unsafe extern "C" fn sum<P: Patch>() {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "ldr r4, ={filter}",
        "adds r4, r4, r1",
        ".if {runs} > 1",
        "ldr r5, ={runs}",
        "push {{r5}}",
        "3:",
        ".endif",
        "ldr r5, ={run}",
        "adds r0, r0, r5",
        "adds r1, r1, r5",
        "adds r4, r4, r5",
        "rsbs r5, r5, #0",
        ".rept {rest}",
        byte!(),
        ".endr",
        ".if {run} >= 4",
        "2:",
        ".rept 4",
        byte!(),
        ".endr",
        "bne 2b",
        ".endif",
        ".if {runs} > 1",
        "ldr r6, ={gap}",
        "adds r0, r0, r6",
        "ldr r6, [sp]",
        "subs r6, #1",
        "str r6, [sp]",
        "bne 3b",
        "add sp, #4",
        ".endif",
        "pop {{r4-r7, pc}}",
        ".p2align 2",
        ".pool",
        filter = const P::FILTER,
        run = const P::RUN,
        rest = const P::RUN % 4,
        runs = const P::RUNS[1],
        gap = const P::STEP[1] as i32 - P::RUN as i32,
    )
}
