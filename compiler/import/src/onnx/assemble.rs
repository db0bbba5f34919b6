//! Inputs before the nodes, outputs behind them, and the finished graph.

use ember_ir::{
    ArgMax, FloatGraph, Op, Quant, QuantGraph, QuantParams, ReduceFunction, Rounding, Shape,
    TensorId, verify_float, verify_quant,
};

use super::file::{File, Input};
use super::lowering::{Data, Lowering, Value};
use super::site::EXPORT_AGAIN;
use super::view::View;
use crate::{ImportError, Layout, Model, Network, Problem};

/// What softmax always writes.
const SOFTMAX: Quant = Quant {
    scale: 1.0 / 256.0,
    zero_point: -128,
};

/// Nodes that are looked at to find out what an input is.
const LOOK_AHEAD: usize = 64;

/// Makes the inputs; how each lies on the device.
pub(super) fn inputs(file: &File, to: &mut Lowering) -> Vec<Layout> {
    let mut layouts = Vec::new();
    for input in &file.inputs {
        let rank = input.dims.len();
        let is_image =
            matches!(rank, 3 | 4) && input.dims[0] == 1 && reads_channels_first(file, input);
        let mut order: Vec<usize> = (0..rank).collect();
        if is_image {
            order.remove(1);
            order.push(1);
        }
        let view = View::stored(TensorId(to.graph.tensors.len()), &input.dims, &order);
        // The batch axis goes, a series gets a height.
        let mut shape: Vec<usize> = order.iter().map(|&axis| input.dims[axis]).collect();
        if shape.len() > 1 && shape[0] == 1 && !(is_image && rank == 3) {
            shape.remove(0);
        }
        if shape.is_empty() {
            shape.push(1);
        }
        let tensor = to.tensor(&input.name, Shape::new(shape));
        to.graph.inputs.push(tensor);
        if !to.spend(view.elements()) {
            to.problems.push(problem(
                &format!("input \"{}\"", input.name.escape_debug()),
                "it is too large".into(),
                "reduce the model",
            ));
        }
        to.values.insert(
            input.name.clone(),
            Value::Activation(Data::new(view.of(tensor), true)),
        );
        layouts.push(without_batch(&input.dims, &order));
    }
    layouts
}

/// Whether the first node that cares reads an input with channels first.
fn reads_channels_first(file: &File, input: &Input) -> bool {
    let mut name = &input.name;
    for node in file.nodes.iter().take(LOOK_AHEAD) {
        if !node.inputs.contains(name) {
            continue;
        }
        match node.op.as_str() {
            "Conv"
            | "ConvTranspose"
            | "MaxPool"
            | "AveragePool"
            | "GlobalAveragePool"
            | "GlobalMaxPool"
            | "BatchNormalization"
            | "Resize"
            | "InstanceNormalization" => {
                return true;
            }
            "QLinearConv" => return true,
            "QuantizeLinear" | "DequantizeLinear" | "Pad" | "Relu" | "Clip" | "Identity"
            | "Cast" | "Add" | "Sub" | "Mul" | "Div" | "Neg" => {
                let Some(output) = node.outputs.first() else {
                    return false;
                };
                name = output;
            }
            _ => return false,
        }
    }
    false
}

/// The layout of dimensions of which the first may be the batch.
fn without_batch(dims: &[usize], order: &[usize]) -> Layout {
    if dims.len() > 1 && dims[0] == 1 {
        return Layout {
            dims: dims[1..].to_vec(),
            order: order
                .iter()
                .filter(|&&axis| axis > 0)
                .map(|axis| axis - 1)
                .collect(),
        };
    }
    Layout {
        dims: dims.to_vec(),
        order: order.to_vec(),
    }
}

