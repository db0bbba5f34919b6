//! The tensors that change from sample to sample: their shapes without the batch axis and their
//! quantisation.

use std::collections::BTreeMap;

use ember_ir::{ArgMax, Element, Quant, Shape};

use super::MAX_PROBLEMS;
use super::numbers::{FLOAT32, real};
use super::scales::{Refusal, quant};
use crate::Problem;
use crate::tflite::schema::{Model, Tensor};

/// Most elements of one activation; no microcontroller has this much RAM.
const MAX_ELEMENTS: usize = 64 << 20;

/// `BuiltinOperator.ARG_MAX`.
const ARG_MAX: i32 = 56;
/// ADD, CONCATENATION, MUL, SUB, PRELU, MAXIMUM, MINIMUM, BATCH_MATMUL: operators that may read constants as tensors.
const TENSORS: [i32; 8] = [0, 2, 18, 41, 54, 55, 57, 126];

/// `TensorType.INT8` and `INT16`.
pub(super) const INT8: i8 = 9;
const INT16: i8 = 7;

/// One activation.
#[derive(Clone, Debug)]
pub(in crate::tflite) struct Activation {
    /// Without the batch axis.
    pub shape: Shape,
    pub quant: Quant,
    pub element: Element,
}

/// What helps against other numbers than int8.
const INT8_THROUGHOUT: &str =
    "convert the model with full-integer int8 quantisation, inputs and outputs included";
/// What helps against real numbers among int8.
const REAL_WITHIN: &str = "an int8 model may take and give real numbers (QUANTIZE first, DEQUANTIZE last), but \
                           not compute with them in between: convert all of its operators to int8";

/// What tensors of real numbers have until they are quantised.
const REAL: Quant = Quant {
    scale: 1.0,
    zero_point: 0,
};

/// By tensor of the file; `None` for constants and for what was reported.
pub(in crate::tflite) struct Activations {
    of_tensor: Vec<Option<Activation>>,
    is_real: bool,
}

impl Activations {
    /// Reads the graph's inputs and all that operators write.
    pub fn read(model: &Model<'_>, problems: &mut Vec<Problem>) -> Self {
        let mut wanted = vec![false; model.tensors.len()];
        // Tensors that hold indices, whatever their type.
        let mut indices = vec![false; model.tensors.len()];
        for operator in model.operators.iter().filter(|op| op.code == ARG_MAX) {
            for &output in &operator.outputs {
                indices[output] = true;
            }
        }
        let written = model
            .operators
            .iter()
            .flat_map(|operator| &operator.outputs);
        for &tensor in model.inputs.iter().chain(written) {
            wanted[tensor] = true;
        }
        let mut computed = (0..model.tensors.len()).filter(|&at| wanted[at] && !indices[at]);
        let is_real = computed.all(|at| model.tensors[at].element == FLOAT32);
        let mut computed = (0..model.tensors.len()).filter(|&at| wanted[at]);
        let is_mixed = computed.any(|at| [INT8, INT16].contains(&model.tensors[at].element));
        let own = if is_real { FLOAT32 } else { INT8 };
        let fits = |element: i8| element == own || (!is_real && element == INT16);
        // A float model has hundreds of wrong tensors: one line per type says it.
        let mut foreign: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
        let mut activations = vec![None; model.tensors.len()];
        for (index, tensor) in model.tensors.iter().enumerate() {
            if !wanted[index] || problems.len() >= MAX_PROBLEMS {
                continue;
            }
            if indices[index] && tensor.element != own {
                activations[index] = index_tensor(tensor, problems, index);
                continue;
            }
            if !fits(tensor.element) {
                foreign.entry(tensor.type_name()).or_insert((index, 0)).1 += 1;
                continue;
            }
            match activation(tensor, is_real) {
                Ok(activation) => activations[index] = Some(activation),
                Err((what, help)) => problems.push(Problem {
                    place: format!("tensor {index} (\"{}\")", tensor.name().escape_debug()),
                    what,
                    help: help.into(),
                }),
            }
        }
        constants(model, is_real, &mut activations);
        for (kind, (first, count)) in foreign {
            let name = model.tensors[first].name();
            problems.push(Problem {
                place: format!("tensor {first} (\"{}\")", name.escape_debug()),
                what: match count {
                    1 => format!("it is {kind}"),
                    2 => format!("it and one other tensor are {kind}"),
                    _ => format!("it and {} other tensors are {kind}", count - 1),
                },
                help: match is_mixed && model.tensors[first].element == FLOAT32 {
                    true => REAL_WITHIN,
                    false => INT8_THROUGHOUT,
                }
                .into(),
            });
        }
        Self {
            of_tensor: activations,
            is_real,
        }
    }

    /// The activation in this tensor.
    pub fn get(&self, tensor: usize) -> Option<&Activation> {
        self.of_tensor[tensor].as_ref()
    }

