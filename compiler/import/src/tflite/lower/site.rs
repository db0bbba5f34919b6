//! One operator under examination: access to its operands and attributes, and the list that its
//! problems go to.

use ember_ir::{Element, Move, Op, Quant, Rounding, Shape};

use super::activations::Activation;
use super::numbers::Params;
use super::{Activations, Lowered};
use crate::Problem;
use crate::tflite::flatbuffer::{Field, Malformed, Table};
use crate::tflite::schema::{Model, Operator, Tensor};

/// The help for what no converter writes.
pub(super) const EXPORT_AGAIN: &str = "the file is inconsistent, export the model again";

/// The help for what is done in int8 only.
pub(super) const KEEP_INT8: &str =
    "keep it in int8 between two QUANTIZE, or convert the model with int8 activations";

pub(super) struct Site<'m, 'a> {
    model: &'m Model<'a>,
    operator: &'m Operator<'a>,
    activations: &'m Activations,
    problems: &'m mut Vec<Problem>,
}

impl<'m, 'a> Site<'m, 'a> {
    pub fn new(
        model: &'m Model<'a>,
        operator: &'m Operator<'a>,
        activations: &'m Activations,
        problems: &'m mut Vec<Problem>,
    ) -> Self {
        Self {
            model,
            operator,
            activations,
            problems,
        }
    }

