//! Inputs before the nodes, outputs behind them, and the finished graph.

use ember_ir::{FloatGraph, Shape, TensorId, verify_float, verify_quant};

use super::file::{File, Input};
use super::integers;
use super::lowering::{Data, Lowering, Value};
use super::site::EXPORT_AGAIN;
use super::view::View;
use crate::{ImportError, Layout, Model, Network, Problem};

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
            "QLinearConv" | "QLinearAveragePool" | "QLinearGlobalAveragePool" => return true,
            "QuantizeLinear" | "DequantizeLinear" | "Pad" | "Relu" | "Clip" | "Identity"
            | "Cast" | "Add" | "Sub" | "Mul" | "Div" | "Neg" | "QLinearAdd" | "QLinearMul" => {
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
        false => Network::Int8(integers::integers(from)?),
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
        let surrounded = from.surrounded(name, &data);
        let own: Vec<usize> = (0..data.view.sizes().len()).collect();
        let ordered = surrounded.and_then(|view| match view.order() {
            Some(order) => Ok((view, order)),
            None => Ok((from.ordered(name, &view, &own)?, own)),
        });
        let (view, order) = match ordered {
            Ok(ordered) => ordered,
            Err(what) => {
                from.problems
                    .push(problem(&place, what, "change the model's end"));
                continue;
            }
        };
        let sizes = view.sizes();
        if from.graph.outputs.contains(&view.tensor) {
            from.problems.push(problem(
                &place,
                "it is another output as well".into(),
                "leave one out",
            ));
            continue;
        }
        from.graph.outputs.push(view.tensor);
        layouts.push(without_batch(&sizes, &order));
    }
    layouts
}

pub(super) fn problem(place: &str, what: String, help: &str) -> Problem {
    Problem {
        place: place.to_owned(),
        what,
        help: help.to_owned(),
    }
}
