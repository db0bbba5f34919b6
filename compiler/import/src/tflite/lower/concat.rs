//! CONCATENATION of any number of tensors, some of which may be constant. Inputs of other parameters than the
//! output's are requantised first.

use ember_ir::{Concat, Move, Op};

use super::Lowered;
use super::site::Site;
use crate::tflite::flatbuffer::Table;

const AXIS: u16 = 0;
const FUSED: u16 = 1;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    let count = site.inputs();
    site.operands(1, count.max(1))?;
    if site.fused(FUSED)? != ember_ir::Activation::None {
        site.problem(
            "it has a fused activation",
            "put the activation behind it as an operator of its own",
        );
        return None;
    }
    let inputs: Option<Vec<_>> = (0..count).map(|slot| site.operand(slot)).collect();
    let inputs = inputs?;
    let rank = inputs[0].1.shape.dims().len() + 1;
    let axis = site.attribute(AXIS, 0, Table::i32)?;
    let axis = site.axis(i64::from(axis), rank)?;
    // The assembly requantises.
    site.finish(Op::Move(Move::Concat(Concat { axis })), &inputs, None)
}
