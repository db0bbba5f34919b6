//! Networks that read the bytes of a text: in front of the embedding lies a table of 256 entries, which turns bytes
//! into the numbers that the network was trained on. Training never sees it, as a data set is turned into numbers
//! once; prices and firmware have it. A byte of the input is the byte of the text less 128, as for any embedding.

use std::borrow::Cow;

use ember_ir::{
    Embedding, Function, Graph, Node, Op, QuantGraph, QuantParams, Rounding, Tensor, TensorId,
    Unary, WeightType,
};

/// Bytes and the number of each.
pub type Numbers = [u8; 256];

/// The tensor that the table writes.
const NAME: &str = "tokens";

/// Whether bytes go through a table to an embedding.
pub fn reads_bytes(graph: &Graph) -> bool {
    let &[input] = graph.inputs.as_slice() else {
        return false;
    };
    let is_table = |node: &&Node| {
        let function = Function::Table;
        node.inputs == [input] && node.op == Op::Unary(Unary { function })
    };
    let table = graph.nodes.iter().find(is_table);
    table.is_some_and(|table| is_embedded(graph, table.output))
}

/// The network with a table in front, if its input is read by an embedding: what is deployed of it.
pub fn of_bytes(graph: &Graph) -> Cow<'_, Graph> {
    let &[input] = graph.inputs.as_slice() else {
        return Cow::Borrowed(graph);
    };
    if !is_embedded(graph, input) {
        return Cow::Borrowed(graph);
    }
    let mut graph = graph.clone();
    let output = TensorId(graph.tensors.len());
    for id in graph.nodes.iter_mut().flat_map(|node| &mut node.inputs) {
        if *id == input {
            *id = output;
        }
    }
    graph.tensors.push(Tensor {
        name: NAME.into(),
        ..graph.tensor(input).clone()
    });
    let function = Function::Table;
    let table = Node {
        op: Op::Unary(Unary { function }),
        inputs: vec![input],
        output,
        weights: WeightType::Int8,
    };
    graph.nodes.insert(0, table);
    Cow::Owned(graph)
}

/// The int8 network with this table in front, if its input is read by an embedding.
pub fn with_table(network: &QuantGraph, numbers: &Numbers) -> QuantGraph {
    let graph = of_bytes(&network.graph).into_owned();
    let mut network = network.clone();
    if graph == network.graph {
        return network;
    }
    // Both bytes are 128 less than what they stand for.
    let weights =
        (0..=u8::MAX).map(|byte| (numbers[usize::from(byte ^ 0x80)] ^ 0x80).cast_signed());
    let table = QuantParams {
        weights: weights.collect(),
        scales: Vec::new(),
        bias: Vec::new(),
    };
    network.graph = graph;
    network.quants.push(Embedding::INPUT);
    network.params.insert(0, Some(table));
    network.roundings.insert(0, Rounding::Single);
    network
}

/// Whether embeddings, and nothing else, read a tensor.
fn is_embedded(graph: &Graph, id: TensorId) -> bool {
    let mut readers = graph.nodes.iter().filter(|node| node.inputs.contains(&id));
    let is_embedding = |node: &Node| matches!(node.op, Op::Embedding(_));
    !graph.outputs.contains(&id)
        && readers.next().is_some_and(is_embedding)
        && readers.all(is_embedding)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;
    use crate::interpret::Interpreter;
    use ember_ir::{text, verify_quant};

    const NETWORK: &str = "ember 1\nmodel t\ninput x 1x3x1 scale=1 zero=-128\n\
        rows = embedding x rows=3 width=2 scale=0.5 zero=0\n  weights AQIDBAUG\noutput rows\n";

    #[test]
    fn bytes_become_the_rows_of_their_numbers() {
        let network = text::parse(NETWORK).unwrap();
        let mut numbers = [1; 256];
        numbers[usize::from(b'a')] = 2;
        numbers[0] = 0;
        let deployed = with_table(&network, &numbers);
        assert_eq!(verify_quant(&deployed), []);
        assert!(reads_bytes(&deployed.graph) && !reads_bytes(&network.graph));
        let input = [b'a', b'?', 0].map(|byte| (byte ^ 0x80).cast_signed());
        let output = Interpreter::new(&deployed).unwrap().run(&input);
        assert_eq!(output, [5, 6, 3, 4, 1, 2]);
        // What reads bytes already, or no numbers, stays as it is.
        assert_eq!(with_table(&deployed, &numbers), deployed);
    }
}
