//! Sums of a convolution: two filters by two pixels.

use core::arch::{asm, naked_asm};
use core::marker::PhantomData;

use crate::kernels::conv2d::Patch;
use crate::portable::conv2d as portable;

/// Filters summed together.
pub(crate) const FILTERS: usize = 2;

/// Pixels summed together.
pub(crate) const PIXELS: usize = 2;

/// How the code of a patch is unrolled.
struct Plan<P>(PhantomData<P>);

impl<P: Patch> Plan<P> {
    /// Words after which straight code becomes a loop of four.
    const STRAIGHT: usize = 6;
    /// Whether the offsets fit the instructions: one loop of runs, the next pixel within a load's reach.
    const FITS: bool = P::RUNS[0] == 1
        && P::PIXEL < 4096
        && P::FILTER < 1 << 16
        && P::STEP[1] < 1 << 16
        && (P::RUNS[1] == 1 || P::STEP[1] >= P::RUN);
    const WORDS: usize = P::RUN / 4;
    /// Turns of the loop of four words.
    const TURNS: usize = if Self::WORDS > Self::STRAIGHT {
        Self::WORDS / 4
    } else {
        0
    };
    const REST: usize = Self::WORDS - 4 * Self::TURNS;
    const BYTES: usize = P::RUN % 4;
    /// Short runs are unrolled, others counted.
    const UNROLLED: bool = P::RUN * P::RUNS[1] <= 48 || P::RUNS[1] == 1;
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
    // SAFETY: `sum` reads what P describes, which the caller vouches for; it saves r4 to r11.
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

/// Four channels: 20 instructions for 16 multiplications.
macro_rules! word {
    () => {
        "ldr r9, [r4, #{pixel}]
         ldr r7, [r4], #4
         ldr r11, [r5], #4
         sxtb16 r10, r9, ror #8
         sxtb16 r9, r9
         sxtb16 r8, r7, ror #8
         sxtb16 r7, r7
         sxtb16 r12, r11, ror #8
         sxtb16 r11, r11
         smlad r0, r7, r11, r0
         smlad r2, r9, r11, r2
         smlad r0, r8, r12, r0
         smlad r2, r10, r12, r2
         ldr r11, [r6], #4
         sxtb16 r12, r11, ror #8
         sxtb16 r11, r11
         smlad r1, r7, r11, r1
         smlad r3, r9, r11, r3
         smlad r1, r8, r12, r1
         smlad r3, r10, r12, r3"
    };
}

/// One channel: 8 instructions for 4 multiplications.
macro_rules! byte {
    () => {
        "ldrsb r9, [r4, #{pixel}]
         ldrsb r7, [r4], #1
         ldrsb r11, [r5], #1
         ldrsb r12, [r6], #1
         smlabb r0, r7, r11, r0
         smlabb r1, r7, r12, r1
         smlabb r2, r9, r11, r2
         smlabb r3, r9, r12, r3"
    };
}

/// In: r0 input, r1 weights, r2 and r3 the two filters' biases. Out: r0, r1 the first pixel's
/// accumulators, r2, r3 the second's.
///
/// r4 input, r5 and r6 weights of either filter, r7 and r8 pairs of the first pixel, r9 and r10 of the
/// second, r11 and r12 of a filter, lr counts words; the stack counts runs. 9 instructions around the
/// runs, 2 per turn of four words, 5 or 6 per run.
#[unsafe(naked)]
unsafe extern "C" fn sum<P: Patch>() {
    naked_asm!(
        ".cpu cortex-m33",
        "push {{r4-r11, lr}}",
        "mov r4, r0",
        "mov r5, r1",
        "movw r6, #{filter}",
        "add r6, r5",
        "mov r0, r2",
        "mov r1, r3",
        ".if {counted}",
        "mov lr, #{counted}",
        "push {{lr}}",
        "3:",
        ".endif",
        ".rept {copies}",
        ".if {turns}",
        "movw lr, #{turns}",
        "2:",
        ".rept 4",
        word!(),
        ".endr",
        "subs lr, #1",
        "bne 2b",
        ".endif",
        ".rept {rest}",
        word!(),
        ".endr",
        ".rept {bytes}",
        byte!(),
        ".endr",
        ".if {gap} >= 4096",
        "movw r11, #{gap}",
        "add r4, r11",
        ".elseif {gap}",
        "addw r4, r4, #{gap}",
        ".endif",
        ".endr",
        ".if {counted}",
        "ldr lr, [sp]",
        "subs lr, #1",
        "str lr, [sp]",
        "bne 3b",
        "add sp, #4",
        ".endif",
        "pop {{r4-r11, pc}}",
        filter = const Plan::<P>::FILTER,
        pixel = const Plan::<P>::PIXEL,
        copies = const Plan::<P>::COPIES,
        counted = const Plan::<P>::COUNTED,
        turns = const Plan::<P>::TURNS,
        rest = const Plan::<P>::REST,
        bytes = const Plan::<P>::BYTES,
        gap = const Plan::<P>::GAP,
    )
}

/// Adds w·(x − zero) over `len` contiguous bytes for each filter.
///
/// 15 instructions per four bytes (SXTAB16 subtracts the zero point while it widens), 8 per byte of the
/// rest, for two filters.
///
/// # Safety
/// `len` bytes, at least one, may be read from `x` and from each filter's `w`.
#[inline(always)]
pub(crate) unsafe fn edge<P: Patch>(
    x: *const i8,
    w: *const i8,
    len: usize,
    zero: i8,
    [mut first, mut second]: [i32; FILTERS],
) -> [i32; FILTERS] {
    let minus_zero = u32::from((-i16::from(zero)).cast_unsigned()) * 0x1_0001;
    // SAFETY: the loops read `len` bytes from each pointer, which the caller vouches for.
    unsafe {
        asm!(
            "subs {len}, #4",
            "blt 3f",
            "2:",
            "ldr {odd}, [{x}], #4",
            "ldr {w_odd}, [{w}], #4",
            "sxtab16 {even}, {zero}, {odd}",
            "sxtab16 {odd}, {zero}, {odd}, ror #8",
            "sxtb16 {w_even}, {w_odd}",
            "sxtb16 {w_odd}, {w_odd}, ror #8",
            "smlad {first}, {even}, {w_even}, {first}",
            "smlad {first}, {odd}, {w_odd}, {first}",
            "ldr {w_odd}, [{w_second}], #4",
            "sxtb16 {w_even}, {w_odd}",
            "sxtb16 {w_odd}, {w_odd}, ror #8",
            "smlad {second}, {even}, {w_even}, {second}",
            "smlad {second}, {odd}, {w_odd}, {second}",
            "subs {len}, #4",
            "bge 2b",
            "3:",
            "adds {len}, #4",
            "beq 5f",
            "4:",
            "ldrsb {even}, [{x}], #1",
            "ldrsb {w_even}, [{w}], #1",
            "ldrsb {w_odd}, [{w_second}], #1",
            "sxtah {even}, {even}, {zero}",
            "mla {first}, {even}, {w_even}, {first}",
            "mla {second}, {even}, {w_odd}, {second}",
            "subs {len}, #1",
            "bne 4b",
            "5:",
            x = inout(reg) x => _,
            w = inout(reg) w => _,
            w_second = inout(reg) w.add(P::FILTER) => _,
            len = inout(reg) len => _,
            zero = in(reg) minus_zero,
            first = inout(reg) first,
            second = inout(reg) second,
            even = out(reg) _,
            odd = out(reg) _,
            w_even = out(reg) _,
            w_odd = out(reg) _,
            options(readonly, nostack),
        );
    }
    [first, second]
}
