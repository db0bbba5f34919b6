//! The graph as it grows, node by node, with what is known of the file's values.

use std::collections::BTreeMap;
use std::rc::Rc;

use ember_ir::{
    Activation, Element, FloatParams, Graph, Move, Node as IrNode, Op, Pad, Quant, Real, Reshape,
    Shape, Tensor, TensorId, Transpose, WeightType,
};

use super::constant::{Constant, IntType};
use super::file::File;
use super::view::View;
use crate::Problem;
use crate::identifier::Identifiers;

/// Elements that may be computed or moved on the host in all: what a hostile file can cost.
const BUDGET: usize = 1 << 27;

/// A value of the file.
#[derive(Clone)]
pub(super) enum Value {
    Constant(Rc<Constant>),
    Activation(Data),
    /// The node that writes it was refused: what reads it cannot be checked.
    Unknown,
}

/// A value that changes from sample to sample.
#[derive(Clone)]
pub(super) struct Data {
    pub view: View,
    /// What surrounds each dimension that no node has written yet: the next window takes zeros.
    pub pads: Vec<[usize; 2]>,
    /// The number that surrounds it.
    pub fill: f32,
    /// Whether this value is the only one that lies in its tensor.
    pub exclusive: bool,
}

impl Data {
    /// A value without padding.
    pub fn new(view: View, exclusive: bool) -> Self {
        Self {
            view,
            pads: Vec::new(),
            fill: 0.0,
            exclusive,
        }
    }
}

/// The growing graph.
pub(super) struct Lowering {
    pub opset: i64,
    pub graph: Graph,
    pub params: Vec<Option<FloatParams>>,
    /// Per node, the steps of its weights if the file has them as integers.
    pub scales: Vec<Option<Vec<f32>>>,
    /// Parameters that the file gives to tensors.
    pub quants: BTreeMap<TensorId, Quant>,
    pub values: BTreeMap<String, Value>,
    /// Values that are the integers themselves, from where they are quantised to where they are dequantised.
    pub integers: BTreeMap<String, IntType>,
    /// How often each value is read; outputs of the model count twice.
    pub readers: BTreeMap<String, usize>,
    pub names: Identifiers,
    pub problems: Vec<Problem>,
    /// Per tensor, the node that writes it.
    writers: Vec<Option<usize>>,
    spent: usize,
}

impl Lowering {
    /// An empty graph for the constants of a file.
    pub fn new(name: String, file: &mut File) -> Self {
        let mut readers: BTreeMap<String, usize> = BTreeMap::new();
        for input in file.nodes.iter().flat_map(|node| &node.inputs) {
            *readers.entry(input.clone()).or_default() += 1;
        }
        for output in &file.outputs {
            *readers.entry(output.clone()).or_default() += 2;
        }
        let constants = std::mem::take(&mut file.constants).into_iter();
        let unknown = std::mem::take(&mut file.unknown).into_iter();
        let unknown = unknown.map(|name| (name, Value::Unknown));
        Self {
            opset: file.opset,
            graph: Graph {
                name,
                tensors: Vec::new(),
                nodes: Vec::new(),
                inputs: Vec::new(),
                outputs: Vec::new(),
            },
            params: Vec::new(),
            scales: Vec::new(),
            quants: BTreeMap::new(),
            values: constants
                .map(|(name, constant)| (name, Value::Constant(Rc::new(constant))))
                .chain(unknown)
                .collect(),
            integers: BTreeMap::new(),
            readers,
            names: Identifiers::default(),
            problems: std::mem::take(&mut file.problems),
            writers: Vec::new(),
            spent: 0,
        }
    }

    /// Whether so many more elements may be touched.
    pub fn spend(&mut self, elements: usize) -> bool {
        self.spent = self.spent.saturating_add(elements);
        self.spent <= BUDGET
    }

    /// How often a value is read.
    pub fn readers(&self, name: &str) -> usize {
        self.readers.get(name).copied().unwrap_or(0)
    }

    /// A new tensor.
    pub fn tensor(&mut self, name: &str, shape: Shape) -> TensorId {
        let fallback = format!("tensor_{}", self.graph.tensors.len());
        let name = self.names.unique(name, &fallback);
        self.graph.tensors.push(Tensor {
            name,
            shape,
            element: Element::Int8,
        });
        self.writers.push(None);
        TensorId(self.graph.tensors.len() - 1)
    }

    /// Shape of a tensor.
    pub fn shape(&self, tensor: TensorId) -> &Shape {
        &self.graph.tensor(tensor).shape
    }

    /// Adds a node.
    ///
    /// # Errors
    /// Why the operator cannot take these inputs.
    pub fn node(
        &mut self,
        name: &str,
        op: Op,
        inputs: &[TensorId],
        params: Option<FloatParams>,
    ) -> Result<TensorId, String> {
        let shapes: Vec<&Shape> = inputs.iter().map(|&input| self.shape(input)).collect();
        let shape = op
            .output_shape(&shapes)
            .map_err(|error| error.to_string())?;
        if !self.spend(shape.elements()) {
            return Err("the model is too large".into());
        }
        let output = self.tensor(name, shape);
        self.writers[output.0] = Some(self.graph.nodes.len());
        self.graph.nodes.push(IrNode {
            op,
            inputs: inputs.to_vec(),
            output,
            weights: WeightType::Int8,
        });
        self.params.push(params);
        self.scales.push(None);
        Ok(output)
    }

