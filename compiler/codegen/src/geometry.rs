//! A window of the graph as the runtime's kernels see it.

use ember_ir::{Graph, Node, Window2d};
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

/// A window over the rows that it needs for one row of its output: no padding above or below.
pub(crate) fn row_geometry(graph: &Graph, node: &Node, window: &Window2d) -> Geometry {
    let [input, output] = [graph.input_shape(node), graph.output_shape(node)];
    let [input, output] = [input, output].map(|shape| shape.hwc().unwrap_or_default());
    let mut geometry = geometry(window, (input, output));
    geometry.input[0] = window.extent(0);
    geometry.output[0] = 1;
    geometry.pad[0] = 0;
    geometry
}
