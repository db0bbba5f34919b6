//! Pools, over windows and over whole images.

use ember_ir::{
    Activation, AveragePool2d, DepthwiseConv2d, FloatParams, MaxPool2d, Op, Padding, Window2d,
};

use super::image::Image;
use super::reduce::{self, Reduction};
use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::Site;

pub(super) fn max(site: &mut Site<'_>) -> Option<()> {
    site.require(
        !site.is_read(1),
        "its output of indices is used",
        "only the maxima are supported",
    )?;
    let data = site.activation(0)?;
    let (image, window) = window(site, &data)?;
    let op = Op::MaxPool2d(MaxPool2d {
        window,
        activation: Activation::None,
    });
    finish(site, &image, op, None)
}

pub(super) fn average(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    averaged(site, &data)
}

pub(super) fn averaged(site: &mut Site<'_>, data: &Data) -> Option<()> {
    let (image, window) = window(site, data)?;
    let counts_padding = site.int("count_include_pad", 0) != 0;
    if !counts_padding || window.padding == Padding::default() {
        let op = Op::AveragePool2d(AveragePool2d {
            window,
            activation: Activation::None,
        });
        return finish(site, &image, op, None);
    }
    site.require(
        site.int("ceil_mode", 0) == 0,
        "it counts padding and rounds its size up",
        "use only one of count_include_pad and ceil_mode",
    )?;
    // A mean of which padding is a part is a convolution of equal weights.
    let taps: usize = window.kernel.iter().product();
    site.spend(taps.saturating_mul(image.channels))?;
    let params = FloatParams {
        weights: vec![1.0 / taps as f32; taps * image.channels],
        bias: vec![0.0; image.channels],
    };
    let op = Op::DepthwiseConv2d(DepthwiseConv2d {
        window,
        multiplier: 1,
        activation: Activation::None,
    });
    finish(site, &image, op, Some(params))
}

fn finish(site: &mut Site<'_>, image: &Image, op: Op, params: Option<FloatParams>) -> Option<()> {
    let output = site.add(op, &[image.tensor], params)?;
    let [height, width, channels] = site.to.shape(output).hwc()?;
    site.write(image.view(output, [height, width], channels))
}

fn window(site: &mut Site<'_>, data: &Data) -> Option<(Image, Window2d)> {
    let image = site.image(data)?;
    let kernel = site.kernel_shape()?;
    let mut window = site.window(&image, &kernel)?;
    if site.int("ceil_mode", 0) != 0 {
        let padding = &mut window.padding;
        let ends = [
            (padding.top, &mut padding.bottom),
            (padding.left, &mut padding.right),
        ];
        let extents = [0, 1].map(|axis| {
            let taps = window.kernel[axis];
            (taps - 1) * window.dilation[axis] + 1
        });
        for (axis, (before, after)) in ends.into_iter().enumerate() {
            round_up(
                image.size[axis],
                before,
                after,
                extents[axis],
                window.stride[axis],
            );
        }
    }
    Some((image, window))
}

/// Padding behind so that the last window is whole. A window that would begin in the padding behind is
/// left out.
fn round_up(size: usize, before: usize, after: &mut usize, extent: usize, stride: usize) {
    let Some(room) = (size + before + *after).checked_sub(extent) else {
        return;
    };
    let mut steps = room.div_ceil(stride);
    if steps * stride >= size + before {
        steps -= 1;
    }
    *after = (steps * stride + extent).saturating_sub(size + before);
}

pub(super) fn global_average(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    globally_averaged(site, &data)
}

pub(super) fn globally_averaged(site: &mut Site<'_>, data: &Data) -> Option<()> {
    global(site, data, Reduction::Mean)
}

pub(super) fn global_max(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    global(site, &data, Reduction::Max)
}

fn global(site: &mut Site<'_>, data: &Data, reduction: Reduction) -> Option<()> {
    let rank = data.view.sizes().len();
    let axes: Vec<usize> = (2..rank).collect();
    let reduced = reduce::reduce(site, data, &axes, true, reduction)?;
    site.set(0, Value::Activation(reduced))
}
