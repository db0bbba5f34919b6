//! Scales and zero points of activations.

use ember_ir::{Activation, Graph, LogSoftmax, Op, Quant};

use super::Range;
use super::finest::finest;

/// Spans below this are taken for a constant zero: its scale does not matter, and a scale of that size
/// would leave f32's normal numbers.
const MIN_SPAN: f64 = 1e-30;
/// Steps between the lowest and the highest int8.
const STEPS: f64 = 255.0;

/// Scale and zero point of every tensor, by tensor id, as [`super::quantize`] gives them for these
/// ranges; for whoever trains on the int8 grid. One range per tensor is expected.
pub fn quants(graph: &Graph, ranges: &[Range]) -> Vec<Quant> {
    let group = shared(graph);
    let mut unions: Vec<Option<Range>> = vec![None; graph.tensors.len()];
    let ranges = rectified(graph, ranges);
    for (&group, range) in group.iter().zip(&ranges) {
        let union = unions[group].get_or_insert(*range);
        *union = union.union(*range);
    }
    let mut quants: Vec<Quant> = group
        .iter()
        .map(|&group| quant(unions[group].unwrap_or(Range::EMPTY)))
        .collect();
    let mut is_fixed = vec![false; graph.tensors.len()];
    for node in &graph.nodes {
        let input = node.inputs.first().copied();
        let fixed = [
            node.op.fixed_output().map(|quant| (node.output, quant)),
            node.op
                .fixed_input()
                .zip(input)
                .map(|(quant, id)| (id, quant)),
        ];
        for (fixed, as_fixed) in fixed.into_iter().flatten() {
            is_fixed[group[fixed.0]] = true;
            for (tensor, quant) in quants.iter_mut().enumerate() {
                if group[tensor] == group[fixed.0] {
                    *quant = as_fixed;
                }
            }
        }
    }
    coarsened(graph, &group, &is_fixed, &mut quants);
    quants
}

/// Makes scales coarser that are finer than an operator can compute from its inputs: values that are zero but
/// for rounding, as a mean of differences from the mean, would get a scale whose factor leaves 32 bits.
fn coarsened(graph: &Graph, group: &[usize], is_fixed: &[bool], quants: &mut [Quant]) {
    // A coarser scale may ask for another one before it, where tensors share. Each pass is one more; what still
    // overflows then is refused when the network is lowered.
    for _ in &graph.nodes {
        let mut changed = false;
        for node in &graph.nodes {
            let to = group[node.output.0];
            let least = finest(graph, node, quants).min(f64::from(f32::MAX)) as f32;
            if is_fixed[to] || quants[node.output.0].scale >= least {
                continue;
            }
            changed = true;
            let members = quants.iter_mut().zip(group);
            for (quant, _) in members.filter(|(_, group)| **group == to) {
                quant.scale = least;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Tensors that leave the range that their parameters can hold by more than rounding does: parameters are made
/// for the ranges, unless they are the fixed ones of an operator (softmax, logistic, tanh, arg max).
pub(super) fn beyond_fixed(graph: &Graph, ranges: &[Range], quants: &[Quant]) -> Vec<usize> {
    let ranges = rectified(graph, ranges);
    let beyond = |(range, quant): (&Range, &Quant)| {
        let slack = 2.0 * quant.scale;
        let [low, high] = [i8::MIN, i8::MAX].map(|q| quant.dequantize(q));
        range.min < low - slack || range.max > high + slack
    };
    let tensors = ranges.iter().zip(quants).enumerate();
    tensors
        .filter_map(|(tensor, pair)| beyond(pair).then_some(tensor))
        .collect()
}

/// The asymmetric parameters of a range. Real zero is always an integer, and the zero point of a
/// range that starts at zero is −128: ReLU then costs nothing.
pub(super) fn quant(range: Range) -> Quant {
    let (min, max) = (f64::from(range.min.min(0.0)), f64::from(range.max.max(0.0)));
    let span = if max - min < MIN_SPAN { 1.0 } else { max - min };
    // Ranges near f32's limits must not give an infinite scale.
    let scale = (span / STEPS).min(f64::from(f32::MAX)) as f32;
    let zero = (-128.0 - min / f64::from(scale)).round();
    Quant {
        scale,
        zero_point: zero.clamp(-128.0, 127.0) as i8,
    }
}

/// Ranges as fused activations leave them, and those of logarithms as int8 does.
fn rectified(graph: &Graph, ranges: &[Range]) -> Vec<Range> {
    let mut ranges = ranges.to_vec();
    // Logarithms of probabilities, and what only moves or picks some of them.
    let mut are_logarithms = vec![false; graph.tensors.len()];
    for node in &graph.nodes {
        let of_logarithms = node.op.shares_quant()
            && !node.inputs.is_empty()
            && node.inputs.iter().all(|input| are_logarithms[input.0]);
        are_logarithms[node.output.0] = of_logarithms || matches!(node.op, Op::LogSoftmax(_));
        let range = &mut ranges[node.output.0];
        if are_logarithms[node.output.0] {
            // What is below a probability of e^−16 is taken for that.
            let lowest = LogSoftmax::QUANT.dequantize(i8::MIN);
            range.min = range.min.max(lowest);
            range.max = range.max.max(lowest);
        }
        let top = match node.op.activation() {
            Activation::None => continue,
            Activation::Relu => f32::INFINITY,
            Activation::Relu6 => 6.0,
        };
        range.min = range.min.max(0.0);
        range.max = range.max.max(0.0).min(top);
    }
    ranges
}

/// The group of each tensor, named by its lowest member: those that share parameters.
fn shared(graph: &Graph) -> Vec<usize> {
    let mut group: Vec<usize> = (0..graph.tensors.len()).collect();
    for node in &graph.nodes {
        if !node.op.shares_quant() {
            continue;
        }
        for input in &node.inputs {
            let [one, other] = [group[input.0], group[node.output.0]];
            let (to, from) = (one.min(other), one.max(other));
            for group in &mut group {
                if *group == from {
                    *group = to;
                }
            }
        }
    }
    group
}
