//! BATCH_MATMUL. Inputs: left and right matrices, either of which may be constant.

use ember_ir::{Matmul, Op};

use super::Lowered;
use super::site::Site;
use crate::tflite::flatbuffer::Table;

const ADJ_X: u16 = 0;
const ADJ_Y: u16 = 1;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let inputs = [site.operand(0)?, site.operand(1)?];
    let op = Op::Matmul(Matmul {
        transpose_left: site.attribute(ADJ_X, 0, Table::u8)? != 0,
        transpose_right: site.attribute(ADJ_Y, 0, Table::u8)? != 0,
    });
    site.finish(op, &inputs, None)
}
