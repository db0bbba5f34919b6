//! Storages: tensors that share their bytes whatever the order, because a reshape moves nothing; and
//! what each node wants of the arena, which no order changes either.

use ember_ir::{Graph, Op, TensorId};
use ember_runtime::scratch::Isa;

use super::ALIGN;
use super::sharing::{Sharing, Wants};
use crate::elementwise;

/// A group of tensors over the same bytes, with what the order and the lifetimes need to know.
pub(super) struct Storage {
    /// Size, rounded up to the alignment; 0 for a constant that is read in flash.
    pub bytes: usize,
    /// The node that writes it; `None` for graph inputs.
    pub producer: Option<usize>,
    /// Nodes that read one of its tensors, ascending.
    pub readers: Vec<usize>,
    /// Whether one of its tensors is a graph output.
    pub is_output: bool,
}

/// All storages of a graph.
pub(super) struct Storages {
    /// The storages.
    pub all: Vec<Storage>,
    /// Storage of each tensor.
    pub of_tensor: Vec<usize>,
    /// What each node wants. A node that reads a storage twice shares bytes with nothing.
    pub wants: Vec<Wants>,
}

impl Storages {
    /// Groups the tensors of a verified graph, whose kernels use `isa`.
    pub fn new(graph: &Graph, isa: Isa) -> Self {
        let wants = graph.nodes.iter().map(|node| Wants::of(graph, node, isa));
        Self::with(graph, wants.collect())
    }

    /// As [`Self::new`], of nodes that want this.
    pub fn with(graph: &Graph, wants: Vec<Wants>) -> Self {
        let mut all = Vec::with_capacity(graph.tensors.len());
        let mut of_tensor = vec![usize::MAX; graph.tensors.len()];
        let mut open = |tensor: usize, producer: Option<usize>| {
            let bytes = match elementwise::in_flash(graph, TensorId(tensor)) {
                true => 0,
                false => graph.tensors[tensor].bytes(),
            };
            all.push(Storage {
                bytes: bytes.next_multiple_of(ALIGN),
                producer,
                readers: Vec::new(),
                is_output: false,
            });
            all.len() - 1
        };
        for &input in &graph.inputs {
            of_tensor[input.0] = open(input.0, None);
        }
        for (index, node) in graph.nodes.iter().enumerate() {
            of_tensor[node.output.0] = match node.op {
                Op::Reshape(_) => of_tensor[node.inputs[0].0],
                Op::Conv2d(_)
                | Op::DepthwiseConv2d(_)
                | Op::Dense(_)
                | Op::Add(_)
                | Op::AveragePool2d(_)
                | Op::MaxPool2d(_)
                | Op::Mean(_)
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
                | Op::Constant(_) => open(node.output.0, Some(index)),
            };
        }
        for (index, node) in graph.nodes.iter().enumerate() {
            for input in &node.inputs {
                let readers = &mut all[of_tensor[input.0]].readers;
                if readers.last() != Some(&index) {
                    readers.push(index);
                }
            }
        }
        for output in &graph.outputs {
            all[of_tensor[output.0]].is_output = true;
        }
        let wants = graph.nodes.iter().zip(wants).map(|(node, mut wants)| {
            if let [left, right] = node.inputs[..]
                && of_tensor[left.0] == of_tensor[right.0]
            {
                wants.sharing = Sharing::Never;
            }
            wants
        });
        Self {
            wants: wants.collect(),
            all,
            of_tensor,
        }
    }
}
