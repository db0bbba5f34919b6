//! SPACE_TO_DEPTH, DEPTH_TO_SPACE and RESIZE_NEAREST_NEIGHBOR: an image with other heights and widths.

use ember_ir::{Coordinates, DepthToSpace, Move, Op, ResizeNearest, SpaceToDepth};

use super::Lowered;
use super::site::{EXPORT_AGAIN, Site};
use crate::tflite::flatbuffer::Table;

const BLOCK_SIZE: u16 = 0;
const ALIGN_CORNERS: u16 = 0;
const HALF_PIXEL_CENTERS: u16 = 1;

pub(super) fn lower_space_to_depth(site: &mut Site<'_, '_>) -> Option<Lowered> {
    let block = block(site)?;
    moved(site, Move::SpaceToDepth(SpaceToDepth { block }))
}

pub(super) fn lower_depth_to_space(site: &mut Site<'_, '_>) -> Option<Lowered> {
    let block = block(site)?;
    moved(site, Move::DepthToSpace(DepthToSpace { block }))
}

/// Inputs: image, constant height and width.
pub(super) fn lower_resize_nearest(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let size = site.integers(1)?;
    let size: Vec<usize> = size
        .iter()
        .filter_map(|&x| usize::try_from(x).ok())
        .collect();
    let Ok(size) = <[usize; 2]>::try_from(size) else {
        site.problem("its size is not a height and a width", EXPORT_AGAIN);
        return None;
    };
    let align_corners = site.attribute(ALIGN_CORNERS, 0, Table::u8)? != 0;
    let half_pixel = site.attribute(HALF_PIXEL_CENTERS, 0, Table::u8)? != 0;
    let coordinates = match (align_corners, half_pixel) {
        (false, false) => Coordinates::Asymmetric,
        (false, true) => Coordinates::HalfPixel,
        (true, false) => Coordinates::AlignCorners,
        (true, true) => {
            site.problem(
                "it has both aligned corners and half-pixel centers",
                "choose one of the two",
            );
            return None;
        }
    };
    moved(
        site,
        Move::ResizeNearest(ResizeNearest { size, coordinates }),
    )
}

fn block(site: &mut Site<'_, '_>) -> Option<usize> {
    site.operands(1, 1)?;
    let block = site.attribute(BLOCK_SIZE, 0, Table::i32)?;
    let size = usize::try_from(block).ok();
    if size.is_none() {
        site.problem(format!("its block size is {block}"), EXPORT_AGAIN);
    }
    size
}

fn moved(site: &mut Site<'_, '_>, op: Move) -> Option<Lowered> {
    let input = site.activation(0)?;
    site.same_quant(input.1)?;
    site.finish(Op::Move(op), &[input], None)
}
