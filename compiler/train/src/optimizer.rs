//! AdamW (Loshchilov and Hutter, arXiv 1711.05101) on plain vectors, with the gradient clipped to a
//! global norm. Weight decay is decoupled and acts on kernels only: shrinking a batch norm's scale or
//! a bias has no use.

use crate::net::StepGradients;
use crate::weights::Weights;

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// First and second moments of every weight.
#[derive(Debug)]
pub struct AdamW {
    weight_decay: f32,
    clip_norm: f32,
    step: i32,
    moments: Vec<Option<[Vec<[f32; 2]>; 3]>>,
}

impl AdamW {
    /// A fresh state for these weights. `clip_norm` is the largest norm of the whole gradient.
    pub fn new(weights: &Weights, weight_decay: f32, clip_norm: f32) -> Self {
        let zeros = |n: usize| vec![[0.0; 2]; n];
        let moments = weights.nodes.iter().map(|node| {
            node.as_ref().map(|node| {
                let gamma = node.norm.as_ref().map_or(0, |norm| norm.gamma.len());
                [
                    zeros(node.kernel.len()),
                    zeros(node.bias.len()),
                    zeros(gamma),
                ]
            })
        });
        Self {
            weight_decay,
            clip_norm,
            step: 0,
            moments: moments.collect(),
        }
    }

    /// One step against the gradient.
    pub fn step(&mut self, weights: &mut Weights, gradients: &StepGradients, learning_rate: f32) {
        self.step += 1;
        let square: f64 = gradients
            .iter()
            .flatten()
            .flatten()
            .flatten()
            .map(|&g| f64::from(g) * f64::from(g))
            .sum();
        let clip = (self.clip_norm / (square.sqrt() as f32).max(1e-12)).min(1.0);
        let correction = [1.0 - BETA1.powi(self.step), 1.0 - BETA2.powi(self.step)];
        for ((node, moments), gradients) in weights
            .nodes
            .iter_mut()
            .zip(&mut self.moments)
            .zip(gradients)
        {
            let (Some(node), Some(moments), Some(gradients)) = (node, moments, gradients) else {
                continue;
            };
            let gamma = node
                .norm
                .as_mut()
                .map_or(&mut [][..], |norm| &mut norm.gamma[..]);
            let vectors = [
                (&mut node.kernel[..], self.weight_decay),
                (&mut node.bias[..], 0.0),
                (gamma, 0.0),
            ];
            for (((values, decay), moments), gradients) in
                vectors.into_iter().zip(moments).zip(gradients)
            {
                for ((w, m), g) in values.iter_mut().zip(moments).zip(gradients) {
                    let g = g * clip;
                    m[0] = BETA1 * m[0] + (1.0 - BETA1) * g;
                    m[1] = BETA2 * m[1] + (1.0 - BETA2) * g * g;
                    let direction =
                        (m[0] / correction[0]) / ((m[1] / correction[1]).sqrt() + EPSILON);
                    *w -= learning_rate * (direction + decay * *w);
                }
            }
        }
    }
}

/// Learning rate at a point in [0, 1] of the training: a linear rise over `warmup`, then half a cosine
/// down to 1 % of the peak.
pub fn cosine(peak: f32, warmup: f32, progress: f32) -> f32 {
    if progress < warmup {
        return peak * (progress / warmup).max(0.01);
    }
    let part = ((progress - warmup) / (1.0 - warmup).max(1e-6)).min(1.0);
    peak * (0.01 + 0.99 * 0.5 * (1.0 + (std::f32::consts::PI * part).cos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::NodeWeights;

    #[test]
    fn a_parabola_is_descended() {
        let node = NodeWeights {
            kernel: vec![3.0, -2.0],
            bias: vec![1.0],
            norm: None,
        };
        let mut weights = Weights {
            nodes: vec![None, Some(node)],
        };
        let mut optimizer = AdamW::new(&weights, 0.0, 1e9);
        for _ in 0..500 {
            let node = weights.nodes[1].clone().map(|n| [n.kernel, n.bias, vec![]]);
            optimizer.step(&mut weights, &vec![None, node], 0.05);
        }
        let node = weights.nodes[1].clone().expect("the node");
        assert!(
            node.kernel.iter().chain(&node.bias).all(|w| w.abs() < 0.05),
            "{node:?}"
        );
    }

    #[test]
    fn the_rate_rises_and_falls() {
        assert!(cosine(1.0, 0.1, 0.0) < 0.02);
        assert!((cosine(1.0, 0.1, 0.1) - 1.0).abs() < 1e-6);
        assert!((cosine(1.0, 0.1, 1.0) - 0.01).abs() < 1e-6);
        assert!(cosine(1.0, 0.1, 0.5) > cosine(1.0, 0.1, 0.6));
    }
}
