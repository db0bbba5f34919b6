//! A function of one number as a table of all 256 inputs, each computed as TensorFlow Lite Micro's int8
//! kernel computes it: in fixed point where that does (`fixed`), through f32 where that does, and
//! through f32 for the functions that it has no int8 kernel for, as TensorFlow Lite fills its tables.

mod fixed;
mod hard_swish;

use ember_ir::{Function, Multiplier, Quant, QuantParams};
use ember_runtime::Scale;
use ember_runtime::params::LookupParams;

use super::{Context, requant};

/// The owned twin of [`LookupParams`]; see there for the fields.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// Number of elements.
    pub len: usize,
    /// By input byte.
    pub table: Box<[i8; 256]>,
}

impl Lookup {
    /// What the kernel takes.
    pub fn params(&self) -> LookupParams<'_> {
        LookupParams {
            len: self.len,
            table: &self.table,
        }
    }
}

pub(super) fn lower(
    context: &Context<'_>,
    op: &ember_ir::Unary,
    params: Option<&QuantParams>,
) -> Lookup {
    Lookup {
        len: context.graph.output_shape(context.node).elements(),
        table: Box::new(table_of(op, params, context.input(0), context.output())),
    }
}

/// The outputs of a verified node, by input byte.
pub(crate) fn table_of(
    op: &ember_ir::Unary,
    params: Option<&QuantParams>,
    input: Quant,
    output: Quant,
) -> [i8; 256] {
    match params {
        // The verifier has counted them.
        Some(params) => std::array::from_fn(|byte| params.weights[byte]),
        None => table(op.function, input, output),
    }
}

/// The outputs of a function, by input byte.
pub fn table(function: Function, input: Quant, output: Quant) -> [i8; 256] {
    let of = entries(function, input, output);
    std::array::from_fn(|byte| of((byte as u8).cast_signed()))
}

/// What a function makes of an input.
fn entries(function: Function, input: Quant, output: Quant) -> Box<dyn Fn(i8) -> i8> {
    let centred = move |x: i8| i32::from(x) - i32::from(input.zero_point);
    // The quotient of scales is taken in f32 here and in f64 there, as TensorFlow Lite Micro does.
    let ratio = f64::from(input.scale / output.scale);
    let finish = move |y: i32| saturated(y.saturating_add(i32::from(output.zero_point)));
    match function {
        Function::Logistic => fixed::logistic(input),
        Function::Tanh => fixed::tanh(input),
        Function::HardSwish => hard_swish::entry(input, output),
        Function::Rsqrt => fixed::rsqrt(input, output),
        Function::Clip { low, high } => {
            let scale = multiplier(ratio);
            let [low, high] = [low, high].map(|bound| output.quantize(bound.get()));
            Box::new(move |x| {
                let y = finish(scaled(centred(x), scale));
                y.max(low).min(high)
            })
        }
        Function::LeakyRelu { alpha } => {
            let slope = f64::from(input.scale * alpha.get() / output.scale);
            let (positive, negative) = (multiplier(ratio), multiplier(slope.abs()));
            Box::new(move |x| {
                let x = centred(x);
                finish(match x {
                    0.. => scaled(x, positive),
                    _ if slope < 0.0 => scaled(-x, negative),
                    _ => scaled(x, negative),
                })
            })
        }
        Function::Abs => {
            let scale = multiplier(ratio);
            let equal = input.scale == output.scale;
            Box::new(move |x| {
                let x = centred(x).abs();
                finish(if equal { x } else { scaled(x, scale) })
            })
        }
        Function::Quantize => {
            let scale = multiplier(f64::from(input.scale) / f64::from(output.scale));
            Box::new(move |x| finish(scaled(centred(x), scale)))
        }
        Function::HardSigmoid { .. }
        | Function::Elu
        | Function::Neg
        | Function::Exp
        | Function::Log
        | Function::Sqrt
        | Function::Square
        | Function::Erf
        | Function::Gelu
        | Function::GeluTanh
        | Function::Softplus
        | Function::Softsign
        | Function::Selu { .. }
        | Function::Celu { .. }
        | Function::Mish
        | Function::Sin
        | Function::Cos
        | Function::Reciprocal
        | Function::Floor
        | Function::Ceil
        | Function::Round
        | Function::Sign
        // Without weights it is nowhere defined.
        | Function::Table => through_f32(function, input, output),
    }
}

/// A real function between two quantisations.
fn through_f32(function: Function, input: Quant, output: Quant) -> Box<dyn Fn(i8) -> i8> {
    let inverse = 1.0 / output.scale;
    // Where these are not defined, they are what they tend to at zero.
    let defined = matches!(function, Function::Log | Function::Sqrt);
    Box::new(move |x| {
        let real = input.dequantize(x);
        let y = function.apply(if defined { real.max(0.0) } else { real });
        // The cast saturates.
        let y = ((y * inverse).round() + f32::from(output.zero_point)) as i32;
        saturated(y)
    })
}

fn multiplier(factor: f64) -> Scale {
    requant::scale(Multiplier::new(factor))
}

/// `x` times a factor, rounded as TensorFlow Lite Micro does. No shift of these small numbers leaves i32
/// unnoticed: what would is the outermost value of its sign.
fn scaled(x: i32, scale: Scale) -> i32 {
    let left = u32::from(scale.exponent.max(0).unsigned_abs());
    if i64::from(x) << left != i64::from(x << left) {
        return if x < 0 { i32::MIN } else { i32::MAX };
    }
    ember_runtime::requant::requantize(x, scale, ember_runtime::Rounding::TfLite)
}

fn saturated(y: i32) -> i8 {
    y.clamp(-128, 127) as i8
}

#[cfg(test)]
mod tests;
