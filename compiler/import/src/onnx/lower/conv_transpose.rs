//! ConvTranspose, in one or two dimensions. Weights I×O×H×W become OHWI; between groups, and between the taps of
//! a dilated kernel, they are zero.

use ember_ir::{Activation, FloatParams, Op, TransposeConv2d};

use super::image::{Image, LARGEST};
use crate::onnx::site::{EXPORT_AGAIN, Site};

pub(super) fn conv_transpose(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let weights = site.constant(1, "weights")?;
    let bias = site.optional(2, "bias")?;
    let image = site.image(&data)?;
    let dims = weights.dims.clone();
    let group = usize::try_from(site.int("group", 1)).unwrap_or(0);
    let fits = dims.len() == image.axes + 2
        && !dims.contains(&0)
        && dims[0] == image.channels
        && group > 0
        && image.channels.is_multiple_of(group);
    site.require(
        fits,
        &format!(
            "its weights have the shape {dims:?} in {group} groups, its input {} channels",
            image.channels
        ),
        EXPORT_AGAIN,
    )?;
    let dilation = site.sizes("dilations", image.axes)?;
    let taps = match dims[2..] {
        [width] => [1, width],
        _ => [dims[2], dims[3]],
    };
    for size in taps.iter().chain(&dilation) {
        site.require(
            (1..=LARGEST).contains(size),
            &format!("its kernel or dilations contain {size}"),
            "they must lie in 1…4096",
        )?;
    }
    let kernel = [0, 1].map(|axis| (taps[axis] - 1) * dilation[axis] + 1);
    let filters = dims[1].saturating_mul(group);
    let bias = site.biases(bias.as_deref(), filters)?;
    let mut op = window(site, &image, kernel)?;
    op.out_channels = filters;
    // OHWI, zero where nothing is.
    let elements = [filters, kernel[0], kernel[1], image.channels];
    let elements = elements.into_iter().fold(1, usize::saturating_mul);
    site.spend(elements)?;
    let values = weights.to_floats();
    let mut spread = vec![0.0; elements];
    let per_group = image.channels / group;
    for (index, value) in values.iter().enumerate() {
        let (rest, x) = (index / taps[1], index % taps[1]);
        let (rest, y) = (rest / taps[0], rest % taps[0]);
        let (channel, filter) = (rest / dims[1], rest % dims[1]);
        let filter = channel / per_group * dims[1] + filter;
        let tap = (filter * kernel[0] + y * dilation[0]) * kernel[1] + x * dilation[1];
        spread[tap * image.channels + channel] = *value;
    }
    // Of several groups a scale would be for filters of each.
    let scales = match group {
        1 => site.channel_scales(&weights, 1)?,
        _ => None,
    };
    let params = FloatParams {
        weights: spread,
        bias,
    };
    let output = site.add(Op::TransposeConv2d(op), &[image.tensor], Some(params))?;
    site.to.set_scales(output, scales);
    site.write(image.view(output, op.size, filters))
}

/// Stride, what is cut off, and the size of the output, for a kernel with its dilation.
fn window(site: &mut Site<'_>, image: &Image, kernel: [usize; 2]) -> Option<TransposeConv2d> {
    let stride = site.sizes("strides", image.axes)?;
    let more = match site.has("output_padding") {
        true => site.sizes("output_padding", image.axes)?,
        false => [0, 0],
    };
    // The height of a series has none.
    let more = if image.axes == 1 { [0, more[1]] } else { more };
    let pads = match site.ints("pads") {
        Some(pads) => site.pads(&pads, image.axes)?,
        None => [[0; 2]; 2],
    };
    let given = match site.has("output_shape") {
        true => Some(site.sizes("output_shape", image.axes)?),
        false => None,
    };
    let auto_pad = site.text("auto_pad").unwrap_or("NOTSET").to_owned();
    let known = ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"];
    site.require(
        known.contains(&auto_pad.as_str()),
        &format!("its auto_pad is \"{}\"", auto_pad.escape_debug()),
        "use explicit pads",
    )?;
    for size in stride.iter().chain(&more).chain(given.iter().flatten()) {
        site.require(
            *size <= LARGEST,
            &format!("its strides, output_padding or output_shape contain {size}"),
            "they must be at most 4096",
        )?;
    }
    let (mut before, mut size) = ([0; 2], [0; 2]);
    for axis in 0..2 {
        let reached = (image.size[axis] - 1) * stride[axis] + kernel[axis] + more[axis];
        let wanted = match (auto_pad.as_str(), given) {
            (_, Some(given)) => Some(given[axis]),
            ("SAME_UPPER" | "SAME_LOWER", None) => Some(image.size[axis] * stride[axis]),
            _ => None,
        };
        match wanted {
            Some(wanted) => {
                let cut = reached.saturating_sub(wanted);
                // The odd element is cut off at the end, or at the beginning.
                before[axis] = if auto_pad == "SAME_UPPER" {
                    cut / 2
                } else {
                    cut - cut / 2
                };
                size[axis] = wanted;
            }
            None => {
                let [start, end] = if auto_pad == "VALID" {
                    [0; 2]
                } else {
                    pads[axis]
                };
                before[axis] = start;
                size[axis] = reached.saturating_sub(start + end);
            }
        }
    }
    Some(TransposeConv2d {
        kernel,
        stride,
        before,
        size,
        out_channels: 0,
        activation: Activation::None,
    })
}
