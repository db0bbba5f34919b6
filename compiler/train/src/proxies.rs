//! Zero-cost proxies: what an untrained network says of the trained one, from a few batches.
//!
//! * NASWOT (arXiv 2006.04647): log det of K, where K counts for two samples the rectifiers that agree on them.
//!   A network that tells samples apart before it is trained has a larger one.
//! * SynFlow (arXiv 2006.05467, as a score 2101.08134): Σ |θ·∂R/∂θ| with |θ| for θ, no batch norms, an input of ones and
//!   R the sum of the logits; its logarithm.
//! * ZiCo (arXiv 2301.11300): Σ over layers of log Σ over weights of the mean gradient's size over its deviation among
//!   batches.
//!
//! None of them is proven for networks this small: the search measures how they rank, see
//! [`ember_search::probe`].

use burn::tensor::{Device, Tensor};
use ember_ir::{Activation, Graph, TensorId};
use ember_search::Probe;

use crate::batches::Batches;
use crate::distill::Targets;
use crate::evaluate::{Evaluator, single_threaded};
use crate::lanes::LANES;
use crate::net::{Batch, Exact, Leaves, Net, Numerics, to_vec};
use crate::recipe::Recipe;
use crate::task::Task;
use crate::trainer::{Session, initial, input_shape, step};
use crate::weights::Weights;

/// Samples per batch.
const SAMPLES: usize = 32;
/// Batches of ZiCo.
const BATCHES: usize = 3;
/// Added to the diagonal of K, per rectifier: samples that no rectifier tells apart make it singular.
const JITTER: f64 = 1e-3;

impl Probe for Evaluator<'_> {
    fn probe(&self, graph: &Graph, seed: u64) -> Option<[f64; 3]> {
        let measured = single_threaded(|| self.proxies(graph, seed)).ok()??;
        measured.iter().all(|x| x.is_finite()).then_some(measured)
    }
}

impl Evaluator<'_> {
    fn proxies(&self, graph: &Graph, seed: u64) -> Option<[f64; 3]> {
        let net = Net::new(graph).ok()?;
        let weights = initial(graph, seed);
        let recipe = Recipe {
            batch_size: SAMPLES,
            ..self.recipe.clone()
        };
        let mut batches = Batches::new(Session {
            graph,
            data: &self.parts.train,
            normalization: &self.parts.normalization,
            recipe: &recipe,
            seed,
            teachers: &[],
            cancel: self.cancel,
            progress: &|_| {},
        });
        batches.shuffle();
        let few: Vec<(Vec<f32>, Vec<f32>)> = (0..BATCHES)
            .map(|batch| batches.next(batch % batches.per_epoch))
            .collect();
        Some([
            naswot(&net, &weights, &few[0].0),
            synflow(&net, &weights),
            zico(&net, &weights, self.parts.train.task, &few),
        ])
    }
}

/// The rectifiers' codes of a batch: per sample, which are on.
struct Codes<'a> {
    graph: &'a Graph,
    codes: Vec<Vec<bool>>,
}

impl Numerics for Codes<'_> {
    fn kernel(&mut self, _: usize, kernel: Tensor<4>, _: usize) -> Tensor<4> {
        kernel
    }

    fn activation(&mut self, tensor: TensorId, value: Tensor<5>, samples: usize) -> Tensor<5> {
        let mut nodes = self.graph.nodes.iter();
        let rectified =
            nodes.any(|node| node.output == tensor && node.op.activation() != Activation::None);
        if rectified {
            let [_, height, width, channels, _] = value.dims();
            let units = height * width * channels;
            let values = to_vec(value.clone());
            self.codes.resize(samples, Vec::new());
            for (sample, code) in self.codes.iter_mut().enumerate() {
                let block = &values[sample / LANES * units * LANES..][..units * LANES];
                let lane = block.iter().skip(sample % LANES).step_by(LANES);
                code.extend(lane.map(|&x| x > 0.0));
            }
        }
        value
    }
}

