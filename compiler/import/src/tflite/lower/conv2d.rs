//! CONV_2D. Inputs: image, OHWI weights, optional bias. Filters that read fewer channels than there are
//! make groups. Groups of one channel are a depthwise convolution; others become filters over all
//! channels, which compute the same and cost as much as those.

use ember_ir::{Conv2d, DepthwiseConv2d, Op, QuantParams};

use super::Lowered;
use super::site::{EXPORT_AGAIN, Site};
use super::window::WindowFields;

const FIELDS: WindowFields = WindowFields {
    padding: 0,
    stride: [2, 1],
    dilation: Some([5, 4]),
};
const FUSED: u16 = 3;
/// Most weights that groups may become.
const MOST_WEIGHTS: usize = 16 << 20;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 3)?;
    let activation = site.fused(FUSED);
    let weights = site.weights::<4>(0);
    let input = site.activation(0);
    let (weights, input) = (weights?, input?);
    let [out_channels, kernel_height, kernel_width, depth] = weights.shape;
    let bias = site.bias(out_channels);
    let window = site.window(&FIELDS, [kernel_height, kernel_width], &input.1.shape)?;
    let channels = input.1.shape.hwc().map_or(0, |[_, _, channels]| channels);
    let groups = channels / depth;
    if groups == 0 || groups * depth != channels || !out_channels.is_multiple_of(groups) {
        site.problem(
            format!(
                "its {out_channels} filters read {depth} channels each, its input has {channels}"
            ),
            EXPORT_AGAIN,
        );
        return None;
    }
    let taps = kernel_height * kernel_width;
    let activation = activation?;
    let (op, values) = if groups > 1 && depth == 1 {
        let op = Op::DepthwiseConv2d(DepthwiseConv2d {
            window,
            multiplier: out_channels / groups,
            activation,
        });
        (op, channels_innermost(&weights.values, taps))
    } else {
        let op = Op::Conv2d(Conv2d {
            window,
            out_channels,
            activation,
        });
        match groups {
            1 => (op, weights.values),
            _ if weights.values.len().saturating_mul(groups) > MOST_WEIGHTS => {
                let what = format!("its {groups} groups would be {MOST_WEIGHTS} weights or more");
                site.problem(what, "use fewer groups or a depthwise convolution");
                return None;
            }
            _ => (
                op,
                one_group(&weights.values, [out_channels, depth], groups),
            ),
        }
    };
    let params = QuantParams {
        weights: values,
        scales: weights.scales,
        bias: bias?,
    };
    site.finish(op, &[input], Some(params))
}

/// `[out, taps]` as `[taps, out]`.
fn channels_innermost(weights: &[i8], taps: usize) -> Vec<i8> {
    let tap = |tap| weights.iter().skip(tap).step_by(taps).copied();
    (0..taps).flat_map(tap).collect()
}

/// Filters over all channels: those of other groups have the weight 0, which adds nothing.
fn one_group(weights: &[i8], [filters, depth]: [usize; 2], groups: usize) -> Vec<i8> {
    let taps_of_filter = weights.len() / filters;
    let mut all = Vec::with_capacity(weights.len() * groups);
    for (filter, weights) in weights.chunks_exact(taps_of_filter).enumerate() {
        let group = filter / (filters / groups);
        for tap in weights.chunks_exact(depth) {
            all.resize(all.len() + group * depth, 0);
            all.extend_from_slice(tap);
            all.resize(all.len() + (groups - 1 - group) * depth, 0);
        }
    }
    all
}
