//! Rules of an int8 network.

use super::float::{length, sizes};
use super::{Violation, verify_graph};
use crate::{Element, Graph, Node, Op, Quant, QuantGraph, Rounding, WeightType};

/// All violations of an int8 network; those of its topology alone, if there are any.
pub fn verify_quant(network: &QuantGraph) -> Vec<Violation> {
    let graph = &network.graph;
    let mut violations = verify_graph(graph);
    if !violations.is_empty() {
        return violations;
    }
    let nodes = graph.nodes.len();
    let lengths = [
        (
            "the list of scales and zero points",
            graph.tensors.len(),
            network.quants.len(),
        ),
        ("the list of weights", nodes, network.params.len()),
        ("the list of roundings", nodes, network.roundings.len()),
    ];
    for (what, expected, actual) in lengths {
        length(what, expected, actual, &mut violations);
    }
    if !violations.is_empty() {
        return violations;
    }
    for (tensor, quant) in graph.tensors.iter().zip(&network.quants) {
        positive(
            &format!("tensor `{}`", tensor.name),
            quant.scale,
            &mut violations,
        );
        if tensor.element == Element::Int16 && quant.zero_point != 0 {
            violations.push(Violation::ZeroPoint {
                tensor: tensor.name.clone(),
                zero_point: quant.zero_point,
            });
        }
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        weights(network, index, node, &mut violations);
        biases(network, index, node, &mut violations);
        rules(graph, &network.quants, node, &mut violations);
    }
    violations
}

fn positive(what: &str, scale: f32, violations: &mut Vec<Violation>) {
    // Subnormal scales would lose the precision that the multipliers are computed with.
    if !(scale.is_normal() && scale > 0.0) {
        violations.push(Violation::Scale {
            what: what.to_owned(),
            scale,
        });
    }
}

fn weights(network: &QuantGraph, index: usize, node: &Node, violations: &mut Vec<Violation>) {
    let graph = &network.graph;
    let params = network.params[index].as_ref();
    let Some(sizes) = sizes(graph, node, params.is_some(), violations) else {
        return;
    };
    let Some(params) = params else { return };
    let name = graph.node_name(node);
    let of = |what| format!("{what} of node `{name}`");
    length(
        &of("weights"),
        sizes.weights,
        params.weights.len(),
        violations,
    );
    length(&of("bias"), sizes.channels, params.bias.len(), violations);
    if let Op::Constant(_) | Op::Unary(_) | Op::Embedding(_) = node.op {
        // Their values are those of a tensor, not weights that something is multiplied by.
        length(&of("weight scales"), 0, params.scales.len(), violations);
        return;
    }
    if let Op::Svdf(op) = &node.op
        && let Some(over_time) = params.bias.get(op.units..)
    {
        let largest = op.largest();
        if let Some(&weight) = over_time
            .iter()
            .find(|weight| weight.unsigned_abs() > u64::from(largest.unsigned_abs()))
        {
            violations.push(Violation::Quantisation {
                node: name.to_owned(),
                op: node.op.name(),
                rule: format!("weights over time lie in ±{largest}"),
                actual: weight.to_string(),
            });
        }
    }
    if params.scales.len() != 1 {
        length(
            &of("weight scales"),
            sizes.scales,
            params.scales.len(),
            violations,
        );
    }
    for (channel, &scale) in params.scales.iter().enumerate() {
        positive(
            &format!("weights of node `{name}`, channel {channel}"),
            scale,
            violations,
        );
    }
    let is_foreign = |&(_, &weight): &(usize, &i8)| !node.weights.contains(weight);
    let foreign = params.weights.iter().enumerate().filter(is_foreign);
    violations.extend(foreign.take(1).map(|(index, &value)| Violation::Weight {
        node: name.to_owned(),
        index,
        value,
        rule: match node.weights {
            WeightType::Int8 => "outside [−127, 127]",
            WeightType::Int4 => "no int4 weight, a multiple of 16 from −112 to 112",
        },
    }));
}

/// 64-bit sums are for weights on 16-bit inputs; any other sum, and so its bias, has 32 bits.
fn biases(network: &QuantGraph, index: usize, node: &Node, violations: &mut Vec<Violation>) {
    let name = network.graph.node_name(node).to_owned();
    let element = network.graph.tensor(node.output).element;
    let params = network.params[index].as_ref();
    if network.roundings[index] == Rounding::Wide {
        if element != Element::Int16 || params.is_none() {
            violations.push(Violation::Quantisation {
                node: name,
                op: node.op.name(),
                rule: "only layers with weights and int16 activations round as `wide`".to_owned(),
                actual: element.name().to_owned(),
            });
        }
        return;
    }
    let biases = params.map_or(&[][..], |params| &params.bias);
    let too_wide = |&&bias: &&i64| i32::try_from(bias).is_err();
    if let Some((index, &value)) = biases.iter().enumerate().find(|(_, bias)| too_wide(bias)) {
        violations.push(Violation::Bias {
            node: name,
            index,
            value,
        });
    }
}

fn rules(graph: &Graph, quants: &[Quant], node: &Node, violations: &mut Vec<Violation>) {
    let output = quants[node.output.0];
    let shared = || {
        let inputs = node.inputs.iter().map(|input| quants[input.0]);
        let other = inputs.clone().find(|&input| input != output);
        other.unwrap_or(output)
    };
    if let (Some(fixed), Some(input)) = (node.op.fixed_input(), node.inputs.first())
        && quants[input.0] != fixed
    {
        violations.push(Violation::Quantisation {
            node: graph.node_name(node).to_owned(),
            op: node.op.name(),
            rule: format!("the input has {}", show(fixed)),
            actual: show(quants[input.0]),
        });
    }
    let (rule, expected) = match node.op.fixed_output() {
        Some(fixed) => ("the output has", fixed),
        None if node.op.shares_quant() => ("input and output share", shared()),
        None => return,
    };
    if output != expected {
        violations.push(Violation::Quantisation {
            node: graph.node_name(node).to_owned(),
            op: node.op.name(),
            rule: format!("{rule} {}", show(expected)),
            actual: show(output),
        });
    }
}

fn show(quant: Quant) -> String {
    format!("scale {} and zero point {}", quant.scale, quant.zero_point)
}
