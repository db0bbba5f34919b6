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
    let op = Op::Softmax(Softmax {});
    if let Some(fixed) = op.fixed_output() {
        site.fixed_output(fixed)?;
    }
    let input = input?;
    site.finish(op, &[input], None)
}
