//! The gradients of the operators, as steps of burn's tape.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::tensor::TensorData;

use super::norm::{self, Norm, Past};
use super::ops::{FlexTensor, Unary, Weighted, floats, lanes, like, vector};
use super::{LANES, activate, conv2d, darts_cell, depthwise_conv2d, embedding, pool2d, recurrent};

#[derive(Debug)]
pub(super) struct UnaryBackward;

impl Backward<Flex, 1> for UnaryBackward {
    /// The operator, x and y.
    type State = (Unary, [FlexTensor; 2]);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = grads.consume::<Flex>(&ops.node);
        let (op, past) = ops.state;
        let [Some(node)] = ops.parents else { return };
        let [x, y, dy] = [&past[0], &past[1], &dy].map(|tensor| tensor.to_contiguous());
        let dx = match op {
            Unary::Activate(activation) => {
                activate::activate_gradient(activation, lanes(&y), lanes(&dy))
            }
            Unary::FakeQuant(grid) => activate::fake_quant_gradient(grid, lanes(&x), lanes(&dy)),
            Unary::AveragePool2d(geometry) => pool2d::average_gradient(&geometry, lanes(&dy)),
            Unary::MaxPool2d(geometry) => {
                pool2d::max_gradient(&geometry, lanes(&x), lanes(&y), lanes(&dy))
            }
        };
        grads.register::<Flex>(node.id, like(&x, dx));
    }
}

#[derive(Debug)]
pub(super) struct WeightedBackward;

impl Backward<Flex, 2> for WeightedBackward {
    /// The operator, x, weights and y.
    type State = (Weighted, [FlexTensor; 3]);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (op, past) = ops.state;
        let [x, weights, y] = past.each_ref().map(|tensor| tensor.to_contiguous());
        let [to_x, to_weights] = ops.parents;
        let (dx, dw) = match op {
            Weighted::Conv2d(geometry) => (
                to_x.is_some()
                    .then(|| conv2d::input_gradient(&geometry, floats(&weights), lanes(&dy))),
                to_weights
                    .is_some()
                    .then(|| conv2d::kernel_gradient(&geometry, lanes(&x), lanes(&dy))),
            ),
            Weighted::DepthwiseConv2d(geometry) => (
                to_x.is_some().then(|| {
                    depthwise_conv2d::input_gradient(&geometry, floats(&weights), lanes(&dy))
                }),
                to_weights
                    .is_some()
                    .then(|| depthwise_conv2d::kernel_gradient(&geometry, lanes(&x), lanes(&dy))),
            ),
            Weighted::Activate(activation) => {
                let channels = floats(&weights).len();
                let (dx, bias) =
                    activate::biased_gradients(activation, channels, lanes(&y), lanes(&dy));
                (Some(dx), Some(bias))
            }
            Weighted::Embedding(lookup) => (
                to_x.is_some().then(|| vec![[0.0; LANES]; lanes(&x).len()]),
                to_weights
                    .is_some()
                    .then(|| embedding::table_gradient(&lookup, lanes(&x), lanes(&dy))),
            ),
            Weighted::Recurrent(size) => {
                let (dx, dw) = recurrent::gradients(&size, lanes(&x), floats(&weights), lanes(&dy));
                (Some(dx), Some(dw))
            }
            Weighted::DartsCell(size) => {
                let (dx, dw) =
                    darts_cell::gradients(&size, lanes(&x), floats(&weights), lanes(&dy));
                (Some(dx), Some(dw))
            }
        };
        if let (Some(node), Some(dx)) = (to_x, dx) {
            grads.register::<Flex>(node.id, like(&x, dx));
        }
        if let (Some(node), Some(dw)) = (to_weights, dw) {
            let shape = weights.layout().shape().clone();
            grads.register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(dw, shape)));
        }
    }
}

#[derive(Debug)]
pub(super) struct NormBackward;

impl Backward<Flex, 3> for NormBackward {
    /// The norm; x, y, gamma, mean and variance.
    type State = (Norm, [FlexTensor; 5]);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let dy = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (norm, [x, y, gamma, mean, variance]) = ops.state;
        let [x, gamma] = [x, gamma].map(|tensor| tensor.to_contiguous());
        let past = Past {
            x: lanes(&x),
            y: lanes(&y),
            gamma: floats(&gamma),
            mean: floats(&mean),
            variance: floats(&variance),
        };
        let gradients = norm::backward(&norm, &past, lanes(&dy));
        let [to_x, to_gamma, to_beta] = ops.parents;
        if let Some(node) = to_x {
            grads.register::<Flex>(node.id, like(&x, gradients.x));
        }
        if let Some(node) = to_gamma {
            grads.register::<Flex>(node.id, vector(gradients.gamma));
        }
        if let Some(node) = to_beta {
            grads.register::<Flex>(node.id, vector(gradients.beta));
        }
    }
}