/// Finds the outputs and hands the graph over.
pub(super) fn finish(
    file: &File,
    mut from: Lowering,
    inputs: Vec<Layout>,
) -> Result<Model, ImportError> {
    let outputs = outputs(file, &mut from);
    if !from.problems.is_empty() {
        return Err(ImportError::Unsupported(from.problems));
    }
    let network = match from.quants.is_empty() {
        true => Network::Float(FloatGraph {
            graph: from.graph,
            params: from.params,
        }),
        false => Network::Int8(integers(from)?),
    };
    let violations = match &network {
        Network::Float(network) => verify_float(network),
        Network::Int8(network) => verify_quant(network),
    };
    if !violations.is_empty() {
        let problem = |violation: &ember_ir::Violation| {
            problem("the graph", violation.to_string(), EXPORT_AGAIN)
        };
        return Err(ImportError::Unsupported(
            violations.iter().map(problem).collect(),
        ));
    }
    Ok(Model {
        network,
        inputs,
        outputs,
    })
}

fn outputs(file: &File, from: &mut Lowering) -> Vec<Layout> {
    let mut layouts = Vec::new();
    for name in &file.outputs {
        let place = format!("output \"{}\"", name.escape_debug());
        let data = match from.values.get(name) {
            Some(Value::Activation(data)) => data.clone(),
            Some(Value::Unknown) => continue,
            Some(Value::Constant(_)) => {
                from.problems
                    .push(problem(&place, "it is a constant".into(), "leave it out"));
                continue;
            }
            None => {
                from.problems
                    .push(problem(&place, "no node writes it".into(), EXPORT_AGAIN));
                continue;
            }
        };
        let sizes = data.view.sizes();
        let Some(order) = data.view.order().filter(|_| data.pads.is_empty()) else {
            from.problems.push(problem(
                &place,
                "its values would have to be moved, which is not supported yet".into(),
                "let the model end before it is padded or reshaped",
            ));
            continue;
        };
        if from.graph.outputs.contains(&data.view.tensor) {
            from.problems.push(problem(
                &place,
                "it is another output as well".into(),
                "leave one out",
            ));
            continue;
        }
        from.graph.outputs.push(data.view.tensor);
        layouts.push(without_batch(&sizes, &order));
    }
    layouts
}

/// The integer network that the file prescribes.
fn integers(mut from: Lowering) -> Result<QuantGraph, ImportError> {
    propagate(&mut from);
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
            params.push(None);
            continue;
        };
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
            (f64::from(bias) / step).round() as i32
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
    Ok(QuantGraph {
        quants,
        params,
        roundings: vec![Rounding::Single; from.graph.nodes.len()],
        graph: from.graph,
    })
}

/// Parameters that follow from those of neighbours: pools and reshapes keep them.
fn propagate(from: &mut Lowering) {
    let mut pairs = Vec::new();
    for node in &from.graph.nodes {
        let mut shared = || pairs.extend(node.inputs.iter().map(|&input| (input, node.output)));
        match &node.op {
            Op::AveragePool2d(_) | Op::MaxPool2d(_) | Op::Reshape(_) | Op::Move(_) => shared(),
            Op::Binary(op) if op.function.picks() => shared(),
            Op::Reduce(op) if op.function == ReduceFunction::Max => shared(),
            Op::ArgMax(_) => {
                from.quants.entry(node.output).or_insert(ArgMax::QUANT);
            }
            Op::Softmax(_) => {
                from.quants.entry(node.output).or_insert(SOFTMAX);
            }
            Op::Unary(op) => {
                if let Some(quant) = op.function.fixed_output() {
                    from.quants.entry(node.output).or_insert(quant);
                }
            }
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::Lstm(_)
            | Op::Binary(_)
            | Op::Mean(_)
            | Op::Reduce(_)
            | Op::Constant(_) => {}
        }
    }
    let mut copy = |from_tensor: TensorId, to: TensorId| {
        if let Some(&quant) = from.quants.get(&from_tensor) {
            from.quants.entry(to).or_insert(quant);
        }
    };
    // Backward first, so that a chain of them takes what stands at its end; then forward.
    pairs
        .iter()
        .rev()
        .for_each(|&(input, output)| copy(output, input));
    pairs
        .iter()
        .for_each(|&(input, output)| copy(input, output));
}

fn problem(place: &str, what: String, help: &str) -> Problem {
    Problem {
        place: place.to_owned(),
        what,
        help: help.to_owned(),
    }
}
