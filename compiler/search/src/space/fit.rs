//! What does not fit a map is cut to it.

use ember_ir::Window2d;

use super::architecture::{Border, Window};

/// Larger widths, kernels and strides are cut: they come from hand-written files only, and sizes
/// must not overflow.
pub(super) const MAX_WIDTH: usize = 1 << 12;
/// Numbers of a byte.
pub(super) const MAX_ROWS: usize = 1 << 8;
pub(super) const MAX_WINDOW: usize = 1 << 6;

/// The window cut to a map of `[height, width]`.
pub(super) fn fit(window: Window, size: [usize; 2]) -> Window2d {
    let kernel = size.map(|extent| window.kernel.clamp(1, extent.min(MAX_WINDOW)));
    let stride = size.map(|extent| window.stride.clamp(1, extent.min(MAX_WINDOW)));
    let mut fitted = Window2d::valid(kernel, stride);
    for axis in [0, 1] {
        let dilation = window.dilation.clamp(1, MAX_WINDOW);
        if (kernel[axis] - 1) * dilation < size[axis] {
            fitted.dilation[axis] = dilation;
        }
        if kernel[axis] == 1 {
            fitted.dilation[axis] = 1;
        }
    }
    match window.padding {
        Border::Same => fitted.with_same_padding(size),
        Border::Valid => fitted,
    }
}
