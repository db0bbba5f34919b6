//! A function of one number, applied to each element.

use ember_ir::Unary;

pub(super) fn run(op: &Unary, input: &[f32]) -> Vec<f32> {
    input.iter().map(|&x| op.function.apply(x)).collect()
}
