//! ADD of two activations of one shape.

use ember_ir::{Add, Op};

use super::Lowered;
use super::site::Site;

const FUSED: u16 = 0;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let activation = site.fused(FUSED);
    let left = site.activation(0);
    let right = site.activation(1);
    let (left, right) = (left?, right?);
    if left.1.shape != right.1.shape {
        site.problem(
            format!(
                "it adds {} and {} (broadcasting)",
                left.1.shape, right.1.shape
            ),
            "give both inputs one shape",
        );
        return None;
    }
    let op = Op::Add(Add {
        activation: activation?,
    });
    site.finish(op, &[left, right], None)
}
