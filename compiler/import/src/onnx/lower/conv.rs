//! Conv, in one or two dimensions, with groups. Weights O×I×H×W become OHWI, or 1HWC where every channel is a
//! group of its own.

use ember_ir::{Activation, Conv2d, DepthwiseConv2d, FloatParams, Op};

use crate::onnx::constant::{Constant, Scales};
use crate::onnx::lowering::Data;
use crate::onnx::site::{EXPORT_AGAIN, Site};

pub(super) fn conv(site: &mut Site<'_>) -> Option<()> {
    let data = site.padded(0)?;
    let weights = site.constant(1, "weights")?;
    let bias = site.optional(2, "bias")?;
    convolve(site, &data, &weights, bias.as_deref())
}

/// What surrounds an image stays open where the window can take it: zeros around height and width, fewer than
/// the kernel has.
fn windowed(site: &mut Site<'_>, data: &Data, kernel: &[usize]) -> Option<Data> {
    let fits = data.pads.iter().enumerate().all(|(axis, pads)| {
        let taps = if axis < 2 {
            1
        } else {
            kernel.get(axis).copied().unwrap_or(1)
        };
        pads.iter().all(|&pad| pad < taps)
    });
    let pads = site.ints("pads").unwrap_or_default();
    let pads_itself = pads.iter().any(|&pad| pad != 0)
        || site
            .text("auto_pad")
            .is_some_and(|mode| mode.starts_with("SAME"));
    if fits && data.fill == 0.0 && !pads_itself {
        return Some(data.clone());
    }
    let view = site.surrounded(data)?;
    Some(Data::new(view, false))
}

/// A convolution with weights and biases from wherever.
pub(super) fn convolve(
    site: &mut Site<'_>,
    data: &Data,
    weights: &Constant,
    bias: Option<&Constant>,
) -> Option<()> {
    let data = windowed(site, data, &weights.dims)?;
    let image = site.image(&data)?;
    let dims = weights.dims.clone();
    site.require(
        dims.len() == image.axes + 2 && !dims.contains(&0),
        &format!("its weights have the shape {dims:?}"),
        EXPORT_AGAIN,
    )?;
    let group = usize::try_from(site.int("group", 1)).unwrap_or(0);
    let [filters, depth] = [dims[0], dims[1]];
    let is_grouped = group > 0
        && image.channels.is_multiple_of(group)
        && image.channels / group == depth
        && filters.is_multiple_of(group);
    site.require(
        is_grouped,
        &format!(
            "{filters} filters of {depth} channels in {group} groups do not fit an input of {} channels",
            image.channels
        ),
        EXPORT_AGAIN,
    )?;
    let window = site.window(&image, &dims[2..])?;
    let bias = site.biases(bias, filters)?;
    let taps: usize = dims[2..].iter().product();
    let values = weights.to_floats();
    let at =
        |filter: usize, channel: usize, tap: usize| values[(filter * depth + channel) * taps + tap];
    let is_depthwise = depth == 1 && group > 1;
    site.spend(
        filters
            .saturating_mul(taps)
            .saturating_mul(if is_depthwise { 1 } else { image.channels }),
    )?;
    let (op, weights_out) = if is_depthwise {
        let op = DepthwiseConv2d {
            window,
            multiplier: filters / group,
            activation: Activation::None,
        };
        let taps = (0..taps).flat_map(|tap| (0..filters).map(move |filter| at(filter, 0, tap)));
        (Op::DepthwiseConv2d(op), taps.collect::<Vec<f32>>())
    } else {
        let op = Conv2d {
            window,
            out_channels: filters,
            activation: Activation::None,
        };
        // Groups between are blocks of a full matrix, zero elsewhere.
        let mut matrix = Vec::with_capacity(filters * taps * image.channels);
        for filter in 0..filters {
            let first = filter / (filters / group) * depth;
            for tap in 0..taps {
                for channel in 0..image.channels {
                    let inside = (first..first + depth).contains(&channel);
                    matrix.push(if inside {
                        at(filter, channel - first, tap)
                    } else {
                        0.0
                    });
                }
            }
        }
        (Op::Conv2d(op), matrix)
    };
    let params = FloatParams {
        weights: weights_out,
        bias,
    };
    let scales = site.channel_scales(weights, 0)?;
    let output = site.add(op, &[image.tensor], Some(params))?;
    site.to.set_scales(output, scales);
    let [height, width, channels] = site.to.shape(output).hwc()?;
    site.write(image.view(output, [height, width], channels))
}

impl Site<'_> {
    /// One bias per channel; zeros where there is none.
    pub fn biases(&mut self, bias: Option<&Constant>, channels: usize) -> Option<Vec<f32>> {
        let Some(bias) = bias else {
            return Some(vec![0.0; channels]);
        };
        let values = bias.to_floats();
        self.require(
            values.len() == channels,
            &format!(
                "its bias has {} values for {channels} channels",
                values.len()
            ),
            EXPORT_AGAIN,
        )?;
        Some(values)
    }

    /// The steps of quantised weights whose output channels lie along an axis.
    pub fn channel_scales(&mut self, weights: &Constant, axis: usize) -> Option<Option<Vec<f32>>> {
        match &weights.scales {
            None => Some(None),
            Some(Scales { values, .. }) if values.len() == 1 => Some(Some(values.clone())),
            Some(scales) if scales.axis == axis => Some(Some(scales.values.clone())),
            Some(scales) => {
                self.problem(
                    format!(
                        "its weights have scales along axis {}, not {axis}",
                        scales.axis
                    ),
                    "quantise them per output channel or as a whole",
                );
                None
            }
        }
    }
}
