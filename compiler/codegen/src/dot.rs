//! What the kernel of dot products runs: depthwise convolutions whose window is their whole input, and fully
//! connected layers that are next to nothing beside the rest of their model.
//!
//! The kernels of these operators work on many pixels or inputs at a time. Over one pixel the first copies more
//! than it multiplies, and on a device its weights may take two bytes each; the second is larger than what a
//! convolutional network's last layer gains by it.

use ember_ir::{DepthwiseConv2d, Graph, Node, Op, WeightType};

use crate::geometry::geometry;

/// Of the model's multiply-accumulates, the part that its fully connected layers make at most if they run as dot
/// products. These take three times the instructions of the operator's own kernel, or a little more: a few
/// percent at the limit.
const PART: u64 = 128;

/// Whether the kernel of dot products runs a node.
pub(crate) fn is(graph: &Graph, node: &Node) -> bool {
    match &node.op {
        Op::DepthwiseConv2d(conv) => !graph.has_int16(node) && is_global(graph, node, conv),
        Op::Dense(_) => is_plain(graph, node) && are_few(graph),
        Op::Conv2d(_)
        | Op::Add(_)
        | Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::Mean(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::Svdf(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Unary(_)
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Matmul(_)
        | Op::ResizeBilinear(_)
        | Op::TransposeConv2d(_)
        | Op::Constant(_) => false,
    }
}

/// Whether the window is the input, and each output its own channel's.
fn is_global(graph: &Graph, node: &Node, conv: &DepthwiseConv2d) -> bool {
    let (input, output) = (graph.input_shape(node), graph.output_shape(node));
    let (Some(input), Some(output)) = (input.hwc(), output.hwc()) else {
        return false;
    };
    let g = geometry(&conv.window, (input, output));
    g.kernel == [input[0], input[1]]
        && g.dilation == [1, 1]
        && g.pad == [0, 0]
        && output == [1, 1, input[2]]
}

/// A layer of one row, whose weights are int8.
fn is_plain(graph: &Graph, node: &Node) -> bool {
    let Op::Dense(dense) = &node.op else {
        return false;
    };
    !dense.over_rows && node.weights == WeightType::Int8 && !graph.has_int16(node)
}

/// Whether the model's fully connected layers are all small: one that is not brings their kernel along.
fn are_few(graph: &Graph) -> bool {
    let plain = graph.nodes.iter().filter(|node| is_plain(graph, node));
    let macs = plain.map(|node| {
        let shapes = (graph.input_shape(node), graph.output_shape(node));
        node.op.macs(shapes.0, shapes.1)
    });
    let macs = macs.fold(0, u64::saturating_add);
    macs.saturating_mul(PART) <= graph.macs()
}

#[cfg(test)]
mod tests {
    use ember_ir::{Activation, Conv2d, Dense, GraphBuilder, Padding, Window2d};

    use super::*;

    /// A convolution over 16×16 pixels, a depthwise one over them all with so much padding, a fully connected
    /// layer of so many outputs.
    fn network(padding: usize, features: usize) -> Graph {
        let mut builder = GraphBuilder::new("net");
        let input = builder.input("input", [16, 16, 4]);
        let conv = Op::Conv2d(Conv2d {
            window: Window2d::same([16, 16], [3, 3], [1, 1]),
            out_channels: 8,
            activation: Activation::Relu,
        });
        let conv = builder.node("conv", conv, &[input]).expect("it fits");
        let mut window = Window2d::valid([16, 16], [1, 1]);
        window.padding = Padding {
            top: padding,
            ..window.padding
        };
        let global = Op::DepthwiseConv2d(DepthwiseConv2d {
            window,
            multiplier: 1,
            activation: Activation::None,
        });
        let global = builder.node("global", global, &[conv]).expect("it fits");
        let logits = Op::Dense(Dense {
            over_rows: false,
            out_features: features,
            activation: Activation::None,
        });
        let logits = builder.node("logits", logits, &[global]).expect("it fits");
        builder.finish(&[logits])
    }

    fn dots(graph: &Graph) -> Vec<&str> {
        let dots = graph.nodes.iter().filter(|node| is(graph, node));
        dots.map(|node| graph.node_name(node)).collect()
    }

    #[test]
    fn what_is_small_beside_the_model_is_a_dot_product() {
        assert_eq!(dots(&network(0, 10)), ["global", "logits"]);
        // 73 728 multiply-accumulates of the convolution, 2 048 of the global one, 8 per feature.
        assert_eq!(dots(&network(0, 74)), ["global", "logits"]);
        assert_eq!(dots(&network(0, 75)), ["global"]);
        // Two rows of outputs.
        assert_eq!(dots(&network(1, 10)), ["logits"]);
    }
}
