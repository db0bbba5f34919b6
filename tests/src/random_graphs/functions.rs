//! All functions of one number in a network, an output each.

use ember_ir::{Function, Graph, GraphBuilder, Op, Real, Unary};

const HALF: Real = Real::new(0.5);

/// What follows a number in (0, 1), where each has a finite result.
const OF_POSITIVE: [Function; 25] = [
    Function::Logistic,
    Function::Tanh,
    Function::RELU6,
    Function::LeakyRelu { alpha: HALF },
    Function::HardSwish,
    Function::HardSigmoid {
        alpha: HALF,
        beta: HALF,
    },
    Function::Elu,
    Function::Abs,
    Function::Neg,
    Function::Exp,
    Function::Log,
    Function::Sqrt,
    Function::Rsqrt,
    Function::Square,
    Function::Erf,
    Function::Gelu,
    Function::GeluTanh,
    Function::Softplus,
    Function::Softsign,
    Function::Selu {
        alpha: HALF,
        gamma: HALF,
    },
    Function::Celu { alpha: HALF },
    Function::Mish,
    Function::Sin,
    Function::Cos,
    Function::Reciprocal,
];

/// What jumps, and follows the input.
const OF_INPUT: [Function; 4] = [
    Function::Floor,
    Function::Ceil,
    Function::Round,
    Function::Sign,
];

/// The network: functions of its input, and of a logistic function of that.
///
/// # Panics
/// Never: a function keeps its input's shape.
pub fn functions() -> Graph {
    let mut builder = GraphBuilder::new("functions");
    let input = builder.input("input", [3, 3, 1]);
    let mut add = |name: &str, function, input| {
        let op = Op::Unary(Unary { function });
        builder.node(name, op, &[input]).expect("any shape will do")
    };
    let positive = add("positive", Function::Logistic, input);
    let of_positive = OF_POSITIVE.map(|function| add(function.name(), function, positive));
    let of_input = OF_INPUT.map(|function| add(function.name(), function, input));
    builder.finish(&[&of_positive[..], &of_input].concat())
}
