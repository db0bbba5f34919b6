//! GATHER. Inputs: tensor, constant indices.

use ember_ir::{Gather, Move, Op};

use super::Lowered;
use super::site::{EXPORT_AGAIN, Site};
use crate::tflite::flatbuffer::Table;

const AXIS: u16 = 0;
const BATCH_DIMS: u16 = 1;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let (index, input, rank) = site.tensor(0)?;
    let numbers = site.integers(1)?;
    site.same_quant(input)?;
    if site.attribute(BATCH_DIMS, 0, Table::i32)? != 0 {
        site.batch();
        return None;
    }
    let axis = site.attribute(AXIS, 0, Table::i32)?;
    let axis = site.axis(i64::from(axis), rank)?;
    let indices: Option<Vec<usize>> = numbers.iter().map(|&x| usize::try_from(x).ok()).collect();
    let Some(indices) = indices else {
        site.problem("it has a negative index", EXPORT_AGAIN);
        return None;
    };
    let op = Op::Move(Move::Gather(Gather { axis, indices }));
    site.finish(op, &[(index, input)], None)
}
