//! A depthwise convolution: four channels at a time.
//!
//! A band holds a pixel as two pairs of half-words, channels (0, 2) and (1, 3), and so does the stream
//! with a tap's weights: a tap is two LDRD and four SMLABB or SMLATT, 6 instructions for 4 multiplications.

use core::arch::{asm, naked_asm};
use core::mem::MaybeUninit;

use crate::isa::TARGET;
use crate::kernels::TFLITE;
use crate::kernels::requant::{Channel, Requant};
use crate::packing::depthwise_record_words;
use crate::scratch::{CHANNELS, Geometry};

/// Bytes of a pixel in a band.
pub(crate) const PIXEL: usize = 2 * CHANNELS;

/// Copies pixels, `step` bytes apart, to a band; returns where the next goes. 7 instructions per pixel.
///
/// # Safety
/// The pixels' four channels may be read, and the band has room for them.
#[inline(always)]
pub(crate) unsafe fn copy(x: *const i8, step: usize, to: *mut i8, pixels: usize) -> *mut i8 {
    let mut next = to;
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "cbz r0, 3f",
            "2:",
            "ldr {even}, [{x}]",
            "add {x}, {step}",
            "sxtb16 {odd}, {even}, ror #8",
            "sxtb16 {even}, {even}",
            "subs r0, #1",
            "strd {even}, {odd}, [{next}], #8",
            "bne 2b",
            "3:",
            x = inout(reg) x => _,
            next = inout(reg) next,
            step = in(reg) step,
            even = out(reg) _,
            odd = out(reg) _,
            inout("r0") pixels => _,
            options(nostack),
        );
    }
    next
}

/// Writes pixels of padding; returns where the next goes.
///
/// # Safety
/// The band has room for them.
#[inline(always)]
pub(crate) unsafe fn fill(zero: i8, mut to: *mut i8, pixels: usize) -> *mut i8 {
    let pair = u32::from(i16::from(zero).cast_unsigned()) * 0x1_0001;
    for _ in 0..pixels {
        crate::kernels::rolled();
        // SAFETY: the caller's promise; bands are aligned.
        unsafe {
            to.cast::<[u32; 2]>().write([pair; 2]);
            to = to.add(PIXEL);
        }
    }
    to
}

/// A group of channels with its constants, as the code below reads them.
#[repr(C)]
pub(crate) struct Kernel {
    /// Weights: two words per tap.
    weights: *const i32,
    /// Rows of taps, and columns.
    rows: usize,
    columns: usize,
    /// Bytes from a tap to the next, and from behind a row's last to the next row's first.
    right: usize,
    down: isize,
    /// Bytes in the band from a pixel to the next, and in the output.
    pixel: usize,
    step: usize,
    /// One past the outputs of a row.
    end: MaybeUninit<*mut i8>,
    bias: [i32; CHANNELS],
    channels: [Channel; CHANNELS],
}

impl Kernel {
    /// The kernel of a record, for bands of rows of so many bytes.
    ///
    /// # Safety
    /// The record is one of the layer's.
    #[inline(always)]
    pub(crate) unsafe fn new(
        geometry: &Geometry,
        row_bytes: usize,
        record: *const i32,
        requant: Requant,
    ) -> Self {
        let [rows, columns] = geometry.kernel;
        let [down, right] = geometry.dilation;
        let right = right * PIXEL;
        // SAFETY: the caller's promise.
        unsafe {
            let factors = record.add(depthwise_record_words(TARGET, rows * columns) - CHANNELS / 2 * 3);
            Self {
                weights: record.add(CHANNELS),
                rows,
                columns,
                right,
                down: (down * row_bytes) as isize - (columns * right) as isize,
                pixel: geometry.stride[1] * PIXEL,
                step: geometry.output[2],
                end: MaybeUninit::uninit(),
                bias: record.cast::<[i32; CHANNELS]>().read(),
                channels: core::array::from_fn(|k| requant.unpacked(factors, CHANNELS, k)),
            }
        }
    }

    /// The sums of a pixel whose first tap is at `x`.
    ///
    /// # Safety
    /// All taps may be read.
    #[inline(always)]
    pub(crate) unsafe fn sums(&self, x: *const i8) -> [i32; CHANNELS] {
        let mut sums = MaybeUninit::uninit();
        // SAFETY: the caller's promise; all four sums are written.
        unsafe {
            one_pixel(self, x, sums.as_mut_ptr());
            sums.assume_init()
        }
    }

