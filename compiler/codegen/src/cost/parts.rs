//! The functions of `ember_runtime` in a firmware: each is there once, if a layer needs it, whatever the
//! number and the shapes of the layers. So code is a sum over a set, and exact.

use std::collections::BTreeSet;

use ember_runtime::kernels::Form;
use serde::Deserialize;

use super::{Features, Kernel};

/// A set of functions: those of a module of `ember_runtime` that serve every form of requantisation
/// (`None`), or one.
pub type Part = (&'static str, Option<Form>);

/// Bytes of a module's functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartBytes {
    /// Of those that serve every form.
    #[serde(default)]
    pub all: usize,
    /// Of those for TensorFlow Lite's rounding.
    #[serde(default)]
    pub tflite: usize,
    /// Of those for the single rounding.
    #[serde(default)]
    pub single: usize,
    /// Of those for outputs that are finished one by one.
    #[serde(default)]
    pub other: usize,
}

impl PartBytes {
    /// The bytes of a form, or of what serves all.
    pub fn get(&self, form: Option<Form>) -> usize {
        match form {
            None => self.all,
            Some(Form::TfLite) => self.tflite,
            Some(Form::Single) => self.single,
            Some(Form::Shifted | Form::Other) => self.other,
        }
    }
}

/// Adds what a layer needs.
pub(super) fn add_parts(features: &Features, parts: &mut BTreeSet<Part>) {
    // The same code finishes outputs one by one, whatever their factors.
    let form = Some(match features.rescale.form {
        Form::Shifted => Form::Other,
        form => form,
    });
    let kernel = features.kernel;
    match kernel {
        Kernel::Conv2d
        | Kernel::DepthwiseConv2d
        | Kernel::Dense
        | Kernel::Conv2dS4
        | Kernel::DenseS4 => {
            let [name, loops, whole, rest] = match kernel {
                Kernel::Conv2d | Kernel::Conv2dS4 => {
                    ["conv2d", "conv2d_loops", "conv2d_whole", "conv2d_rest"]
                }
                Kernel::Dense | Kernel::DenseS4 => {
                    ["dense", "dense_loops", "dense_whole", "dense_rest"]
                }
                _ => [
                    "depthwise_conv2d",
                    "depthwise_conv2d_loops",
                    "depthwise_conv2d_whole",
                    "depthwise_conv2d_rest",
                ],
            };
            // Int4 weights are unpacked for the same kernel.
            if matches!(kernel, Kernel::Conv2dS4 | Kernel::DenseS4) {
                parts.extend([(kernel.name(), None), ("unpack", None)]);
            }
            parts.extend([
                (name, None),
                (name, form),
                ("saturated", form),
                ("clamp", None),
            ]);
            // The last few channels need code of their own.
            if features.whole {
                parts.insert((whole, form));
            } else {
                parts.extend([
                    (loops, form),
                    (rest, None),
                    ("finish_one", None),
                    ("finish_any", None),
                ]);
            }
        }
        Kernel::Dot => {
            parts.extend([("dot", form), ("saturated", form), ("clamp", None)]);
            if form == Some(Form::Other) {
                parts.extend([("finish_one", None), ("finish_any", None)]);
            }
        }
        Kernel::TransposeConv2d => {
            // Sums and padding are the convolution's.
            parts.extend([
                ("transpose_conv2d", form),
                ("conv2d", None),
                ("conv2d", form),
                ("conv2d_rest", None),
                ("saturated", form),
                ("clamp", None),
                ("finish_one", None),
                ("finish_any", None),
            ]);
        }
        Kernel::Add => {
            parts.extend([("add", form), ("saturated", form), ("clamp", None)]);
            if form == Some(Form::Other) {
                parts.insert(("finish_any", None));
            }
        }
        Kernel::Mean => parts.extend([("mean", None), ("finish_any", None)]),
        Kernel::AveragePool2d => parts.extend([("average_pool2d", None)]),
        Kernel::MaxPool2d => parts.extend([("max_pool2d", None)]),
        Kernel::Lstm => parts.extend([
            ("lstm", None),
            ("requantize", None),
            ("long_multiply", None),
            ("long_shifts", None),
        ]),
        Kernel::Rnn | Kernel::Gru => parts.extend([
            ("recurrent", None),
            (kernel.name(), None),
            ("requantize", None),
            ("long_multiply", None),
            ("long_shifts", None),
        ]),
        Kernel::DartsCell => parts.extend([
            ("darts_cell", None),
            ("requantize", None),
            ("long_multiply", None),
            ("long_shifts", None),
        ]),
        Kernel::Lookup => parts.extend([("lookup", None)]),
        Kernel::BinarySum | Kernel::BinaryProduct => {
            parts.extend([(kernel.name(), form), ("saturated", form), ("clamp", None)]);
            if form == Some(Form::Other) {
                parts.insert(("finish_any", None));
            }
        }
        Kernel::BinaryPrelu => parts.extend([("binary_prelu", None), ("finish_any", None)]),
        Kernel::Svdf => parts.extend([
            ("svdf", None),
            ("requantize", None),
            ("long_multiply", None),
            ("long_shifts", None),
        ]),
        Kernel::LogSoftmax => parts.extend([
            ("log_softmax", None),
            ("long_multiply", None),
            ("leading_zeros", None),
        ]),
        Kernel::L2Norm => parts.extend([
            ("l2_norm", None),
            ("requantize", None),
            ("long_multiply", None),
            ("long_shifts", None),
            ("leading_zeros", None),
        ]),
        Kernel::Matmul => parts.extend([("matmul", None), ("finish_any", None)]),
        Kernel::ReduceSum => parts.extend([("reduce_sum", None), ("finish_any", None)]),
        Kernel::BinaryPick
        | Kernel::ReduceMax
        | Kernel::ArgMax
        | Kernel::ResizeBilinear
        | Kernel::Embedding
        | Kernel::Constant => {
            parts.extend([(kernel.name(), None)]);
        }
        Kernel::Copy => {
            parts.extend([("copy", None), ("copy_bytes", None), ("fill_bytes", None)]);
        }
        Kernel::Rows => {
            parts.extend([("rows", None), ("copy_bytes", None), ("fill_bytes", None)]);
        }
        Kernel::MeanRow => {
            parts.extend([("row_sums", None), ("mean_row", None), ("finish_any", None)])
        }
        Kernel::AverageRow => parts.extend([("row_sums", None), ("average_row", None)]),
        Kernel::Conv2dS16 | Kernel::DepthwiseConv2dS16 | Kernel::DenseS16 => parts.extend([
            (kernel.name(), None),
            ("finish_s16", None),
            ("requantize_wide", None),
            ("requantize", None),
            ("long_multiply", None),
            ("long_shifts", None),
        ]),
        Kernel::AddS16 | Kernel::QuantizeS16 => parts.extend([
            (kernel.name(), None),
            ("requantize", None),
            ("long_multiply", None),
            ("long_shifts", None),
        ]),
        Kernel::AveragePool2dS16 | Kernel::MaxPool2dS16 => {
            parts.extend([(kernel.name(), None)]);
        }
        Kernel::Softmax => parts.extend([
            ("softmax", None),
            ("long_multiply", None),
            ("leading_zeros", None),
        ]),
    }
    // The compiler's own, on cores that neither multiply nor shift 64 bits.
    if parts.contains(&("finish_any", None)) {
        parts.extend([
            ("requantize", None),
            ("long_multiply", None),
            ("long_shifts", None),
        ]);
    }
}