fn naswot(net: &Net<'_>, weights: &Weights, samples: &[f32]) -> f64 {
    let (graph, device) = (net.graph(), Device::flex());
    let mut codes = Codes {
        graph,
        codes: Vec::new(),
    };
    let leaves = Leaves::new(graph, weights, &device);
    let batch = Batch::new(input_shape(graph), samples, &device);
    let _ = net.forward(&leaves, batch, &mut codes);
    let agree = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| a == b).count() as f64;
    let all = codes.codes;
    let mut matrix: Vec<Vec<f64>> = all
        .iter()
        .map(|a| all.iter().map(|b| agree(a, b)).collect())
        .collect();
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += JITTER * (1.0 + row[i]);
    }
    log_determinant(matrix)
}

/// Of a positive definite matrix, by elimination.
fn log_determinant(mut matrix: Vec<Vec<f64>>) -> f64 {
    let mut sum = 0.0;
    for k in 0..matrix.len() {
        let pivot = matrix[k].clone();
        sum += pivot[k].ln();
        for row in &mut matrix[k + 1..] {
            let factor = row[k] / pivot[k];
            for (x, p) in row[k..].iter_mut().zip(&pivot[k..]) {
                *x -= factor * p;
            }
        }
    }
    sum
}

fn synflow(net: &Net<'_>, weights: &Weights) -> f64 {
    let (graph, device) = (net.graph(), Device::flex().autodiff());
    let mut positive = weights.clone();
    for node in positive.nodes.iter_mut().flatten() {
        node.norm = None;
        node.bias.fill(0.0);
        for weight in &mut node.kernel {
            *weight = weight.abs();
        }
    }
    let leaves = Leaves::new(graph, &positive, &device);
    let shape = input_shape(graph);
    let ones = Batch::new(shape, &vec![1.0; shape.elements()], &device);
    let sum = net.forward(&leaves, ones, &mut Exact).logits.sum();
    let gradients = leaves.gradients(&mut sum.backward());
    let nodes = positive.nodes.iter().zip(&gradients);
    let flows = nodes.filter_map(|(node, gradients)| {
        let (node, [kernel, _, _]) = (node.as_ref()?, gradients.as_ref()?);
        let flow = |(w, g): (&f32, &f32)| f64::from(*w) * f64::from(*g);
        Some(node.kernel.iter().zip(kernel).map(flow).sum::<f64>())
    });
    flows.sum::<f64>().max(f64::MIN_POSITIVE).ln()
}

fn zico(net: &Net<'_>, weights: &Weights, task: Task, batches: &[(Vec<f32>, Vec<f32>)]) -> f64 {
    let steps: Vec<_> = batches
        .iter()
        .map(|(samples, targets)| {
            let targets = Targets::of(task, targets);
            step(net, weights, samples, targets, &mut Exact).gradients
        })
        .collect();
    let n = steps.len() as f64;
    let layers = (0..weights.nodes.len()).filter_map(|node| {
        let kernels: Vec<&Vec<f32>> = steps
            .iter()
            .filter_map(|step| step[node].as_ref().map(|[kernel, _, _]| kernel))
            .collect();
        let certainty = |i: usize| {
            let sizes = || kernels.iter().map(|kernel| f64::from(kernel[i].abs()));
            let mean = sizes().sum::<f64>() / n;
            let variance = sizes().map(|size| (size - mean).powi(2)).sum::<f64>() / n;
            if variance > 0.0 {
                mean / variance.sqrt()
            } else {
                0.0
            }
        };
        let sum: f64 = (0..kernels.first()?.len()).map(certainty).sum();
        Some(sum.max(f64::MIN_POSITIVE).ln())
    });
    layers.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn determinants() {
        let matrix = vec![vec![4.0, 2.0], vec![2.0, 3.0]];
        assert!((log_determinant(matrix) - 8f64.ln()).abs() < 1e-12);
    }
}
