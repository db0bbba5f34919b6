//! How a sliding window meets the borders of its input: what the kernels decide at compile time.

use ember_ir::Window2d;

/// One axis.
#[derive(Clone, Copy, Debug)]
struct Axis {
    len: usize,
    out: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    pad: usize,
}

impl Axis {
    /// Valid taps of an output.
    fn taps(&self, output: usize) -> usize {
        (0..self.kernel)
            .filter(|tap| {
                let at = output * self.stride + tap * self.dilation;
                self.pad <= at && at - self.pad < self.len
            })
            .count()
    }
}

/// Counts over all pixels of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pixels {
    /// Rows of the output.
    pub rows: usize,
    /// Rows with pixels that see no padding.
    pub interior_rows: usize,
    /// Pixels per such row that see no padding.
    pub interior_columns: usize,
    /// Pixels that see padding.
    pub border: usize,
    /// Valid taps of those pixels.
    pub border_taps: usize,
    /// Valid rows of taps of those pixels.
    pub border_runs: usize,
    /// Whether windows reach over the edge: above, below, left, right.
    pub edges: [bool; 4],
}

impl Pixels {
    /// The edges as counts, and whether there are two of one axis.
    pub fn edge_counts(&self) -> [usize; 6] {
        let [top, bottom, left, right] = self.edges.map(usize::from);
        [top, bottom, left, right, top * bottom, left * right]
    }
}

/// Counts the pixels of a window over `[height, width]`.
pub(super) fn pixels(window: &Window2d, input: [usize; 2], output: [usize; 2]) -> Pixels {
    let pad = [window.padding.top, window.padding.left];
    let [vertical, horizontal] = [0, 1].map(|axis| {
        let axis = Axis {
            len: input[axis],
            out: output[axis],
            kernel: window.kernel[axis],
            stride: window.stride[axis],
            dilation: window.dilation[axis],
            pad: pad[axis],
        };
        let taps: Vec<usize> = (0..axis.out).map(|output| axis.taps(output)).collect();
        let whole = taps.iter().filter(|&&taps| taps == axis.kernel).count();
        let span = (axis.kernel - 1) * axis.dilation + 1;
        let last = axis.out.saturating_sub(1) * axis.stride + span;
        (whole, taps, [axis.pad > 0, last > axis.pad + axis.len])
    });
    let (interior_rows, rows, [above, below]) = vertical;
    let (interior_columns, columns, [left, right]) = horizontal;
    let interior = interior_rows * interior_columns;
    let [kh, kw] = window.kernel;
    let all_rows: usize = rows.iter().sum();
    let all_columns: usize = columns.iter().sum();
    Pixels {
        rows: output[0],
        interior_rows: if interior_columns > 0 {
            interior_rows
        } else {
            0
        },
        interior_columns: if interior_rows > 0 {
            interior_columns
        } else {
            0
        },
        border: output[0] * output[1] - interior,
        border_taps: all_rows * all_columns - interior * kh * kw,
        border_runs: all_rows * output[1] - interior * kh,
        edges: [above, below, left, right],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_leaves_a_frame() {
        let window = Window2d::same([4, 5], [3, 3], [1, 1]);
        let pixels = pixels(&window, [4, 5], [4, 5]);
        assert_eq!(
            pixels,
            Pixels {
                rows: 4,
                interior_rows: 2,
                interior_columns: 3,
                border: 14,
                // 10 valid taps down times 13 across, less 6 whole windows.
                border_taps: 10 * 13 - 6 * 9,
                border_runs: 10 * 5 - 6 * 3,
                edges: [true; 4],
            }
        );
    }

    #[test]
    fn valid_windows_have_no_border() {
        let window = Window2d::valid([2, 2], [2, 2]);
        let pixels = pixels(&window, [6, 6], [3, 3]);
        assert_eq!(
            (pixels.border, pixels.border_taps, pixels.border_runs),
            (0, 0, 0)
        );
        assert_eq!((pixels.interior_rows, pixels.interior_columns), (3, 3));
    }
}
