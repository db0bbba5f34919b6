//! The weights that training starts from.

use ember_ir::{Activation, Graph, Node, Op};

use super::{NodeWeights, Norm};
use crate::random::Random;

/// The first weights of a node, see [`super::Weights::init`].
pub(super) fn node(graph: &Graph, node: &Node, random: &mut Random) -> Option<NodeWeights> {
    let input = graph.input_shape(node);
    let shape = node.op.weight_shape(input)?;
    let channels = node.op.weight_channels(input)?;
    let fan_in = match &node.op {
        // Biases are no count of rows.
        Op::Recurrent(op) => shape.elements() / op.rows().max(1),
        // Of the parts of a row one or two are read at a time.
        Op::DartsCell(op) => {
            (shape.elements() / op.rows().max(1)).saturating_sub((op.stages() - 1) * op.hidden)
        }
        // An output is one weight.
        Op::Embedding(_) => 1,
        _ => shape.elements() / channels.max(1),
    };
    let fan_in = fan_in.max(1) as f32;
    let gain = if node.op.activation() == Activation::None {
        1.0
    } else {
        2.0
    };
    let deviation = (gain / fan_in).sqrt();
    let normed = match &node.op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) => true,
        Op::Dense(op) => op.activation != Activation::None,
        Op::Add(_)
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
    };
    Some(NodeWeights {
        kernel: (0..shape.elements())
            .map(|_| random.normal() * deviation)
            .collect(),
        bias: first_biases(&node.op, channels),
        norm: normed.then(|| Norm {
            gamma: vec![1.0; channels],
            mean: vec![0.0; channels],
            variance: vec![1.0; channels],
        }),
    })
}

/// Zero, but those of gates that take in the new are half closed, and gates that keep what a unit knows are half open at first (Jozefowicz et al., "An empirical exploration
/// of recurrent network architectures", 2015): otherwise gradients do not reach early steps.
fn first_biases(op: &Op, channels: usize) -> Vec<f32> {
    if let Op::DartsCell(op) = op {
        let is_gate = |channel: usize| channel % op.rows() < op.hidden;
        let bias = |channel| if is_gate(channel) { -1.0 } else { 0.0 };
        return (0..channels).map(bias).collect();
    }
    let keeping = match op {
        Op::Lstm(op) => op.hidden..2 * op.hidden,
        Op::Recurrent(op) if op.cell.gates() > 1 => 0..op.hidden,
        _ => 0..0,
    };
    let bias = |channel| f32::from(u8::from(keeping.contains(&channel)));
    (0..channels).map(bias).collect()
}
