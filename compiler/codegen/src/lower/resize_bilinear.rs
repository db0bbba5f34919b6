//! Bilinear resizing: positions in steps of 2⁻¹⁰ of an input element, as TensorFlow Lite computes them.

use ember_ir::ResizeBilinear;
use ember_runtime::params::ResizeBilinearParams;

use super::Context;

pub(super) fn lower(context: &Context<'_>, op: &ResizeBilinear) -> ResizeBilinearParams {
    let input = context.input_hwc();
    let lines = [0, 1].map(|axis| op.fixed_line(axis, input[axis]));
    ResizeBilinearParams {
        input,
        size: op.size,
        start: lines.map(|(start, _)| start),
        step: lines.map(|(_, step)| step),
    }
}
