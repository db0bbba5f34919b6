//! Sums of a fully connected layer: one input byte serves four rows.

use core::arch::{asm, naked_asm};

use super::unroll;
use crate::kernels::dense::Rows;
use crate::portable::dense as portable;

/// Rows summed together.
pub(crate) const ROWS: usize = 4;

/// The accumulators of a group of rows.
///
/// # Safety
/// As for [`portable::tile`].
#[inline(always)]
pub(crate) unsafe fn tile<R: Rows>(
    x: *const i8,
    w: *const i8,
    mut acc: [i32; ROWS],
) -> [i32; ROWS] {
    if R::ROWS < ROWS || R::STEP >= 1 << 16 {
        // SAFETY: the caller's promise.
        return unsafe { portable::tile::<R>(x, w, acc) };
    }
    // SAFETY: `sum` reads R::LEN bytes of x and of four rows, which the caller vouches for; it saves r4
    // to r10.
    unsafe {
        asm!(
            "bl {sum}",
            sum = sym sum::<R>,
            inout("r0") acc[0],
            inout("r1") acc[1],
            inout("r2") acc[2],
            inout("r3") acc[3],
            in("r4") x,
            in("r5") w,
            out("r12") _,
            out("lr") _,
            options(readonly),
        );
    }
    acc
}

/// One input: 9 instructions for 4 multiplications.
macro_rules! byte {
    () => {
        "ldrsb r9, [r4], #1
         ldrsb r10, [r5], #1
         ldrsb r12, [r6], #1
         mla r0, r9, r10, r0
         mla r1, r9, r12, r1
         ldrsb r10, [r7], #1
         ldrsb r12, [r8], #1
         mla r2, r9, r10, r2
         mla r3, r9, r12, r3"
    };
}

/// In and out: r0 to r3 the accumulators; in: r4 input, r5 the first row.
///
/// r5 to r8 the rows, r9 the input, r10 and r12 weights, lr counts turns. 6 instructions around, 2 per
/// turn of four inputs.
#[unsafe(naked)]
unsafe extern "C" fn sum<R: Rows>() {
    naked_asm!(
        "push {{r4-r10, lr}}",
        "movw r12, #{step}",
        "add r6, r5, r12",
        "add r7, r6, r12",
        "add r8, r7, r12",
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
        "pop {{r4-r10, pc}}",
        step = const R::STEP % (1 << 16),
        turns = const unroll(R::LEN).0,
        rest = const unroll(R::LEN).1,
    )
}
