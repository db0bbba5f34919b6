//! MEAN over height and width. Inputs: image, constant axes.

use ember_ir::{Mean, Op};

use super::Lowered;
use super::site::Site;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let input = site.activation(0);
    let (_, axes) = site.required(1)?;
    // Batch, height, width, channels: axes count from either end.
    let (values, _) = axes.data.unwrap_or_default().as_chunks();
    let mut values: Vec<i32> = values
        .iter()
        .take(8)
        .map(|&bytes| i32::from_le_bytes(bytes))
        .map(|axis| {
            if axis < 0 {
                axis.saturating_add(4)
            } else {
                axis
            }
        })
        .collect();
    values.sort_unstable();
    values.dedup();
    if values != [1, 2] || axes.element != 2 {
        site.problem(
            "it does not reduce exactly height and width",
            "use a mean over axes 1 and 2 (global average pooling)",
        );
        return None;
    }
    site.finish(Op::Mean(Mean {}), &[input?], None)
}
