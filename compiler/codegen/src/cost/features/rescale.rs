//! How a layer's outputs are requantised, as far as it shows in code: LLVM folds shifts that are equal
//! for all channels, and clamps that are the full range.

use crate::lower::Layer;
use ember_runtime::Rounding;

/// What is known of a layer's requantisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rescale {
    /// All channels shift by the same number of bits.
    pub uniform: bool,
    /// Outputs are clamped to less than the range of i8.
    pub clamped: bool,
    /// The double rounding of TensorFlow Lite.
    pub double: bool,
}

impl Rescale {
    /// The usual case of a trained network, for a topology without weights.
    pub const USUAL: Self = Self {
        uniform: false,
        clamped: false,
        double: false,
    };

    /// That of a layer.
    pub fn of(layer: &Layer) -> Self {
        let weighted = |exponents: &[i8], clamp: [i8; 2], rounding| Self {
            uniform: exponents.windows(2).all(|pair| pair[0] == pair[1]),
            clamped: clamp != [i8::MIN, i8::MAX],
            double: rounding == Rounding::TfLite,
        };
        match layer {
            Layer::Conv2d(layer) => {
                let p = layer.params();
                weighted(p.exponents, p.clamp, p.rounding)
            }
            Layer::DepthwiseConv2d(layer) => {
                let p = layer.params();
                weighted(p.exponents, p.clamp, p.rounding)
            }
            Layer::Dense(layer) => {
                let p = layer.params();
                weighted(p.exponents, p.clamp, p.rounding)
            }
            Layer::Add(p) => weighted(&[], p.clamp, p.rounding),
            Layer::Mean(p) => weighted(&[], p.clamp, p.rounding),
            Layer::AveragePool2d(_) | Layer::MaxPool2d(_) | Layer::Reshape | Layer::Softmax(_) => {
                Self::USUAL
            }
        }
    }

    /// A count, and the same count where the requantisation is special: mixed shifts, clamp, double.
    pub fn counts(self, outputs: usize) -> [usize; 4] {
        let part = |holds: bool| if holds { outputs } else { 0 };
        [
            outputs,
            part(!self.uniform),
            part(self.clamped),
            part(self.double),
        ]
    }
}
