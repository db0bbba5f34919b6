//! A fully connected layer: four rows at a time, one input byte for all of them.

use core::arch::naked_asm;
use core::mem::MaybeUninit;

use crate::kernels::dense::Frame;
use crate::kernels::requant::Requant;
use crate::kernels::rolled;
use crate::packing::{Isa, ROWS, record_words};

/// One input, four rows: 14 instructions for 4 multiplications.
macro_rules! tap {
    ($step:literal) => {
        concat!(
            "ldrsb r6, [r5, r4]\nldrsb r7, [r0, r4]\nmuls r7, r6, r7\nadd r8, r7\n",
            "ldrsb r7, [r1, r4]\nmuls r7, r6, r7\nadd r9, r7\nldrsb r7, [r2, r4]\nmuls r7, r6, r7\n",
            "add r10, r7\nldrsb r7, [r3, r4]\nmuls r7, r6, r7\nadd r11, r7\nadds r4, #", $step, "\n"
        )
    };
}

/// The sums of a record.
///
/// # Safety
/// The frame's input and record are there.
#[inline(always)]
pub(crate) unsafe fn sums(frame: &Frame) -> [i32; ROWS] {
    let mut sums = MaybeUninit::uninit();
    // SAFETY: the caller's promise; all four sums are written.
    unsafe {
        one_group(frame, sums.as_mut_ptr());
        sums.assume_init()
    }
}

/// The sums of one record: 43 instructions around the words, 59 per word of four inputs.
///
/// r0 to r3 the rows, r4 the index into them, r5 the input less three quarters of the index, r6 an input,
/// r7 products, r8 to r11 the sums, r12 the last index.
#[unsafe(naked)]
unsafe extern "C" fn one_group(frame: &Frame, sums: *mut [i32; ROWS]) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r1, r4-r7}}",
        "ldr r5, [r0]",
        "ldr r1, [r0, #12]",
        "lsls r1, r1, #4",
        "mov r12, r1",
        "ldr r0, [r0, #20]",
        "ldm r0!, {{r1, r2, r3, r4}}",
        "mov r8, r1",
        "mov r9, r2",
        "mov r10, r3",
        "mov r11, r4",
        "adds r1, r0, #4",
        "adds r2, r1, #4",
        "adds r3, r2, #4",
        "movs r4, #0",
        "2:",
        tap!("1"),
        tap!("1"),
        tap!("1"),
        tap!("13"),
        "subs r5, #12",
        "cmp r4, r12",
        "bne 2b",
        "pop {{r0}}",
        "mov r1, r8",
        "mov r2, r9",
        "mov r3, r10",
        "mov r4, r11",
        "stm r0!, {{r1-r4}}",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
    )
}

/// Computes all whole groups of rows.
///
/// # Safety
/// The frame's input, records and outputs are there.
#[inline(always)]
pub(crate) unsafe fn groups<const METHOD: u32>(frame: &Frame, requant: Requant) {
    let record = record_words(Isa::Thumb1, ROWS, 4 * frame.blocks);
    let mut frame = Frame { ..*frame };
    while frame.out < frame.end {
        rolled();
        // SAFETY: the caller's promise; the factors are the record's last words.
        unsafe {
            let sums = sums(&frame);
            frame.packed = frame.packed.add(record);
            let factors = frame.packed.sub(ROWS / 2 * 3);
            for (k, sum) in sums.into_iter().enumerate() {
                rolled();
                let channel = requant.unpacked_as::<METHOD>(factors, ROWS, k);
                *frame.out = channel.saturated::<METHOD>(sum);
                frame.out = frame.out.add(1);
            }
        }
    }
}
