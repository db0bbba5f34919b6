//! Average and maximum pooling: input and output share their parameters, so there is nothing to
//! scale.

use ember_ir::{Activation, Window2d};
use ember_runtime::params::Pool2dParams;

use super::{Context, requant};

pub(super) fn lower(
    context: &Context<'_>,
    window: &Window2d,
    activation: Activation,
) -> Pool2dParams {
    Pool2dParams {
        input: context.input_hwc(),
        output: context.output_hwc(),
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation,
        pad: [window.padding.top, window.padding.left],
        clamp: requant::clamp(activation, context.output()),
    }
}
