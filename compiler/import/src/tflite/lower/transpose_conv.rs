//! TRANSPOSE_CONV. Inputs: constant size of the output, OHWI weights, image, optional bias.

use ember_ir::{Op, Padding, TransposeConv2d, Window2d};

use super::Lowered;
use super::site::{EXPORT_AGAIN, Site};
use crate::tflite::flatbuffer::Table;

const PADDING: u16 = 0;
const STRIDE: [u16; 2] = [2, 1];
const FUSED: u16 = 3;
/// Largest kernel; beyond it lies no real model.
const LARGEST: usize = 4096;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(3, 4)?;
    let activation = site.fused(FUSED);
    let weights = site.weights::<4>(0);
    let input = site.activation(2);
    // Its shape is that of the output tensor, which is compared at the end.
    site.integers(0)?;
    let (weights, input) = (weights?, input?);
    let [out_channels, kernel_height, kernel_width, depth] = weights.shape;
    let kernel = [kernel_height, kernel_width];
    let bias = site.bias_of(3, out_channels);
    let stride = site.pair("stride", STRIDE, 0)?;
    let padding = site.attribute(PADDING, 0, Table::i8)?;
    let (_, output) = site.output()?;
    let images = (input.1.shape.hwc(), output.shape.hwc());
    let (Some([_, _, channels]), Some([height, width, _])) = images else {
        let what = format!(
            "its input is {}, its output {}, both must be HxWxC",
            input.1.shape, output.shape
        );
        site.problem(what, "reshape it to batch, height, width, channels");
        return None;
    };
    if channels != depth || kernel.iter().any(|&taps| taps > LARGEST) {
        site.problem(
            format!(
                "its {out_channels} filters of {kernel_height}×{kernel_width} read {depth} channels each, its \
                 input has {channels}"
            ),
            EXPORT_AGAIN,
        );
        return None;
    }
    let window = Window2d::valid(kernel, stride);
    let Padding { top, left, .. } = match padding {
        // That of the convolution which would make the input from the output.
        0 => window.with_same_padding([height, width]).padding,
        1 => window.padding,
        other => {
            site.problem(
                format!("its padding scheme {other} does not exist"),
                EXPORT_AGAIN,
            );
            return None;
        }
    };
    let op = Op::TransposeConv2d(TransposeConv2d {
        kernel,
        stride,
        before: [top, left],
        size: [height, width],
        out_channels,
        activation: activation?,
    });
    let params = weights.numbers.with(bias?)?;
    site.finish(op, &[input], Some(params))
}
