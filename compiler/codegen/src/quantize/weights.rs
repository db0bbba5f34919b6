//! Weights and biases in integers: symmetric, one scale per output channel.

use ember_ir::{FloatParams, Node, Op, Quant, QuantParams};

/// Largest weight.
const TOP: f64 = 127.0;
/// Largest magnitude of a product of a weight and a centred activation.
const PRODUCT: i64 = 127 * 255;
/// Largest bias, also where few taps would leave more room.
const MAX_BIAS: i64 = 1 << 30;
/// Least bias range, where so many taps would leave none; lowering then refuses the layer by name.
const MIN_BIAS: i64 = 1 << 20;

/// The integer weights of a node whose input has these parameters.
pub(super) fn quantize(node: &Node, params: &FloatParams, input: Quant) -> QuantParams {
    let channels = params.bias.len();
    let taps = params.weights.len() / channels;
    // Where the weights of a channel lie: depthwise weights have the channel innermost.
    let depthwise = matches!(node.op, Op::DepthwiseConv2d(_));
    let channel_of = |index: usize| {
        if depthwise {
            index % channels
        } else {
            index / taps
        }
    };

    let mut tops = vec![0.0_f32; channels];
    for (index, weight) in params.weights.iter().enumerate() {
        let top = &mut tops[channel_of(index)];
        *top = top.max(weight.abs());
    }
    let scales: Vec<f32> = tops
        .iter()
        .zip(&params.bias)
        .map(|(&top, &bias)| scale(top, bias, input, taps))
        .collect();
    let weights = params.weights.iter().enumerate();
    let biases = params.bias.iter().zip(&scales);
    QuantParams {
        weights: weights
            .map(|(index, &weight)| {
                let steps = f64::from(weight) / f64::from(scales[channel_of(index)]);
                steps.round().clamp(-TOP, TOP) as i8
            })
            .collect(),
        bias: biases
            .map(|(&bias, &scale)| {
                (f64::from(bias) / (f64::from(input.scale) * f64::from(scale))).round() as i32
            })
            .collect(),
        scales,
    }
}

/// The scale of a channel: the largest weight becomes 127, unless the bias, in units of S_in·S_w,
/// would then not leave room for the sum in 32 bits (weights near zero under a large bias).
fn scale(top: f32, bias: f32, input: Quant, taps: usize) -> f32 {
    let products = i64::try_from(taps)
        .unwrap_or(i64::MAX)
        .saturating_mul(PRODUCT);
    let room = (i64::from(i32::MAX).saturating_sub(products)).clamp(MIN_BIAS, MAX_BIAS);
    let for_weights = f64::from(top) / TOP;
    let for_bias = f64::from(bias.abs()) / (f64::from(input.scale) * room as f64);
    let scale = for_weights.max(for_bias);
    if scale < f64::from(f32::MIN_POSITIVE) {
        // No weights and no bias to speak of: any scale does.
        return 1.0;
    }
    // One step of f32 up, so that rounding the scale down cannot overflow the bias again.
    let rounded = (scale.min(f64::from(f32::MAX)) as f32).next_up();
    if for_bias > for_weights && rounded.is_finite() {
        rounded
    } else {
        scale as f32
    }
}
