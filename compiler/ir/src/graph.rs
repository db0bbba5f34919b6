//! The topology: named tensors with shapes, and nodes in an order that can be executed. This is what
//! a search space produces and what the planner and the cost model price; weights come later.

use serde::{Deserialize, Serialize};

use crate::{Element, Op, Shape, ShapeError, WeightType};

/// Index of a tensor in [`Graph::tensors`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TensorId(pub usize);

/// A named value between nodes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Tensor {
    /// Unique in its graph.
    pub name: String,
    /// Without the batch axis.
    pub shape: Shape,
    /// What its elements are on a device.
    #[serde(default, skip_serializing_if = "Element::is_int8")]
    pub element: Element,
}

impl Tensor {
    /// Its size on a device. Saturates, as [`Shape::elements`] does.
    pub fn bytes(&self) -> usize {
        self.shape.elements().saturating_mul(self.element.bytes())
    }
}

/// One operator applied to tensors. Its output tensor carries the node's name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// The tensors read.
    pub inputs: Vec<TensorId>,
    /// The tensor written.
    pub output: TensorId,
    /// What its weights are, if it has any.
    #[serde(default, skip_serializing_if = "WeightType::is_int8")]
    pub weights: WeightType,
}

/// Tensors and the nodes that compute them, in a valid execution order.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Graph {
    /// The model's name: an identifier in snake case.
    pub name: String,
    /// All tensors; indices are [`TensorId`]s.
    pub tensors: Vec<Tensor>,
    /// In a valid execution order.
    pub nodes: Vec<Node>,
    /// Tensors given from outside.
    pub inputs: Vec<TensorId>,
    /// Tensors handed out.
    pub outputs: Vec<TensorId>,
}

impl Graph {
    /// The tensor with this id. Ids come from the same graph; the verifier checks that they do.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0]
    }

    /// The name of a node, which is that of its output.
    pub fn node_name(&self, node: &Node) -> &str {
        &self.tensor(node.output).name
    }

    /// Shape of a node's first input; of a constant, which has none, that of its output.
    pub fn input_shape(&self, node: &Node) -> &Shape {
        let input = node.inputs.first().unwrap_or(&node.output);
        &self.tensor(*input).shape
    }

    /// Shape of a node's output.
    pub fn output_shape(&self, node: &Node) -> &Shape {
        &self.tensor(node.output).shape
    }

    /// Whether a node reads or writes int16.
    pub fn has_int16(&self, node: &Node) -> bool {
        let mut tensors = node.inputs.iter().chain([&node.output]);
        tensors.any(|&id| self.tensor(id).element == Element::Int16)
    }

    /// Multiply-accumulates of one inference.
    pub fn macs(&self) -> u64 {
        self.nodes
            .iter()
            .map(|node| {
                node.op
                    .macs(self.input_shape(node), self.output_shape(node))
            })
            .fold(0, u64::saturating_add)
    }

    /// Number of weights and biases.
    pub fn parameters(&self) -> usize {
        self.nodes
            .iter()
            .filter_map(|node| {
                let input = self.input_shape(node);
                Some(node.op.weight_shape(input)?.elements() + node.op.weight_channels(input)?)
            })
            .fold(0, usize::saturating_add)
    }
}

/// Builds a graph node by node; shapes are inferred and checked as it grows.
#[derive(Clone, Debug)]
pub struct GraphBuilder {
    graph: Graph,
}

impl GraphBuilder {
    /// An empty graph.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            graph: Graph {
                name: name.into(),
                tensors: Vec::new(),
                nodes: Vec::new(),
                inputs: Vec::new(),
                outputs: Vec::new(),
            },
        }
    }

    /// Adds an input tensor.
    pub fn input(&mut self, name: impl Into<String>, shape: impl Into<Shape>) -> TensorId {
        self.input_as(name, shape, Element::Int8)
    }

    /// Adds an input tensor of this type.
    pub fn input_as(
        &mut self,
        name: impl Into<String>,
        shape: impl Into<Shape>,
        element: Element,
    ) -> TensorId {
        let id = self.tensor(name.into(), shape.into(), element);
        self.graph.inputs.push(id);
        id
    }

    /// Adds a node; its output tensor takes the node's name, and its type from the first input.
    pub fn node(
        &mut self,
        name: impl Into<String>,
        op: Op,
        inputs: &[TensorId],
    ) -> Result<TensorId, ShapeError> {
        let first = inputs.first().map(|&id| self.graph.tensor(id).element);
        self.node_as(name, op, inputs, first.unwrap_or_default())
    }

    /// Adds a node whose output is of this type.
    pub fn node_as(
        &mut self,
        name: impl Into<String>,
        op: Op,
        inputs: &[TensorId],
        element: Element,
    ) -> Result<TensorId, ShapeError> {
        let shapes: Vec<&Shape> = inputs.iter().map(|&id| self.shape(id)).collect();
        let shape = op.output_shape(&shapes)?;
        let output = self.tensor(name.into(), shape, element);
        self.graph.nodes.push(Node {
            op,
            inputs: inputs.to_vec(),
            output,
            weights: WeightType::Int8,
        });
        Ok(output)
    }

    /// Declares what the weights of the node added last are.
    pub fn weights(&mut self, weights: WeightType) {
        if let Some(node) = self.graph.nodes.last_mut() {
            node.weights = weights;
        }
    }

    /// Shape of a tensor added before.
    pub fn shape(&self, id: TensorId) -> &Shape {
        &self.graph.tensor(id).shape
    }

    /// The nodes added so far.
    pub fn nodes(&self) -> &[Node] {
        &self.graph.nodes
    }

    /// Declares the outputs and hands the graph over.
    pub fn finish(mut self, outputs: &[TensorId]) -> Graph {
        self.graph.outputs = outputs.to_vec();
        self.graph
    }

    fn tensor(&mut self, name: String, shape: Shape, element: Element) -> TensorId {
        self.graph.tensors.push(Tensor {
            name,
            shape,
            element,
        });
        TensorId(self.graph.tensors.len() - 1)
    }
}
