//! The way back: the real network that an int8 one stands for, to compare the two.

use ember_ir::{FloatGraph, FloatParams, Op, QuantGraph, QuantParams, Svdf};

/// The network with the real values of its weights and biases, and without the rounding and saturation of
/// its activations. The network must be one that `ember_ir::verify` accepts.
pub fn dequantize(network: &QuantGraph) -> FloatGraph {
    let nodes = network.graph.nodes.iter().zip(&network.params);
    let params = nodes.map(|(node, params)| {
        let params = params.as_ref()?;
        let Some(input) = node.inputs.first() else {
            // A constant, whose values are those of its tensor.
            let quant = network.quants[node.output.0];
            let values = params.weights.iter();
            return Some(FloatParams {
                weights: values.map(|&value| quant.dequantize(value)).collect(),
                bias: Vec::new(),
            });
        };
        if let Op::Svdf(op) = &node.op {
            return Some(svdf(op, params));
        }
        let channels = params.bias.len();
        let taps = params.weights.len() / channels.max(1);
        let scale = |group: usize| *params.scales.get(group).unwrap_or(&params.scales[0]);
        // The scale of a bias, times the input's.
        let of_channel = |channel: usize| match &node.op {
            Op::Lstm(op) => 2 * (channel / op.hidden),
            _ => channel,
        };
        let of_weight = |index: usize| match &node.op {
            // Depthwise weights have the channel innermost.
            Op::DepthwiseConv2d(_) => index % channels,
            // Those of hidden values have a scale of their own.
            Op::Lstm(op) => {
                let is_hidden = index % taps >= taps - op.hidden;
                of_channel(index / taps) + usize::from(is_hidden)
            }
            _ => index / taps,
        };
        let input = network.quants[input.0].scale;
        let weights = params.weights.iter().enumerate();
        let biases = params.bias.iter().enumerate();
        Some(FloatParams {
            weights: weights
                .map(|(index, &weight)| f32::from(weight) * scale(of_weight(index)))
                .collect(),
            bias: biases
                .map(|(channel, &bias)| bias as f32 * (input * scale(of_channel(channel))))
                .collect(),
        })
    });
    FloatGraph {
        params: params.collect(),
        graph: network.graph.clone(),
    }
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