    /// Reports a problem here.
    pub fn problem(&mut self, what: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem {
            place: place(self.model, self.operator),
            what: what.into(),
            help: help.into(),
        });
    }

    /// Whether the model computes in real numbers.
    pub fn is_real(&self) -> bool {
        self.activations.is_real()
    }

    /// The operator's number in the schema.
    pub fn code(&self) -> i32 {
        self.operator.code
    }

    /// Checks the number of operands: some inputs may be left out at the end, one output.
    pub fn operands(&mut self, fewest: usize, most: usize) -> Option<()> {
        let inputs = self.operator.inputs.len();
        let outputs = self.operator.outputs.len();
        if (fewest..=most).contains(&inputs) && outputs == 1 {
            return Some(());
        }
        self.problem(
            format!("it has {inputs} inputs and {outputs} outputs"),
            EXPORT_AGAIN,
        );
        None
    }

    /// The tensor of an operand that may be absent, with its number.
    pub fn optional(&self, slot: usize) -> Option<(usize, &'m Tensor<'a>)> {
        let index = self.operator.inputs.get(slot).copied().flatten()?;
        Some((index, &self.model.tensors[index]))
    }

    /// The tensor of an operand that must be there.
    pub fn required(&mut self, slot: usize) -> Option<(usize, &'m Tensor<'a>)> {
        let found = self.optional(slot);
        if found.is_none() {
            self.problem(format!("its input {slot} is absent"), EXPORT_AGAIN);
        }
        found
    }

    /// The tensor of an operand that changes from sample to sample.
    pub fn activation(&mut self, slot: usize) -> Option<(usize, &'m Activation)> {
        let (index, tensor) = self.required(slot)?;
        if tensor.data.is_some() {
            self.problem(
                format!("its input {slot} is a constant"),
                "fold the constant into the layer before it",
            );
            return None;
        }
        // Otherwise missing ones have been reported as tensors.
        Some((index, self.activations.get(index)?))
    }

    /// All tensors that change from sample to sample, and constants that are read as such.
    pub fn activations(&self) -> &'m Activations {
        self.activations
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.operator.inputs.len()
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.operator.outputs.len()
    }

    /// Whether another operator reads the first output.
    pub fn is_read_on(&self) -> bool {
        let output = self.operator.outputs.first().copied();
        let mut operators = self.model.operators.iter();
        operators.any(|operator| operator.inputs.contains(&output))
    }

    /// What is written; call [`Site::operands`] first.
    pub fn output(&self) -> Option<(usize, &'m Activation)> {
        self.output_at(0)
    }

    /// What is written, of several outputs.
    fn output_at(&self, number: usize) -> Option<(usize, &'m Activation)> {
        let index = *self.operator.outputs.get(number)?;
        Some((index, self.activations.get(index)?))
    }

    /// An attribute, or its default.
    pub fn attribute<T>(
        &mut self,
        field: Field,
        default: T,
        read: fn(&Table<'a>, Field) -> Result<Option<T>, Malformed>,
    ) -> Option<T> {
        let Some(options) = &self.operator.options else {
            return Some(default);
        };
        match read(options, field) {
            Ok(value) => Some(value.unwrap_or(default)),
            Err(error) => {
                self.problem(
                    format!("its attributes are damaged ({error})"),
                    EXPORT_AGAIN,
                );
                None
            }
        }
    }

    /// Whether an input is int16.
    pub fn is_int16(&self, slot: usize) -> bool {
        let tensor = self.operator.inputs.get(slot).copied().flatten();
        tensor.is_some_and(|tensor| self.is_int16_tensor(tensor))
    }

    /// Whether one of its activations is int16.
    pub fn has_int16(&self) -> bool {
        let inputs = self.operator.inputs.iter().copied().flatten();
        let mut tensors = inputs.chain(self.operator.outputs.iter().copied());
        tensors.any(|tensor| self.is_int16_tensor(tensor))
    }

    fn is_int16_tensor(&self, tensor: usize) -> bool {
        let activation = self.activations.get(tensor);
        activation.is_some_and(|activation| activation.element == Element::Int16)
    }

    /// The fused activation in this field.
    pub fn fused(&mut self, field: Field) -> Option<ember_ir::Activation> {
        match self.attribute(field, 0, Table::i8)? {
            0 => Some(ember_ir::Activation::None),
            1 => Some(ember_ir::Activation::Relu),
            3 => Some(ember_ir::Activation::Relu6),
            other => {
                let name = match other {
                    2 => "RELU_N1_TO_1".to_owned(),
                    4 => "TANH".to_owned(),
                    5 => "SIGN_BIT".to_owned(),
                    other => format!("number {other}"),
                };
                self.problem(
                    format!("its fused activation {name} is not supported"),
                    "use none, RELU or RELU6",
                );
                None
            }
        }
    }

    /// Reports an input whose quantisation differs from the output's, for operators that do not
    /// requantise.
    pub fn same_quant(&mut self, input: &Activation) -> Option<()> {
        self.same_quant_at(input, 0)
    }

    /// As [`Self::same_quant`], for one of several outputs.
    pub fn same_quant_at(&mut self, input: &Activation, number: usize) -> Option<()> {
        let (_, output) = self.output_at(number)?;
        if input.quant == output.quant {
            return Some(());
        }
        let [from, to] = [input.quant, output.quant]
            .map(|quant| format!("{} (zero point {})", quant.scale, quant.zero_point));
        self.problem(
            format!("its input has scale {from}, its output {to}; it cannot requantise"),
            "convert the model with equal parameters around this operator",
        );
        None
    }

    /// Reports an output that has other parameters than the operator always gives.
    pub fn fixed_output(&mut self, fixed: Quant) -> Option<()> {
        let (_, output) = self.output()?;
        let Quant { scale, zero_point } = output.quant;
        if output.quant == fixed || self.is_real() {
            return Some(());
        }
        self.problem(
            format!("its output has scale {scale} and zero point {zero_point}"),
            format!(
                "convert the model with its fixed range, scale {} and zero point {}",
                fixed.scale, fixed.zero_point
            ),
        );
        None
    }

    /// The finished operator, once its inferred shape has been compared with the file's.
    pub fn finish(
        &mut self,
        op: Op,
        inputs: &[(usize, &Activation)],
        params: Option<Params>,
    ) -> Option<Lowered> {
        self.finish_at(0, op, inputs, params)
    }

    /// As [`Self::finish`], for one of several outputs.
    pub fn finish_at(
        &mut self,
        number: usize,
        op: Op,
        inputs: &[(usize, &Activation)],
        params: Option<Params>,
    ) -> Option<Lowered> {
        let (output, written) = self.output_at(number)?;
        let shapes: Vec<&Shape> = inputs.iter().map(|(_, input)| &input.shape).collect();
        let shape = match op.output_shape(&shapes) {
            Ok(shape) => shape,
            Err(error) => {
                self.problem(error.to_string(), EXPORT_AGAIN);
                return None;
            }
        };
        let types: Vec<(&Shape, Element)> = inputs
            .iter()
            .map(|(_, input)| (&input.shape, input.element))
            .collect();
        if let Some(problem) = op.int16_problem(&types, (&shape, written.element)) {
            self.problem(problem, KEEP_INT8);
            return None;
        }
        // The IR's vectors may keep axes of 1 in the file; a free reshape puts them back.
        let is_vector = matches!(
            op,
            Op::Dense(_)
                | Op::Mean(_)
                | Op::Reduce(_)
                | Op::ArgMax(_)
                | Op::Move(Move::Slice(_) | Move::Gather(_))
        );
        let fits = match is_vector {
            true => shape.elements() == written.shape.elements(),
            false => shape == written.shape,
        };
        if !fits {
            let what = format!("its output is {shape}, the file says {}", written.shape);
            self.problem(what, EXPORT_AGAIN);
            return None;
        }
        Some(Lowered {
            op,
            inputs: inputs.iter().map(|&(index, _)| index).collect(),
            output,
            params,
            rounding: Rounding::TfLite,
        })
    }
}

/// `operator 3 (CONV_2D, "conv1")`; the name is that of the tensor it writes.
pub(super) fn place(model: &Model<'_>, operator: &Operator<'_>) -> String {
    let name = operator
        .outputs
        .first()
        .map(|&tensor| model.tensors[tensor].name())
        .unwrap_or_default();
    format!(
        "operator {} ({}, \"{}\")",
        operator.index,
        operator.name(),
        name.escape_debug()
    )
}
