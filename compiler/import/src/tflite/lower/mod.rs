//! From the file's operators to the IR's, one file per operator. Each operator is checked on its own
//! and adds all its problems to one list; the flow of data between them is checked in [`dataflow`].

mod activations;
mod batch_matmul;
mod binary;
mod concat;
mod conv2d;
mod dataflow;
mod depthwise_conv2d;
mod fully_connected;
mod gather;
mod lstm;
mod numbers;
mod operands;
mod pad;
mod pool2d;
mod prelu;
mod rearrange;
mod reduce;
mod reshape;
mod rows;
mod scales;
mod site;
mod slice;
mod softmax;
mod svdf;
mod transpose;
mod transpose_conv;
mod unary;
mod weights;
mod window;

use ember_ir::{Op, Rounding};

use super::schema::Model;
use crate::Problem;
pub(super) use activations::Activations;
pub(super) use numbers::{Params, real};
use site::{KEEP_INT8, Site};

/// An operator in the IR's terms; `inputs` and `output` are tensors of the file.
pub(super) struct Lowered {
    pub op: Op,
    pub inputs: Vec<usize>,
    pub output: usize,
    pub params: Option<Params>,
    pub rounding: Rounding,
}

/// A model in the IR's terms.
pub(super) struct LoweredModel {
    pub operators: Vec<Lowered>,
    pub activations: Activations,
}

/// What is said of the others.
const NO_INT16: &str = "it has no kernel for int16 activations";

/// Problems collected before the search for more ends: hostile files could cause millions.
const MAX_PROBLEMS: usize = 1000;

type Lower = fn(&mut Site<'_, '_>) -> Option<Lowered>;

/// The supported operators: number in the schema, lowering.
const OPERATORS: [(i32, Lower); 53] = [
    (0, binary::lower),
    (1, pool2d::lower_average),
    (2, concat::lower),
    (3, conv2d::lower),
    (4, depthwise_conv2d::lower),
    (5, rearrange::lower_depth_to_space),
    (9, fully_connected::lower),
    (11, rows::lower_l2_norm),
    (14, unary::lower),
    (17, pool2d::lower_max),
    (18, binary::lower),
    (19, unary::lower),
    (20, unary::lower),
    (21, unary::lower),
    (22, reshape::lower),
    (23, rearrange::lower_resize_bilinear),
    (25, softmax::lower),
    (26, rearrange::lower_space_to_depth),
    (27, svdf::lower),
    (28, unary::lower),
    (34, pad::lower),
    (36, gather::lower),
    (39, transpose::lower),
    (40, reduce::lower),
    (41, binary::lower),
    (43, reshape::lower),
    (44, lstm::lower),
    (45, slice::lower_strided),
    (47, unary::lower),
    (50, rows::lower_log_softmax),
    (54, prelu::lower),
    (55, binary::lower),
    (56, reduce::lower_arg_max),
    (57, binary::lower),
    (59, unary::lower),
    (60, pad::lower),
    (65, slice::lower),
    (67, transpose_conv::lower),
    (70, reshape::lower),
    (73, unary::lower),
    (74, reduce::lower),
    (75, unary::lower),
    (76, unary::lower),
    (82, reduce::lower),
    (92, unary::lower),
    (97, rearrange::lower_resize_nearest),
    (98, unary::lower),
    (100, pad::lower_mirror),
    (101, unary::lower),
    (111, unary::lower),
    (114, unary::lower),
    (117, unary::lower),
    (126, batch_matmul::lower),
];

/// Those that there are kernels of for int16, or that only move elements.
const INT16: [i32; 22] = [
    0, 1, 2, 3, 4, 5, 9, 17, 22, 26, 34, 36, 39, 43, 45, 49, 65, 70, 97, 100, 102, 114,
];

/// The supported operators that have no kernel for int16, by number, ascending.
#[cfg(test)]
pub(super) fn without_int16() -> Vec<i32> {
    let codes = OPERATORS.iter().map(|(code, _)| *code);
    codes.filter(|code| !INT16.contains(code)).collect()
}

type LowerMany = fn(&mut Site<'_, '_>) -> Option<Vec<Lowered>>;

/// Those with several outputs.
const SPLITS: [(i32, LowerMany); 2] = [(49, slice::lower_split), (102, slice::lower_split_v)];

/// Lowers every operator that can be lowered and reports all others. The result is complete only if
/// no problem was added.
pub(super) fn lower(model: &Model<'_>, problems: &mut Vec<Problem>) -> LoweredModel {
    let activations = Activations::read(model, problems);
    dataflow::check(model, problems);
    let mut operators = Vec::with_capacity(model.operators.len());
    for operator in &model.operators {
        if problems.len() >= MAX_PROBLEMS {
            break;
        }
        let mut site = Site::new(model, operator, &activations, problems);
        let known = OPERATORS.iter().find(|(code, _)| *code == operator.code);
        let split = SPLITS.iter().find(|(code, _)| *code == operator.code);
        let is_known = known.is_some() || split.is_some();
        if is_known && !INT16.contains(&operator.code) && site.has_int16() {
            site.problem(NO_INT16, KEEP_INT8);
            continue;
        }
        match (known, split) {
            (Some((_, lower)), _) => operators.extend(lower(&mut site)),
            (None, Some((_, lower))) => operators.extend(lower(&mut site).into_iter().flatten()),
            (None, None) => site.problem(
                "this operator is not supported",
                "replace it in the model, or let it run outside",
            ),
        }
    }
    LoweredModel {
        operators,
        activations,
    }
}
