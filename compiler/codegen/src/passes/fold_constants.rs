//! What is computed from constants alone becomes a constant, unless that is larger than what it is made of:
//! flash is rarer than the time to repeat a number.

use ember_ir::{Constant, Op, QuantGraph, QuantParams, WeightType};

use super::rewrite::writer;
use crate::interpret::execute;
use crate::lower;

/// Runs the pass. A network without an integer form is left as it is; lowering will say why.
pub(super) fn run(mut network: QuantGraph) -> QuantGraph {
    for index in 0..network.graph.nodes.len() {
        let Some(values) = values(&network, index) else {
            continue;
        };
        let graph = &mut network.graph;
        let shape = graph.output_shape(&graph.nodes[index]).clone();
        let node = &mut graph.nodes[index];
        node.op = Op::Constant(Constant { shape });
        node.inputs.clear();
        node.weights = WeightType::default();
        network.params[index] = Some(QuantParams {
            weights: values,
            scales: Vec::new(),
            bias: Vec::new(),
        });
    }
    network
}

/// What a node of constants computes.
fn values(network: &QuantGraph, index: usize) -> Option<Vec<i8>> {
    let graph = &network.graph;
    let node = &graph.nodes[index];
    let inputs = node.inputs.iter().map(|&input| {
        let writer = writer(graph, input)?;
        let is_constant = matches!(graph.nodes[writer].op, Op::Constant(_));
        let values = network.params[writer].as_ref().filter(|_| is_constant)?;
        Some(values.weights.as_slice())
    });
    let inputs: Vec<&[i8]> = inputs.collect::<Option<_>>()?;
    let read: usize = inputs.iter().map(|values| values.len()).sum();
    let mut output = vec![0; graph.output_shape(node).elements()];
    // What remembers steps is no constant.
    let remembers = node.op.state() > 0;
    if inputs.is_empty() || output.len() > read || remembers {
        return None;
    }
    let layers = lower::lower(network).ok()?;
    execute(&layers[index], &inputs, &mut [], &mut output);
    Some(output)
}
