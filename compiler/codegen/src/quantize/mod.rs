//! Post-training quantisation: from a trained network and its calibrated ranges to int8.
//!
//! [`calibrate`] watches samples go through the f32 interpreter and keeps a range per tensor;
//! [`quantize`] turns ranges into scales and zero points (`activations`) and weights and biases into
//! integers (`weights`). Activations are asymmetric per tensor, weights symmetric per output channel,
//! as `ember_ir::verify` demands. Source: Jacob et al., "Quantization and training of neural networks
//! for efficient integer-arithmetic-only inference" (2018).

mod activations;
mod calibrate;
mod dequantize;
mod finest;
mod histogram;
mod weights;

pub use activations::quants as activation_quants;
pub use calibrate::{Range, RangeMethod, calibrate};
pub use dequantize::dequantize;

use ember_ir::{FloatGraph, Op, QuantGraph, Rounding, Violation, verify_float, verify_quant};

/// Why a network cannot be quantised.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum QuantizeError {
    /// The network breaks the rules of `ember_ir::verify`.
    #[error("the trained network is not valid:{}", crate::lines(.0))]
    Invalid(Vec<Violation>),
    /// The number of ranges is not that of the tensors.
    #[error("{ranges} ranges were given for {tensors} tensors")]
    Count {
        /// Number of tensors.
        tensors: usize,
        /// Number of ranges.
        ranges: usize,
    },
    /// Ranges that are empty or not finite.
    #[error("calibration gave no usable range:{}", crate::lines(.0))]
    Ranges(Vec<BadRange>),
    /// Values that share the scale of an operator whose range is fixed, and do not fit it.
    #[error("int8 has no room for values beside those of a fixed range:{}", crate::lines(.0))]
    Fixed(Vec<BeyondFixed>),
}

/// A tensor that shares the scale of a softmax, logistic, tanh or arg max and goes beyond it.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error(
    "tensor `{tensor}`: {min} to {max}, but it shares the scale of an operator that gives {low} to {high}; \
     do not join them by minimum, maximum, concatenation or padding, or add zero to one of them first"
)]
pub struct BeyondFixed {
    /// The tensor.
    pub tensor: String,
    /// Lower end.
    pub min: f32,
    /// Upper end.
    pub max: f32,
    /// Lowest value that fits.
    pub low: f32,
    /// Highest value that fits.
    pub high: f32,
}

/// A tensor without a usable range.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error(
    "tensor `{tensor}`: {min} to {max}; calibrate with at least one sample, and look for NaN or \
     infinity in the data and the weights"
)]
pub struct BadRange {
    /// The tensor.
    pub tensor: String,
    /// Lower end.
    pub min: f32,
    /// Upper end.
    pub max: f32,
}

/// The int8 form of a trained network. `ranges` has one entry per tensor, from [`calibrate`] or from
/// quantisation-aware training; each is widened to contain zero. Tensors that a pool or a reshape
/// joins share the union of their ranges; the output of softmax has its fixed parameters. A scale that is finer
/// than the operator before it can compute becomes the finest that it can.
///
/// # Errors
/// A network that the verifier refuses, ranges that are missing, empty or not finite, or values that share a
/// fixed scale and do not fit it.
pub fn quantize(
    network: &FloatGraph,
    ranges: &[Range],
    rounding: Rounding,
) -> Result<QuantGraph, QuantizeError> {
    let violations = verify_float(network);
    if !violations.is_empty() {
        return Err(QuantizeError::Invalid(violations));
    }
    let graph = &network.graph;
    check_ranges(network, ranges)?;
    let quants = activations::quants(graph, ranges);
    let beyond = activations::beyond_fixed(graph, ranges, &quants);
    if !beyond.is_empty() {
        let problem = |tensor: usize| BeyondFixed {
            tensor: graph.tensors[tensor].name.clone(),
            min: ranges[tensor].min,
            max: ranges[tensor].max,
            low: quants[tensor].dequantize(i8::MIN),
            high: quants[tensor].dequantize(i8::MAX),
        };
        return Err(QuantizeError::Fixed(
            beyond.into_iter().map(problem).collect(),
        ));
    }
    let params = graph
        .nodes
        .iter()
        .zip(&network.params)
        .map(|(node, params)| {
            let params = params.as_ref()?;
            Some(match (&node.op, node.inputs.first()) {
                (Op::Embedding(_), _) | (_, None) => weights::values(params, quants[node.output.0]),
                (_, Some(input)) => {
                    let ends = [*input, node.output].map(|id| quants[id.0]);
                    weights::quantize(node, params, ends)
                }
            })
        });
    let quantized = QuantGraph {
        params: params.collect(),
        quants,
        roundings: vec![rounding; graph.nodes.len()],
        graph: graph.clone(),
    };
    debug_assert_eq!(verify_quant(&quantized), [], "BUG: quantize broke a rule");
    Ok(quantized)
}

fn check_ranges(network: &FloatGraph, ranges: &[Range]) -> Result<(), QuantizeError> {
    let tensors = &network.graph.tensors;
    if tensors.len() != ranges.len() {
        return Err(QuantizeError::Count {
            tensors: tensors.len(),
            ranges: ranges.len(),
        });
    }
    let bad: Vec<BadRange> = tensors
        .iter()
        .zip(ranges)
        .filter(|(_, range)| !range.is_usable())
        .map(|(tensor, range)| BadRange {
            tensor: tensor.name.clone(),
            min: range.min,
            max: range.max,
        })
        .collect();
    if bad.is_empty() {
        Ok(())
    } else {
        Err(QuantizeError::Ranges(bad))
    }
}

/// The bytes of a sample as the network's inputs take it: each value quantised with the parameters of the
/// input tensor it belongs to. Surplus values are dropped.
pub fn quantize_sample(network: &QuantGraph, sample: &[f32]) -> Vec<i8> {
    let mut rest = sample;
    let mut bytes = Vec::with_capacity(sample.len());
    for &id in &network.graph.inputs {
        let tensor = network.graph.tensor(id);
        let (values, after) = rest.split_at(tensor.shape.elements().min(rest.len()));
        let quantized = values
            .iter()
            .map(|&x| network.quants[id.0].quantize_as(x, tensor.element));
        bytes.extend(tensor.element.bytes_of(quantized));
        rest = after;
    }
    bytes
}

/// The values of the bytes of the network's output, of one sample or of several one after the other; where
/// there are several outputs, these lie one after the other in each sample.
pub fn output_values(network: &QuantGraph, output: &[i8]) -> Vec<i32> {
    let mut values = Vec::with_capacity(output.len());
    let mut rest = output;
    for &id in network.graph.outputs.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let tensor = network.graph.tensor(id);
        let (bytes, after) = rest.split_at(tensor.bytes().clamp(1, rest.len()));
        values.extend(tensor.element.values(bytes));
        rest = after;
    }
    values
}

/// The real values of the bytes of the network's output, in the order of [`output_values`].
pub fn dequantize_output(network: &QuantGraph, output: &[i8]) -> Vec<f32> {
    let quants = network.graph.outputs.iter().flat_map(|&id| {
        let elements = network.graph.tensor(id).shape.elements();
        std::iter::repeat_n(network.quants[id.0], elements)
    });
    let values = output_values(network, output)
        .into_iter()
        .zip(quants.cycle());
    values.map(|(q, quant)| quant.dequantize(q)).collect()
}

#[cfg(test)]
mod tests;
