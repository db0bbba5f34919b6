//! The integer interpreter. Every tensor has memory of its own: nothing depends on the memory plan.

use ember_ir::{Graph, QuantGraph, TensorId};
use ember_runtime::reference;

use super::run_int16;
use crate::lower::{self, Layer, LowerError};

/// An int8 network, ready to run; may be shared between threads.
#[derive(Clone, Debug)]
pub struct Interpreter {
    graph: Graph,
    layers: Vec<Layer>,
}

impl Interpreter {
    /// Lowers the network.
    ///
    /// # Errors
    /// As [`lower::lower`].
    pub fn new(network: &QuantGraph) -> Result<Self, LowerError> {
        Ok(Self {
            layers: lower::lower(network)?,
            graph: network.graph.clone(),
        })
    }

    /// Bytes of one sample: those of all inputs.
    pub fn input_len(&self) -> usize {
        self.graph.inputs.iter().map(|&id| self.bytes(id)).sum()
    }

    /// Bytes of one result: those of all outputs.
    pub fn output_len(&self) -> usize {
        self.graph.outputs.iter().map(|&id| self.bytes(id)).sum()
    }

    /// The bytes of the network's output for a sample of [`Interpreter::input_len`] bytes; several lie one
    /// after the other.
    ///
    /// # Panics
    /// If the sample has another length.
    pub fn run(&self, input: &[i8]) -> Vec<i8> {
        self.start().run(input)
    }

    /// A stream without a sample so far. Networks that keep nothing from sample to sample need none.
    pub fn start(&self) -> Stream<'_> {
        let states = self.graph.nodes.iter().map(|node| vec![0; node.op.state()]);
        Stream {
            interpreter: self,
            states: states.collect(),
        }
    }

    fn run_from(&self, states: &mut [Vec<i16>], input: &[i8]) -> Vec<i8> {
        let mut tensors = self.tensors(states, input);
        match self.graph.outputs.as_slice() {
            &[output] => std::mem::take(&mut tensors[output.0]),
            outputs => {
                let values = outputs.iter().map(|&output| tensors[output.0].as_slice());
                values.collect::<Vec<_>>().concat()
            }
        }
    }

    /// The bytes of every tensor, by [`TensorId`].
    ///
    /// # Panics
    /// If the sample has another length than [`Interpreter::input_len`].
    pub fn run_all(&self, input: &[i8]) -> Vec<Vec<i8>> {
        self.tensors(&mut self.start().states, input)
    }

    fn tensors(&self, states: &mut [Vec<i16>], input: &[i8]) -> Vec<Vec<i8>> {
        assert_eq!(
            input.len(),
            self.input_len(),
            "BUG: sample of the wrong length"
        );
        let mut tensors: Vec<Vec<i8>> = vec![Vec::new(); self.graph.tensors.len()];
        let mut rest = input;
        for &id in &self.graph.inputs {
            let (sample, after) = rest.split_at(self.bytes(id));
            tensors[id.0] = sample.to_vec();
            rest = after;
        }
        let nodes = self.graph.nodes.iter().zip(&self.layers);
        for ((node, layer), state) in nodes.zip(states) {
            let mut output = vec![0; self.bytes(node.output)];
            let inputs: Vec<&[i8]> = node
                .inputs
                .iter()
                .map(|input| tensors[input.0].as_slice())
                .collect();
            execute(layer, &inputs, state, &mut output);
            tensors[node.output.0] = output;
        }
        tensors
    }

    fn bytes(&self, id: TensorId) -> usize {
        self.graph.tensor(id).bytes()
    }
}

/// An interpreter that remembers the samples so far, as the device does.
#[derive(Clone, Debug)]
pub struct Stream<'a> {
    interpreter: &'a Interpreter,
    /// One per node.
    states: Vec<Vec<i16>>,
}

