//! The operators of a network in training, written for small networks on one core.
//!
//! Sixteen samples lie side by side: a tensor is `[block, height, width, channel, lane]`, sample n is
//! lane n mod 16 of block n / 16, and the lanes behind the last sample hold zeros at the input. The
//! lanes fill vector registers whatever the shape of a layer, so borders, strides and odd channel
//! counts cost nothing extra, and the order of a sample's values is the IR's: reshapes move nothing and
//! a dense layer is a convolution over a single pixel.
//!
//! The functions here are burn operations with gradients of their own (burn's `extension`): burn keeps
//! the tape, the loops are ours. Reading order: [`Geometry`], then one file per operator with its
//! forward and backward loops, `simd` for how they are compiled, `ops` and `gradients` for how burn learns of them.

mod activate;
mod conv2d;
mod darts_cell;
mod depthwise_conv2d;
mod embedding;
mod gates;
mod geometry;
mod gradients;
mod norm;
mod ops;
mod pool2d;
mod recurrent;
mod simd;

use burn::backend::Dispatch;
use burn::tensor::{Device, Tensor, TensorData};
use ember_ir::{Activation, CellNodes, Window2d};

pub use activate::Grid;
pub use darts_cell::CellSteps;
pub use embedding::Lookup;
pub use geometry::Geometry;
pub use norm::Norm;
use ops::{LaneOps, Unary, Weighted};
pub use recurrent::{Cell, Recurrence};

/// Samples side by side.
pub const LANES: usize = 16;

/// One value of each of [`LANES`] samples.
type Lanes = [f32; LANES];

/// Samples of `[height, width, channels]` as one tensor.
pub fn pack([height, width, channels]: [usize; 3], samples: &[f32], device: &Device) -> Tensor<5> {
    let elements = height * width * channels;
    let blocks = (samples.len() / elements.max(1)).div_ceil(LANES);
    let mut values = vec![[0.0; LANES]; blocks * elements];
    for (index, sample) in samples.chunks_exact(elements).enumerate() {
        let block = &mut values[index / LANES * elements..][..elements];
        for (to, from) in block.iter_mut().zip(sample) {
            to[index % LANES] = *from;
        }
    }
    let shape = [blocks, height, width, channels, LANES];
    Tensor::from_data(TensorData::new(values.into_flattened(), shape), device)
}

/// `[samples, height · width · channels]`: the values of each sample, in the IR's order.
pub fn unpack(x: Tensor<5>, samples: usize) -> Tensor<2> {
    let [blocks, height, width, channels, lanes] = x.dims();
    let elements = height * width * channels;
    x.reshape([blocks, elements, lanes])
        .swap_dims(1, 2)
        .reshape([blocks * lanes, elements])
        .slice([0..samples, 0..elements])
}

/// Convolution with a kernel `[out, height, width, in]`, without bias.
pub fn conv2d(x: Tensor<5>, kernel: Tensor<4>, window: Window2d, output: [usize; 3]) -> Tensor<5> {
    let geometry = geometry(&x, window, output);
    weighted(Weighted::Conv2d(geometry), x, kernel)
}

/// Depthwise convolution with a kernel `[1, height, width, channels]`, without bias.
pub fn depthwise_conv2d(
    x: Tensor<5>,
    kernel: Tensor<4>,
    window: Window2d,
    output: [usize; 3],
) -> Tensor<5> {
    let geometry = geometry(&x, window, output);
    weighted(Weighted::DepthwiseConv2d(geometry), x, kernel)
}

/// Rows of a table `[rows, 1, 1, width]` by their number.
pub fn embedding(x: Tensor<5>, table: Tensor<4>, op: ember_ir::Embedding) -> Tensor<5> {
    let [blocks, height, width, _, _] = x.dims();
    let lookup = Lookup {
        blocks,
        size: [height, width],
        table: op,
    };
    weighted(Weighted::Embedding(lookup), x, table)
}

/// x + bias, activated.
pub fn biased(x: Tensor<5>, bias: Tensor<1>, activation: Activation) -> Tensor<5> {
    weighted(Weighted::Activate(activation), x, bias)
}

