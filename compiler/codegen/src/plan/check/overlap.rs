//! Which bytes a kernel reads and writes, and when: kernels that work while their output lies over
//! their input are followed pixel by pixel. Nothing here is derived; it is the kernels' order of work.

use ember_ir::Window2d;

use super::super::Region;

/// A sliding window over an input, both tensors at their places; shapes are `[height, width,
/// channels]`.
pub(in super::super) struct Sliding<'a> {
    pub(in super::super) window: &'a Window2d,
    pub(in super::super) input: Region,
    pub(in super::super) input_shape: [usize; 3],
    pub(in super::super) output: Region,
    pub(in super::super) output_shape: [usize; 3],
}

/// Pixels that a convolution computes at a time, on one core or another. The input of all of them is
/// read before one of them is written.
const GROUPS: [usize; 3] = [1, 2, 3];

/// Channels of a depthwise convolution that go through the whole image together.
pub(super) const CHANNELS: usize = 4;

impl Sliding<'_> {
    /// Whether a convolution reads all of its input as it was. Pixels are computed in raster order.
    pub(in super::super) fn convolution_is_right(&self) -> bool {
        let [height, width, channels] = self.output_shape;
        let pixels = height * width;
        GROUPS.iter().all(|&group| {
            (0..pixels).step_by(group).all(|first| {
                let written = Region {
                    offset: self.output.offset,
                    bytes: first * channels,
                };
                (first..pixels.min(first + group))
                    .all(|pixel| !self.window_touches([pixel / width, pixel % width], written))
            })
        })
    }

    /// Whether one of the elements under the window of a pixel lies in `bytes`.
    fn window_touches(&self, [oy, ox]: [usize; 2], bytes: Region) -> bool {
        let [_, width, channels] = self.input_shape;
        let touches = |iy: usize, kx: usize| {
            self.tap(1, ox, kx).is_some_and(|ix| {
                let element = Region {
                    offset: self.input.offset + (iy * width + ix) * channels,
                    bytes: channels,
                };
                bytes.bytes > 0 && element.overlaps(bytes)
            })
        };
        (0..self.window.kernel[0])
            .filter_map(|ky| self.tap(0, oy, ky))
            .any(|iy| (0..self.window.kernel[1]).any(|kx| touches(iy, kx)))
    }

    /// The input element under a tap of an output along an axis, unless it is in the padding.
    fn tap(&self, axis: usize, output: usize, tap: usize) -> Option<usize> {
        let before = [self.window.padding.top, self.window.padding.left][axis];
        let padded = output * self.window.stride[axis] + tap * self.window.dilation[axis];
        let element = padded.checked_sub(before)?;
        (element < self.input_shape[axis]).then_some(element)
    }

    /// Whether a depthwise convolution reads all of its input as it was.
    ///
    /// So many channels at a time go through the whole image. For each output row the rows under the
    /// window, the first to the last, are copied to the scratch, unless they are still there from the
    /// rows before; then the output row is written.
    pub(in super::super) fn depthwise_is_right(&self, channels: usize) -> bool {
        let [height, width, inputs] = self.input_shape;
        let [rows, columns, outputs] = self.output_shape;
        // For each byte of the input, whether it is an output by now.
        let mut lost = vec![false; self.input.bytes];
        let multiplier = outputs / inputs;
        for first in (0..outputs).step_by(channels) {
            let group = first..outputs.min(first + channels);
            let read = first / multiplier..(group.end - 1) / multiplier + 1;
            let mut copied = 0;
            for oy in 0..rows {
                let from = oy * self.window.stride[0];
                let to = from + (self.window.kernel[0] - 1) * self.window.dilation[0] + 1;
                let [from, to] =
                    [from, to].map(|row| row.saturating_sub(self.window.padding.top).min(height));
                for iy in from.max(copied)..to {
                    let mut row = (0..width).map(|ix| (iy * width + ix) * inputs);
                    if row.any(|pixel| read.clone().any(|channel| lost[pixel + channel])) {
                        return false;
                    }
                }
                copied = to;
                for ox in 0..columns {
                    for channel in group.clone() {
                        let byte = self.output.offset + (oy * columns + ox) * outputs + channel;
                        let byte = byte.checked_sub(self.input.offset);
                        if let Some(lost) = byte.and_then(|byte| lost.get_mut(byte)) {
                            *lost = true;
                        }
                    }
                }
            }
        }
        true
    }
}
