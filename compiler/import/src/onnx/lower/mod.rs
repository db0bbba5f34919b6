//! From the file's nodes to the IR's, one file per family of operators. Each node is checked on its own and
//! adds all its problems to one list.

mod affine;
mod arithmetic;
mod blocks;
mod conv;
mod conv_transpose;
mod fold;
mod image;
mod matmul;
mod moved;
mod movement;
mod pad;
mod pool;
mod prelu;
mod product;
mod quantize;
mod quantized;
mod recurrent;
mod reduce;
mod repeat;
mod resize;
mod sequence;
mod shape;
mod softmax;
mod spread;
mod unary;

use super::file::File;
use super::lowering::{Lowering, Value};
use super::site::{EXPORT_AGAIN, Site};

/// Problems collected before the search for more ends: hostile files could cause millions.
const MAX_PROBLEMS: usize = 1000;

type Lower = fn(&mut Site<'_>) -> Option<()>;

/// The supported operators by name. Those without a lowering are computed here, on constants.
const OPERATORS: [(&str, Option<Lower>); 90] = [
    ("Abs", Some(unary::abs)),
    ("Add", Some(arithmetic::add)),
    ("ArgMax", Some(reduce::arg_max)),
    ("ArgMin", Some(reduce::arg_min)),
    ("AveragePool", Some(pool::average)),
    ("BatchNormalization", Some(affine::batch_normalization)),
    ("Cast", Some(shape::identity)),
    ("Ceil", Some(unary::ceil)),
    ("Celu", Some(unary::celu)),
    ("Clip", Some(unary::clip)),
    ("Concat", Some(movement::concat)),
    ("Constant", None),
    ("ConstantOfShape", None),
    ("Conv", Some(conv::conv)),
    ("ConvTranspose", Some(conv_transpose::conv_transpose)),
    ("Cos", Some(unary::cos)),
    ("DepthToSpace", Some(blocks::depth_to_space)),
    ("DequantizeLinear", Some(quantize::dequantize)),
    ("Div", Some(arithmetic::div)),
    ("Dropout", Some(shape::dropout)),
    ("Elu", Some(unary::elu)),
    ("Erf", Some(unary::erf)),
    ("Exp", Some(unary::exp)),
    ("Expand", Some(repeat::expand)),
    ("Flatten", Some(shape::flatten)),
    ("Floor", Some(unary::floor)),
    ("GRU", Some(recurrent::gru)),
    ("Gather", Some(movement::gather)),
    ("Gelu", Some(unary::gelu)),
    ("Gemm", Some(matmul::gemm)),
    ("GlobalAveragePool", Some(pool::global_average)),
    ("GlobalMaxPool", Some(pool::global_max)),
    ("HardSigmoid", Some(unary::hard_sigmoid)),
    ("HardSwish", Some(unary::hard_swish)),
    ("Identity", Some(shape::identity)),
    ("LSTM", Some(recurrent::lstm)),
    ("LeakyRelu", Some(unary::leaky_relu)),
    ("Log", Some(unary::log)),
    ("LogSoftmax", Some(softmax::log_softmax)),
    ("LpNormalization", Some(softmax::lp_normalization)),
    ("MatMul", Some(matmul::matmul)),
    ("Max", Some(arithmetic::max)),
    ("MaxPool", Some(pool::max)),
    ("Mean", Some(arithmetic::mean)),
    ("Min", Some(arithmetic::min)),
    ("Mish", Some(unary::mish)),
    ("Mul", Some(arithmetic::mul)),
    ("Neg", Some(unary::neg)),
    ("PRelu", Some(prelu::prelu)),
    ("Pad", Some(pad::pad)),
    ("Pow", Some(arithmetic::pow)),
    ("QLinearConv", Some(quantized::conv)),
    ("QLinearMatMul", Some(quantized::matmul)),
    ("QuantizeLinear", Some(quantize::quantize)),
    ("RNN", Some(recurrent::rnn)),
    ("Range", None),
    ("Reciprocal", Some(unary::reciprocal)),
    ("ReduceL1", Some(reduce::l1)),
    ("ReduceL2", Some(reduce::l2)),
    ("ReduceLogSum", Some(reduce::log_sum)),
    ("ReduceLogSumExp", Some(reduce::log_sum_exp)),
    ("ReduceMax", Some(reduce::max)),
    ("ReduceMean", Some(reduce::mean)),
    ("ReduceMin", Some(reduce::min)),
    ("ReduceSum", Some(reduce::sum)),
    ("ReduceSumSquare", Some(reduce::sum_square)),
    ("Relu", Some(unary::relu)),
    ("Reshape", Some(shape::reshape)),
    ("Resize", Some(resize::resize)),
    ("Round", Some(unary::round)),
    ("Selu", Some(unary::selu)),
    ("Shape", None),
    ("Sigmoid", Some(unary::sigmoid)),
    ("Sign", Some(unary::sign)),
    ("Sin", Some(unary::sin)),
    ("Size", None),
    ("Slice", Some(movement::slice)),
    ("Softmax", Some(softmax::softmax)),
    ("Softplus", Some(unary::softplus)),
    ("Softsign", Some(unary::softsign)),
    ("SpaceToDepth", Some(blocks::space_to_depth)),
    ("Split", Some(movement::split)),
    ("Sqrt", Some(unary::sqrt)),
    ("Squeeze", Some(shape::squeeze)),
    ("Sub", Some(arithmetic::sub)),
    ("Sum", Some(arithmetic::sum)),
    ("Tanh", Some(unary::tanh)),
    ("Tile", Some(repeat::tile)),
    ("Transpose", Some(shape::transpose)),
    ("Unsqueeze", Some(shape::unsqueeze)),
];

/// The set of operators that ONNX Runtime adds.
const MICROSOFT: &str = "com.microsoft";

/// Those of them that are supported: integers with the parameters of all their tensors.
const OF_MICROSOFT: [(&str, Option<Lower>); 11] = [
    ("DequantizeLinear", Some(quantize::dequantize)),
    ("QGemm", Some(quantized::gemm)),
    ("QLinearAdd", Some(quantized::add)),
    ("QLinearAveragePool", Some(quantized::average_pool)),
    ("QLinearConcat", Some(quantized::concat)),
    (
        "QLinearGlobalAveragePool",
        Some(quantized::global_average_pool),
    ),
    ("QLinearLeakyRelu", Some(quantized::leaky_relu)),
    ("QLinearMul", Some(quantized::mul)),
    ("QLinearSigmoid", Some(quantized::sigmoid)),
    ("QLinearSoftmax", Some(quantized::softmax)),
    ("QuantizeLinear", Some(quantize::quantize)),
];

/// Lowers every node that can be lowered and reports all others. The result is complete only if no problem
/// was added.
pub(super) fn lower(file: &File, to: &mut Lowering) {
    for node in &file.nodes {
        if to.problems.len() >= MAX_PROBLEMS {
            return;
        }
        let mut site = Site { to, node };
        one(&mut site);
        // What was not written because of a problem is unknown to all that read it.
        for output in node.outputs.iter().filter(|name| !name.is_empty()) {
            to.values.entry(output.clone()).or_insert(Value::Unknown);
        }
    }
}

fn one(site: &mut Site<'_>) -> Option<()> {
    let node = site.node;
    let set: &[(&str, Option<Lower>)] = match node.domain.as_str() {
        "" | "ai.onnx" => &OPERATORS,
        MICROSOFT => &OF_MICROSOFT,
        other => {
            site.problem(
                format!(
                    "operators of the set \"{}\" are not supported",
                    other.escape_debug()
                ),
                "replace it in the model, or let it run outside",
            );
            return None;
        }
    };
    let Some((name, lower)) = set.iter().find(|(name, _)| *name == node.op) else {
        match node.domain.as_str() {
            MICROSOFT => site.problem(
                "this operator of ONNX Runtime is not supported",
                "export the model without ONNX Runtime's optimisations (at most its basic level), so that it has \
                 ONNX's own operators",
            ),
            _ => site.problem(
                "this operator is not supported",
                "replace it in the model, or let it run outside",
            ),
        }
        return None;
    };
    let mut unknown = false;
    for name in node.inputs.iter().filter(|name| !name.is_empty()) {
        match site.to.values.get(name) {
            None => {
                let what = format!(
                    "it reads \"{}\" before any node writes it",
                    name.escape_debug()
                );
                site.problem(what, EXPORT_AGAIN);
                return None;
            }
            Some(Value::Unknown) => unknown = true,
            Some(_) => {}
        }
    }
    let again = node
        .outputs
        .iter()
        .find(|name| site.to.values.contains_key(*name));
    if let Some(name) = again {
        let what = format!(
            "it writes \"{}\", which already has a value",
            name.escape_debug()
        );
        site.problem(what, EXPORT_AGAIN);
        return None;
    }
    if unknown {
        return None;
    }
    if fold::fold(site)? {
        return Some(());
    }
    let integers = moved::integers(site, name)?;
    match lower {
        Some(lower) => {
            lower(site)?;
            if let Some(kind) = integers {
                quantize::mark(site, kind);
            }
            Some(())
        }
        None => {
            site.problem(
                "this operator is supported on constants only",
                "replace it in the model, or let it run outside",
            );
            None
        }
    }
}
