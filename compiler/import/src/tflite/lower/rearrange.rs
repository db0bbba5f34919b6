//! SPACE_TO_DEPTH, DEPTH_TO_SPACE, RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR: an image with other heights and widths.

use ember_ir::{Coordinates, DepthToSpace, Move, Op, ResizeBilinear, ResizeNearest, SpaceToDepth};

use super::Lowered;
use super::site::{EXPORT_AGAIN, Site};
use crate::tflite::flatbuffer::Table;

const BLOCK_SIZE: u16 = 0;
/// Aligned corners, half-pixel centers.
const NEAREST: [u16; 2] = [0, 1];
const BILINEAR: [u16; 2] = [2, 3];

pub(super) fn lower_space_to_depth(site: &mut Site<'_, '_>) -> Option<Lowered> {
    let block = block(site)?;
    moved(site, Op::Move(Move::SpaceToDepth(SpaceToDepth { block })))
}

pub(super) fn lower_depth_to_space(site: &mut Site<'_, '_>) -> Option<Lowered> {
    let block = block(site)?;
    moved(site, Op::Move(Move::DepthToSpace(DepthToSpace { block })))
}

pub(super) fn lower_resize_nearest(site: &mut Site<'_, '_>) -> Option<Lowered> {
    let (size, coordinates) = resize(site, NEAREST)?;
    let op = Move::ResizeNearest(ResizeNearest { size, coordinates });
    moved(site, Op::Move(op))
}

pub(super) fn lower_resize_bilinear(site: &mut Site<'_, '_>) -> Option<Lowered> {
    let (size, coordinates) = resize(site, BILINEAR)?;
    let op = ResizeBilinear {
        size,
        coordinates,
        step: None,
    };
    moved(site, Op::ResizeBilinear(op))
}

/// Inputs: image, constant height and width.
fn resize(site: &mut Site<'_, '_>, fields: [u16; 2]) -> Option<([usize; 2], Coordinates)> {
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
    let align_corners = site.attribute(fields[0], 0, Table::u8)? != 0;
    let half_pixel = site.attribute(fields[1], 0, Table::u8)? != 0;
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
    Some((size, coordinates))
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

fn moved(site: &mut Site<'_, '_>, op: Op) -> Option<Lowered> {
    let input = site.activation(0)?;
    site.same_quant(input.1)?;
    site.finish(op, &[input], None)
}
