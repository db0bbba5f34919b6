//! What decides a kernel instance's size and how often its parts run: counts from the loop structure
//! of `ember_runtime::kernels`, one file per operator. A prediction is a weighted sum of them.
//!
//! The kernels work on tiles ([`Blocking`]); how large they are depends on the core's instruction set
//! and mirrors `ember_runtime`'s `portable`, `dsp` and `mve`.

mod add;
mod conv2d;
mod dense;
mod depthwise_conv2d;
mod mean;
mod pool2d;
mod rescale;
mod softmax;
mod unroll;

use ember_ir::{Graph, Node, Op};
use serde::Deserialize;

use crate::lower::Layer;
use crate::target::Core;
use rescale::Rescale;
use unroll::Isa;

/// A kernel of `ember_runtime`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// `conv2d_s8`.
    Conv2d,
    /// `depthwise_conv2d_s8`.
    DepthwiseConv2d,
    /// `dense_s8`.
    Dense,
    /// `add_s8`.
    Add,
    /// `average_pool2d_s8`.
    AveragePool2d,
    /// `max_pool2d_s8`.
    MaxPool2d,
    /// `mean_s8`.
    Mean,
    /// `softmax_s8`.
    Softmax,
}

impl Kernel {
    /// All kernels, in the order of their numbers.
    pub const ALL: [Kernel; 8] = [
        Kernel::Conv2d,
        Kernel::DepthwiseConv2d,
        Kernel::Dense,
        Kernel::Add,
        Kernel::AveragePool2d,
        Kernel::MaxPool2d,
        Kernel::Mean,
        Kernel::Softmax,
    ];

    /// The name in `table.toml`, which is that of the operator.
    pub const fn name(self) -> &'static str {
        match self {
            Kernel::Conv2d => "conv2d",
            Kernel::DepthwiseConv2d => "depthwise_conv2d",
            Kernel::Dense => "dense",
            Kernel::Add => "add",
            Kernel::AveragePool2d => "average_pool2d",
            Kernel::MaxPool2d => "max_pool2d",
            Kernel::Mean => "mean",
            Kernel::Softmax => "softmax",
        }
    }
}

/// The counts of one kernel instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// The kernel.
    pub kernel: Kernel,
    /// What its code consists of.
    pub code: Vec<f64>,
    /// How often its parts run.
    pub instructions: Vec<f64>,
}

/// The counts of a node's kernel on a core, or `None` for a node that costs nothing. Without the
/// layer's integers its requantisation is taken to be the usual one.
pub fn features(graph: &Graph, node: &Node, layer: Option<&Layer>, core: Core) -> Option<Features> {
    let (input, output) = (graph.input_shape(node), graph.output_shape(node));
    let spatial = (
        input.hwc().unwrap_or_default(),
        output.hwc().unwrap_or_default(),
    );
    let blocking = Blocking::of(core);
    let rescale = layer.map_or(Rescale::USUAL, Rescale::of);
    let (kernel, [code, instructions]) = match &node.op {
        Op::Conv2d(op) => (
            Kernel::Conv2d,
            conv2d::counts(&op.window, spatial, &blocking, rescale),
        ),
        Op::DepthwiseConv2d(op) => (
            Kernel::DepthwiseConv2d,
            depthwise_conv2d::counts(op, spatial, &blocking, rescale),
        ),
        Op::Dense(op) => {
            let sizes = [input.elements(), op.out_features];
            (Kernel::Dense, dense::counts(sizes, &blocking, rescale))
        }
        Op::Add(_) => (Kernel::Add, add::counts(output.elements(), rescale)),
        Op::AveragePool2d(op) => (Kernel::AveragePool2d, pool2d::counts(&op.window, spatial)),
        Op::MaxPool2d(op) => (Kernel::MaxPool2d, pool2d::counts(&op.window, spatial)),
        Op::Mean(_) => (Kernel::Mean, mean::counts(spatial.0, rescale)),
        Op::Reshape(_) => return None,
        Op::Softmax(_) => (Kernel::Softmax, softmax::counts(input.elements())),
    };
    Some(Features {
        kernel,
        code,
        instructions,
    })
}

/// How many outputs a kernel computes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Blocking {
    /// The instructions of the innermost sums.
    isa: Isa,
    /// Filters of a convolution.
    filters: usize,
    /// Pixels of a convolution.
    pixels: usize,
    /// Rows of a fully connected layer.
    rows: usize,
    /// Channels of a depthwise convolution.
    channels: usize,
}

impl Blocking {
    fn of(core: Core) -> Self {
        match core {
            Core::CortexM0 | Core::CortexM0Plus => Self {
                isa: Isa::Thumb1,
                filters: 2,
                pixels: 1,
                rows: 2,
                channels: 1,
            },
            Core::CortexM3 => Self {
                isa: Isa::Thumb2,
                filters: 2,
                pixels: 2,
                rows: 4,
                channels: 1,
            },
            Core::CortexM4 | Core::CortexM7 | Core::CortexM33 => Self {
                isa: Isa::Dsp,
                filters: 2,
                pixels: 2,
                rows: 4,
                channels: 4,
            },
            Core::CortexM55 => Self {
                isa: Isa::Mve,
                filters: 4,
                pixels: 1,
                rows: 4,
                channels: 4,
            },
        }
    }
}

/// Counts as numbers, one list after the other.
fn numbers(lists: &[&[usize]]) -> Vec<f64> {
    lists
        .concat()
        .into_iter()
        .map(|count| count as f64)
        .collect()
}

/// 1 in the place of the class that a count belongs to: up to the first bound, up to the second, ….
fn class<const N: usize>(holds: bool, count: usize, bounds: [usize; N]) -> [usize; N] {
    let place = bounds.iter().position(|&bound| count <= bound);
    std::array::from_fn(|index| flag(holds && place == Some(index)))
}

/// What multiplying by a constant takes beyond a shift.
fn factor(constant: usize) -> usize {
    flag(!constant.is_power_of_two())
}

/// 1 if it is so.
fn flag(holds: bool) -> usize {
    usize::from(holds)
}
