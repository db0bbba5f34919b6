//! Functions of whole rows, the last axis: LOG_SOFTMAX and L2_NORMALIZATION.

use ember_ir::{L2Norm, LogSoftmax, Op};

use super::Lowered;
use super::site::Site;

const FUSED: u16 = 0;

pub(super) fn lower_log_softmax(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(1, 1)?;
    let input = site.activation(0);
    site.fixed_output(LogSoftmax::QUANT)?;
    site.finish(Op::LogSoftmax(LogSoftmax {}), &[input?], None)
}

pub(super) fn lower_l2_norm(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(1, 1)?;
    if site.fused(FUSED)? != ember_ir::Activation::None {
        site.problem(
            "it has a fused activation",
            "put the activation behind it as an operator of its own",
        );
        return None;
    }
    let input = site.activation(0);
    site.fixed_output(L2Norm::QUANT)?;
    site.finish(Op::L2Norm(L2Norm {}), &[input?], None)
}
