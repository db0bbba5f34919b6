//! The operators as an extension of burn: on Flex they compute, on Autodiff they also remember what
//! their gradients need.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::ops::{Backward, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Flex, backend_extension};
use burn::tensor::TensorData;
use ember_ir::Activation;

use super::darts_cell::{self, CellSteps};
use super::gradients::{NormBackward, UnaryBackward, WeightedBackward};
use super::norm::{self, Norm};
use super::recurrent::{self, Recurrence};
use super::{
    Geometry, Grid, LANES, Lanes, Lookup, activate, conv2d, depthwise_conv2d, embedding, pool2d,
};

/// An operator without weights.
#[derive(Clone, Copy, Debug)]
pub enum Unary {
    /// An activation alone.
    Activate(Activation),
    /// Fake quantisation.
    FakeQuant(Grid),
    /// Average pooling.
    AveragePool2d(Geometry),
    /// Maximum pooling.
    MaxPool2d(Geometry),
}

/// An operator with one tensor of weights.
#[derive(Clone, Copy, Debug)]
pub enum Weighted {
    /// Convolution; a kernel.
    Conv2d(Geometry),
    /// Depthwise convolution; a kernel.
    DepthwiseConv2d(Geometry),
    /// Bias and activation; a bias per channel.
    Activate(Activation),
    /// Rows by their number; a table.
    Embedding(Lookup),
    /// The steps of a recurrent layer; weights of hidden values, with a bias per row.
    Recurrent(Recurrence),
    /// The steps of DARTS' recurrent cell; weights of states, with a bias per row.
    DartsCell(CellSteps),
}

/// The operators over tensors of lanes.
#[backend_extension(Flex, Autodiff)]
pub trait LaneOps: Backend {
    /// An operator without weights.
    fn lanes_unary(op: Unary, x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// An operator with weights.
    fn lanes_weighted(
        op: Weighted,
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    /// Batch norm and activation; also the batch's mean and variance.
    fn lanes_norm(
        norm: Norm,
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// Smallest and largest value of so many samples.
    fn lanes_extremes(x: FloatTensor<Self>, samples: usize) -> FloatTensor<Self>;
}

/// A tensor on Flex.
pub(super) type FlexTensor = FloatTensor<Flex>;

impl LaneOps for Flex {
    fn lanes_unary(op: Unary, x: FlexTensor) -> FlexTensor {
        let x = x.to_contiguous();
        let values = lanes(&x);
        match op {
            Unary::Activate(activation) => like(&x, activate::activate(activation, values)),
            Unary::FakeQuant(grid) => like(&x, activate::fake_quant(grid, values)),
            Unary::AveragePool2d(geometry) => image(
                geometry.blocks,
                geometry.output,
                pool2d::average(&geometry, values),
            ),
            Unary::MaxPool2d(geometry) => image(
                geometry.blocks,
                geometry.output,
                pool2d::max(&geometry, values),
            ),
        }
    }

    fn lanes_weighted(op: Weighted, x: FlexTensor, weights: FlexTensor) -> FlexTensor {
        let (x, weights) = (x.to_contiguous(), weights.to_contiguous());
        let (values, weights) = (lanes(&x), floats(&weights));
        match op {
            Weighted::Conv2d(geometry) => image(
                geometry.blocks,
                geometry.output,
                conv2d::forward(&geometry, values, weights),
            ),
            Weighted::DepthwiseConv2d(geometry) => image(
                geometry.blocks,
                geometry.output,
                depthwise_conv2d::forward(&geometry, values, weights),
            ),
            Weighted::Activate(activation) => {
                like(&x, activate::biased(activation, values, weights))
            }
            Weighted::Embedding(lookup) => image(
                lookup.blocks,
                [lookup.size[0], lookup.size[1], lookup.table.width],
                embedding::forward(&lookup, values, weights),
            ),
            Weighted::Recurrent(size) => image(
                size.blocks,
                [1, size.steps, size.units],
                recurrent::forward(&size, values, weights),
            ),
            Weighted::DartsCell(size) => image(
                size.blocks,
                [1, size.steps, size.units],
                darts_cell::forward(&size, values, weights),
            ),
        }
    }

    fn lanes_norm(
        norm: Norm,
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.to_contiguous());
        let normed = norm::forward(&norm, lanes(&x), floats(&gamma), floats(&beta));
        (
            like(&x, normed.y),
            vector(normed.mean),
            vector(normed.variance),
        )
    }

    fn lanes_extremes(x: FlexTensor, samples: usize) -> FlexTensor {
        vector(activate::extremes(lanes(&x.to_contiguous()), samples).to_vec())
    }
}

impl<C: CheckpointStrategy> LaneOps for Autodiff<Flex, C> {
    fn lanes_unary(op: Unary, x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        match UnaryBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let y = Flex::lanes_unary(op, x.clone());
                prep.finish((op, [x, y.clone()]), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::lanes_unary(op, x)),
        }
    }

    fn lanes_weighted(
        op: Weighted,
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let ((x, node), (weights, weights_node)) = (x.into_parts(), weights.into_parts());
        let prepared = WeightedBackward
            .prepare::<C>([node, weights_node])
            .compute_bound();
        match prepared.stateful() {
            OpsKind::Tracked(prep) => {
                let y = Flex::lanes_weighted(op, x.clone(), weights.clone());
                prep.finish((op, [x, weights, y.clone()]), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::lanes_weighted(op, x, weights)),
        }
    }

    fn lanes_norm(
        norm: Norm,
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (x, node) = x.into_parts();
        let ((gamma, gamma_node), (beta, beta_node)) = (gamma.into_parts(), beta.into_parts());
        let (y, mean, variance) = Flex::lanes_norm(norm, x.clone(), gamma.clone(), beta);
        let prepared = NormBackward
            .prepare::<C>([node, gamma_node, beta_node])
            .compute_bound();
        let output = match prepared.stateful() {
            OpsKind::Tracked(prep) => {
                let past = [x, y.clone(), gamma, mean.clone(), variance.clone()];
                prep.finish((norm, past), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(y),
        };
        (output, Self::from_inner(mean), Self::from_inner(variance))
    }

    fn lanes_extremes(x: FloatTensor<Self>, samples: usize) -> FloatTensor<Self> {
        Self::from_inner(Flex::lanes_extremes(x.into_primitive(), samples))
    }
}

/// The values of a contiguous tensor.
pub(super) fn floats(tensor: &FlexTensor) -> &[f32] {
    tensor
        .as_slice::<f32>()
        .unwrap_or_else(|| unreachable!("BUG: the tensor is contiguous"))
}

pub(super) fn lanes(tensor: &FlexTensor) -> &[Lanes] {
    floats(tensor).as_chunks::<LANES>().0
}

pub(super) fn vector(values: Vec<f32>) -> FlexTensor {
    let len = values.len();
    FlexTensor::from_data(TensorData::new(values, [len]))
}

fn image(blocks: usize, [height, width, channels]: [usize; 3], values: Vec<Lanes>) -> FlexTensor {
    let shape = [blocks, height, width, channels, LANES];
    FlexTensor::from_data(TensorData::new(values.into_flattened(), shape))
}

pub(super) fn like(tensor: &FlexTensor, values: Vec<Lanes>) -> FlexTensor {
    let shape = tensor.layout().shape().clone();
    FlexTensor::from_data(TensorData::new(values.into_flattened(), shape))
}
