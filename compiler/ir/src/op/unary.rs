//! A function of one number, applied to each element; on the device one table of 256 entries, whatever
//! the function.

use serde::{Deserialize, Serialize};

use super::{Real, ShapeError, positive};
use crate::{Quant, Shape};

/// Attributes of a unary operator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Unary {
    /// What is computed.
    pub function: Function,
}

/// The functions. Names are those of TensorFlow Lite's operators, if one is there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// 1/(1 + e⁻ˣ); the int8 output always has scale 1/256 and zero point −128.
    Logistic,
    /// The hyperbolic tangent; the int8 output always has scale 1/128 and zero point 0.
    Tanh,
    /// min(max(x, low), high); either may be infinite. RELU, RELU6 and RELU_N1_TO_1 are of these.
    Clip {
        /// Least result.
        low: Real,
        /// Greatest result, not below `low`.
        high: Real,
    },
    /// x, or alpha·x where x is negative.
    LeakyRelu {
        /// Slope of the negative half.
        alpha: Real,
    },
    /// x·min(max(x + 3, 0), 6)/6.
    HardSwish,
    /// min(max(alpha·x + beta, 0), 1).
    HardSigmoid {
        /// Slope.
        alpha: Real,
        /// Result at zero.
        beta: Real,
    },
    /// x, or eˣ − 1 where x is negative.
    Elu,
    /// |x|.
    Abs,
    /// −x.
    Neg,
    /// eˣ.
    Exp,
    /// The natural logarithm. In int8 the logarithm of what is not positive is the least output.
    Log,
    /// √x. In int8 the root of a negative input is that of zero.
    Sqrt,
    /// 1/√x. In int8 what is not positive gives the greatest output.
    Rsqrt,
    /// x².
    Square,
    /// The error function.
    Erf,
    /// x·(1 + erf(x/√2))/2.
    Gelu,
    /// Gelu with tanh(√(2/π)·(x + 0.044715·x³)) in the error function's place.
    GeluTanh,
    /// ln(1 + eˣ).
    Softplus,
    /// x/(1 + |x|).
    Softsign,
    /// gamma·x, or gamma·alpha·(eˣ − 1) where x is negative.
    Selu {
        /// Limit of the negative half, before gamma.
        alpha: Real,
        /// Slope of the positive half.
        gamma: Real,
    },
    /// x, or alpha·(e^(x/alpha) − 1) where x is negative.
    Celu {
        /// Limit of the negative half; not zero.
        alpha: Real,
    },
    /// x·tanh(ln(1 + eˣ)).
    Mish,
    /// The sine.
    Sin,
    /// The cosine.
    Cos,
    /// 1/x. In int8 that of zero is the greatest output.
    Reciprocal,
    /// The greatest integer not above x.
    Floor,
    /// The least integer not below x.
    Ceil,
    /// The nearest integer, the even one of two.
    Round,
    /// −1, 0 or 1.
    Sign,
    /// x: in int8 the step from one scale and zero point to others.
    Quantize,
    /// Several functions of an int8 network in one: by input byte, the outputs are the node's weights. It has
    /// no real form.
    Table,
}

impl Function {
    /// RELU.
    pub const RELU: Self = Self::clip(0.0, f32::INFINITY);
    /// RELU6.
    pub const RELU6: Self = Self::clip(0.0, 6.0);
    /// RELU_N1_TO_1.
    pub const RELU_N1_TO_1: Self = Self::clip(-1.0, 1.0);

    /// A clip to these bounds.
    pub const fn clip(low: f32, high: f32) -> Self {
        Function::Clip {
            low: Real::new(low),
            high: Real::new(high),
        }
    }

