//! SOFTMAX over the last axis.

use ember_ir::{Op, Softmax};

use super::Lowered;
use super::site::Site;
use crate::tflite::flatbuffer::Table;

const BETA: u16 = 0;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(1, 1)?;
    let input = site.activation(0);
    let beta = site.attribute(BETA, 0.0, Table::f32)?;
    if beta != 1.0 {
        site.problem(format!("its beta is {beta}"), "use a softmax with beta 1");
    }
    let output = site.output()?.1.quant;
    if output.scale != 1.0 / 256.0 || output.zero_point != -128 {
        site.problem(
            format!(
                "its output has scale {} and zero point {}",
                output.scale, output.zero_point
            ),
            "convert the model with the fixed softmax range, scale 1/256 and zero point −128",
        );
    }
    let input = input?;
    site.finish(Op::Softmax(Softmax {}), &[input], None)
}
