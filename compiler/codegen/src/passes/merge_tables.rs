//! Two functions of one number, one behind the other, become one: a table of what the second makes of all 256
//! outputs of the first, which is exact by construction. So a QUANTIZE behind a logistic function, a QUANTIZE
//! behind another or a chain of them cost one table and one reading of the tensor. Reshapes, transpositions,
//! slices and whatever else moves elements may lie between, since they do not care what they move.

use ember_ir::{Function, Move, Op, QuantGraph, QuantParams, TensorId, Unary};

use super::rewrite::{self, is_read_once, writer};
use crate::lower::unary;

/// Runs the pass. One of the functions keeps its name where the other changes nothing of what it gives.
pub(super) fn run(mut network: QuantGraph) -> QuantGraph {
    let mut keep = vec![true; network.graph.nodes.len()];
    for second in 0..network.graph.nodes.len() {
        let Some((after, of_second)) = table(&network, second) else {
            continue;
        };
        let Some((first, moved)) = first_before(&network, second) else {
            continue;
        };
        let Some((before, of_first)) = table(&network, first) else {
            continue;
        };
        let merged = before.map(|x| after[usize::from(x.cast_unsigned())]);
        let source = network.graph.nodes[first].inputs[0];
        let quant = network.quants[source.0];
        let output = network.quants[network.graph.nodes[second].output.0];
        let is_all = |function: &Function| {
            *function != Function::Table && unary::table(*function, quant, output) == merged
        };
        let alone = [of_second, of_first].into_iter().find(is_all);
        let function = alone.unwrap_or(Function::Table);
        network.graph.nodes[second].op = Op::Unary(Unary { function });
        network.params[second] = alone.is_none().then(|| QuantParams {
            weights: merged.to_vec(),
            scales: Vec::new(),
            bias: Vec::new(),
        });
        // What lies between now moves the first function's inputs.
        for &tensor in &moved {
            network.quants[tensor.0] = quant;
        }
        let from = network.graph.nodes[first].output;
        rewrite::redirect(&mut network.graph, from, source);
        keep[first] = false;
    }
    rewrite::retain_nodes(network, &keep)
}

/// The function of one number before another that nothing else reads, with the tensors between that are
/// written by what only moves elements.
fn first_before(network: &QuantGraph, second: usize) -> Option<(usize, Vec<TensorId>)> {
    let graph = &network.graph;
    let mut moved = Vec::new();
    let mut tensor = graph.nodes[second].inputs[0];
    loop {
        if !is_read_once(graph, tensor) {
            return None;
        }
        let before = writer(graph, tensor)?;
        match &graph.nodes[before].op {
            Op::Unary(_) => return Some((before, moved)),
            Op::Reshape(_) => {}
            // A fill is a value of its own, and several tensors would have to be of one function.
            Op::Move(op) if op.fill().is_none() && !matches!(op, Move::Concat(_)) => {}
            Op::Conv2d(_)
            | Op::DepthwiseConv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::Binary(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::TransposeConv2d(_)
            | Op::ResizeBilinear(_)
            | Op::Matmul(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Svdf(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Constant(_) => return None,
        }
        moved.push(tensor);
        tensor = graph.nodes[before].inputs[0];
    }
}

/// The outputs of a function of one int8, and which it is.
fn table(network: &QuantGraph, node: usize) -> Option<([i8; 256], Function)> {
    let params = network.params[node].as_ref();
    let node = &network.graph.nodes[node];
    if network.graph.has_int16(node) {
        return None;
    }
    let Op::Unary(op) = &node.op else { return None };
    let [input, output] = [node.inputs[0], node.output].map(|id| network.quants[id.0]);
    let table = unary::table_of(op, params, input, output);
    Some((table, op.function))
}
