//! How a sliding window meets the borders of its input: what the kernels decide at compile time.

use ember_ir::Window2d;
use ember_runtime::params::Phase;

/// One axis.
#[derive(Clone, Copy, Debug)]
struct Axis {
    len: usize,
    out: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    /// May be negative: the first window starts within the input.
    pad: isize,
}

impl Axis {
    /// Where a tap of an output lies in the input.
    fn at(&self, output: usize, tap: usize) -> isize {
        (output * self.stride + tap * self.dilation).cast_signed() - self.pad
    }

    /// Valid taps of an output.
    fn taps(&self, output: usize) -> usize {
        let inside = 0..self.len.cast_signed();
        (0..self.kernel)
            .filter(|&tap| inside.contains(&self.at(output, tap)))
            .count()
    }

    /// Taps of an output before the input.
    fn before(&self, output: usize) -> usize {
        (0..self.kernel)
            .filter(|&tap| self.at(output, tap) < 0)
            .count()
    }
}

/// Counts over all pixels of an output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pixels {
    /// Pixels that see padding.
    pub border: usize,
    /// Valid taps of those pixels.
    pub border_taps: usize,
    /// Valid rows of taps of those pixels.
    pub border_runs: usize,
    /// Valid taps of each row and each column of the output.
    pub taps: [Vec<usize>; 2],
    /// Taps before the input, of all rows and of all columns of the output.
    pub before: [usize; 2],
}

/// Counts the pixels of a window over `[height, width]`.
pub(super) fn pixels(window: &Window2d, input: [usize; 2], output: [usize; 2]) -> Pixels {
    let pad = [window.padding.top, window.padding.left];
    let axes = [0, 1].map(|axis| Axis {
        len: input[axis],
        out: output[axis],
        kernel: window.kernel[axis],
        stride: window.stride[axis],
        dilation: window.dilation[axis],
        pad: pad[axis].cast_signed(),
    });
    count(axes)
}

/// As [`pixels`], of the phases of rows and columns of a transposed convolution of an input of `[height, width]`.
pub(super) fn phase_pixels(phases: [&Phase; 2], input: [usize; 2]) -> Pixels {
    count([0, 1].map(|axis| Axis {
        len: input[axis],
        out: phases[axis].count as usize,
        kernel: phases[axis].taps as usize,
        stride: 1,
        dilation: 1,
        pad: -(phases[axis].start as isize),
    }))
}

fn count(axes: [Axis; 2]) -> Pixels {
    let taps: [Vec<usize>; 2] =
        axes.map(|axis| (0..axis.out).map(|output| axis.taps(output)).collect());
    let [kh, kw] = axes.map(|axis| axis.kernel);
    let whole = |taps: &Vec<usize>, kernel| taps.iter().filter(|&&taps| taps == kernel).count();
    let interior = whole(&taps[0], kh) * whole(&taps[1], kw);
    let [rows, columns] = [0, 1].map(|axis| -> usize { taps[axis].iter().sum() });
    Pixels {
        border: axes[0].out * axes[1].out - interior,
        border_taps: rows * columns - interior * kh * kw,
        border_runs: rows * axes[1].out - interior * kh,
        taps,
        before: axes.map(|axis| (0..axis.out).map(|output| axis.before(output)).sum()),
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
                border: 14,
                // 10 valid taps down times 13 across, less 6 whole windows.
                border_taps: 10 * 13 - 6 * 9,
                border_runs: 10 * 5 - 6 * 3,
                taps: [vec![2, 3, 3, 2], vec![2, 3, 3, 3, 2]],
                before: [1, 1],
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
    }
}