    /// Whether all of them are real numbers.
    pub fn is_real(&self) -> bool {
        self.is_real
    }
}

fn activation(tensor: &Tensor<'_>, is_real: bool) -> Result<Activation, Refusal> {
    if tensor.is_variable || tensor.is_sparse {
        return Err((
            "it is a variable or sparse tensor".into(),
            "convert the model without state and without sparse storage",
        ));
    }
    if tensor.data.is_some() {
        return Err((
            "it is written by an operator and constant at once".into(),
            "export the model again",
        ));
    }
    let quant = if is_real { REAL } else { quant(tensor)? };
    let element = match tensor.element {
        INT16 => Element::Int16,
        _ => Element::Int8,
    };
    if element == Element::Int16 && quant.zero_point != 0 {
        return Err((
            format!("its zero point is {}, that of int16 is 0", quant.zero_point),
            "export the model again",
        ));
    }
    Ok(Activation {
        shape: shape(&tensor.shape)?,
        quant,
        element,
    })
}

/// A tensor of indices, which are bytes here.
fn index_tensor(
    tensor: &Tensor<'_>,
    problems: &mut Vec<Problem>,
    index: usize,
) -> Option<Activation> {
    match shape(&tensor.shape) {
        Ok(shape) => {
            let dims = shape.dims();
            let shape = Shape::new(if dims.is_empty() { &[1] } else { dims });
            let quant = ArgMax::QUANT;
            Some(Activation {
                shape,
                quant,
                element: Element::Int8,
            })
        }
        Err((what, help)) => {
            problems.push(Problem {
                place: format!("tensor {index} (\"{}\")", tensor.name().escape_debug()),
                what,
                help: help.into(),
            });
            None
        }
    }
}

/// Adds the constants that element-wise operators and concatenations read as tensors. One that is not as
/// it should be is left out, and its reader reports it.
fn constants(model: &Model<'_>, is_real: bool, activations: &mut [Option<Activation>]) {
    for operator in model
        .operators
        .iter()
        .filter(|op| TENSORS.contains(&op.code))
    {
        let rank = operator
            .outputs
            .first()
            .map_or(0, |&output| model.tensors[output].shape.len());
        for &index in operator.inputs.iter().flatten() {
            let tensor = &model.tensors[index];
            if tensor.data.is_some() && !tensor.is_sparse && (is_real || tensor.element == INT8) {
                activations[index] = constant(tensor, rank, is_real);
            }
        }
    }
}

fn constant(tensor: &Tensor<'_>, rank: usize, is_real: bool) -> Option<Activation> {
    let sizes = tensor.shape.iter().map(|&dim| usize::try_from(dim).ok());
    let mut sizes = sizes.collect::<Option<Vec<_>>>()?;
    // The batch axis, if it has one.
    if sizes.len() == rank && sizes.first() == Some(&1) {
        sizes.remove(0);
    }
    if sizes.is_empty() {
        sizes.push(1);
    }
    let elements = sizes
        .iter()
        .try_fold(1usize, |all, &dim| all.checked_mul(dim));
    let (count, quant) = match is_real {
        true => (real(tensor).map(|values| values.len()), Some(REAL)),
        false => (tensor.data.map(<[u8]>::len), quant(tensor).ok()),
    };
    let whole = elements == count && sizes.len() <= rank.max(1);
    Some(Activation {
        shape: Shape::new(sizes),
        quant: quant.filter(|_| whole)?,
        element: Element::Int8,
    })
}

/// The shape without its batch axis.
fn shape(dims: &[i32]) -> Result<Shape, Refusal> {
    let sizes: Vec<usize> = dims
        .iter()
        .filter_map(|&dim| usize::try_from(dim).ok())
        .collect();
    let elements = sizes
        .iter()
        .try_fold(1usize, |product, &dim| product.checked_mul(dim));
    if sizes.len() != dims.len() || elements == Some(0) {
        return Err((
            format!("its shape {dims:?} has an unknown or empty dimension"),
            "convert the model with a fixed input shape",
        ));
    }
    if elements.is_none_or(|elements| elements > MAX_ELEMENTS) {
        return Err((
            format!("its shape {dims:?} has more than {MAX_ELEMENTS} elements"),
            "reduce the model",
        ));
    }
    match *sizes.as_slice() {
        [] => Err((
            "it is a scalar".into(),
            "give the tensor a batch axis of 1 and a channel axis",
        )),
        // A vector without a batch axis: a reshape may have dropped it.
        [elements] => Ok(Shape::from([elements])),
        [1, ref rest @ ..] => Ok(Shape::new(rest)),
        [batch, ..] => Err((
            format!("its batch axis is {batch} (shape {dims:?})"),
            "convert the model with a batch of 1",
        )),
    }
}
