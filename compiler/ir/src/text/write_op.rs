//! Operator → attributes; `read_op` is the way back.

use super::moves;
use crate::{Activation, CellNodes, Function, Op, Padding, Real, Window2d};

/// The attributes that differ from their defaults, in the order they are written.
pub(super) fn op_attributes(op: &Op) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    match op {
        Op::Conv2d(conv) => {
            window_attributes(&mut out, &conv.window);
            out.push(("channels", conv.out_channels.to_string()));
        }
        Op::DepthwiseConv2d(conv) => {
            window_attributes(&mut out, &conv.window);
            if conv.multiplier != 1 {
                out.push(("multiplier", conv.multiplier.to_string()));
            }
        }
        Op::Dense(dense) => {
            out.push(("features", dense.out_features.to_string()));
            if dense.over_rows {
                out.push(("over_rows", "true".into()));
            }
        }
        Op::TransposeConv2d(conv) => {
            out.push(("kernel", pair(conv.kernel)));
            if conv.stride != [1, 1] {
                out.push(("stride", pair(conv.stride)));
            }
            if conv.before != [0, 0] {
                out.push(("before", pair(conv.before)));
            }
            out.push(("size", pair(conv.size)));
            out.push(("channels", conv.out_channels.to_string()));
        }
        Op::ResizeBilinear(op) => {
            out.push(("size", pair(op.size)));
            out.extend(moves::coordinates(op.coordinates));
            if let Some(step) = op.step {
                out.push(("step", moves::list(&step)));
            }
        }
        Op::Matmul(op) => {
            if op.transpose_left {
                out.push(("transpose_left", "true".into()));
            }
            if op.transpose_right {
                out.push(("transpose_right", "true".into()));
            }
        }
        Op::AveragePool2d(pool) => window_attributes(&mut out, &pool.window),
        Op::MaxPool2d(pool) => window_attributes(&mut out, &pool.window),
        Op::Reshape(reshape) => out.push(("shape", reshape.shape.to_string())),
        Op::Lstm(lstm) => {
            out.push(("hidden", lstm.hidden.to_string()));
            out.push(("cell_bits", lstm.cell_bits.to_string()));
            if lstm.clip != Real::new(f32::INFINITY) {
                out.push(("clip", lstm.clip.to_string()));
            }
            if lstm.stateful {
                out.push(("stateful", "true".into()));
            }
        }
        Op::Recurrent(op) => {
            out.push(("hidden", op.hidden.to_string()));
            if op.stateful {
                out.push(("stateful", "true".into()));
            }
        }
        Op::DartsCell(op) => {
            out.push(("hidden", op.hidden.to_string()));
            out.push(("nodes", nodes(&op.nodes)));
            if op.stateful {
                out.push(("stateful", "true".into()));
            }
        }
        Op::Svdf(svdf) => {
            out.push(("units", svdf.units.to_string()));
            out.push(("rank", svdf.rank.to_string()));
            out.push(("memory", svdf.memory.to_string()));
            out.push(("state_bits", svdf.state_bits.to_string()));
            out.push(("state_scale", svdf.state_scale.to_string()));
        }
        Op::Unary(unary) => function_attributes(&mut out, unary.function),
        Op::Move(op) => out.extend(moves::attributes(op)),
        Op::Reduce(reduce) => {
            out.push(("axes", moves::list(&reduce.axes)));
            if reduce.keep_dims {
                out.push(("keep_dims", "true".into()));
            }
        }
        Op::ArgMax(op) => out.push(("axis", op.axis.to_string())),
        Op::Constant(constant) => out.push(("shape", constant.shape.to_string())),
        Op::Embedding(op) => {
            out.push(("rows", op.rows.to_string()));
            out.push(("width", op.width.to_string()));
        }
        Op::Add(_)
        | Op::Binary(_)
        | Op::Mean(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_) => {}
    }
    match op.activation() {
        Activation::None => {}
        Activation::Relu => out.push(("act", "relu".into())),
        Activation::Relu6 => out.push(("act", "relu6".into())),
    }
    out
}

fn function_attributes(out: &mut Vec<(&'static str, String)>, function: Function) {
    out.push(("function", function.name().to_owned()));
    let reals = match function {
        Function::Clip { low, high } => vec![("low", low), ("high", high)],
        Function::LeakyRelu { alpha } => vec![("alpha", alpha)],
        Function::HardSigmoid { alpha, beta } => vec![("alpha", alpha), ("beta", beta)],
        Function::Selu { alpha, gamma } => vec![("alpha", alpha), ("gamma", gamma)],
        Function::Celu { alpha } => vec![("alpha", alpha)],
        Function::Logistic
        | Function::Tanh
        | Function::HardSwish
        | Function::Elu
        | Function::Abs
        | Function::Neg
        | Function::Exp
        | Function::Log
        | Function::Sqrt
        | Function::Rsqrt
        | Function::Square
        | Function::Erf
        | Function::Gelu
        | Function::GeluTanh
        | Function::Softplus
        | Function::Softsign
        | Function::Mish
        | Function::Sin
        | Function::Cos
        | Function::Reciprocal
        | Function::Floor
        | Function::Ceil
        | Function::Round
        | Function::Sign
        | Function::Quantize
        | Function::Table => vec![],
    };
    out.extend(reals.into_iter().map(|(key, real)| (key, real.to_string())));
}

/// `0:tanh,1:relu`: per node what it reads and its function.
fn nodes(nodes: &CellNodes) -> String {
    let each = nodes.as_slice().iter();
    let each = each.map(|node| format!("{}:{}", node.from, node.function.name()));
    each.collect::<Vec<_>>().join(",")
}

fn pair([h, w]: [usize; 2]) -> String {
    format!("{h}x{w}")
}

fn window_attributes(out: &mut Vec<(&'static str, String)>, window: &Window2d) {
    out.push(("kernel", pair(window.kernel)));
    if window.stride != [1, 1] {
        out.push(("stride", pair(window.stride)));
    }
    if window.dilation != [1, 1] {
        out.push(("dilation", pair(window.dilation)));
    }
    let Padding {
        top,
        bottom,
        left,
        right,
    } = window.padding;
    if window.padding != Padding::default() {
        out.push(("pad", format!("{top},{bottom},{left},{right}")));
    }
}
