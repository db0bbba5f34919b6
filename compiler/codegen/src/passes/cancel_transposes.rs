//! Two transpositions become one, or none, also where operators that work element by element lie between
//! them: those then work on the elements in their first order.

use ember_ir::{Graph, Move, Op, TensorId, Transpose};

use super::rewrite::{Network, is_read_once, settle, writer};

/// Runs the pass. A second transposition takes over the first one's work where the first then has no readers
/// left, or where there is nothing left to do.
pub(super) fn run<N: Network>(network: N) -> N {
    settle(network, once)
}

fn once<N: Network>(mut network: N) -> N {
    let graph = network.graph_mut();
    for index in 0..graph.nodes.len() {
        let Op::Move(Move::Transpose(second)) = &graph.nodes[index].op else {
            continue;
        };
        let second = second.permutation.clone();
        let region = Region::above(graph, graph.nodes[index].inputs[0]);
        let Some(first) = region.permutation(graph) else {
            continue;
        };
        let permutation: Vec<usize> = second.iter().map(|&axis| first[axis]).collect();
        let is_nothing = permutation.iter().enumerate().all(|(k, &axis)| k == axis);
        if !is_nothing
            && !region
                .sources
                .iter()
                .all(|&source| is_read_once(graph, source))
        {
            continue;
        }
        region.work_untransposed(graph, &first);
        let source = region.end(graph, graph.nodes[index].inputs[0]);
        graph.nodes[index].inputs[0] = source;
        graph.nodes[index].op = Op::Move(Move::Transpose(Transpose { permutation }));
    }
    network
}

/// Element by element operators whose results only the region itself and one transposition read.
struct Region {
    /// Nodes.
    nodes: Vec<usize>,
    /// Tensors that transpositions write and the region reads.
    sources: Vec<TensorId>,
    /// Whether it reads anything else.
    is_open: bool,
}

impl Region {
    /// What a transposition of `tensor` could move above.
    fn above(graph: &Graph, tensor: TensorId) -> Self {
        let mut region = Self {
            nodes: Vec::new(),
            sources: Vec::new(),
            is_open: false,
        };
        let mut open = vec![tensor];
        while let Some(tensor) = open.pop() {
            let Some(node) = writer(graph, tensor) else {
                region.is_open = true;
                continue;
            };
            match &graph.nodes[node].op {
                Op::Move(Move::Transpose(_)) => region.sources.push(tensor),
                // One number is the same in any order.
                Op::Constant(op) if op.shape.elements() == 1 => {}
                Op::Unary(_) | Op::Add(_) | Op::Binary(_)
                    if is_read_once(graph, tensor) && keeps_shapes(graph, node) =>
                {
                    region.nodes.push(node);
                    open.extend(&graph.nodes[node].inputs);
                }
                Op::Conv2d(_)
                | Op::DepthwiseConv2d(_)
                | Op::Dense(_)
                | Op::Add(_)
                | Op::Binary(_)
                | Op::AveragePool2d(_)
                | Op::MaxPool2d(_)
                | Op::Mean(_)
                | Op::Reshape(_)
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
                | Op::Unary(_)
                | Op::Move(_)
                | Op::Reduce(_)
                | Op::ArgMax(_)
                | Op::Constant(_) => region.is_open = true,
            }
        }
        region
    }

    /// The one permutation of all it reads.
    fn permutation(&self, graph: &Graph) -> Option<Vec<usize>> {
        let mut all = self.sources.iter().map(|&source| {
            let node = &graph.nodes[writer(graph, source)?];
            let Op::Move(Move::Transpose(op)) = &node.op else {
                return None;
            };
            Some(&op.permutation)
        });
        let first = all.next()??;
        let is_one = !self.is_open && all.all(|other| other == Some(first));
        is_one.then(|| first.clone())
    }

    /// Makes it read what lies before the transpositions.
    fn work_untransposed(&self, graph: &mut Graph, permutation: &[usize]) {
        for &index in &self.nodes {
            for input in 0..graph.nodes[index].inputs.len() {
                let operand = graph.nodes[index].inputs[input];
                graph.nodes[index].inputs[input] = self.end(graph, operand);
            }
            let output = graph.nodes[index].output;
            let shape = &mut graph.tensors[output.0].shape;
            let mut dims = shape.dims().to_vec();
            for (&axis, &dim) in permutation.iter().zip(shape.dims()) {
                dims[axis] = dim;
            }
            *shape = ember_ir::Shape::new(dims);
        }
    }

    /// What lies before a transposition that it reads; any other tensor itself.
    fn end(&self, graph: &Graph, tensor: TensorId) -> TensorId {
        match writer(graph, tensor) {
            Some(node) if self.sources.contains(&tensor) => graph.nodes[node].inputs[0],
            _ => tensor,
        }
    }
}

/// Whether a node reads its operands in the output's shape, or as one number.
fn keeps_shapes(graph: &Graph, node: usize) -> bool {
    let output = graph.output_shape(&graph.nodes[node]);
    graph.nodes[node].inputs.iter().all(|&input| {
        let shape = &graph.tensor(input).shape;
        shape == output || shape.elements() == 1
    })
}
