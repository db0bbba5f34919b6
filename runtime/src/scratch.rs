//! What a layer needs in the arena besides its input and output, and how far these two may overlap.
//!
//! The planner on the host and the `const` assertions of the kernels call the same functions, so a plan
//! that a kernel could not run does not compile.

use crate::kernels::sliding::{Axis, axes};
use crate::packing::{ROWS, filters, matrix_words, record_words};

/// Which instructions the innermost sums of a target use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Isa {
    /// Cortex-M0, M0+.
    Thumb1,
    /// Cortex-M3.
    Thumb2,
    /// Cortex-M4, M7, M33.
    Dsp,
    /// Cortex-M55.
    Mve,
    /// Not known yet: a plan with room for any of the above.
    Any,
}

/// Shapes and steps of a sliding window; shapes are `[height, width, channels]`, pairs `[height, width]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Geometry {
    /// Input shape.
    pub input: [usize; 3],
    /// Output shape.
    pub output: [usize; 3],
    /// Taps.
    pub kernel: [usize; 2],
    /// Step.
    pub stride: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
    /// Padding before: top, left.
    pub pad: [usize; 2],
}

/// Output pixels that a convolution reads the input of before it writes them.
pub const PIXELS: usize = 3;

/// How many of the pixels that are left a convolution computes next. There is code for [`PIXELS`] and for
/// two, none for one: so four are two and two.
pub const fn tile(left: usize) -> usize {
    if left == 4 {
        2
    } else if left < PIXELS {
        left
    } else {
        PIXELS
    }
}

/// Channels that a depthwise convolution runs through the image together.
pub const CHANNELS: usize = 4;

/// Bytes of a group's weights as vectors, with what else its code reads.
pub(crate) const PREPARED: usize = 216;

/// Bytes of a depthwise convolution's band of rows that are worth having, if one output row takes less.
const BAND: usize = 1024;

/// Bytes of unpacked rows of a fully connected layer that are worth having, if one record takes less.
const UNPACKED: usize = 512;

impl Isa {
    /// All that have a core.
    pub const CORES: [Isa; 4] = [Isa::Thumb1, Isa::Thumb2, Isa::Dsp, Isa::Mve];

    /// Bytes of the patches of [`PIXELS`] pixels of a convolution.
    pub const fn conv2d_scratch(self, geometry: &Geometry) -> usize {
        let taps = geometry.kernel[0] * geometry.kernel[1] * geometry.input[2];
        match self {
            // Bytes, or half-words on cores that multiply them.
            Isa::Thumb1 | Isa::Thumb2 => PIXELS * taps.next_multiple_of(4),
            Isa::Dsp => {
                // Taps that do not come in words are collected first.
                let whole = geometry.input[2].is_multiple_of(4);
                let parts = 2 * PIXELS + if whole { 0 } else { 1 };
                parts * taps.next_multiple_of(4)
            }
            Isa::Mve => PIXELS * taps.next_multiple_of(16),
            Isa::Any => {
                let (dsp, mve) = (Isa::Dsp, Isa::Mve);
                let (dsp, mve) = (dsp.conv2d_scratch(geometry), mve.conv2d_scratch(geometry));
                if dsp > mve { dsp } else { mve }
            }
        }
    }

    /// As [`Self::conv2d_scratch`], and the weights of the layer unpacked, which are int4.
    pub const fn conv2d_s4_scratch(self, geometry: &Geometry) -> usize {
        if matches!(self, Isa::Any) {
            let (mut most, mut k) = (0, 0);
            while k < Isa::CORES.len() {
                let bytes = Isa::CORES[k].conv2d_s4_scratch(geometry);
                most = if bytes > most { bytes } else { most };
                k += 1;
            }
            return most;
        }
        self.conv2d_unpacked(geometry)
            .saturating_add(self.conv2d_scratch(geometry))
    }

    /// Bytes of a convolution's weights unpacked. The patches follow, so that what is read behind the last
    /// filter, to be multiplied by zero, is in the arena.
    pub(crate) const fn conv2d_unpacked(self, geometry: &Geometry) -> usize {
        let taps = geometry.kernel[0] * geometry.kernel[1] * geometry.input[2];
        matrix_words(self, filters(self), geometry.output[2], taps).saturating_mul(4)
    }

    /// Bytes of some rows of a fully connected layer unpacked, whose weights are int4.
    pub const fn dense_s4_scratch(self, inputs: usize, outputs: usize) -> usize {
        if matches!(self, Isa::Any) {
            let (mut most, mut k) = (0, 0);
            while k < Isa::CORES.len() {
                let bytes = Isa::CORES[k].dense_s4_scratch(inputs, outputs);
                most = if bytes > most { bytes } else { most };
                k += 1;
            }
            return most;
        }
        let rows = self.dense_s4_rows(inputs);
        let rows = if rows < outputs { rows } else { outputs };
        matrix_words(self, ROWS, rows, inputs).saturating_mul(4)
    }

    /// Rows of a fully connected layer with int4 weights that are unpacked together: those of one record, or
    /// of as many as [`UNPACKED`] has room for.
    pub const fn dense_s4_rows(self, inputs: usize) -> usize {
        let record = record_words(self, ROWS, inputs).saturating_mul(4);
        let fitting = UNPACKED / record;
        ROWS * if fitting > 1 { fitting } else { 1 }
    }

