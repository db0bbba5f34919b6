//! Layers of 16-bit activations: loops over pixels, channels and the taps that are not padding.

use ember_ir::{Element, Graph, Node, Op, TensorId, Window2d};

use super::rescale::Rescale;
use super::{Kernel, numbers, pool2d};
use crate::convolution;
use crate::cost::window::pixels;

/// What runs for a node with int16 tensors, and how often; `None` for one that runs as with int8.
pub(super) fn counts(graph: &Graph, node: &Node, rescale: Rescale) -> Option<(Kernel, Vec<f64>)> {
    let (input, output) = (graph.input_shape(node), graph.output_shape(node));
    let [from, to] = [input, output].map(|shape| shape.hwc().unwrap_or_default());
    let elements = output.elements();
    let finished = finished(rescale, elements);
    Some(match &node.op {
        Op::Conv2d(op) => {
            let counts = convolution_counts(&op.window, (from, to), finished);
            (Kernel::Conv2dS16, counts)
        }
        Op::DepthwiseConv2d(op) => {
            let Taps { places, outer } = taps(&op.window, from, to);
            let [rows, taps] = outer.map(|count| count * to[2]);
            let inner = [to[0] * to[1] * from[2], elements, rows, taps];
            (
                Kernel::DepthwiseConv2dS16,
                numbers(&[&places, &inner, &finished]),
            )
        }
        Op::Dense(op) if op.over_rows => {
            let (window, (from, to)) = convolution::of_rows(graph, node, op);
            (
                Kernel::Conv2dS16,
                convolution_counts(&window, (from, to), finished),
            )
        }
        Op::Dense(_) => {
            let products = elements * input.elements();
            (
                Kernel::DenseS16,
                numbers(&[&[1, elements, products], &finished]),
            )
        }
        Op::Add(_) => (Kernel::AddS16, numbers(&[&[1, elements], &finished])),
        Op::AveragePool2d(op) => (
            Kernel::AveragePool2dS16,
            pool2d::counts(&op.window, (from, to)),
        ),
        Op::MaxPool2d(op) => (Kernel::MaxPool2dS16, pool2d::counts(&op.window, (from, to))),
        Op::Unary(_) => {
            let halves = |id: TensorId| match graph.tensor(id).element {
                Element::Int8 => 0,
                Element::Int16 => elements,
            };
            let types = [halves(node.inputs[0]), halves(node.output)];
            (
                Kernel::QuantizeS16,
                numbers(&[&[1, elements], &types, &finished]),
            )
        }
        Op::Mean(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::TransposeConv2d(_)
        | Op::ResizeBilinear(_)
        | Op::Matmul(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Svdf(_)
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Constant(_) => return None,
    })
}

fn convolution_counts(
    window: &Window2d,
    (from, to): convolution::Shapes,
    finished: [usize; 2],
) -> Vec<f64> {
    let Taps { places, outer } = taps(window, from, to);
    let [rows, taps] = outer.map(|count| count * to[2]);
    let outputs = to.iter().product();
    numbers(&[&places, &[outputs, rows, taps, taps * from[2]], &finished])
}

/// Outputs that are finished by TensorFlow Lite's rounding of 32 bits, and by that of 64.
fn finished(rescale: Rescale, outputs: usize) -> [usize; 2] {
    let [_, double, _, wide, _] = rescale.counts(outputs);
    [double, wide]
}

/// Counts of a sliding window.
struct Taps {
    /// Calls, rows, taps above the input and inside it, pixels, taps left of the input and inside it.
    places: [usize; 7],
    /// Rows of taps, and taps, of all pixels.
    outer: [usize; 2],
}

fn taps(window: &Window2d, [h, w, _]: [usize; 3], [oh, ow, _]: [usize; 3]) -> Taps {
    let counts = pixels(window, [h, w], [oh, ow]);
    let [rows, columns] = counts
        .taps
        .each_ref()
        .map(|taps| taps.iter().sum::<usize>());
    let [above, left] = counts.before;
    Taps {
        places: [1, oh, above, rows, oh * ow, oh * left, oh * columns],
        outer: [rows * ow, rows * columns],
    }
}
