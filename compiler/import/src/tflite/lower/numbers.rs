//! Weights and biases as the file has them: integers of an int8 model, or real numbers.

use ember_ir::{FloatParams, QuantParams};

use crate::tflite::schema::Tensor;

/// `TensorType.FLOAT32`.
pub(super) const FLOAT32: i8 = 0;
/// `TensorType.FLOAT16`.
const FLOAT16: i8 = 1;

/// Weights of one tensor.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    /// In steps of one scale, or of one per output channel.
    Int { values: Vec<i8>, scales: Vec<f32> },
    /// As they are.
    Real(Vec<f32>),
}

/// Biases, one per output channel.
#[derive(Clone, Debug)]
pub(super) enum Biases {
    Int(Vec<i64>),
    Real(Vec<f32>),
}

/// The constants of an operator with weights.
#[derive(Clone, Debug)]
pub(in crate::tflite) enum Params {
    Int8(QuantParams),
    Real(FloatParams),
}

impl Numbers {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Numbers::Int { values, .. } => values.len(),
            Numbers::Real(values) => values.len(),
        }
    }

    /// In another order: each by where it was, or a zero.
    pub fn picked(self, from: impl Iterator<Item = Option<usize>>) -> Self {
        match self {
            Numbers::Int { values, scales } => Numbers::Int {
                values: from.map(|at| at.map_or(0, |at| values[at])).collect(),
                scales,
            },
            Numbers::Real(values) => {
                Numbers::Real(from.map(|at| at.map_or(0.0, |at| values[at])).collect())
            }
        }
    }

    /// With biases of the same kind; `None` for those of the other.
    pub fn with(self, bias: Biases) -> Option<Params> {
        Some(match (self, bias) {
            (
                Numbers::Int {
                    values: weights,
                    scales,
                },
                Biases::Int(bias),
            ) => Params::Int8(QuantParams {
                weights,
                scales,
                bias,
            }),
            (Numbers::Real(weights), Biases::Real(bias)) => {
                Params::Real(FloatParams { weights, bias })
            }
            (Numbers::Int { .. }, Biases::Real(_)) | (Numbers::Real(_), Biases::Int(_)) => {
                return None;
            }
        })
    }
}

/// The values of a constant of real numbers; `None` if it has others.
pub(in crate::tflite) fn real(tensor: &Tensor<'_>) -> Option<Vec<f32>> {
    let data = tensor.data?;
    match tensor.element {
        FLOAT32 => {
            let (values, rest) = data.as_chunks();
            let values = values.iter().copied().map(f32::from_le_bytes);
            rest.is_empty().then(|| values.collect())
        }
        FLOAT16 => {
            let (values, rest) = data.as_chunks();
            let values = values.iter().copied().map(u16::from_le_bytes);
            rest.is_empty().then(|| values.map(half).collect())
        }
        _ => None,
    }
}

/// The number that 16 bits are in IEEE 754's half precision.
fn half(bits: u16) -> f32 {
    let fraction = f32::from(bits & 0x3ff);
    let magnitude = match (bits >> 10) & 0x1f {
        0 => fraction * 2f32.powi(-24),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        exponent => (1024.0 + fraction) * 2f32.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn half_precision() {
        for (bits, number) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0x0001, 2f32.powi(-24)),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), number, "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
    }
}