/// The activation alone.
pub fn activated(x: Tensor<5>, activation: Activation) -> Tensor<5> {
    match activation {
        Activation::None => x,
        Activation::Relu | Activation::Relu6 => unary(Unary::Activate(activation), x),
    }
}

/// Every value on its int8 grid; gradients pass straight through where nothing was clamped.
pub fn fake_quant(x: Tensor<5>, grid: Grid) -> Tensor<5> {
    unary(Unary::FakeQuant(grid), x)
}

/// Mean over the taps of a window that are no padding.
pub fn average_pool2d(x: Tensor<5>, window: Window2d, output: [usize; 3]) -> Tensor<5> {
    let geometry = geometry(&x, window, output);
    unary(Unary::AveragePool2d(geometry), x)
}

/// Maximum over the taps of a window that are no padding.
pub fn max_pool2d(x: Tensor<5>, window: Window2d, output: [usize; 3]) -> Tensor<5> {
    let geometry = geometry(&x, window, output);
    unary(Unary::MaxPool2d(geometry), x)
}

/// Hidden values of every step of a recurrent layer, from its inputs weighted `[block, 1, steps, rows, lane]`;
/// `weights` are `[rows, units + 1]`, a bias behind those of the hidden values.
pub fn recurrent(cell: Cell, weighted: Tensor<5>, weights: Tensor<2>) -> Tensor<5> {
    let [blocks, _, steps, rows, _] = weighted.dims();
    let size = Recurrence {
        cell,
        blocks,
        steps,
        units: rows / cell.gates(),
    };
    self::weighted(Weighted::Recurrent(size), weighted, weights)
}

/// Hidden values of every step of DARTS' recurrent cell, from the weighted inputs of its first gated step
/// `[block, 1, steps, 2·units, lane]`; `weights` are `[gated steps · 2·units, units + 1]`, a bias behind those of
/// the state that is read.
pub fn darts_cell(nodes: CellNodes, weighted: Tensor<5>, weights: Tensor<2>) -> Tensor<5> {
    let [blocks, _, steps, rows, _] = weighted.dims();
    let size = CellSteps {
        nodes,
        blocks,
        steps,
        units: rows / 2,
    };
    self::weighted(Weighted::DartsCell(size), weighted, weights)
}

/// Batch norm with the batch's own statistics, then the activation; also gives mean and (biased)
/// variance per channel, which have no gradients.
pub fn batch_norm(
    norm: Norm,
    x: Tensor<5>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
) -> (Tensor<5>, [Tensor<1>; 2]) {
    let [x, gamma, beta] = [
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
    ];
    let (y, mean, variance) = <Dispatch as LaneOps>::lanes_norm(norm, x, gamma, beta);
    (
        Tensor::from_dispatch(y),
        [mean, variance].map(Tensor::from_dispatch),
    )
}

/// Smallest and largest value of so many samples, without history.
pub fn extremes(x: &Tensor<5>, samples: usize) -> [f32; 2] {
    let x = x.clone().into_dispatch();
    let extremes = <Dispatch as LaneOps>::lanes_extremes(x, samples);
    let extremes = crate::net::to_vec(Tensor::<1>::from_dispatch(extremes));
    [extremes[0], extremes[1]]
}

fn unary(op: Unary, x: Tensor<5>) -> Tensor<5> {
    Tensor::from_dispatch(<Dispatch as LaneOps>::lanes_unary(op, x.into_dispatch()))
}

fn weighted<const D: usize>(op: Weighted, x: Tensor<5>, weights: Tensor<D>) -> Tensor<5> {
    let (x, weights) = (x.into_dispatch(), weights.into_dispatch());
    Tensor::from_dispatch(<Dispatch as LaneOps>::lanes_weighted(op, x, weights))
}

fn geometry(x: &Tensor<5>, window: Window2d, output: [usize; 3]) -> Geometry {
    let [blocks, height, width, channels, _] = x.dims();
    Geometry {
        blocks,
        input: [height, width, channels],
        output,
        window,
    }
}
