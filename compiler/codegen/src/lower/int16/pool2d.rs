//! Average and maximum pooling: input and output share their scale.

use ember_ir::{Activation, Window2d};
use ember_runtime::params::Pool2dS16Params;

use super::super::Context;

pub(super) fn lower(
    context: &Context<'_>,
    window: &Window2d,
    activation: Activation,
) -> Pool2dS16Params {
    Pool2dS16Params {
        input: context.input_hwc(),
        output: context.output_hwc(),
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation,
        pad: [window.padding.top, window.padding.left],
        clamp: super::clamp(activation, context.output()),
    }
}
