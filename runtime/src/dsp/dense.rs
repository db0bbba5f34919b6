//! Sums of a fully connected layer: one input word serves four rows.

use core::arch::{asm, naked_asm};
use core::marker::PhantomData;

use crate::kernels::dense::Rows;
use crate::portable::dense as portable;

/// Rows summed together.
pub(crate) const ROWS: usize = 4;

/// How the code of a row is unrolled.
struct Plan<R>(PhantomData<R>);

impl<R: Rows> Plan<R> {
    /// Words after which straight code becomes a loop of two.
    const STRAIGHT: usize = 3;
    /// Whether there are four rows and the sizes fit the instructions.
    const FITS: bool = R::ROWS >= ROWS && R::STEP < 1 << 16;
    const WORDS: usize = R::LEN / 4;
    const TURNS: usize = if Self::WORDS > Self::STRAIGHT && Self::FITS {
        Self::WORDS / 2
    } else {
        0
    };
    const REST: usize = if Self::FITS {
        Self::WORDS - 2 * Self::TURNS
    } else {
        0
    };
    const STEP: usize = R::STEP % (1 << 16);
}

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
    if !Plan::<R>::FITS {
        // SAFETY: the caller's promise.
        return unsafe { portable::tile::<R>(x, w, acc) };
    }
    // SAFETY: `sum` reads R::LEN bytes of x and of four rows, which the caller vouches for; it saves r4
    // to r11.
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

/// Four inputs: 23 instructions for 16 multiplications.
macro_rules! word {
    () => {
        "ldr r10, [r4], #4
         ldr r12, [r5], #4
         sxtb16 r9, r10
         sxtb16 r10, r10, ror #8
         sxtb16 r11, r12
         sxtb16 r12, r12, ror #8
         smlad r0, r9, r11, r0
         smlad r0, r10, r12, r0
         ldr r12, [r6], #4
         sxtb16 r11, r12
         sxtb16 r12, r12, ror #8
         smlad r1, r9, r11, r1
         smlad r1, r10, r12, r1
         ldr r12, [r7], #4
         sxtb16 r11, r12
         sxtb16 r12, r12, ror #8
         smlad r2, r9, r11, r2
         smlad r2, r10, r12, r2
         ldr r12, [r8], #4
         sxtb16 r11, r12
         sxtb16 r12, r12, ror #8
         smlad r3, r9, r11, r3
         smlad r3, r10, r12, r3"
    };
}

/// One input: 9 instructions for 4 multiplications.
macro_rules! byte {
    () => {
        "ldrsb r9, [r4], #1
         ldrsb r10, [r5], #1
         ldrsb r11, [r6], #1
         smlabb r0, r9, r10, r0
         smlabb r1, r9, r11, r1
         ldrsb r10, [r7], #1
         ldrsb r11, [r8], #1
         smlabb r2, r9, r10, r2
         smlabb r3, r9, r11, r3"
    };
}

/// In and out: r0 to r3 the accumulators; in: r4 input, r5 the first row.
///
/// r5 to r8 the rows, r9 and r10 pairs of the input, r11 and r12 of a row, lr counts words. 6
/// instructions around, 2 per turn of two words.
#[unsafe(naked)]
unsafe extern "C" fn sum<R: Rows>() {
    naked_asm!(
        ".cpu cortex-m33",
        "push {{r4-r11, lr}}",
        "movw r12, #{step}",
        "add r6, r5, r12",
        "add r7, r6, r12",
        "add r8, r7, r12",
        ".if {turns}",
        "movw lr, #{turns}",
        "2:",
        word!(),
        word!(),
        "subs lr, #1",
        "bne 2b",
        ".endif",
        ".rept {rest}",
        word!(),
        ".endr",
        ".rept {bytes}",
        byte!(),
        ".endr",
        "pop {{r4-r11, pc}}",
        step = const Plan::<R>::STEP,
        turns = const Plan::<R>::TURNS,
        rest = const Plan::<R>::REST,
        bytes = const R::LEN % 4,
    )
}
