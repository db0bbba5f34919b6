//! CONV_2D. Inputs: image, OHWI weights, optional bias. Filters that read fewer channels than there are
//! make groups. Groups of one channel are a depthwise convolution; others become filters over all
//! channels, which compute the same and cost as much as those.

use ember_ir::{Conv2d, DepthwiseConv2d, Op};

use super::Lowered;
use super::site::{EXPORT_AGAIN, Site};
use super::weights::WideSums;
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
    let bias = site.bias(out_channels, WideSums::UnlessInt32);
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
    let numbers = weights.numbers;
    let count = numbers.len();
    let (op, numbers) = if groups > 1 && depth == 1 {
        let op = Op::DepthwiseConv2d(DepthwiseConv2d {
            window,
            multiplier: out_channels / groups,
            activation,
        });
        (op, numbers.picked(channels_innermost(count, taps)))
    } else {
        let op = Op::Conv2d(Conv2d {
            window,
            out_channels,
            activation,
        });
        match groups {
            1 => (op, numbers),
            _ if count.saturating_mul(groups) > MOST_WEIGHTS => {
                let what = format!("its {groups} groups would be {MOST_WEIGHTS} weights or more");
                site.problem(what, "use fewer groups or a depthwise convolution");
                return None;
            }
            _ => {
                let places = one_group(count, [out_channels, depth], groups);
                (op, numbers.picked(places.into_iter()))
            }
        }
    };
    let (bias, rounding) = bias?;
    let params = numbers.with(bias)?;
    let lowered = site.finish(op, &[input], Some(params))?;
    Some(Lowered {
        rounding,
        ..lowered
    })
}

/// Where the weights `[taps, out]` lie in `[out, taps]`.
fn channels_innermost(count: usize, taps: usize) -> impl Iterator<Item = Option<usize>> {
    (0..taps).flat_map(move |tap| (tap..count).step_by(taps).map(Some))
}

/// Where the weights of filters over all channels lie: those of other groups have the weight 0, which adds
/// nothing.
fn one_group(count: usize, [filters, depth]: [usize; 2], groups: usize) -> Vec<Option<usize>> {
    let taps_of_filter = count / filters;
    let mut all = Vec::with_capacity(count * groups);
    for first in (0..count).step_by(depth) {
        let group = first / taps_of_filter / (filters / groups);
        all.resize(all.len() + group * depth, None);
        all.extend((first..first + depth).map(Some));
        all.resize(all.len() + (groups - 1 - group) * depth, None);
    }
    all
}
