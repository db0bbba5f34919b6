//! DepthToSpace and SpaceToDepth: other views of the same elements, as ONNX defines them, so that they cost one
//! copy where their order is needed, and none where it is not.

use super::shape;
use crate::onnx::site::Site;
use crate::onnx::view::View;

pub(super) fn depth_to_space(site: &mut Site<'_>) -> Option<()> {
    let (sizes, block) = image(site)?;
    let [batch, channels, height, width] = sizes;
    site.require(
        channels.is_multiple_of(block * block),
        &format!("its {channels} channels are not blocks of {block}×{block}"),
        "make them a multiple of the block's size",
    )?;
    let rest = channels / (block * block);
    let (dims, permutation) = match site.text("mode").unwrap_or("DCR") {
        "CRD" => (
            vec![batch, rest, block, block, height, width],
            [0, 1, 4, 2, 5, 3],
        ),
        _ => (
            vec![batch, block, block, rest, height, width],
            [0, 3, 4, 1, 5, 2],
        ),
    };
    let to = [batch, rest, height * block, width * block];
    turned(site, &dims, &permutation, &to)
}

pub(super) fn space_to_depth(site: &mut Site<'_>) -> Option<()> {
    let (sizes, block) = image(site)?;
    let [batch, channels, height, width] = sizes;
    site.require(
        height.is_multiple_of(block) && width.is_multiple_of(block),
        &format!("its input of {height}×{width} is no blocks of {block}×{block}"),
        "make both a multiple of the block's size",
    )?;
    let dims = [batch, channels, height / block, block, width / block, block];
    let to = [
        batch,
        channels * block * block,
        height / block,
        width / block,
    ];
    turned(site, &dims, &[0, 3, 5, 1, 2, 4], &to)
}

/// The sizes of the input and of a block.
fn image(site: &mut Site<'_>) -> Option<([usize; 4], usize)> {
    let sizes = site.activation(0)?.view.sizes();
    let block = usize::try_from(site.int("blocksize", 0)).unwrap_or(0);
    let Ok(image) = <[usize; 4]>::try_from(sizes.as_slice()) else {
        site.problem(
            format!("its input has {} axes", sizes.len()),
            "only N×C×H×W is supported",
        );
        return None;
    };
    site.require(
        (1..=4096).contains(&block),
        &format!("its blocksize is {block}"),
        "it must lie in 1…4096",
    )?;
    Some((image, block))
}

/// Cut into dimensions, these permuted, and joined again.
fn turned(site: &mut Site<'_>, dims: &[usize], permutation: &[usize], to: &[usize]) -> Option<()> {
    let data = site.activation(0)?;
    let cut = shape::reshaped(site, &data.view, dims)?;
    let view: View = shape::reshaped(site, &cut.transposed(permutation), to)?;
    match view.tensor == data.view.tensor {
        true => site.pass(&data, view),
        false => site.write(view),
    }
}
