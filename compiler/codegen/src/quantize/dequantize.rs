//! The way back: the real network that an int8 one stands for, to compare the two.

use ember_ir::{FloatGraph, FloatParams, Op, QuantGraph};

/// The network with the real values of its weights and biases, and without the rounding and saturation of
/// its activations. The network must be one that `ember_ir::verify` accepts.
pub fn dequantize(network: &QuantGraph) -> FloatGraph {
    let nodes = network.graph.nodes.iter().zip(&network.params);
    let params = nodes.map(|(node, params)| {
        let params = params.as_ref()?;
        let channels = params.bias.len();
        let taps = params.weights.len() / channels.max(1);
        let scale = |channel: usize| *params.scales.get(channel).unwrap_or(&params.scales[0]);
        let channel_of = |index: usize| match node.op {
            // Depthwise weights have the channel innermost.
            Op::DepthwiseConv2d(_) => index % channels,
            _ => index / taps,
        };
        let input = network.quants[node.inputs[0].0].scale;
        let weights = params.weights.iter().enumerate();
        let biases = params.bias.iter().enumerate();
        Some(FloatParams {
            weights: weights
                .map(|(index, &weight)| f32::from(weight) * scale(channel_of(index)))
                .collect(),
            bias: biases
                .map(|(channel, &bias)| bias as f32 * (input * scale(channel)))
                .collect(),
        })
    });
    FloatGraph {
        params: params.collect(),
        graph: network.graph.clone(),
    }
}
