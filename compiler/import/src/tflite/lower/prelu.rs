//! PRELU: what is negative times a slope, which is repeated along axes.

use ember_ir::{Activation, Binary, BinaryFunction, Op};

use super::Lowered;
use super::site::Site;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let (input, slope) = (site.activation(0), site.operand(1));
    let op = Op::Binary(Binary {
        function: BinaryFunction::Prelu,
        activation: Activation::None,
    });
    site.finish(op, &[input?, slope?], None)
}
