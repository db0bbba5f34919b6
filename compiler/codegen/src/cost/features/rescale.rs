//! How a layer's outputs are requantised, as far as it shows in the kernels' loops.

use ember_runtime::Rounding;
use ember_runtime::kernels::{Form, add_form, binary_form};
use ember_runtime::packing::{
    conv2d_form, dense_form, depthwise_conv2d_form, dot_form, transpose_conv2d_form,
};
use ember_runtime::params::{BinaryFunction, Sums};

use crate::lower::Layer;

/// What is known of a layer's requantisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rescale {
    /// Which code finishes its outputs.
    pub form: Form,
    /// TensorFlow Lite's rounding, whatever the form.
    pub double: bool,
    /// Outputs are clamped to less than the range of i8.
    pub clamped: bool,
}

impl Rescale {
    /// The usual case of a trained network, for a topology without weights.
    pub const USUAL: Self = Self {
        form: Form::Single,
        double: false,
        clamped: false,
    };

    /// That of a layer.
    pub fn of(layer: &Layer) -> Self {
        let new = |form, rounding, clamp: [i8; 2]| Self {
            form,
            double: rounding == Rounding::TfLite,
            clamped: clamp != [i8::MIN, i8::MAX],
        };
        match layer {
            Layer::Conv2d(layer) => new(conv2d_form(&layer.params()), layer.rounding, layer.clamp),
            Layer::DepthwiseConv2d(layer) => {
                let form = depthwise_conv2d_form(&layer.params());
                new(form, layer.rounding, layer.clamp)
            }
            Layer::Dense(layer) => new(dense_form(&layer.params()), layer.rounding, layer.clamp),
            Layer::Dot(layer) => new(dot_form(&layer.params()), layer.rounding, layer.clamp),
            Layer::TransposeConv2d(layer) => {
                let form = transpose_conv2d_form(&layer.params());
                new(form, layer.rounding, layer.clamp)
            }
            Layer::Add(p) => new(add_form(p), p.rounding, p.clamp),
            Layer::Svdf(layer) => Self {
                double: layer.rounding == Rounding::TfLite,
                ..Self::USUAL
            },
            Layer::Lstm(layer) => Self {
                double: layer.rounding == Rounding::TfLite,
                ..Self::USUAL
            },
            Layer::Recurrent(layer) => Self {
                double: layer.rounding == Rounding::TfLite,
                ..Self::USUAL
            },
            Layer::DartsCell(layer) => Self {
                double: layer.rounding == Rounding::TfLite,
                ..Self::USUAL
            },
            Layer::Binary(p) if p.function == BinaryFunction::Prelu => {
                new(one_by_one(p.rounding), p.rounding, p.clamp)
            }
            Layer::Binary(p) => new(binary_form(p), p.rounding, p.clamp),
            Layer::Matmul(p) => {
                let full = [i8::MIN, i8::MAX];
                new(one_by_one(p.rounding), p.rounding, full)
            }
            Layer::Mean(p) => new(one_by_one(p.rounding), p.rounding, p.clamp),
            Layer::Reduce(p) => p.sum.map_or(Self::USUAL, |sum| {
                let full = [i8::MIN, i8::MAX];
                new(one_by_one(sum.rounding), sum.rounding, full)
            }),
            Layer::AveragePool2d(_)
            | Layer::MaxPool2d(_)
            | Layer::Reshape
            | Layer::Softmax(_)
            | Layer::LogSoftmax(_)
            | Layer::L2Norm(_)
            | Layer::Embedding(_)
            | Layer::Lookup(_)
            | Layer::Copy(_)
            | Layer::ArgMax(_)
            | Layer::ResizeBilinear(_)
            | Layer::Constant(_)
            | Layer::AveragePool2dS16(_)
            | Layer::MaxPool2dS16(_) => Self::USUAL,
            // Their loops are the same whatever the form.
            Layer::Conv2dS16(layer) => Self::of_sums(layer.sums),
            Layer::DepthwiseConv2dS16(layer) => Self::of_sums(layer.sums),
            Layer::DenseS16(layer) => Self::of_sums(layer.sums),
            Layer::AddS16(params) => Self::of_sums(Sums::Word(params.rounding)),
            Layer::Quantize(params) => Self::of_sums(Sums::Word(params.rounding)),
        }
    }

    /// Layers of int16 finish their outputs one by one.
    fn of_sums(sums: Sums) -> Self {
        let form = match sums {
            Sums::Word(rounding) => one_by_one(rounding),
            Sums::Wide => Form::Other,
        };
        Self {
            form,
            double: form == Form::TfLite,
            clamped: false,
        }
    }

    /// A count, and the same count where outputs are finished by another form than the usual one: by
    /// TensorFlow Lite's, one by one shifted, one by one by the definition, the same with its rounding.
    pub fn counts(self, count: usize) -> [usize; 5] {
        let part = |holds| if holds { count } else { 0 };
        let other = self.form == Form::Other;
        [
            count,
            part(self.form == Form::TfLite),
            part(self.form == Form::Shifted),
            part(other),
            part(other && self.double),
        ]
    }

    /// 1 if outputs are clamped.
    pub fn clamped(self) -> usize {
        usize::from(self.clamped)
    }
}

/// Means and sums finish their outputs one by one; the rounding decides how.
fn one_by_one(rounding: Rounding) -> Form {
    match rounding {
        Rounding::TfLite => Form::TfLite,
        Rounding::Single => Form::Single,
    }
}

/// How a layer's outputs are split between groups that have code of their form's own, and others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Finish {
    /// Groups with code of their own.
    pub whole_groups: usize,
    /// Groups whose outputs are finished one by one.
    pub other_groups: usize,
    /// Outputs that are.
    pub others: usize,
}

impl Finish {
    /// Of so many outputs in groups.
    pub fn of(rescale: Rescale, outputs: usize, group: usize) -> Self {
        let whole_groups = match rescale.form {
            Form::TfLite | Form::Single => outputs / group,
            Form::Shifted | Form::Other => 0,
        };
        Self {
            whole_groups,
            other_groups: outputs.div_ceil(group) - whole_groups,
            others: outputs - whole_groups * group,
        }
    }
}