impl Stream<'_> {
    /// As [`Interpreter::run`], after the samples before.
    ///
    /// # Panics
    /// If the sample has another length.
    pub fn run(&mut self, input: &[i8]) -> Vec<i8> {
        self.interpreter.run_from(&mut self.states, input)
    }

    /// As [`Interpreter::run_all`], after the samples before.
    ///
    /// # Panics
    /// If the sample has another length.
    pub fn run_all(&mut self, input: &[i8]) -> Vec<Vec<i8>> {
        self.interpreter.tensors(&mut self.states, input)
    }
}

/// Computes one node, which finds in its state what it left there.
pub(crate) fn execute(layer: &Layer, inputs: &[&[i8]], state: &mut [i16], output: &mut [i8]) {
    // A constant has no input, and reads none.
    let left = inputs.first().copied().unwrap_or_default();
    match layer {
        Layer::Conv2d(layer) => reference::conv2d_s8(&layer.params(), left, output),
        Layer::DepthwiseConv2d(layer) => {
            reference::depthwise_conv2d_s8(&layer.params(), left, output);
        }
        Layer::Dense(layer) => reference::dense_s8(&layer.params(), left, output),
        Layer::Dot(layer) => reference::dot_s8(&layer.params(), left, output),
        Layer::Add(params) => {
            reference::add_s8(params, left, inputs[1], output);
        }
        Layer::Binary(params) => {
            reference::binary_s8(params, left, inputs[1], output);
        }
        Layer::Copy(layer) => reference::copy_s8(&layer.params(), inputs, output),
        Layer::Reduce(params) => reference::reduce_s8(params, left, output),
        Layer::TransposeConv2d(layer) => {
            reference::transpose_conv2d_s8(&layer.params(), left, output);
        }
        Layer::ResizeBilinear(params) => reference::resize_bilinear_s8(params, left, output),
        Layer::Matmul(params) => reference::matmul_s8(params, left, inputs[1], output),
        Layer::ArgMax(params) => reference::arg_max_s8(params, left, output),
        Layer::Constant(layer) => output.copy_from_slice(&layer.values),
        Layer::AveragePool2d(params) => {
            reference::average_pool2d_s8(params, left, output);
        }
        Layer::MaxPool2d(params) => reference::max_pool2d_s8(params, left, output),
        Layer::Mean(params) => reference::mean_s8(params, left, output),
        Layer::Reshape => output.copy_from_slice(left),
        Layer::Softmax(layer) => reference::softmax_s8(&layer.params(), left, output),
        Layer::LogSoftmax(layer) => reference::log_softmax_s8(&layer.params(), left, output),
        Layer::L2Norm(params) => reference::l2_norm_s8(params, left, output),
        Layer::Embedding(layer) => reference::embedding_s8(&layer.params(), left, output),
        Layer::Svdf(layer) => reference::svdf_s8(&layer.params(), left, state, output),
        Layer::Lstm(layer) => {
            let (mut fresh, mut values) = (vec![0; 2 * layer.hidden], vec![0; layer.hidden]);
            let state = if layer.stateful { state } else { &mut fresh };
            reference::lstm_s8(&layer.params(), left, state, &mut values, output);
        }
        Layer::Recurrent(layer) => {
            let (mut fresh, mut values) = (vec![0; layer.hidden], vec![0; 2 * layer.hidden]);
            let state = if layer.stateful { state } else { &mut fresh };
            reference::recurrent_s8(&layer.params(), left, state, &mut values, output);
        }
        Layer::DartsCell(layer) => {
            let (mut fresh, units) = (vec![0; layer.hidden], layer.hidden);
            let mut states = vec![0; layer.params().stages() * units];
            let hidden = if layer.stateful { state } else { &mut fresh };
            reference::darts_cell_s8(&layer.params(), left, hidden, &mut states, output);
        }
        Layer::Lookup(layer) => reference::lookup_s8(&layer.params(), left, output),
        Layer::Conv2dS16(_)
        | Layer::DepthwiseConv2dS16(_)
        | Layer::DenseS16(_)
        | Layer::AddS16(_)
        | Layer::AveragePool2dS16(_)
        | Layer::MaxPool2dS16(_)
        | Layer::Quantize(_) => run_int16(layer, inputs, output),
    }
}
