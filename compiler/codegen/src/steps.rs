//! A network over a window of steps as the network that takes the steps as they come: its recurrent layers keep
//! their states from call to call, and everything before the last step is done for the steps of a call alone.
//! From a reset on, the last of a window's calls gives what the network gives for the window, bit for bit, since
//! weights, scales and what is computed of a step are the same.

use ember_ir::{
    Graph, GraphBuilder, Move, Node, Op, QuantGraph, Reshape, Shape, Slice, TensorId, Window2d,
};

/// Why a network cannot take its window step by step.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StepsError {
    /// No steps at its input.
    #[error(
        "{network} takes {inputs}; steps are the second axis of one input of 1 x steps x channels"
    )]
    Input {
        /// The network.
        network: String,
        /// What it takes, in words.
        inputs: String,
    },
    /// A window is no whole number of calls.
    #[error("a window of {window} steps is no whole number of calls of {steps}")]
    Division {
        /// Steps of a window.
        window: usize,
        /// Steps of a call.
        steps: usize,
    },
    /// A layer sees steps of different calls at once, and keeps none of them.
    #[error("{node} ({op}) sees steps of several calls; only recurrent layers remember")]
    Layer {
        /// The layer.
        node: String,
        /// Its operator.
        op: &'static str,
    },
    /// Nothing picks the last step.
    #[error("{network} gives something of every step; it has to end on the last one")]
    Output {
        /// The network.
        network: String,
    },
}

/// The topology for `steps` steps of a window per call.
///
/// # Errors
/// A network that sees several steps at once other than by recurrent layers.
pub fn graph_per_call(graph: &Graph, steps: usize) -> Result<Graph, StepsError> {
    Ok(Rebuilt::new(graph, steps)?.graph)
}

/// The integer network for `steps` steps of a window per call.
///
/// # Errors
/// As [`graph_per_call`].
pub fn per_call(network: &QuantGraph, steps: usize) -> Result<QuantGraph, StepsError> {
    let Rebuilt {
        graph,
        nodes,
        tensors,
    } = Rebuilt::new(&network.graph, steps)?;
    Ok(QuantGraph {
        graph,
        quants: tensors.iter().map(|&from| network.quants[from]).collect(),
        params: nodes
            .iter()
            .map(|&from| network.params[from].clone())
            .collect(),
        roundings: nodes.iter().map(|&from| network.roundings[from]).collect(),
    })
}

/// Steps of a window of the network.
///
/// # Errors
/// An input that has none.
pub fn window(graph: &Graph) -> Result<usize, StepsError> {
    let shapes: Vec<&Shape> = graph
        .inputs
        .iter()
        .map(|&id| &graph.tensor(id).shape)
        .collect();
    match shapes.as_slice() {
        [shape] if let [1, window, _] = *shape.dims() => Ok(window),
        _ => Err(StepsError::Input {
            network: graph.name.clone(),
            inputs: shapes
                .iter()
                .map(|shape| shape.to_string())
                .collect::<Vec<_>>()
                .join(" and "),
        }),
    }
}

/// How many calls of a network are a window of the one that it was made from.
pub fn calls(whole: &Graph, per_call: &Graph) -> usize {
    let steps = |graph| window(graph).unwrap_or(1);
    steps(whole) / steps(per_call).max(1)
}

/// A graph with where its nodes and tensors come from.
struct Rebuilt {
    graph: Graph,
    nodes: Vec<usize>,
    tensors: Vec<usize>,
}

/// What has become of a tensor.
#[derive(Clone, Copy)]
enum Place {
    /// Some steps of it.
    Steps(TensorId),
    /// All of it.
    Whole(TensorId),
}

/// What becomes of a node that reads steps.
enum Step {
    /// It gives steps.
    Steps(Op),
    /// It gives what is there of the last step.
    Last(Op),
    /// Its input is the last step.
    Only,
}

