//! A window of the graph as the runtime's kernels see it.

use ember_ir::Window2d;
use ember_runtime::scratch::Geometry;

/// A window over an image; shapes are `[height, width, channels]`.
pub(crate) fn geometry(window: &Window2d, (input, output): ([usize; 3], [usize; 3])) -> Geometry {
    Geometry {
        input,
        output,
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation,
        pad: [window.padding.top, window.padding.left],
    }
}
