//! Widths as masks: a channel is there as much as the gates of the widths that keep it.

use burn::tensor::{Tensor, TensorData};
use ember_ir::TensorId;
use ember_search::space::Mask;

use super::mixture::Bound;
use crate::net::Numerics;

/// Masks channels on their way through an operation.
pub(super) struct Masked<'a> {
    /// Per tensor.
    pub masks: &'a [Option<Mask>],
    /// The gates.
    pub bound: &'a Bound<'a>,
}

impl Numerics for Masked<'_> {
    fn kernel(&mut self, _: usize, kernel: Tensor<4>, _: usize) -> Tensor<4> {
        kernel
    }

    fn activation(&mut self, tensor: TensorId, value: Tensor<5>, _: usize) -> Tensor<5> {
        let Some(mask) = &self.masks[tensor.0] else {
            return value;
        };
        let channels = value.dims()[3];
        let amounts = &self.bound.amounts.0[mask.gene];
        let keeps = |option: usize, channel: usize| mask.channels[option] > channel;
        if mask.follows {
            let there = (0..channels).map(|channel| {
                let mut open = (0..amounts.len()).filter(|&option| amounts[option] != 0.0);
                f32::from(u8::from(open.any(|option| keeps(option, channel))))
            });
            let there: Vec<f32> = there.collect();
            if there.iter().all(|&x| x == 1.0) {
                return value;
            }
            let data = TensorData::new(there, [1, 1, 1, channels, 1]);
            let device = value.device();
            return value * Tensor::from_data(data, &device);
        }
        let kept = (0..amounts.len()).flat_map(|option| {
            (0..channels).map(move |channel| f32::from(u8::from(keeps(option, channel))))
        });
        let data = TensorData::new(kept.collect::<Vec<f32>>(), [amounts.len(), channels]);
        let kept = Tensor::<2>::from_data(data, &value.device());
        let mask = self.bound.gates[mask.gene].clone().matmul(kept);
        value * mask.reshape([1, 1, 1, channels, 1])
    }
}
