//! TRANSPOSE. Inputs: tensor, constant permutation of the axes.

use ember_ir::{Move, Op, Transpose};

use super::Lowered;
use super::site::Site;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let (index, input, rank) = site.tensor(0)?;
    let axes = site.per_axis(1, rank)?;
    site.same_quant(input)?;
    if axes[0] != 0 {
        site.batch();
        return None;
    }
    let axes = axes[1..].iter().map(|&axis| site.axis(axis, rank));
    let permutation = axes.collect::<Option<Vec<_>>>()?;
    let op = Move::Transpose(Transpose { permutation });
    site.finish(Op::Move(op), &[(index, input)], None)
}