impl Rebuilt {
    fn new(graph: &Graph, steps: usize) -> Result<Self, StepsError> {
        let window = window(graph)?;
        if steps == 0 || !window.is_multiple_of(steps) {
            return Err(StepsError::Division { window, steps });
        }
        let mut builder = GraphBuilder::new(&graph.name);
        let (mut nodes, mut tensors) = (Vec::new(), Vec::new());
        let mut places: Vec<Option<Place>> = vec![None; graph.tensors.len()];
        let input = graph.inputs[0];
        let tensor = graph.tensor(input);
        let channels = tensor.shape.dims()[2];
        let id = builder.input_as(&tensor.name, [1, steps, channels], tensor.element);
        places[input.0] = Some(Place::Steps(id));
        tensors.push(input.0);
        for (index, node) in graph.nodes.iter().enumerate() {
            let refused = || StepsError::Layer {
                node: graph.node_name(node).to_owned(),
                op: node.op.name(),
            };
            let inputs: Option<Vec<Place>> = node.inputs.iter().map(|id| places[id.0]).collect();
            let inputs = inputs.unwrap_or_else(|| panic!("BUG: a graph that was not verified"));
            let of_steps = inputs
                .iter()
                .filter(|place| matches!(place, Place::Steps(_)));
            let (op, place): (Op, fn(TensorId) -> Place) = match of_steps.count() {
                0 => (node.op.clone(), Place::Whole),
                count if count < inputs.len() => return Err(refused()),
                _ => {
                    match step(graph, node, builder.shape(id_of(inputs[0]))).ok_or_else(refused)? {
                        Step::Steps(op) => (op, Place::Steps),
                        Step::Last(op) => (op, Place::Whole),
                        Step::Only => {
                            places[node.output.0] = Some(Place::Whole(id_of(inputs[0])));
                            continue;
                        }
                    }
                }
            };
            let ids: Vec<TensorId> = inputs.into_iter().map(id_of).collect();
            let element = graph.tensor(node.output).element;
            let id = builder
                .node_as(graph.node_name(node), op, &ids, element)
                .map_err(|_| refused())?;
            builder.weights(node.weights);
            places[node.output.0] = Some(place(id));
            nodes.push(index);
            tensors.push(node.output.0);
        }
        let outputs = graph.outputs.iter().map(|id| match places[id.0] {
            Some(Place::Whole(id)) => Ok(id),
            _ => Err(StepsError::Output {
                network: graph.name.clone(),
            }),
        });
        let outputs: Vec<TensorId> = outputs.collect::<Result<_, _>>()?;
        Ok(Self {
            graph: builder.finish(&outputs),
            nodes,
            tensors,
        })
    }
}

fn id_of(place: Place) -> TensorId {
    match place {
        Place::Steps(id) | Place::Whole(id) => id,
    }
}

/// A node that reads steps, of which `now` are there; `None` where it sees steps of several calls.
fn step(graph: &Graph, node: &Node, now: &Shape) -> Option<Step> {
    let before = graph.input_shape(node);
    let tiled = |window: &Window2d| tiles(window, now).then(|| Step::Steps(node.op.clone()));
    match &node.op {
        Op::Conv2d(op) => tiled(&op.window),
        Op::DepthwiseConv2d(op) => tiled(&op.window),
        Op::AveragePool2d(op) => tiled(&op.window),
        Op::MaxPool2d(op) => tiled(&op.window),
        Op::Dense(op) => op.over_rows.then(|| Step::Steps(node.op.clone())),
        Op::Add(_) | Op::Unary(_) | Op::Embedding(_) => Some(Step::Steps(node.op.clone())),
        Op::Recurrent(op) => Some(Step::Steps(Op::Recurrent(ember_ir::Recurrent {
            stateful: true,
            ..*op
        }))),
        Op::DartsCell(op) => Some(Step::Steps(Op::DartsCell(ember_ir::DartsCell {
            stateful: true,
            ..*op
        }))),
        Op::Lstm(op) => Some(Step::Steps(Op::Lstm(ember_ir::Lstm {
            stateful: true,
            ..*op
        }))),
        Op::Reshape(_) => reshaped(before, graph.output_shape(node), now),
        Op::Move(Move::Slice(op)) => last(op, before, now),
        Op::Binary(_)
        | Op::Mean(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Svdf(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::TransposeConv2d(_)
        | Op::ResizeBilinear(_)
        | Op::Matmul(_)
        | Op::Constant(_) => None,
    }
}

/// Whether windows lie side by side, without borders, and none reaches into another call.
fn tiles(window: &Window2d, now: &Shape) -> bool {
    let [height, width] = window.kernel;
    let &[1, steps, _] = now.dims() else {
        return false;
    };
    let is_dense = width == 1 || window.dilation[1] == 1;
    *window
        == Window2d {
            padding: ember_ir::Padding::default(),
            ..*window
        }
        && height == 1
        && width == window.stride[1]
        && is_dense
        && steps.is_multiple_of(width)
}

/// The axis of the steps, and what each has, of `[1, T, C]` or `[T, N]`.
fn steps_of(shape: &Shape) -> Option<[usize; 2]> {
    match *shape.dims() {
        [1, steps, values] | [steps, values] => Some([steps, values]),
        _ => None,
    }
}

fn reshaped(before: &Shape, after: &Shape, now: &Shape) -> Option<Step> {
    let [steps, values] = steps_of(now)?;
    if steps_of(before)? != steps_of(after)? {
        return None;
    }
    let shape = match after.dims().len() {
        3 => Shape::from([1, steps, values]),
        _ => Shape::from([steps, values]),
    };
    Some(Step::Steps(Op::Reshape(Reshape { shape })))
}

/// The slice that takes the last step.
fn last(op: &Slice, before: &Shape, now: &Shape) -> Option<Step> {
    let [all, values] = steps_of(before)?;
    let [steps, _] = steps_of(now)?;
    let axis = before.dims().len() - 2;
    let of = |axis: usize| (op.begin[axis], op.size[axis]);
    let is_last = of(axis) == (all - 1, 1) && of(axis + 1) == (0, values);
    if !is_last || op.step.iter().any(|&step| step != 1) {
        return None;
    }
    if steps == 1 {
        return Some(Step::Only);
    }
    let mut slice = op.clone();
    slice.begin[axis] = steps - 1;
    Some(Step::Last(Op::Move(Move::Slice(slice))))
}
