//! The way back: the real network that an int8 one stands for, to compare the two.

use ember_ir::{Element, FloatGraph, FloatParams, Node, Op, QuantGraph, QuantParams, Svdf};

use super::weights::Layout;

/// The network with the real values of its weights and biases, and without the rounding and saturation of
/// its activations. The network must be one that `ember_ir::verify` accepts, without the tables that passes
/// merge, which have no real form.
pub fn dequantize(network: &QuantGraph) -> FloatGraph {
    let nodes = network.graph.nodes.iter().zip(&network.params);
    let params = nodes
        .map(|(node, params)| Some(real(network, node, params.as_ref()?)))
        .collect();
    let mut graph = network.graph.clone();
    // Real numbers have no integer type.
    for tensor in &mut graph.tensors {
        tensor.element = Element::Int8;
    }
    FloatGraph { graph, params }
}

fn svdf(op: &Svdf, params: &QuantParams) -> FloatParams {
    let weight = params.scales[0];
    let over_time = *params.scales.last().unwrap_or(&weight);
    let (bias, time) = params.bias.split_at(op.units);
    let unit = op.state_scale.get() * over_time;
    let bias = bias.iter().map(|&bias| bias as f32 * unit);
    let time = time.iter().map(|&w| w as f32 * over_time);
    let weights = params.weights.iter();
    FloatParams {
        weights: weights.map(|&w| f32::from(w) * weight).collect(),
        bias: bias.chain(time).collect(),
    }
}

fn real(network: &QuantGraph, node: &Node, params: &QuantParams) -> FloatParams {
    let Some(input) = node.inputs.first() else {
        // A constant's values are those of its tensor.
        let quant = network.quants[node.output.0];
        return FloatParams {
            weights: params
                .weights
                .iter()
                .map(|&q| quant.dequantize(q))
                .collect(),
            bias: Vec::new(),
        };
    };
    if let Op::Svdf(op) = &node.op {
        return svdf(op, params);
    }
    let layout = Layout::of(&node.op, params.weights.len(), params.bias.len());
    let scale = |group: usize| *params.scales.get(group).unwrap_or(&params.scales[0]);
    let quants = [*input, node.output].map(|id| network.quants[id.0]);
    let weights = params.weights.iter().enumerate();
    let biases = params.bias.iter().enumerate();
    FloatParams {
        weights: weights
            .map(|(index, &weight)| f32::from(weight) * scale(layout.of_weight(index)))
            .collect(),
        bias: biases
            .map(|(channel, &bias)| {
                bias as f32 * (layout.factor(channel, quants) * scale(layout.of_bias(channel)))
            })
            .collect(),
    }
}
