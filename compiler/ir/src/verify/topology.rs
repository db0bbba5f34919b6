//! Rules of the topology.

use std::collections::BTreeMap;

use super::{MAX_ELEMENTS, Violation};
use crate::{Element, Graph, Node, Op, Shape, TensorId, Window2d};

/// All violations of a topology.
pub fn verify_graph(graph: &Graph) -> Vec<Violation> {
    let mut violations = Vec::new();
    names(graph, &mut violations);
    let before = violations.len();
    ids(graph, &mut violations);
    if violations.len() > before {
        // Everything below follows ids.
        return violations;
    }
    for (tensor, name) in graph.tensors.iter().zip(tensor_names(graph)) {
        let elements = tensor.shape.elements();
        if !(1..=MAX_ELEMENTS).contains(&elements) {
            violations.push(Violation::Elements {
                what: name,
                elements,
            });
        }
    }
    boundary(graph, &mut violations);
    writers(graph, &mut violations);
    for node in &graph.nodes {
        let shapes: Vec<&Shape> = node
            .inputs
            .iter()
            .map(|&id| &graph.tensor(id).shape)
            .collect();
        let name = graph.node_name(node);
        if let Some(problem) = int16(graph, node) {
            violations.push(Violation::Int16 {
                node: name.to_owned(),
                op: node.op.name(),
                problem,
            });
        }
        let weights = node.weights;
        if let Some(problem) = node.op.weight_type_problem(weights, graph.has_int16(node)) {
            violations.push(Violation::WeightType {
                node: name.to_owned(),
                op: node.op.name(),
                problem,
            });
        }
        match node.op.output_shape(&shapes) {
            Err(error) => violations.push(Violation::Operator {
                node: name.to_owned(),
                error,
            }),
            Ok(expected) if expected != *graph.output_shape(node) => {
                violations.push(Violation::Shape {
                    tensor: name.to_owned(),
                    expected,
                    actual: graph.output_shape(node).clone(),
                });
            }
            Ok(_) => {
                if let Some(position) = blind(graph, node) {
                    violations.push(Violation::Blind {
                        node: name.to_owned(),
                        position,
                    });
                }
                let weights = node.op.weight_shape(graph.input_shape(node));
                let elements = weights.map_or(1, |shape| shape.elements());
                if !(1..=MAX_ELEMENTS).contains(&elements) {
                    violations.push(Violation::Elements {
                        what: format!("the weights of node `{name}`"),
                        elements,
                    });
                }
            }
        }
    }
    violations
}

/// How messages call each tensor.
fn tensor_names(graph: &Graph) -> impl Iterator<Item = String> + '_ {
    graph
        .tensors
        .iter()
        .map(|tensor| format!("tensor `{}`", tensor.name))
}

fn names(graph: &Graph, violations: &mut Vec<Violation>) {
    if graph.name.is_empty() {
        violations.push(Violation::EmptyName {
            what: "the graph".to_owned(),
        });
    }
    let mut first = BTreeMap::new();
    for (index, tensor) in graph.tensors.iter().enumerate() {
        if tensor.name.is_empty() {
            violations.push(Violation::EmptyName {
                what: format!("tensor {index}"),
            });
        } else if let Some(&first) = first.get(&tensor.name) {
            violations.push(Violation::DuplicateName {
                name: tensor.name.clone(),
                first,
                second: index,
            });
        } else {
            first.insert(&tensor.name, index);
        }
    }
}

fn ids(graph: &Graph, violations: &mut Vec<Violation>) {
    let tensors = graph.tensors.len();
    let mut check = |place: String, id: TensorId| {
        if id.0 >= tensors {
            violations.push(Violation::UnknownTensor {
                place,
                id: id.0,
                tensors,
            });
        }
    };
    for (what, list) in [("inputs", &graph.inputs), ("outputs", &graph.outputs)] {
        for &id in list {
            check(format!("the list of {what}"), id);
        }
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        for &id in &node.inputs {
            check(format!("an input of node {index}"), id);
        }
        check(format!("the output of node {index}"), node.output);
    }
}

fn boundary(graph: &Graph, violations: &mut Vec<Violation>) {
    for (what, list) in [("inputs", &graph.inputs), ("outputs", &graph.outputs)] {
        if list.is_empty() {
            violations.push(Violation::Nothing { what });
        }
        for (index, id) in list.iter().enumerate() {
            if list[..index].contains(id) {
                violations.push(Violation::Listed {
                    tensor: graph.tensor(*id).name.clone(),
                    what,
                });
            }
        }
    }
}

/// Each tensor is written once, before it is read.
fn writers(graph: &Graph, violations: &mut Vec<Violation>) {
    let mut writer: Vec<Option<String>> = vec![None; graph.tensors.len()];
    for &input in &graph.inputs {
        writer[input.0] = Some("the caller".to_owned());
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        for &input in &node.inputs {
            if writer[input.0].is_none() {
                violations.push(Violation::Order {
                    node: graph.node_name(node).to_owned(),
                    tensor: graph.tensor(input).name.clone(),
                });
            }
        }
        match &writer[node.output.0] {
            Some(before) => violations.push(Violation::Rewritten {
                node: index,
                tensor: graph.tensor(node.output).name.clone(),
                before: before.clone(),
            }),
            None => writer[node.output.0] = Some(format!("node {index}")),
        }
    }
    for (tensor, writer) in graph.tensors.iter().zip(&writer) {
        if writer.is_none() {
            violations.push(Violation::Unwritten {
                tensor: tensor.name.clone(),
            });
        }
    }
}

/// What a node cannot do with its 16-bit tensors.
fn int16(graph: &Graph, node: &Node) -> Option<&'static str> {
    let of = |id: TensorId| {
        let tensor = graph.tensor(id);
        (&tensor.shape, tensor.element)
    };
    let inputs: Vec<(&Shape, Element)> = node.inputs.iter().map(|&id| of(id)).collect();
    node.op.int16_problem(&inputs, of(node.output))
}

/// The first row or column of a pool's output under which no element of the input lies: its mean is
/// 0/0. Only dilated windows that step over a small input come to this.
fn blind(graph: &Graph, node: &Node) -> Option<usize> {
    let window = match &node.op {
        Op::AveragePool2d(op) => &op.window,
        Op::MaxPool2d(op) => &op.window,
        Op::Conv2d(_)
        | Op::DepthwiseConv2d(_)
        | Op::Dense(_)
        | Op::Add(_)
        | Op::Mean(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::Svdf(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Unary(_)
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Matmul(_)
        | Op::ResizeBilinear(_)
        | Op::TransposeConv2d(_)
        | Op::Constant(_) => return None,
    };
    if window.dilation == [1, 1] {
        return None;
    }
    let (from, to) = (
        graph.input_shape(node).hwc()?,
        graph.output_shape(node).hwc()?,
    );
    let before = [window.padding.top, window.padding.left];
    (0..2).find_map(|axis| {
        (0..to[axis]).find(|&out| !sees(window, axis, out, before[axis], from[axis]))
    })
}

/// Whether a tap of the window at output position `out` falls on one of `size` elements.
fn sees(window: &Window2d, axis: usize, out: usize, before: usize, size: usize) -> bool {
    (0..window.kernel[axis]).any(|tap| {
        (out * window.stride[axis] + tap * window.dilation[axis])
            .checked_sub(before)
            .is_some_and(|position| position < size)
    })
}
