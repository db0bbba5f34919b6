//! MEAN, SUM and REDUCE_MAX over any axes, ARG_MAX along one. Inputs: tensor, constant axes.

use ember_ir::{ArgMax, Mean, Op, Reduce, ReduceFunction};

use super::Lowered;
use super::site::{EXPORT_AGAIN, Site};
use crate::tflite::flatbuffer::Table;

const KEEP_DIMS: u16 = 0;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let (index, input, rank) = site.tensor(0)?;
    let axes = site.integers(1)?;
    let function = match site.code() {
        40 => ReduceFunction::Mean,
        74 => ReduceFunction::Sum,
        82 => ReduceFunction::Max,
        code => unreachable!("BUG: operator {code} is no reduction"),
    };
    if function == ReduceFunction::Max {
        site.same_quant(input)?;
    }
    let axes = axes.iter().map(|&axis| site.axis(axis, rank));
    let mut axes = axes.collect::<Option<Vec<_>>>()?;
    axes.sort_unstable();
    axes.dedup();
    // More of the compiler knows about the mean over an image.
    let image = function == ReduceFunction::Mean && axes == [0, 1] && input.shape.hwc().is_some();
    let op = match image {
        true => Op::Mean(Mean {}),
        false => Op::Reduce(Reduce {
            function,
            axes,
            keep_dims: site.attribute(KEEP_DIMS, 0, Table::u8)? != 0,
        }),
    };
    site.finish(op, &[(index, input)], None)
}

/// The index is an int32 in the file and a byte here: only the caller may read it.
pub(super) fn lower_arg_max(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(2, 2)?;
    let (index, input, rank) = site.tensor(0)?;
    let axes = site.integers(1)?;
    let &[axis] = axes.as_slice() else {
        site.problem(format!("its axis is {axes:?}"), EXPORT_AGAIN);
        return None;
    };
    let axis = site.axis(axis, rank)?;
    let len = input.shape.dims()[axis];
    if len > ArgMax::MAX_LEN {
        site.problem(
            format!(
                "it finds one of {len}, an index of at most {} fits a byte",
                ArgMax::MAX_LEN
            ),
            "let the model put out the values, and find the largest outside",
        );
        return None;
    }
    if site.is_read_on() {
        site.problem(
            "its output is read by another operator",
            "let the index be an output of the model",
        );
        return None;
    }
    site.finish(Op::ArgMax(ArgMax { axis }), &[(index, input)], None)
}
