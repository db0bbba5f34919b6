//! Painted stack: free stack is filled with a pattern; what an inference overwrites, it used.

use core::arch::asm;

/// No plausible datum: neither an address nor a small number.
const PAINT: u32 = 0xC5C5_C5C5;

unsafe extern "C" {
    /// The end of all statics; the stack may grow down to here. From cortex-m-rt's link.x.
    static _stack_end: u32;
    /// Where the stack starts, at the end of RAM. From cortex-m-rt's link.x.
    static _stack_start: u32;
}

fn bottom() -> *const u32 {
    &raw const _stack_end
}

fn top() -> usize {
    (&raw const _stack_start) as usize
}

/// Fills all of the stack that is free at this moment; the stack pointer of this moment.
#[inline(always)]
pub fn paint() -> usize {
    let pointer: usize;
    // SAFETY: the loop writes words from the end of the statics up to the stack pointer. Nothing lives
    // there: below the stack pointer is free stack, no heap exists, and an exception that comes in
    // between pushes and pops inside the painted range.
    unsafe {
        asm!(
            "mov {pointer}, sp",
            "b 3f",
            "2: stmia {from}!, {{{paint}}}",
            "3: cmp {from}, {pointer}",
            "blo 2b",
            from = inout(reg) bottom() => _,
            paint = in(reg) PAINT,
            pointer = out(reg) pointer,
        );
    }
    pointer
}

/// The lowest address that was written since [`paint`].
fn lowest() -> usize {
    let mut word = bottom();
    // SAFETY: reads stay between the end of the statics and the start of the stack, which is RAM;
    // volatile, because the optimiser does not know of the paint.
    while (word as usize) < top() && unsafe { word.read_volatile() } == PAINT {
        word = word.wrapping_add(1);
    }
    word as usize
}

/// Bytes that were used below `pointer`.
pub fn used_below(pointer: usize) -> usize {
    pointer.saturating_sub(lowest())
}

/// Bytes that were used in all, from the start of the stack.
pub fn used() -> usize {
    used_below(top())
}

/// Whether the stack reached the statics: then results are worthless.
pub fn overflowed() -> bool {
    lowest() == bottom() as usize
}
