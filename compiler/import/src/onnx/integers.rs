//! The integer network of a file that quantises: its own parameters for every tensor, its own steps for every
//! weight.

use ember_ir::{Function, Node, Op, Quant, QuantGraph, QuantParams, Rounding, TensorId};

use super::assemble::problem;
use super::lowering::Lowering;
use super::requantize;
use crate::ImportError;

/// The integer network that the file prescribes.
pub(super) fn integers(mut from: Lowering) -> Result<QuantGraph, ImportError> {
    propagate(&mut from);
    constants(&mut from);
    requantize::between(&mut from);
    let mut problems = Vec::new();
    let mut quants = Vec::with_capacity(from.graph.tensors.len());
    for (index, tensor) in from.graph.tensors.iter().enumerate() {
        match from.quants.get(&TensorId(index)) {
            Some(&quant) => quants.push(quant),
            None => problems.push(problem(
                &format!("tensor \"{}\"", tensor.name),
                "the model quantises others, but not this one".into(),
                "put QuantizeLinear and DequantizeLinear behind every layer",
            )),
        }
    }
    let mut params = Vec::with_capacity(from.graph.nodes.len());
    for (index, node) in from.graph.nodes.iter().enumerate() {
        let Some(real) = &from.params[index] else {
            params.push(table(node, &from));
            continue;
        };
        if let Op::Constant(_) = node.op {
            let quant = quants.get(node.output.0).copied();
            let values = real.weights.iter();
            params.push(quant.map(|quant| QuantParams {
                weights: values.map(|&value| quant.quantize(value)).collect(),
                scales: Vec::new(),
                bias: Vec::new(),
            }));
            continue;
        }
        let place = format!("layer \"{}\"", from.graph.node_name(node));
        let (Some(scales), Some(input)) = (&from.scales[index], from.quants.get(&node.inputs[0]))
        else {
            problems.push(problem(
                &place,
                "its weights are real numbers in a quantised model".into(),
                "quantise them too: int8, DequantizeLinear",
            ));
            continue;
        };
        let is_depthwise = matches!(node.op, Op::DepthwiseConv2d(_));
        let channels = real.bias.len();
        let taps = real.weights.len() / channels.max(1);
        let scale = |channel: usize| scales.get(channel).copied().unwrap_or(scales[0]);
        let channel = |at: usize| {
            if is_depthwise {
                at % channels
            } else {
                at / taps
            }
        };
        let steps = real.weights.iter().enumerate();
        let steps: Vec<f32> = steps
            .map(|(at, weight)| (weight / scale(channel(at))).round())
            .collect();
        if let Some(step) = steps.iter().find(|step| step.abs() > 127.0) {
            problems.push(problem(
                &place,
                format!("its weights contain {step} steps"),
                "int8 weights lie in −127…127 around a zero point of 0",
            ));
        }
        let bias = real.bias.iter().enumerate().map(|(channel, &bias)| {
            let step = f64::from(input.scale) * f64::from(scale(channel));
            i64::from((f64::from(bias) / step).round() as i32)
        });
        params.push(Some(QuantParams {
            weights: steps.iter().map(|&step| step as i8).collect(),
            bias: bias.collect(),
            scales: scales.clone(),
        }));
    }
    if !problems.is_empty() {
        return Err(ImportError::Unsupported(problems));
    }
    for (node, params) in from.graph.nodes.iter_mut().zip(&params) {
        if let (Op::Unary(op), Some(_)) = (&mut node.op, params) {
            op.function = Function::Table;
        }
    }
    Ok(QuantGraph {
        quants,
        params,
        roundings: vec![Rounding::Single; from.graph.nodes.len()],
        graph: from.graph,
    })
}

/// The outputs, by input byte, of a function that has a fixed range in TensorFlow Lite, where the file gives it
/// another; other functions need no weights.
fn table(node: &Node, from: &Lowering) -> Option<QuantParams> {
    let Op::Unary(op) = &node.op else {
        return None;
    };
    let input = *from.quants.get(node.inputs.first()?)?;
    let output = *from.quants.get(&node.output)?;
    op.function
        .fixed_output()
        .filter(|fixed| *fixed != output)?;
    let of = |byte: u8| output.quantize(op.function.apply(input.dequantize(byte.cast_signed())));
    Some(QuantParams {
        weights: (0..=255).map(of).collect(),
        scales: Vec::new(),
        bias: Vec::new(),
    })
}

/// Parameters of constants that the file leaves as real numbers: those of their range.
fn constants(from: &mut Lowering) {
    for (node, params) in from.graph.nodes.iter().zip(&from.params) {
        let (Op::Constant(_), Some(params)) = (&node.op, params) else {
            continue;
        };
        let values = params.weights.iter();
        let [low, high] = values.fold([0.0f32; 2], |[low, high], &value| {
            [low.min(value), high.max(value)]
        });
        // Halves, so that no span overflows.
        let span = high / 2.0 - low / 2.0;
        let scale = if span.is_normal() { span / 127.5 } else { 1.0 };
        let zero_point = (-128.0 - low / scale).round() as i8;
        let quant = Quant { scale, zero_point };
        from.quants.entry(node.output).or_insert(quant);
    }
}

/// Parameters that follow from those of neighbours: pools and reshapes keep them.
fn propagate(from: &mut Lowering) {
    let (mut pairs, mut single) = (Vec::new(), Vec::new());
    for node in &from.graph.nodes {
        if node.op.shares_quant() {
            pairs.extend(node.inputs.iter().map(|&input| (input, node.output)));
            if let &[input] = node.inputs.as_slice() {
                single.push((input, node.output));
            }
        }
        if let Some(fixed) = node.op.fixed_output() {
            from.quants.entry(node.output).or_insert(fixed);
        }
    }
    let mut copy = |from_tensor: TensorId, to: TensorId| {
        if let Some(&quant) = from.quants.get(&from_tensor) {
            from.quants.entry(to).or_insert(quant);
        }
    };
    // What has one known input keeps its parameters as far as it can: steps to others come last, so that
    // nothing saturates before a mean.
    single
        .iter()
        .for_each(|&(input, output)| copy(input, output));
    // Then backward, so that what joins several takes what stands at the end; then forward.
    pairs
        .iter()
        .rev()
        .for_each(|&(input, output)| copy(output, input));
    pairs
        .iter()
        .for_each(|&(input, output)| copy(input, output));
}
