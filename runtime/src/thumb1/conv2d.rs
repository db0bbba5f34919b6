//! A convolution: two filters by three pixels, or by two at the end of a layer. A patch's taps lie three
//! bytes apart, between those of the other two, each as x + 128.

use core::arch::{asm, naked_asm};
use core::mem::MaybeUninit;

use crate::isa::SMALL;
use crate::kernels::conv2d::Frame;
use crate::kernels::requant::Requant;
use crate::kernels::rolled;
use crate::packing::{FILTERS, Isa, record_words};
use crate::scratch;

/// Pixels computed together.
pub(crate) const PIXELS: usize = scratch::PIXELS;

/// A patch under construction.
pub(crate) struct Patch {
    next: *mut i8,
}

impl Patch {
    /// Nothing is written before all patches.
    #[inline(always)]
    pub(crate) unsafe fn prepare(_: *mut i8, _: usize) {}

    /// # Safety
    /// `scratch` has room for the patches of a layer of so many taps, and `slot` is below [`PIXELS`].
    #[inline(always)]
    pub(crate) unsafe fn new(
        scratch: *mut i8,
        slot: usize,
        _channels: usize,
        _taps: usize,
    ) -> Self {
        // SAFETY: within the scratch.
        let next = unsafe { scratch.add(slot) };
        Self { next }
    }

    /// Appends taps of the input. 16 instructions per four taps, 7 per tap of the rest.
    ///
    /// # Safety
    /// `len` bytes may be read from `x`, and the patch has room for them.
    #[inline(always)]
    pub(crate) unsafe fn copy(&mut self, x: *const i8, len: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            asm!(
                "subs {len}, #4",
                "blt 3f",
                "2:",
                "ldrb {x}, [{from}]",
                "eors {x}, {flip}",
                "strb {x}, [{next}]",
                "ldrb {x}, [{from}, #1]",
                "eors {x}, {flip}",
                "strb {x}, [{next}, #3]",
                "ldrb {x}, [{from}, #2]",
                "eors {x}, {flip}",
                "strb {x}, [{next}, #6]",
                "ldrb {x}, [{from}, #3]",
                "eors {x}, {flip}",
                "strb {x}, [{next}, #9]",
                "adds {from}, #4",
                "adds {next}, #12",
                "subs {len}, #4",
                "bge 2b",
                "3:",
                "adds {len}, #4",
                "beq 5f",
                "4:",
                "ldrb {x}, [{from}]",
                "eors {x}, {flip}",
                "strb {x}, [{next}]",
                "adds {from}, #1",
                "adds {next}, #3",
                "subs {len}, #1",
                "bne 4b",
                "5:",
                len = inout(reg) len => _,
                from = inout(reg) x => _,
                next = inout(reg) self.next,
                flip = in(reg) 0x80,
                x = out(reg) _,
                options(nostack),
            );
        }
    }

    /// Appends so many runs of taps, `step` bytes from one to the next.
    ///
    /// # Safety
    /// `len` bytes of each may be read, and the patch has room for them.
    #[inline(always)]
    pub(crate) unsafe fn runs(&mut self, mut x: *const i8, len: usize, count: usize, step: usize) {
        for _ in 0..count {
            crate::kernels::rolled();
            // SAFETY: the caller's promise.
            unsafe { self.copy(x, len) };
            x = x.wrapping_add(step);
        }
    }

    /// Appends taps in the padding.
    ///
    /// # Safety
    /// The patch has room for `len` bytes.
    #[inline(always)]
    pub(crate) unsafe fn fill(&mut self, zero: i8, len: usize) {
        let flipped = zero ^ i8::MIN;
        for _ in 0..len {
            rolled();
            // SAFETY: the caller's promise.
            unsafe {
                *self.next = flipped;
                self.next = self.next.add(PIXELS);
            }
        }
    }

    /// Nothing is left to do: what fills the last word is multiplied by zero.
    #[inline(always)]
    pub(crate) unsafe fn finish(self) {}
}

/// One pixel of a tap, two filters: 6 instructions for 2 multiplications.
macro_rules! pixel {
    ($at:literal, $first:literal, $second:literal) => {
        concat!(
            "ldrb r6, [r0, #",
            $at,
            "]\nmovs r7, r6\nmuls r7, r4, r7\nadd ",
            $first,
            ", r7\nmuls r6, r5, r6\nadd ",
            $second,
            ", r6\n"
        )
    };
}

