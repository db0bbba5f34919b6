//! Which channels of a network are one: an addition, a depthwise convolution or a pool ties channels of
//! several layers together, so that they stay or go together. The dependency graph of structured pruning
//! (DepGraph, arXiv 2301.12900), on channels instead of layers, so that a concatenation needs no rule.

use ember_ir::{Graph, Move, Node, Op, TensorId};

/// The channels (last axis) of all tensors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Channels {
    /// Per tensor, the unit that each of its channels belongs to.
    pub of: Vec<Vec<usize>>,
    /// Units that may go, in groups: those of one group are computed by the same layers.
    pub groups: Vec<Vec<usize>>,
    /// Number of units.
    pub units: usize,
}

impl Channels {
    /// Of a graph that the verifier accepts. Channels of inputs, outputs and of operators that cannot
    /// lose some stay in no group.
    pub fn of(graph: &Graph) -> Self {
        let mut ties = Ties::default();
        let mut of: Vec<Vec<usize>> = vec![Vec::new(); graph.tensors.len()];
        let mut fixed = Vec::new();
        let mut layers = Vec::new();
        for &id in &graph.inputs {
            of[id.0] = ties.fresh(channels(graph, id));
            fixed.extend(of[id.0].clone());
        }
        for node in &graph.nodes {
            let input = |k: usize| of[node.inputs[k].0].clone();
            let output = match role(graph, node) {
                Role::Layer => {
                    let own = ties.fresh(channels(graph, node.output));
                    layers.push(own.clone());
                    own
                }
                Role::Depthwise(multiplier) => input(0)
                    .into_iter()
                    .flat_map(|unit| std::iter::repeat_n(unit, multiplier))
                    .collect(),
                Role::Same => {
                    for k in 1..node.inputs.len() {
                        ties.tie(&input(0), &input(k));
                    }
                    input(0)
                }
                Role::Joined => node.inputs.iter().flat_map(|id| of[id.0].clone()).collect(),
                Role::Fixed => {
                    let own = ties.fresh(channels(graph, node.output));
                    fixed.extend(node.inputs.iter().flat_map(|id| of[id.0].clone()));
                    fixed.extend(own.clone());
                    own
                }
            };
            of[node.output.0] = output;
        }
        fixed.extend(graph.outputs.iter().flat_map(|id| of[id.0].clone()));
        Self::grouped(of, &layers, &fixed, &mut ties)
    }

    fn grouped(
        mut of: Vec<Vec<usize>>,
        layers: &[Vec<usize>],
        fixed: &[usize],
        ties: &mut Ties,
    ) -> Self {
        // Units by the first of their channels; groups by the first of their units.
        for unit in of.iter_mut().flatten() {
            *unit = ties.root(*unit);
        }
        let mut joint = ties.clone();
        for layer in layers {
            for pair in layer.windows(2) {
                joint.tie(&pair[..1], &pair[1..]);
            }
        }
        let fixed: Vec<usize> = fixed.iter().map(|&unit| joint.root(unit)).collect();
        let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
        for &unit in layers.iter().flatten() {
            let (unit, root) = (ties.root(unit), joint.root(unit));
            if fixed.contains(&root) {
                continue;
            }
            match groups.iter_mut().find(|(of, _)| *of == root) {
                Some((_, units)) if units.contains(&unit) => {}
                Some((_, units)) => units.push(unit),
                None => groups.push((root, vec![unit])),
            }
        }
        Self {
            of,
            groups: groups.into_iter().map(|(_, units)| units).collect(),
            units: ties.parent.len(),
        }
    }
}

/// How the channels of a node's output follow from those of its inputs.
enum Role {
    /// They are its own.
    Layer,
    /// So many for each of the input's.
    Depthwise(usize),
    /// Those of each input.
    Same,
    /// Those of all inputs, one after the other.
    Joined,
    /// They mix with other axes, or the operator says how many there are.
    Fixed,
}

fn role(graph: &Graph, node: &Node) -> Role {
    let last = graph.output_shape(node).dims().len().saturating_sub(1);
    match &node.op {
        Op::Conv2d(_) => Role::Layer,
        Op::Dense(op) if !op.over_rows => Role::Layer,
        Op::DepthwiseConv2d(op) => Role::Depthwise(op.multiplier),
        Op::Add(_)
            if graph.input_shape(node) == graph.output_shape(node)
                && graph.tensor(node.inputs[1]).shape == *graph.output_shape(node) =>
        {
            Role::Same
        }
        Op::AveragePool2d(_) | Op::MaxPool2d(_) | Op::Mean(_) | Op::Unary(_) => Role::Same,
        Op::Move(Move::Concat(op)) if op.axis == last => Role::Joined,
        Op::Dense(_)
        | Op::Add(_)
        | Op::Binary(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::Svdf(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::TransposeConv2d(_)
        | Op::ResizeBilinear(_)
        | Op::Matmul(_)
        | Op::Constant(_) => Role::Fixed,
    }
}

/// Length of a tensor's last axis.
fn channels(graph: &Graph, id: TensorId) -> usize {
    graph
        .tensor(id)
        .shape
        .dims()
        .last()
        .copied()
        .unwrap_or_default()
}

/// Disjoint sets; the root of a set is its smallest member.
#[derive(Clone, Default)]
struct Ties {
    parent: Vec<usize>,
}

impl Ties {
    fn fresh(&mut self, count: usize) -> Vec<usize> {
        let first = self.parent.len();
        self.parent.extend(first..first + count);
        (first..first + count).collect()
    }

    fn root(&self, mut unit: usize) -> usize {
        while self.parent[unit] != unit {
            unit = self.parent[unit];
        }
        unit
    }

    fn tie(&mut self, left: &[usize], right: &[usize]) {
        for (&left, &right) in left.iter().zip(right) {
            let (left, right) = (self.root(left), self.root(right));
            self.parent[left.max(right)] = left.min(right);
        }
    }
}
