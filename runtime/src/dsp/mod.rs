//! The innermost sums on cores with the DSP extension (Cortex-M4, M7, M33): two 8-bit pairs are widened
//! by one SXTB16 and multiplied by one SMLAD.
//!
//! A word holds bytes 0 to 3; SXTB16 gives the pair (0, 2), and with its operand rotated by eight the
//! pair (1, 3). Both operands are split the same way, so no halfword is ever moved. Unaligned word loads
//! are allowed on these cores. SMLAD may set the Q flag, which nobody reads.
//!
//! The sums are naked functions, one per shape, because they want all fourteen registers; they are
//! called by `bl` from `asm!` so that four accumulators come back in r0 to r3. Each opens with `.cpu`:
//! link-time optimisation reads a naked function's text without the target's own processor, and
//! Armv8-M alone does not have these instructions. It changes no code: all cores here have them.

pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod depthwise_conv2d;

/// The pairs (0, 2) and (1, 3) of a word's bytes, sign-extended to 16 bits. Two instructions.
#[inline(always)]
fn widen(word: u32) -> [u32; 2] {
    let (even, odd);
    // SAFETY: no memory, no flags.
    unsafe {
        core::arch::asm!(
            "sxtb16 {even}, {word}",
            "sxtb16 {odd}, {word}, ror #8",
            word = in(reg) word,
            even = out(reg) even,
            odd = lateout(reg) odd,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    [even, odd]
}

/// As [`widen`], with a pair added to either pair. Two instructions.
#[inline(always)]
fn widen_and_add(word: u32, pair: u32) -> [u32; 2] {
    let (even, odd);
    // SAFETY: no memory, no flags.
    unsafe {
        core::arch::asm!(
            "sxtab16 {even}, {pair}, {word}",
            "sxtab16 {odd}, {pair}, {word}, ror #8",
            word = in(reg) word,
            pair = in(reg) pair,
            even = out(reg) even,
            odd = lateout(reg) odd,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    [even, odd]
}