    /// Bytes of a depthwise convolution's band: some padded rows of [`CHANNELS`] channels, at least those
    /// of one output row.
    pub const fn depthwise_scratch(self, geometry: &Geometry) -> usize {
        let fitting = self.band(geometry, BAND);
        self.band_bytes(geometry, if fitting > 1 { fitting } else { 1 })
    }

    /// Bytes of the band of so many output rows, and of what is prepared for a group of channels.
    pub const fn band_bytes(self, geometry: &Geometry, rows: usize) -> usize {
        self.band_end(geometry, rows)
            + match self {
                Isa::Mve | Isa::Any => PREPARED,
                Isa::Thumb1 | Isa::Thumb2 | Isa::Dsp => 0,
            }
    }

    /// Bytes of the band alone.
    pub(crate) const fn band_end(self, geometry: &Geometry, rows: usize) -> usize {
        // Vectors of four pixels are read where three are wanted.
        let behind = match self {
            Isa::Mve => CHANNELS,
            Isa::Thumb1 | Isa::Thumb2 | Isa::Dsp | Isa::Any => 0,
        };
        self.band_row(geometry) * band_rows_in(geometry, rows) + behind
    }

    /// Output rows of a band in `bytes` of scratch; 0 if not even one fits.
    pub const fn band(self, geometry: &Geometry, bytes: usize) -> usize {
        let mut rows = 0;
        while rows < geometry.output[0] && self.band_bytes(geometry, rows + 1) <= bytes {
            rows += 1;
        }
        rows
    }

    /// Bytes of a padded row of [`CHANNELS`] channels.
    pub const fn band_row(self, geometry: &Geometry) -> usize {
        let sample = match self {
            Isa::Dsp | Isa::Any => 2,
            Isa::Thumb1 | Isa::Thumb2 | Isa::Mve => 1,
        };
        band_columns(geometry) * CHANNELS * sample
    }
}

/// Columns of a padded row.
pub const fn band_columns(geometry: &Geometry) -> usize {
    (geometry.output[1] - 1) * geometry.stride[1]
        + (geometry.kernel[1] - 1) * geometry.dilation[1]
        + 1
}

/// Input rows, padding counted, of some output rows.
pub const fn band_rows_in(geometry: &Geometry, rows: usize) -> usize {
    (rows - 1) * geometry.stride[0] + (geometry.kernel[0] - 1) * geometry.dilation[0] + 1
}

impl Geometry {
    /// How many bytes the output of a convolution must start below its input to share bytes with it;
    /// negative if it may even start above.
    ///
    /// Proof: pixels are computed in raster order, and a pixel is written after all of its input was
    /// read. When the pixels before the e-th are written, the bytes below W(e) = e·C_out of the output
    /// are used, and what is still to be read starts at R(e): the top left tap of pixel e, or that of
    /// the next row's first pixel, whichever is lower (at the top both may be clipped to row 0). The
    /// output destroys nothing that is still needed if out + W(e) ≤ in + R(e) for every e, hence for
    /// the maximum of W(e) − R(e). Along a row W − R is linear in two pieces, so its ends are enough.
    pub const fn overlap_distance(&self) -> isize {
        let (y, x) = axes!(*self);
        let [_, _, inputs] = self.input;
        let [_, _, outputs] = self.output;
        let mut most = isize::MIN;
        let mut oy = 0;
        while oy < y.out {
            let (row, next) = (first_tap(y, oy), first_tap(y, oy + 1));
            let unpadded = x.pad.div_ceil(x.stride);
            // The first pixel of all is none of them: there the second is the end of a piece.
            let columns = [0, 1, unpadded.saturating_sub(1), unpadded, x.out - 1];
            let mut i = 0;
            while i < columns.len() {
                let ox = columns[i];
                let pixel = oy * x.out + ox;
                if ox < x.out && pixel > 0 {
                    let own = row * x.len + first_tap(x, ox);
                    let below = next * x.len;
                    let read = if oy + 1 < y.out && below < own {
                        below
                    } else {
                        own
                    };
                    let distance = (pixel * outputs) as isize - (read * inputs) as isize;
                    if distance > most {
                        most = distance;
                    }
                }
                i += 1;
            }
            oy += 1;
        }
        // A single pixel is written when everything was read.
        if most == isize::MIN {
            -((self.input[0] * self.input[1] * inputs) as isize)
        } else {
            most
        }
    }

    /// Whether a depthwise convolution with as many channels out as in may write exactly over its input.
    ///
    /// Proof: a group of channels is copied out of the image band by band, and its outputs go to the
    /// bytes of the same channels, which no other group reads. So it is enough that the pixels written
    /// after output row oy, (oy + 1)·W_out of them, lie in rows that were copied before.
    pub const fn depthwise_in_place(&self) -> bool {
        let (y, x) = axes!(*self);
        if self.input[2] != self.output[2] {
            return false;
        }
        let mut oy = 0;
        while oy < y.out {
            let end = oy * y.stride + (y.kernel - 1) * y.dilation + 1;
            let copied = end.saturating_sub(y.pad);
            let copied = if copied < y.len { copied } else { y.len };
            if (oy + 1) * x.out > copied * x.len {
                return false;
            }
            oy += 1;
        }
        true
    }
}

/// The first element under the window of an output, clipped to the input's start.
const fn first_tap(axis: Axis, output: usize) -> usize {
    (output * axis.stride).saturating_sub(axis.pad)
}