/// One tap, two filters: of three pixels 20 instructions for 6 multiplications, of two 14 for 4.
macro_rules! tap {
    ($a:literal, $b:literal $(, $c:literal)?) => {
        concat!(
            "ldrsb r4, [r1, r3]\nldrsb r5, [r2, r3]\n",
            pixel!($a, "r8", "r11"),
            pixel!($b, "r9", "r12"),
            $(pixel!($c, "r10", "lr"),)?
        )
    };
}

/// The sums of a record: `[filter][pixel]`.
///
/// # Safety
/// The frame's patches and record are there.
#[inline(always)]
pub(crate) unsafe fn sums(frame: &Frame) -> [[i32; PIXELS]; FILTERS] {
    let mut sums = MaybeUninit::uninit();
    // SAFETY: the caller's promise; all six sums are written.
    unsafe {
        one_pair(frame, sums.as_mut_ptr());
        sums.assume_init()
    }
}

/// The sums of one record: 38 instructions around the words, 86 per word of four taps; of two pixels 39
/// and 62.
///
/// r0 patches, r1 and r2 the ends of either filter's weights, r3 the index into them, from below up to
/// zero, r4 and r5 weights, r6 and r7 products, r8 to r10 the first filter's sums, r11, r12, lr the
/// second's.
#[unsafe(naked)]
unsafe extern "C" fn one_pair(frame: &Frame, sums: *mut [[i32; PIXELS]; FILTERS]) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r1, r4-r7}}",
        "ldr r1, [r0, #28]",
        "ldr r5, [r0, #20]",
        "ldr r6, [r0, #40]",
        "ldr r0, [r0]",
        "ldm r1!, {{r3, r4}}",
        "mov r8, r3",
        "mov r9, r3",
        "mov r10, r3",
        "mov r11, r4",
        "mov r12, r4",
        "mov lr, r4",
        "lsls r3, r5, #3",
        "adds r1, r1, r3",
        "adds r2, r1, #4",
        "rsbs r3, r3, #0",
        ".if {tail}",
        "cmp r6, #{pixels}",
        "bne 4f",
        ".endif",
        "2:",
        tap!("0", "1", "2"),
        "adds r3, #1",
        tap!("3", "4", "5"),
        "adds r3, #1",
        tap!("6", "7", "8"),
        "adds r3, #1",
        tap!("9", "10", "11"),
        "adds r0, #12",
        "adds r3, #5",
        "bne 2b",
        "3:",
        "pop {{r0}}",
        "mov r1, r8",
        "mov r2, r9",
        "mov r3, r10",
        "mov r4, r11",
        "mov r5, r12",
        "mov r6, lr",
        "stm r0!, {{r1-r6}}",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
        ".if {tail}",
        "4:",
        tap!("0", "1"),
        "adds r3, #1",
        tap!("3", "4"),
        "adds r3, #1",
        tap!("6", "7"),
        "adds r3, #1",
        tap!("9", "10"),
        "adds r0, #12",
        "adds r3, #5",
        "bne 4b",
        "b 3b",
        ".endif",
        pixels = const PIXELS,
        tail = const !SMALL as u32,
    )
}

/// Computes all whole pairs of filters.
///
/// # Safety
/// The frame's patches, records and outputs are there.
#[inline(always)]
pub(crate) unsafe fn pairs<const METHOD: u32>(frame: &mut Frame, requant: Requant) {
    let record = record_words(Isa::Thumb1, FILTERS, 4 * frame.blocks);
    while frame.out < frame.end {
        rolled();
        // SAFETY: the caller's promise; the factors are the record's last three words. What is written
        // for a pixel that there is none of is written over: the first pixel comes last.
        unsafe {
            let sums = sums(frame);
            frame.packed = frame.packed.add(record);
            let factors = frame.packed.sub(3);
            for (k, [first, second, third]) in sums.into_iter().enumerate() {
                rolled();
                let channel = requant.unpacked_as::<METHOD>(factors, FILTERS, k);
                if frame.count == PIXELS {
                    *frame.out.add(frame.third) = channel.saturated::<METHOD>(third);
                }
                *frame.out.add(frame.second) = channel.saturated::<METHOD>(second);
                *frame.out = channel.saturated::<METHOD>(first);
                frame.out = frame.out.add(1);
            }
        }
    }
}
