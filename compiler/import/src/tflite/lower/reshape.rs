//! RESHAPE, SQUEEZE and EXPAND_DIMS. Inputs: any tensor, optional constant shape or axis; the output tensor
//! knows its shape.

use ember_ir::{Op, Reshape};

use super::Lowered;
use super::site::Site;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(1, 2)?;
    if let Some((index, tensor)) = site.optional(1)
        && tensor.data.is_none()
        && !tensor.shape.contains(&0)
    {
        site.problem(
            format!("its new shape (tensor {index}) is computed by the model"),
            "convert the model with a fixed input shape",
        );
        return None;
    }
    let input = site.activation(0)?;
    site.same_quant(input.1)?;
    let shape = site.output()?.1.shape.clone();
    site.finish(Op::Reshape(Reshape { shape }), &[input], None)
}
