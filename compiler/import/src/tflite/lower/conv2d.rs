//! CONV_2D. Inputs: image, OHWI weights, optional bias.

use ember_ir::{Conv2d, Op, QuantParams};

use super::Lowered;
use super::site::Site;
use super::window::WindowFields;

const FIELDS: WindowFields = WindowFields {
    padding: 0,
    stride: [2, 1],
    dilation: Some([5, 4]),
};
const FUSED: u16 = 3;

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
    if depth != channels {
        let grouped = depth > 0 && channels.is_multiple_of(depth);
        site.problem(
            match grouped {
                true => format!("it has {} groups, only one is supported", channels / depth),
                false => format!("its weights read {depth} channels, its input has {channels}"),
            },
            "use a plain or a depthwise convolution",
        );
        return None;
    }
    let op = Op::Conv2d(Conv2d {
        window,
        out_channels,
        activation: activation?,
    });
    let params = QuantParams {
        weights: weights.values,
        scales: weights.scales,
        bias: bias?,
    };
    site.finish(op, &[input], Some(params))
}
