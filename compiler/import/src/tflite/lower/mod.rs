//! From the file's operators to the IR's, one file per operator. Each operator is checked on its own
//! and adds all its problems to one list; the flow of data between them is checked in [`dataflow`].

mod activations;
mod add;
mod conv2d;
mod dataflow;
mod depthwise_conv2d;
mod fully_connected;
mod lstm;
mod mean;
mod pool2d;
mod reshape;
mod site;
mod softmax;
mod unary;
mod weights;
mod window;

use ember_ir::{Op, QuantParams};

use super::schema::Model;
use crate::Problem;
pub(super) use activations::Activations;
use site::Site;

/// An operator in the IR's terms; `inputs` and `output` are tensors of the file.
pub(super) struct Lowered {
    pub op: Op,
    pub inputs: Vec<usize>,
    pub output: usize,
    pub params: Option<QuantParams>,
}

/// A model in the IR's terms.
pub(super) struct LoweredModel {
    pub operators: Vec<Lowered>,
    pub activations: Activations,
}

/// Problems collected before the search for more ends: hostile files could cause millions.
const MAX_PROBLEMS: usize = 1000;

type Lower = fn(&mut Site<'_, '_>) -> Option<Lowered>;

/// The supported operators: number in the schema, lowering.
const OPERATORS: [(i32, Lower); 26] = [
    (0, add::lower),
    (1, pool2d::lower_average),
    (3, conv2d::lower),
    (4, depthwise_conv2d::lower),
    (9, fully_connected::lower),
    (14, unary::lower),
    (17, pool2d::lower_max),
    (19, unary::lower),
    (20, unary::lower),
    (21, unary::lower),
    (22, reshape::lower),
    (25, softmax::lower),
    (28, unary::lower),
    (40, mean::lower),
    (44, lstm::lower),
    (47, unary::lower),
    (59, unary::lower),
    (73, unary::lower),
    (75, unary::lower),
    (76, unary::lower),
    (92, unary::lower),
    (98, unary::lower),
    (101, unary::lower),
    (111, unary::lower),
    (114, unary::lower),
    (117, unary::lower),
];

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
        match known {
            Some((_, lower)) => operators.extend(lower(&mut site)),
            None => site.problem(
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
