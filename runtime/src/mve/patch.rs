//! The patches of a convolution, copied by vectors.

use core::arch::asm;

use super::conv2d::PIXELS;
use crate::kernels::rolled;
use crate::packing::BLOCK;
use crate::scratch::Geometry;

/// A patch under construction: where the next tap goes.
pub(crate) struct Patch {
    next: *mut i8,
}

impl Patch {
    /// Writes the zeros behind all patches; nothing else is written there.
    ///
    /// # Safety
    /// `scratch` has room for the patches of a layer of so many taps.
    #[inline(always)]
    pub(crate) unsafe fn prepare(scratch: *mut i8, taps: usize) {
        let bytes = taps.next_multiple_of(BLOCK);
        for slot in 1..=PIXELS {
            // SAFETY: within the scratch; a patch is at least a block.
            unsafe { fill(0, scratch.add(slot * bytes - BLOCK), BLOCK) };
        }
    }

    /// The patch of pixel `slot`.
    ///
    /// # Safety
    /// `scratch` has room for the patches of a layer of so many taps, and `slot` is below [`PIXELS`].
    #[inline(always)]
    pub(crate) unsafe fn new(scratch: *mut i8, slot: usize, _channels: usize, taps: usize) -> Self {
        // SAFETY: within the scratch.
        let next = unsafe { scratch.add(slot * taps.next_multiple_of(BLOCK)) };
        Self { next }
    }

    /// Takes the taps of an input pixel that is the whole patch.
    ///
    /// # Safety
    /// `len` bytes may be read from `x`, and the patch has room for them.
    #[inline(always)]
    pub(crate) unsafe fn copy(&mut self, x: *const i8, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { copy(x, self.next, len, 1, [0, 0]) };
    }

    /// Takes the taps of the window whose first one is at this row and column, which wrap around above and
    /// left of the image: those inside the image are copied, over the zero point if there are others. Only
    /// columns that are apart are copied one by one.
    ///
    /// # Safety
    /// `input` is an image of the geometry, the window that of a pixel of its output; the patch has room.
    #[inline(always)]
    pub(crate) unsafe fn window(
        self,
        g: &Geometry,
        zero: i8,
        input: *const i8,
        [top, left]: [usize; 2],
    ) -> Self {
        let [height, width, channels] = g.input.map(|len| len as isize);
        let [down, right] = g.dilation.map(|step| step as isize);
        let [rows, columns] = g.kernel.map(|len| len as isize);
        let mut y = top.cast_signed();
        let mut x = left.cast_signed();
        // Rows of taps above the image, and in it.
        let mut above = 0;
        while y < 0 && above < rows {
            rolled();
            (y, above) = (y + down, above + 1);
        }
        let mut within = rows - above;
        let mut last = y + (within - 1) * down;
        while last >= height && within > 0 {
            rolled();
            (last, within) = (last - down, within - 1);
        }
        // SAFETY: the caller's promise; only taps inside the image are read.
        unsafe {
            if within < rows || x < 0 || x + (columns - 1) * right >= width {
                fill(zero, self.next, (rows * columns * channels) as usize);
            }
            if within == 0 {
                return self;
            }
            let (runs, span) = if right == 1 {
                (1, columns)
            } else {
                (columns, 1)
            };
            let steps = [down * width, columns].map(|pixels| pixels * channels);
            let mut to = self.next.offset(above * steps[1]);
            for _ in 0..runs {
                rolled();
                // Taps before the image, and up to its end.
                let before = bound(-x, span);
                let upto = bound(width - x, span);
                if upto > before {
                    let from = input.offset((y * width + x + before) * channels);
                    let len = (upto - before) * channels;
                    copy(
                        from,
                        to.offset(before * channels),
                        len as usize,
                        within,
                        steps,
                    );
                }
                to = to.offset(channels);
                x += right;
            }
        }
        self
    }

    /// Nothing is left to do.
    #[inline(always)]
    pub(crate) unsafe fn finish(self) {}
}

/// `value` within `0..=most`.
#[inline(always)]
fn bound(value: isize, most: isize) -> isize {
    if value < 0 {
        0
    } else if value < most {
        value
    } else {
        most
    }
}

/// Copies rows of `len` bytes, so many bytes apart: 3 instructions per sixteen bytes, 7 per row.
///
/// # Safety
/// The rows may be read from `x` and written to `to`; there is at least one.
#[inline(always)]
unsafe fn copy(x: *const i8, to: *mut i8, len: usize, rows: isize, steps: [isize; 2]) {
    // SAFETY: the caller's promise; lanes beyond `len` are neither read nor written.
    unsafe {
        asm!(
            "2:",
            "mov {from}, {x}",
            "mov {next}, {to}",
            "wlstp.8 lr, {len}, 4f",
            "3:",
            "vldrb.u8 q0, [{from}], #16",
            "vstrb.8 q0, [{next}], #16",
            "letp lr, 3b",
            "4:",
            "add {x}, {x_step}",
            "add {to}, {to_step}",
            "subs {rows}, #1",
            "bne 2b",
            len = in(reg) len,
            rows = inout(reg) rows => _,
            x_step = in(reg) steps[0],
            to_step = in(reg) steps[1],
            x = inout(reg) x => _,
            to = inout(reg) to => _,
            from = out(reg) _,
            next = out(reg) _,
            out("lr") _,
            out("d0") _, out("d1") _,
            options(nostack),
        );
    }
}

/// Writes the same byte `len` times: 2 instructions per sixteen, two around.
///
/// # Safety
/// They may be written from `to` on.
#[inline(always)]
unsafe fn fill(byte: i8, to: *mut i8, len: usize) {
    // SAFETY: the caller's promise; lanes beyond `len` are not written.
    unsafe {
        asm!(
            "vdup.8 q0, {byte}",
            "wlstp.8 lr, {len}, 3f",
            "2:",
            "vstrb.8 q0, [{to}], #16",
            "letp lr, 2b",
            "3:",
            byte = in(reg) i32::from(byte),
            len = in(reg) len,
            to = inout(reg) to => _,
            out("lr") _,
            out("d0") _, out("d1") _,
            options(nostack),
        );
    }
}
