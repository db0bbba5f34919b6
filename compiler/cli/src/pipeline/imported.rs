//! A model of another tool as int8, with what it is in real numbers, and samples as it takes them.

use std::path::Path;

use ember_codegen::passes;
use ember_codegen::quantize::{RangeMethod, calibrate, dequantize, quantize, quantize_sample};
use ember_import::{Layout, Network};
use ember_ir::{Element, FloatGraph, Graph, QuantGraph, Rounding, Shape, Violation};

use crate::Error;
use crate::data::Samples;
use crate::model::{Source, refused};

/// An imported network.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What the device computes.
    pub network: QuantGraph,
    /// The same in real numbers.
    pub real: FloatGraph,
    /// How the file's input lies in the network's.
    pub input: Layout,
}

impl Imported {
    /// A model as int8: as the file says, or by the ranges that the samples give.
    ///
    /// # Errors
    /// A model in f32 without samples, or with samples of another shape or without usable ranges; more
    /// than one input.
    pub fn new(source: &Source, samples: Option<&Samples>) -> Result<Self, Error> {
        let refuse = |what: String| refused(Path::new(&source.file), what);
        let [input] = source.model.inputs.as_slice() else {
            let count = source.model.inputs.len();
            return Err(refuse(format!(
                "the model has {count} inputs, a crate has one"
            )));
        };
        let input = input.clone();
        let (network, real) = match &source.model.network {
            Network::Int8(network) => {
                let int8 = passes::run_int8(network.clone()).map_err(|all| refuse(lines(&all)))?;
                (int8, dequantize(network))
            }
            Network::Float(network) => {
                let samples = samples.ok_or_else(|| {
                    refuse("the model is in f32; give samples of its input with `--calibrate` (npy, npz or idx, first axis = sample), from which the ranges for int8 are taken".into())
                })?;
                let real = passes::run(network.clone()).map_err(|all| refuse(lines(&all)))?;
                let shape = input_shape(&real.graph);
                let values = samples.values_for(&input, shape).map_err(Error::usage_of)?;
                let rows = values.chunks_exact(shape.elements());
                let ranges = calibrate(&real, rows, RangeMethod::MinMax);
                let network = quantize(&real, &ranges, Rounding::Single);
                (network.map_err(|error| refuse(error.to_string()))?, real)
            }
        };
        Ok(Self {
            network,
            real,
            input,
        })
    }

    /// Elements of a sample.
    pub fn input_len(&self) -> usize {
        input_shape(&self.network.graph).elements()
    }

    /// Bytes of a sample on the device.
    pub fn input_bytes(&self) -> usize {
        let graph = &self.network.graph;
        graph.tensor(graph.inputs[0]).bytes()
    }

    fn element(&self) -> Element {
        let graph = &self.network.graph;
        graph.tensor(graph.inputs[0]).element
    }

    /// The bytes of samples as the device takes them: integers of its type as they are, real numbers
    /// quantised.
    ///
    /// # Errors
    /// Samples of another shape.
    pub fn inputs(&self, samples: &Samples) -> Result<Vec<i8>, Error> {
        let values = self.values(samples)?;
        let element = self.element();
        if samples.are_raw(element) {
            return Ok(element.bytes_of(values.iter().map(|&value| value as i32)));
        }
        let rows = values.chunks_exact(self.input_len());
        Ok(rows
            .flat_map(|row| quantize_sample(&self.network, row))
            .collect())
    }

    /// Samples in real numbers.
    ///
    /// # Errors
    /// Samples of another shape.
    pub fn real_inputs(&self, samples: &Samples) -> Result<Vec<f32>, Error> {
        let values = self.values(samples)?;
        if !samples.are_raw(self.element()) {
            return Ok(values);
        }
        let quant = self.network.quants[self.network.graph.inputs[0].0];
        let real = |value: f32| quant.dequantize(value as i32);
        Ok(values.into_iter().map(real).collect())
    }

    fn values(&self, samples: &Samples) -> Result<Vec<f32>, Error> {
        let shape = input_shape(&self.network.graph);
        samples
            .values_for(&self.input, shape)
            .map_err(Error::usage_of)
    }
}

fn input_shape(graph: &Graph) -> &Shape {
    &graph.tensor(graph.inputs[0]).shape
}

fn lines(violations: &[Violation]) -> String {
    let lines: String = violations
        .iter()
        .map(|violation| format!("\n  {violation}"))
        .collect();
    format!("the network is not valid:{lines}")
}
