//! ADD, SUB, MUL, MAXIMUM and MINIMUM of two tensors, either of which may be constant or repeated along
//! axes.

use ember_ir::{Activation, Add, Binary, BinaryFunction, Op};

use super::Lowered;
use super::site::Site;

const FUSED: u16 = 0;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let function = match site.code() {
        0 => None,
        18 => Some(BinaryFunction::Mul),
        41 => Some(BinaryFunction::Sub),
        55 => Some(BinaryFunction::Maximum),
        57 => Some(BinaryFunction::Minimum),
        code => unreachable!("BUG: operator {code} is no function of two tensors"),
    };
    let picks = function.is_some_and(BinaryFunction::picks);
    let activation = match picks {
        true => Activation::None,
        false => site.fused(FUSED)?,
    };
    let (left, right) = (site.operand(0), site.operand(1));
    let (left, right) = (left?, right?);
    if picks {
        site.same_quant(left.1)?;
        site.same_quant(right.1)?;
    }
    let op = match function {
        None => Op::Add(Add { activation }),
        Some(function) => Op::Binary(Binary {
            function,
            activation,
        }),
    };
    site.finish(op, &[left, right], None)
}
