//! AVERAGE_POOL_2D and MAX_POOL_2D. Neither requantises.

use ember_ir::{Activation, AveragePool2d, MaxPool2d, Op, Window2d};

use super::Lowered;
use super::site::Site;
use super::window::WindowFields;

const FIELDS: WindowFields = WindowFields {
    padding: 0,
    stride: [2, 1],
    dilation: None,
};
const FILTER: [u16; 2] = [4, 3];
const FUSED: u16 = 5;

pub(super) fn lower_average(site: &mut Site<'_, '_>) -> Option<Lowered> {
    lower(site, |window, activation| {
        Op::AveragePool2d(AveragePool2d { window, activation })
    })
}

pub(super) fn lower_max(site: &mut Site<'_, '_>) -> Option<Lowered> {
    lower(site, |window, activation| {
        Op::MaxPool2d(MaxPool2d { window, activation })
    })
}

fn lower(site: &mut Site<'_, '_>, op: fn(Window2d, Activation) -> Op) -> Option<Lowered> {
    site.operands(1, 1)?;
    let activation = site.fused(FUSED);
    let kernel = site.pair("filter", FILTER, 0);
    let input = site.activation(0)?;
    let window = site.window(&FIELDS, kernel?, &input.1.shape);
    site.same_quant(input.1)?;
    site.finish(op(window?, activation?), &[input], None)
}