    /// The name in the text form.
    pub fn name(self) -> &'static str {
        match self {
            Function::Logistic => "logistic",
            Function::Tanh => "tanh",
            Function::Clip { .. } => "clip",
            Function::LeakyRelu { .. } => "leaky_relu",
            Function::HardSwish => "hard_swish",
            Function::HardSigmoid { .. } => "hard_sigmoid",
            Function::Elu => "elu",
            Function::Abs => "abs",
            Function::Neg => "neg",
            Function::Exp => "exp",
            Function::Log => "log",
            Function::Sqrt => "sqrt",
            Function::Rsqrt => "rsqrt",
            Function::Square => "square",
            Function::Erf => "erf",
            Function::Gelu => "gelu",
            Function::GeluTanh => "gelu_tanh",
            Function::Softplus => "softplus",
            Function::Softsign => "softsign",
            Function::Selu { .. } => "selu",
            Function::Celu { .. } => "celu",
            Function::Mish => "mish",
            Function::Sin => "sin",
            Function::Cos => "cos",
            Function::Reciprocal => "reciprocal",
            Function::Floor => "floor",
            Function::Ceil => "ceil",
            Function::Round => "round",
            Function::Sign => "sign",
            Function::Quantize => "quantize",
            Function::Table => "table",
        }
    }

    /// The scale and zero point that its int8 output always has, if it has one range.
    pub fn fixed_output(self) -> Option<Quant> {
        let quant = |scale, zero_point| Some(Quant { scale, zero_point });
        match self {
            Function::Logistic => quant(1.0 / 256.0, -128),
            Function::Tanh => quant(1.0 / 128.0, 0),
            Function::Clip { .. }
            | Function::LeakyRelu { .. }
            | Function::HardSwish
            | Function::HardSigmoid { .. }
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
            | Function::Quantize
            | Function::Table => None,
        }
    }

    /// The real function. Where it is not defined the result is NaN or infinite.
    pub fn apply(self, x: f32) -> f32 {
        match self {
            Function::Logistic => (1.0 / (1.0 + f64::from(-x).exp())) as f32,
            Function::Tanh => f64::from(x).tanh() as f32,
            // Not `clamp`, which panics where the bounds are out of order.
            Function::Clip { low, high } => x.max(low.get()).min(high.get()),
            Function::LeakyRelu { alpha } if x < 0.0 => alpha.get() * x,
            Function::LeakyRelu { .. } => x,
            Function::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Function::HardSigmoid { alpha, beta } => (alpha.get() * x + beta.get()).clamp(0.0, 1.0),
            Function::Elu if x < 0.0 => Function::Exp.apply(x) - 1.0,
            Function::Elu => x,
            Function::Abs => x.abs(),
            Function::Neg => -x,
            // In f64, so that the last bit of the f32 does not depend on the machine's library.
            Function::Exp => f64::from(x).exp() as f32,
            Function::Log => f64::from(x).ln() as f32,
            Function::Sqrt => x.sqrt(),
            Function::Rsqrt => 1.0 / x.sqrt(),
            Function::Square => x * x,
            Function::Erf => erf(f64::from(x)) as f32,
            Function::Gelu => {
                let x = f64::from(x);
                (x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)) / 2.0) as f32
            }
            Function::GeluTanh => {
                let x = f64::from(x);
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
                (x * (1.0 + inner.tanh()) / 2.0) as f32
            }
            Function::Softplus => softplus(f64::from(x)) as f32,
            Function::Softsign => x / (1.0 + x.abs()),
            Function::Selu { alpha, gamma } if x < 0.0 => {
                gamma.get() * alpha.get() * f64::from(x).exp_m1() as f32
            }
            Function::Selu { gamma, .. } => gamma.get() * x,
            Function::Celu { alpha } if x < 0.0 => {
                let alpha = f64::from(alpha.get());
                (alpha * (f64::from(x) / alpha).exp_m1()) as f32
            }
            Function::Celu { .. } => x,
            Function::Mish => {
                let x = f64::from(x);
                (x * softplus(x).tanh()) as f32
            }
            Function::Sin => f64::from(x).sin() as f32,
            Function::Cos => f64::from(x).cos() as f32,
            Function::Reciprocal => 1.0 / x,
            Function::Floor => x.floor(),
            Function::Ceil => x.ceil(),
            Function::Round => x.round_ties_even(),
            Function::Sign if x == 0.0 => 0.0,
            Function::Sign => x.signum(),
            Function::Quantize => x,
            Function::Table => f32::NAN,
        }
    }
}

impl Unary {
    /// The outputs of a table, by input byte; other functions have no weights.
    pub(super) fn weight_shape(&self) -> Option<Shape> {
        (self.function == Function::Table).then(|| Shape::from([256]))
    }

    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        positive("unary", "input elements", input.elements())?;
        let reals = match self.function {
            Function::Clip { low, high } => {
                let in_order = low.get() <= high.get();
                if !in_order {
                    return Err(ShapeError::Real {
                        op: "unary",
                        attribute: "low",
                        value: low,
                        rule: "a number not above high",
                    });
                }
                vec![]
            }
            Function::LeakyRelu { alpha } => vec![("alpha", alpha)],
            Function::HardSigmoid { alpha, beta } => vec![("alpha", alpha), ("beta", beta)],
            Function::Selu { alpha, gamma } => vec![("alpha", alpha), ("gamma", gamma)],
            Function::Celu { alpha } => {
                if alpha.get() == 0.0 {
                    return Err(ShapeError::Real {
                        op: "unary",
                        attribute: "alpha",
                        value: alpha,
                        rule: "not zero",
                    });
                }
                vec![("alpha", alpha)]
            }
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
        for (attribute, value) in reals {
            if !value.get().is_finite() {
                return Err(ShapeError::Real {
                    op: "unary",
                    attribute,
                    value,
                    rule: "finite",
                });
            }
        }
        Ok(input.clone())
    }
}

/// ln(1 + eˣ), also where eˣ is beyond every number.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The error function by the series 2/√π·e^(−x²)·Σ 2ⁿ·x^(2n+1)/(1·3·…·(2n+1)), whose terms have one sign
/// (Abramowitz and Stegun, 7.1.6). Beyond ±6 it is ±1 to the last bit.
fn erf(x: f64) -> f64 {
    if x.is_nan() || x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_their_known_values() {
        let erf = |x| Function::Erf.apply(x);
        assert!((erf(0.5) - 0.520_499_9).abs() < 1e-7);
        assert!((erf(-2.0) + 0.995_322_3).abs() < 1e-7);
        assert_eq!([erf(0.0), erf(40.0), erf(-7.0)], [0.0, 1.0, -1.0]);
        assert!(erf(f32::NAN).is_nan());
        assert_eq!(Function::Softplus.apply(200.0), 200.0);
        assert!((Function::Softplus.apply(0.0) - 2f32.ln()).abs() < 1e-7);
        assert!((Function::Gelu.apply(1.0) - 0.841_344_7).abs() < 1e-6);
        assert!((Function::GeluTanh.apply(1.0) - 0.841_192).abs() < 1e-6);
        assert!((Function::Mish.apply(1.0) - 0.865_098_4).abs() < 1e-6);
        assert_eq!(Function::Softsign.apply(-3.0), -0.75);
    }
}
