//! PAD, PADV2 and MIRROR_PAD. Inputs: tensor, elements before and behind each axis, for PADV2 a value.

use ember_ir::{MirrorPad, Move, Op, Pad, Real};

use super::activations::Activation;
use super::site::{EXPORT_AGAIN, Site};
use super::{Lowered, real};
use crate::tflite::flatbuffer::Table;

const MIRROR_MODE: u16 = 0;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 3)?;
    let (index, input, rank) = site.tensor(0)?;
    let [before, after] = sides(site, rank)?;
    site.same_quant(input)?;
    let fill = match site.optional(2) {
        None => 0.0,
        Some((value, tensor)) => {
            if let Some(&[fill]) = real(tensor).as_deref() {
                return padded(site, (index, input), [before, after], fill);
            }
            let Some(&[byte]) = tensor.data else {
                site.problem(
                    format!("its value (tensor {value}) is not a constant number"),
                    "pad by a constant",
                );
                return None;
            };
            // Its parameters are those of input and output.
            input.quant.dequantize(byte.cast_signed())
        }
    };
    padded(site, (index, input), [before, after], fill)
}

fn padded(
    site: &mut Site<'_, '_>,
    input: (usize, &Activation),
    [before, after]: [Vec<usize>; 2],
    fill: f32,
) -> Option<Lowered> {
    let op = Move::Pad(Pad {
        before,
        after,
        fill: Real::new(fill),
    });
    site.finish(Op::Move(op), &[input], None)
}

pub(super) fn lower_mirror(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let (index, input, rank) = site.tensor(0)?;
    let [before, after] = sides(site, rank)?;
    site.same_quant(input)?;
    let mode = site.attribute(MIRROR_MODE, 0, Table::i8)?;
    if !(0..=1).contains(&mode) {
        site.problem(format!("its mode is {mode}"), EXPORT_AGAIN);
        return None;
    }
    let op = Move::MirrorPad(MirrorPad {
        before,
        after,
        symmetric: mode == 1,
    });
    site.finish(Op::Move(op), &[(index, input)], None)
}

/// Elements before and behind each axis but the batch's.
fn sides(site: &mut Site<'_, '_>, rank: usize) -> Option<[Vec<usize>; 2]> {
    let numbers = site.per_axis(1, 2 * rank)?;
    let sizes: Option<Vec<usize>> = numbers.iter().map(|&x| usize::try_from(x).ok()).collect();
    let Some(sizes) = sizes else {
        site.problem("it pads by a negative number of elements", EXPORT_AGAIN);
        return None;
    };
    if sizes[..2] != [0, 0] {
        site.batch();
        return None;
    }
    let side = |which: usize| sizes[2..].iter().copied().skip(which).step_by(2).collect();
    Some([side(0), side(1)])
}
