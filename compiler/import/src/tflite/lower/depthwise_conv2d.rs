//! DEPTHWISE_CONV_2D. Inputs: image, `[1, H, W, C·multiplier]` weights, optional bias.

use ember_ir::{DepthwiseConv2d, Op};

use super::Lowered;
use super::site::{EXPORT_AGAIN, Site};
use super::weights::WideSums;
use super::window::WindowFields;
use crate::tflite::flatbuffer::Table;

const FIELDS: WindowFields = WindowFields {
    padding: 0,
    stride: [2, 1],
    dilation: Some([6, 5]),
};
const MULTIPLIER: u16 = 3;
const FUSED: u16 = 4;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 3)?;
    let activation = site.fused(FUSED);
    let weights = site.weights::<4>(3);
    let input = site.activation(0);
    let (weights, input) = (weights?, input?);
    let [one, kernel_height, kernel_width, out_channels] = weights.shape;
    let bias = site.bias(out_channels, WideSums::Always);
    let window = site.window(&FIELDS, [kernel_height, kernel_width], &input.1.shape)?;
    let channels = input.1.shape.hwc().map_or(0, |[_, _, channels]| channels);
    let stated = site.attribute(MULTIPLIER, 0, Table::i32)?;
    let multiplier = out_channels / channels.max(1);
    // Some converters leave the attribute 0; the shapes say it all.
    let agrees = stated == 0 || usize::try_from(stated) == Ok(multiplier);
    if one != 1 || multiplier * channels != out_channels || !agrees {
        site.problem(
            format!(
                "its weights are {:?} for {channels} input channels and a multiplier of {stated}",
                weights.shape
            ),
            EXPORT_AGAIN,
        );
        return None;
    }
    let op = Op::DepthwiseConv2d(DepthwiseConv2d {
        window,
        multiplier,
        activation: activation?,
    });
    let (bias, rounding) = bias?;
    let params = weights.numbers.with(bias)?;
    let lowered = site.finish(op, &[input], Some(params))?;
    Some(Lowered {
        rounding,
        ..lowered
    })
}
