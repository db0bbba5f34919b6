//! How important channels are, by a training that may close them: every unit of coupled channels has an
//! amount in [0, 1], its channels are multiplied by 1 where that is at least a half and by 0 else, and the
//! slope of the loss passes straight through the step (PIT, Risso et al., arXiv 2203.14768; Bengio et al.,
//! arXiv 1308.3432). A closed channel still has a slope, so it can come back.
//!
//! What a channel costs is no constant to be tuned, but the multiplier of the constraint that a share of
//! them goes: it rises while too many are open and falls while too few are.

use burn::tensor::{Gradients, Tensor, TensorData};
use ember_ir::{Graph, TensorId};

use super::channels::Channels;
use crate::net::{Numerics, Tracking, gradient};
use crate::trainer::{Session, TrainError, train_with};
use crate::weights::Weights;

/// What a step moves an amount by whose slope is the root mean square of all.
const STEP: f32 = 0.02;
/// What a step moves the multiplier by if all channels that shall go are there.
const RISE: f32 = 0.1;
/// Weight of a new slope among the smoothed ones.
const NEW_SLOPE: f32 = 0.1;
/// Weight of new amounts among the averaged ones, which rank channels.
const NEW_AMOUNT: f64 = 0.01;

/// Trains on while this share of the channels goes; gives the weights, and how important each unit is.
pub(crate) fn learned(
    session: Session<'_>,
    start: Weights,
    share: f32,
) -> Result<(Weights, Vec<f64>), TrainError> {
    let mut masks = Masks::new(session.graph, share);
    let weights = train_with(session, start, &mut masks, &mut |_, _| {})?;
    Ok((weights, masks.average))
}

/// The amounts of all units, while they are learned.
struct Masks {
    channels: Channels,
    /// Per tensor, whether its channels are multiplied: those that weights compute.
    is_masked: Vec<bool>,
    /// Of the units that may go, how many shall be open.
    kept_share: f32,
    /// Per unit.
    amounts: Vec<f32>,
    slopes: Vec<f32>,
    average: Vec<f64>,
    is_open: Vec<bool>,
    multiplier: f32,
    /// Of this step.
    leaves: Vec<(TensorId, Tensor<5>)>,
}

impl Masks {
    fn new(graph: &Graph, share: f32) -> Self {
        let channels = Channels::of(graph);
        let mut is_masked = vec![false; graph.tensors.len()];
        for node in &graph.nodes {
            let has_weights = node.op.weight_shape(graph.input_shape(node)).is_some();
            is_masked[node.output.0] = has_weights;
        }
        let units = channels.units;
        Self {
            channels,
            is_masked,
            kept_share: 1.0 - share.clamp(0.0, 1.0),
            amounts: vec![1.0; units],
            slopes: vec![0.0; units],
            average: vec![1.0; units],
            is_open: vec![true; units],
            multiplier: 0.0,
            leaves: Vec::new(),
        }
    }

    /// Moves amounts by the slopes and by what a channel costs.
    fn step(&mut self) {
        let movable = || self.channels.groups.iter().flatten().copied();
        let count = movable().count().max(1) as f32;
        let squares = movable().map(|unit| self.slopes[unit].powi(2));
        let scale = (squares.sum::<f32>() / count).sqrt().max(f32::MIN_POSITIVE);
        let open = movable().filter(|&unit| self.is_open[unit]).count() as f32;
        self.multiplier = (self.multiplier + RISE * (open / count - self.kept_share)).max(0.0);
        for group in &self.channels.groups {
            for &unit in group {
                let slope = self.slopes[unit] / scale + self.multiplier;
                self.amounts[unit] = (self.amounts[unit] - STEP * slope).clamp(0.0, 1.0);
                self.is_open[unit] = self.amounts[unit] >= 0.5;
            }
            // Without any channel nothing would flow, and nothing be learned.
            let most = |&a: &usize, &b: &usize| self.amounts[a].total_cmp(&self.amounts[b]);
            if let Some(unit) = group.iter().copied().max_by(most) {
                self.is_open[unit] = true;
            }
        }
        for (average, &amount) in self.average.iter_mut().zip(&self.amounts) {
            *average += NEW_AMOUNT * (f64::from(amount) - *average);
        }
    }
}

impl Numerics for Masks {
    fn kernel(&mut self, _: usize, kernel: Tensor<4>, _: usize) -> Tensor<4> {
        kernel
    }

    fn activation(&mut self, tensor: TensorId, value: Tensor<5>, _: usize) -> Tensor<5> {
        if !self.is_masked[tensor.0] {
            return value;
        }
        let open = self.channels.of[tensor.0]
            .iter()
            .map(|&unit| f32::from(u8::from(self.is_open[unit])));
        let open: Vec<f32> = open.collect();
        let dims = [1, 1, 1, open.len(), 1];
        let mask = Tensor::from_data(TensorData::new(open, dims), &value.device());
        let mask = Tracking::Tracked.of(mask);
        self.leaves.push((tensor, mask.clone()));
        value * mask
    }

    fn learn(&mut self, gradients: &mut Gradients) {
        let mut slopes = vec![0.0; self.channels.units];
        for (tensor, leaf) in std::mem::take(&mut self.leaves) {
            let units = &self.channels.of[tensor.0];
            for (&unit, slope) in units.iter().zip(gradient(&leaf, gradients)) {
                slopes[unit] += slope;
            }
        }
        for (smooth, slope) in self.slopes.iter_mut().zip(slopes) {
            *smooth += NEW_SLOPE * (slope - *smooth);
        }
        self.step();
    }
}

#[cfg(test)]
mod tests;
