//! How important channels are, by their weights: the L2 norm of those that compute a channel, batch norm
//! folded, in units of its layer's root mean square (Li et al., arXiv 1608.08710). Coupled channels
//! ([`Channels`]) share the mean over their layers.

use ember_ir::{Graph, Op};

use super::channels::Channels;
use crate::weights::{Weights, export};

/// Per unit of coupled channels.
pub fn magnitude(graph: &Graph, weights: &Weights) -> Vec<f64> {
    let channels = Channels::of(graph);
    let network = export(graph, weights);
    let mut sums = vec![(0.0, 0usize); channels.units];
    for (node, params) in network.graph.nodes.iter().zip(&network.params) {
        let Some(params) = params else { continue };
        let units = &channels.of[node.output.0];
        let mut squares = vec![0.0; units.len()];
        let per_channel = params.weights.len() / units.len().max(1);
        for (i, &weight) in params.weights.iter().enumerate() {
            let channel = match node.op {
                Op::DepthwiseConv2d(_) => i % units.len(),
                _ => i / per_channel,
            };
            squares[channel] += f64::from(weight) * f64::from(weight);
        }
        let mean = squares.iter().sum::<f64>() / units.len().max(1) as f64;
        for (&unit, square) in units.iter().zip(squares) {
            sums[unit].0 += (square / mean.max(f64::MIN_POSITIVE)).sqrt();
            sums[unit].1 += 1;
        }
    }
    sums.iter()
        .map(|(sum, layers)| sum / (*layers).max(1) as f64)
        .collect()
}
