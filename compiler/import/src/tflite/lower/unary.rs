//! Functions of one number: LOGISTIC, TANH, the ReLUs and the rest, and QUANTIZE between int8 tensors.

use ember_ir::{Function, Op, Real, Unary};

use super::Lowered;
use super::site::Site;
use crate::tflite::flatbuffer::Table;

const LEAKY_RELU_ALPHA: u16 = 0;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(1, 1)?;
    let function = function(site)?;
    let input = site.activation(0)?;
    if let Some(fixed) = function.fixed_output() {
        site.fixed_output(fixed)?;
    }
    site.finish(Op::Unary(Unary { function }), &[input], None)
}

fn function(site: &mut Site<'_, '_>) -> Option<Function> {
    Some(match site.code() {
        14 => Function::Logistic,
        19 => Function::RELU,
        20 => Function::RELU_N1_TO_1,
        21 => Function::RELU6,
        28 => Function::Tanh,
        47 => Function::Exp,
        59 => Function::Neg,
        73 => Function::Log,
        75 => Function::Sqrt,
        76 => Function::Rsqrt,
        92 => Function::Square,
        98 => Function::LeakyRelu {
            alpha: Real::new(site.attribute(LEAKY_RELU_ALPHA, 0.0, Table::f32)?),
        },
        101 => Function::Abs,
        111 => Function::Elu,
        114 => Function::Quantize,
        117 => Function::HardSwish,
        code => unreachable!("BUG: operator {code} is no unary function"),
    })
}
