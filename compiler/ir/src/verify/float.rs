//! Rules of a trained network in f32.

use super::{Violation, verify_graph};
use crate::{Element, FloatGraph, Function, Graph, Node, Op};

/// All violations of a trained network; those of its topology alone, if there are any.
pub fn verify_float(network: &FloatGraph) -> Vec<Violation> {
    let graph = &network.graph;
    let mut violations = verify_graph(graph);
    if !violations.is_empty() {
        return violations;
    }
    if !length(
        "the list of weights",
        graph.nodes.len(),
        network.params.len(),
        &mut violations,
    ) {
        return violations;
    }
    for tensor in &graph.tensors {
        if tensor.element != Element::Int8 {
            violations.push(Violation::Typed {
                tensor: tensor.name.clone(),
            });
        }
    }
    for (node, params) in graph.nodes.iter().zip(&network.params) {
        if let Op::Unary(op) = &node.op
            && op.function == Function::Table
        {
            let node = graph.node_name(node).to_owned();
            violations.push(Violation::IntegerOnly { node });
        }
        let Some(sizes) = sizes(graph, node, params.is_some(), &mut violations) else {
            continue;
        };
        let Some(params) = params else { continue };
        let name = graph.node_name(node);
        for (what, expected, values) in [
            ("weights", sizes.weights, &params.weights),
            ("bias", sizes.channels, &params.bias),
        ] {
            length(
                &format!("{what} of node `{name}`"),
                expected,
                values.len(),
                &mut violations,
            );
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                violations.push(Violation::NotFinite {
                    what,
                    node: name.to_owned(),
                    index,
                    value: values[index],
                });
            }
        }
    }
    violations
}

/// Sizes that the weights of a node must have.
pub(super) struct Sizes {
    /// Number of weights.
    pub weights: usize,
    /// Number of output channels.
    pub channels: usize,
    /// Number of scales, unless one serves all.
    pub scales: usize,
}

/// The sizes, or `None` (with a violation, if weights and operator do not agree) where no weights are
/// to be checked.
pub(super) fn sizes(
    graph: &Graph,
    node: &Node,
    has_params: bool,
    violations: &mut Vec<Violation>,
) -> Option<Sizes> {
    let input = graph.input_shape(node);
    let sizes = node
        .op
        .weight_shape(input)
        .zip(node.op.weight_channels(input));
    if sizes.is_some() != has_params {
        violations.push(Violation::Weights {
            node: graph.node_name(node).to_owned(),
            op: node.op.name(),
            problem: if has_params {
                "takes no weights"
            } else {
                "needs weights"
            },
        });
    }
    sizes.map(|(shape, channels)| Sizes {
        weights: shape.elements(),
        channels,
        scales: node.op.weight_scales(input).unwrap_or(channels),
    })
}

/// Notes a list of the wrong length; `true` if it is right.
pub(super) fn length(
    what: &str,
    expected: usize,
    actual: usize,
    violations: &mut Vec<Violation>,
) -> bool {
    if expected != actual {
        violations.push(Violation::Length {
            what: what.to_owned(),
            expected,
            actual,
        });
    }
    expected == actual
}