    /// The tensor under another shape; itself, if it has that shape.
    pub fn reshape(
        &mut self,
        name: &str,
        tensor: TensorId,
        shape: Shape,
    ) -> Result<TensorId, String> {
        if *self.shape(tensor) == shape {
            return Ok(tensor);
        }
        // From where the data come: a chain of reshapes needs only the last.
        let source = self
            .writer(tensor)
            .and_then(|node| match self.graph.nodes[node].op {
                Op::Reshape(_) => Some(self.graph.nodes[node].inputs[0]),
                _ => None,
            });
        let source = source.unwrap_or(tensor);
        if *self.shape(source) == shape {
            return Ok(source);
        }
        self.node(
            &format!("{name}_shape"),
            Op::Reshape(Reshape { shape }),
            &[source],
            None,
        )
    }

    /// The tensor of a value with its dimensions stored in this order, under a shape. Data are moved if they
    /// do not lie so.
    pub fn stored(
        &mut self,
        name: &str,
        view: &View,
        order: &[usize],
        shape: Shape,
    ) -> Result<TensorId, String> {
        if view.is_stored_as(order) {
            return self.reshape(name, view.tensor, shape);
        }
        let (atoms, permutation) = view.permutation(order);
        let atoms = self.reshape(name, view.tensor, Shape::new(atoms))?;
        let op = Op::Move(Move::Transpose(Transpose { permutation }));
        let moved = self.node(&format!("{name}_order"), op, &[atoms], None)?;
        self.reshape(name, moved, shape)
    }

    /// The value with its dimensions stored in this order.
    pub fn ordered(&mut self, name: &str, view: &View, order: &[usize]) -> Result<View, String> {
        if view.is_stored_as(order) {
            return Ok(view.clone());
        }
        let sizes = view.sizes();
        let shape: Vec<usize> = order.iter().map(|&axis| sizes[axis]).collect();
        let tensor = self.stored(name, view, order, Shape::new(shape))?;
        Ok(View::stored(tensor, &sizes, order))
    }

    /// A value with what surrounds it written.
    pub fn surrounded(&mut self, name: &str, data: &Data) -> Result<View, String> {
        if data.pads.iter().all(|pads| *pads == [0, 0]) {
            return Ok(data.view.clone());
        }
        let mut sizes = data.view.sizes();
        let own: Vec<usize> = (0..sizes.len()).collect();
        let order = data.view.order().unwrap_or(own);
        let shape: Vec<usize> = order.iter().map(|&axis| sizes[axis]).collect();
        let tensor = self.stored(name, &data.view, &order, Shape::new(shape))?;
        let op = Op::Move(Move::Pad(Pad {
            before: order.iter().map(|&axis| data.pads[axis][0]).collect(),
            after: order.iter().map(|&axis| data.pads[axis][1]).collect(),
            fill: Real::new(data.fill),
        }));
        let output = self.node(&format!("{name}_pad"), op, &[tensor], None)?;
        for (size, [before, after]) in sizes.iter_mut().zip(&data.pads) {
            *size += before + after;
        }
        Ok(View::stored(output, &sizes, &order))
    }

    /// The parameters that the file gave to a tensor, or to the one whose elements it has.
    pub fn written_with(&self, tensor: TensorId) -> Option<Quant> {
        let mut from = tensor;
        loop {
            if let Some(&quant) = self.quants.get(&from) {
                return Some(quant);
            }
            let node = &self.graph.nodes[self.writer(from)?];
            if !node.op.shares_quant() {
                return None;
            }
            // Every node writes a tensor that none before it reads.
            from = *node.inputs.first()?;
        }
    }

    /// The node that writes a tensor.
    pub fn writer(&self, tensor: TensorId) -> Option<usize> {
        self.writers[tensor.0]
    }

    /// Fuses an activation to the node that writes a value; whether that is possible.
    pub fn fuse(&mut self, data: &Data, activation: Activation) -> bool {
        if !data.exclusive || self.quants.contains_key(&data.view.tensor) {
            return false;
        }
        let Some(node) = self.writer(data.view.tensor) else {
            return false;
        };
        let there = match &mut self.graph.nodes[node].op {
            Op::Conv2d(op) => &mut op.activation,
            Op::DepthwiseConv2d(op) => &mut op.activation,
            Op::Dense(op) => &mut op.activation,
            Op::TransposeConv2d(op) => &mut op.activation,
            Op::Add(op) => &mut op.activation,
            Op::AveragePool2d(op) => &mut op.activation,
            Op::MaxPool2d(op) => &mut op.activation,
            Op::Binary(op) if op.function.fuses() => &mut op.activation,
            Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Svdf(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_)
            | Op::Constant(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_) => return false,
        };
        *there = match (*there, activation) {
            (Activation::None, new) => new,
            (old, Activation::Relu) => old,
            (Activation::Relu, new) => new,
            (old, _) => old,
        };
        true
    }

    /// The steps of the weights of the node that writes a tensor.
    pub fn set_scales(&mut self, tensor: TensorId, scales: Option<Vec<f32>>) {
        if let Some(node) = self.writer(tensor) {
            self.scales[node] = scales;
        }
    }
}
