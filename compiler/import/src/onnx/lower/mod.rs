//! From the file's nodes to the IR's, one file per family of operators. Each node is checked on its own and
//! adds all its problems to one list.

mod affine;
mod arithmetic;
mod conv;
mod conv_transpose;
mod fold;
mod image;
mod matmul;
mod movement;
mod pad;
mod pool;
mod prelu;
mod product;
mod quantize;
mod quantized;
mod recurrent;
mod reduce;
mod resize;
mod sequence;
mod shape;
mod softmax;
mod unary;

use super::file::File;
use super::lowering::{Lowering, Value};
use super::site::{EXPORT_AGAIN, Site};

/// Problems collected before the search for more ends: hostile files could cause millions.
const MAX_PROBLEMS: usize = 1000;

type Lower = fn(&mut Site<'_>) -> Option<()>;

/// The supported operators by name. Those without a lowering are computed here, on constants.
const OPERATORS: [(&str, Option<Lower>); 77] = [
    ("Abs", Some(unary::abs)),
    ("Add", Some(arithmetic::add)),
    ("AveragePool", Some(pool::average)),
    ("BatchNormalization", Some(affine::batch_normalization)),
    ("Cast", Some(shape::identity)),
    ("Ceil", None),
    ("Celu", Some(unary::celu)),
    ("Clip", Some(unary::clip)),
    ("Concat", Some(movement::concat)),
    ("Constant", None),
    ("ConstantOfShape", None),
    ("Conv", Some(conv::conv)),
    ("ConvTranspose", Some(conv_transpose::conv_transpose)),
    ("Cos", Some(unary::cos)),
    ("DequantizeLinear", Some(quantize::dequantize)),
    ("Div", Some(arithmetic::div)),
    ("Dropout", Some(shape::dropout)),
    ("Elu", Some(unary::elu)),
    ("Erf", Some(unary::erf)),
    ("Exp", Some(unary::exp)),
    ("Expand", None),
    ("Flatten", Some(shape::flatten)),
    ("Floor", None),
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
    ("ReduceMax", Some(reduce::max)),
    ("ReduceMean", Some(reduce::mean)),
    ("ReduceSum", Some(reduce::sum)),
    ("Relu", Some(unary::relu)),
    ("Reshape", Some(shape::reshape)),
    ("Resize", Some(resize::resize)),
    ("Selu", Some(unary::selu)),
    ("Shape", None),
    ("Sigmoid", Some(unary::sigmoid)),
    ("Sin", Some(unary::sin)),
    ("Size", None),
    ("Slice", Some(movement::slice)),
    ("Softmax", Some(softmax::softmax)),
    ("Softplus", Some(unary::softplus)),
    ("Softsign", Some(unary::softsign)),
    ("Split", Some(movement::split)),
    ("Sqrt", Some(unary::sqrt)),
    ("Squeeze", Some(shape::squeeze)),
    ("Sub", Some(arithmetic::sub)),
    ("Sum", Some(arithmetic::sum)),
    ("Tanh", Some(unary::tanh)),
    ("Transpose", Some(shape::transpose)),
    ("Unsqueeze", Some(shape::unsqueeze)),
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
    let is_standard = matches!(node.domain.as_str(), "" | "ai.onnx");
    let known = OPERATORS
        .iter()
        .find(|(name, _)| is_standard && *name == node.op);
    let Some((_, lower)) = known else {
        let what = match is_standard {
            true => "this operator is not supported".to_owned(),
            false => format!(
                "operators of the set \"{}\" are not supported",
                node.domain.escape_debug()
            ),
        };
        site.problem(what, "replace it in the model, or let it run outside");
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
    match lower {
        Some(lower) => lower(site),
        None => {
            site.problem(
                "this operator is supported on constants only",
                "replace it in the model, or let it run outside",
            );
            None
        }
    }
}