    /// A row of pixels; the first one's first tap is at `x`, its output goes to `out`.
    ///
    /// # Safety
    /// All taps may be read and all outputs written.
    #[inline(always)]
    pub(crate) unsafe fn row<const METHOD: u32>(&self, x: *const i8, out: *mut i8, pixels: usize) {
        let kernel = Self {
            end: MaybeUninit::new(out.wrapping_add(pixels * self.step)),
            ..*self
        };
        // SAFETY: the caller's promise.
        unsafe {
            if self.right != PIXEL {
                pixels_of_row::<METHOD, 0>(&kernel, x, out);
            } else {
                match [self.rows, self.columns] {
                    [3, 3] => pixels_of_row::<METHOD, 3>(&kernel, x, out),
                    _ => pixels_of_row::<METHOD, 0>(&kernel, x, out),
                }
            }
        }
    }
}

/// One tap: 6 instructions for 4 multiplications. r4 input, r5 weights, r8 to r11 pairs of either.
macro_rules! tap {
    ($next:literal) => {
        concat!(
            "ldrd r8, r9, [r4]", $next, "\nldrd r10, r11, [r5], #8\nsmlabb r0, r8, r10, r0\n",
            "smlatt r2, r8, r10, r2\nsmlabb r1, r9, r11, r1\nsmlatt r3, r9, r11, r3\n"
        )
    };
}

/// All taps of a pixel: r6 its first tap, lr the kernel; r7 is free. Written out for a window of `side`
/// by `side` adjacent taps, or looped over: 4 instructions more per tap, 5 per row.
macro_rules! taps {
    () => {
        concat!(
            "add r5, lr, #32\nldm r5, {{r0-r3}}\nldr r5, [lr]\nmov r4, r6\n",
            ".if {side}\nldr r7, [lr, #16]\n.rept {side}\n.rept {side}\n",
            tap!(", #8"),
            ".endr\nadd r4, r7\n.endr\n.else\nldr r7, [lr, #4]\n2:\nldr r12, [lr, #8]\n3:\n",
            tap!(""),
            "ldr r8, [lr, #12]\nadd r4, r8\nsubs r12, #1\nbne 3b\nldr r8, [lr, #16]\nadd r4, r8\n",
            "subs r7, #1\nbne 2b\n.endif\n"
        )
    };
}

/// Finishes the sum in `$acc` and stores it: 7 instructions for `TfLite`, 5 for `Single`, as in
/// [`super::conv2d`]; r4 scratch, r12 the output.
macro_rules! finish {
    ($acc:literal, $channel:literal, $at:literal) => {
        concat!(
            "add r8, lr, #", $channel, "\nldm r8, {{r9, r10, r11}}\n",
            ".if {double}\nadd r10, r10, ", $acc, ", asr #31\nlsl ", $acc, ", ", $acc,
            ", #1\nsmmlar ", $acc, ", ", $acc, ", r9, r10\n.else\nsmmla ", $acc, ", ", $acc,
            ", r9, r10\n.endif\nasr ", $acc, ", ", $acc, ", r11\nssat ", $acc, ", #8, ", $acc,
            "\nstrb ", $acc, ", [r12, #", $at, "]\n"
        )
    };
}

/// A row of pixels, beside the taps 4 + 16 + 32 instructions per pixel in `TfLite`.
///
/// r0 to r3 the sums, r4 taps, r5 weights, r6 the pixel's first tap, r8 to r11 data, r12 the output (on
/// the stack while taps are looped over), lr the kernel.
#[unsafe(naked)]
unsafe extern "C" fn pixels_of_row<const METHOD: u32, const SIDE: usize>(
    kernel: &Kernel,
    x: *const i8,
    out: *mut i8,
) {
    naked_asm!(
        ".cpu cortex-m33",
        "push {{r2, r4-r11, lr}}",
        "mov lr, r0",
        "mov r6, r1",
        "1:",
        taps!(),
        "ldr r12, [sp]",
        finish!("r0", "48", "0"),
        finish!("r1", "60", "1"),
        finish!("r2", "72", "2"),
        finish!("r3", "84", "3"),
        "ldrd r8, r9, [lr, #20]",
        "ldr r10, [lr, #28]",
        "add r6, r8",
        "add r12, r9",
        "str r12, [sp]",
        "cmp r12, r10",
        "bne 1b",
        "pop {{r2, r4-r11, pc}}",
        side = const SIDE,
        double = const (METHOD == TFLITE) as u32,
    )
}

/// As [`pixels_of_row`], but one pixel, whose sums are stored.
#[unsafe(naked)]
unsafe extern "C" fn one_pixel(kernel: &Kernel, x: *const i8, sums: *mut [i32; CHANNELS]) {
    naked_asm!(
        ".cpu cortex-m33",
        "push {{r2, r4-r11, lr}}",
        "mov lr, r0",
        "mov r6, r1",
        taps!(),
        "ldr r12, [sp]",
        "stm r12, {{r0-r3}}",
        "pop {{r2, r4-r11, pc}}",
        side = const 0,
    )
}
