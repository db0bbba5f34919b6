//! Where a window's taps lie: which pixel of the input an output pixel reads, and the other way round.

use ember_ir::Window2d;

use super::LANES;

/// The sizes of a windowed operator; images are `[height, width, channels]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Geometry {
    /// Number of blocks of [`LANES`] samples.
    pub blocks: usize,
    /// One sample of the input.
    pub input: [usize; 3],
    /// One sample of the output.
    pub output: [usize; 3],
    /// How the window moves.
    pub window: Window2d,
}

/// One tap of one pixel: its number in the window and where the channels of the pixel that it reads
/// begin, counted in groups of [`LANES`] values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    pub tap: usize,
    pub from: usize,
}

/// Pixels in order, each with its taps.
pub(super) struct Walk {
    blocks: usize,
    /// Size of the image that the taps lie in.
    of: [usize; 3],
    /// Width of the window.
    width: usize,
    /// For each row, and for each column: the number of each tap that reads something, and what.
    lines: [Vec<Vec<(usize, usize)>>; 2],
    /// Block, row and column of the next pixel.
    next: [usize; 3],
}

impl Walk {
    /// Writes the taps of the next pixel; `false` after the last one.
    pub fn next(&mut self, taps: &mut Vec<Tap>) -> bool {
        let [rows, columns] = &self.lines;
        let [block, row, column] = self.next;
        if block == self.blocks {
            return false;
        }
        taps.clear();
        let [height, width, channels] = self.of;
        for &(ky, y) in &rows[row] {
            let start = (block * height + y) * width;
            taps.extend(columns[column].iter().map(|&(kx, x)| Tap {
                tap: ky * self.width + kx,
                from: (start + x) * channels,
            }));
        }
        self.next[2] += 1;
        if self.next[2] == columns.len() {
            self.next = [block, row + 1, 0];
        }
        if self.next[1] == rows.len() {
            self.next = [block + 1, 0, 0];
        }
        true
    }
}

impl Geometry {
    /// Number of taps.
    pub(super) fn taps(&self) -> usize {
        self.window.kernel[0] * self.window.kernel[1]
    }

    /// Rows of the output of all blocks.
    pub(super) fn rows(&self) -> usize {
        self.blocks * self.output[0]
    }

    /// The input position that tap `tap` of output position `at` reads, if it is no padding.
    fn reads(&self, axis: usize, at: usize, tap: usize) -> Option<usize> {
        let before = [self.window.padding.top, self.window.padding.left][axis];
        (at * self.window.stride[axis] + tap * self.window.dilation[axis])
            .checked_sub(before)
            .filter(|&position| position < self.input[axis])
    }

    /// The output position whose tap `tap` reads the input position `at`, if there is one.
    fn read_by(&self, axis: usize, at: usize, tap: usize) -> Option<usize> {
        let before = [self.window.padding.top, self.window.padding.left][axis];
        let distance = (at + before).checked_sub(tap * self.window.dilation[axis])?;
        let stride = self.window.stride[axis];
        (distance.is_multiple_of(stride) && distance / stride < self.output[axis])
            .then_some(distance / stride)
    }

    /// The pixels of the output, in order, with their taps in the input.
    pub(super) fn outputs(&self) -> Walk {
        self.walk([self.output[0], self.output[1]], self.input, Self::reads)
    }

    /// The pixels of the input, in order, with the taps of the output that read them.
    pub(super) fn inputs(&self) -> Walk {
        self.walk([self.input[0], self.input[1]], self.output, Self::read_by)
    }

    fn walk(
        &self,
        over: [usize; 2],
        of: [usize; 3],
        position: impl Fn(&Self, usize, usize, usize) -> Option<usize>,
    ) -> Walk {
        let lines = [0, 1].map(|axis| {
            let taps_of = |at| {
                let tap = |tap| Some((tap, position(self, axis, at, tap)?));
                (0..self.window.kernel[axis]).filter_map(tap).collect()
            };
            (0..over[axis]).map(taps_of).collect()
        });
        Walk {
            blocks: self.blocks,
            of,
            width: self.window.kernel[1],
            lines,
            next: [0; 3],
        }
    }

    /// For one tap, where the channels of each output pixel in these rows of the output begin, and those
    /// of the input pixel that the tap reads.
    pub(super) fn pairs(
        &self,
        rows: std::ops::Range<usize>,
        tap: usize,
        pairs: &mut Vec<[usize; 2]>,
    ) {
        let [ky, kx] = [tap / self.window.kernel[1], tap % self.window.kernel[1]];
        let ([height, width, channels], [out_height, out_width, out_channels]) =
            (self.input, self.output);
        pairs.clear();
        for row in rows {
            let (block, y) = (row / out_height, row % out_height);
            let Some(from) = self.reads(0, y, ky) else {
                continue;
            };
            let from = (block * height + from) * width;
            for x in 0..out_width {
                if let Some(column) = self.reads(1, x, kx) {
                    let to = (row * out_width + x) * out_channels;
                    pairs.push([to, (from + column) * channels]);
                }
            }
        }
    }

    /// Rows of the output whose values, with the input they read, stay in a core's first cache while
    /// the gradient of a kernel is summed over them; at least so many that the sums' ends cost little.
    pub(super) fn rows_at_a_time(&self) -> usize {
        const CACHE_BYTES: usize = 32 << 10;
        const LEAST_PIXELS: usize = 32;
        let row =
            self.output[1] * self.output[2] + self.window.stride[0] * self.input[1] * self.input[2];
        let row_bytes = row * LANES * size_of::<f32>();
        (CACHE_BYTES / row_bytes.max(1)).max(LEAST_PIXELS.div_ceil(self.output[1].max(1)))
    }
}
