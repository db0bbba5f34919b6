//! UNIDIRECTIONAL_SEQUENCE_LSTM with four gates, without peepholes, projection and layer norms. Inputs:
//! a sequence, 4 + 4 weights (input, forget, candidate, output gate; of inputs, of hidden values), 4
//! biases, hidden and cell state. The states are variable tensors, which hold zeros before an inference.

use ember_ir::{Lstm, Op, Quant, Real};

use super::Lowered;
use super::numbers::{Biases, Numbers};
use super::scales::quant;
use super::site::{EXPORT_AGAIN, Site};
use super::weights::Weights;
use crate::tflite::flatbuffer::Table;
use crate::tflite::names::type_name;

const ACTIVATION: u16 = 0;
const CELL_CLIP: u16 = 1;
const PROJECTION_CLIP: u16 = 2;
const TIME_MAJOR: u16 = 3;
const DIAGONAL: u16 = 5;

/// Operands.
const INPUT_WEIGHTS: usize = 1;
const RECURRENT_WEIGHTS: usize = 5;
const BIASES: usize = 12;
const HIDDEN_STATE: usize = 18;
const CELL_STATE: usize = 19;
/// Peephole weights, projection, layer norm coefficients.
const UNUSED: [usize; 9] = [9, 10, 11, 16, 17, 20, 21, 22, 23];

/// `ActivationFunctionType.TANH`.
const TANH: i8 = 4;
/// Bits behind the point of the cells of a network that is quantised here: as converters choose them.
const CELL_BITS: usize = 11;
/// `TensorType.INT16`.
const INT16: i8 = 7;
const GATES: usize = 4;

pub(super) fn lower(site: &mut Site<'_, '_>) -> Option<Lowered> {
    site.operands(20, 24)?;
    attributes(site)?;
    let input = site.activation(0)?;
    let inputs = input.1.shape.dims().last().copied().unwrap_or(0);
    let weights: [Option<Weights<2>>; GATES] =
        [0, 1, 2, 3].map(|gate| site.weights_of::<2>(INPUT_WEIGHTS + gate, 0));
    let recurrent: [Option<Weights<2>>; GATES] =
        [0, 1, 2, 3].map(|gate| site.weights_of::<2>(RECURRENT_WEIGHTS + gate, 0));
    let (weights, recurrent) = (all(weights)?, all(recurrent)?);
    let hidden = recurrent[0].shape[0];
    let biases = [0, 1, 2, 3].map(|gate| site.bias_of(BIASES + gate, hidden));
    let biases = all(biases)?;
    let shapes_fit = weights.iter().all(|gate| gate.shape == [hidden, inputs])
        && recurrent.iter().all(|gate| gate.shape == [hidden, hidden]);
    if !shapes_fit {
        let what = format!("its weights are not all {hidden}×{inputs} and {hidden}×{hidden}");
        site.problem(what, EXPORT_AGAIN);
        return None;
    }
    if weights
        .iter()
        .chain(&recurrent)
        .any(|gate| matches!(&gate.numbers, Numbers::Int { scales, .. } if scales.len() != 1))
    {
        site.problem(
            "its weights have a scale per channel",
            "convert the model with one scale per weight tensor",
        );
        return None;
    }
    let cell_bits = states(site)?;
    let clip = match site.attribute(CELL_CLIP, 0.0, Table::f32)? {
        clip if clip > 0.0 => clip,
        _ => f32::INFINITY,
    };
    let op = Op::Lstm(Lstm {
        hidden,
        cell_bits,
        clip: Real::new(clip),
        stateful: false,
    });
    let gates = weights.iter().zip(&recurrent);
    let gates = gates.map(|(weights, recurrent)| [&weights.numbers, &recurrent.numbers]);
    let numbers = joined(&gates.collect::<Vec<_>>(), [inputs, hidden])?;
    let params = numbers.with(all_biases(&biases))?;
    site.finish(op, &[input], Some(params))
}

/// Per gate and unit the weights of the inputs, then those of the hidden values.
fn joined(gates: &[[&Numbers; 2]], columns: [usize; 2]) -> Option<Numbers> {
    fn rows<T: Copy>(gates: &[[&[T]; 2]], [inputs, hidden]: [usize; 2]) -> Vec<T> {
        let rows = gates.iter().flat_map(|[weights, recurrent]| {
            let rows = weights.chunks_exact(inputs);
            rows.zip(recurrent.chunks_exact(hidden))
        });
        rows.flat_map(|(x, h)| x.iter().chain(h)).copied().collect()
    }
    let (mut ints, mut reals, mut all_scales) = (Vec::new(), Vec::new(), Vec::new());
    for gate in gates {
        match gate {
            [
                Numbers::Int { values, scales },
                Numbers::Int {
                    values: recurrent,
                    scales: recurrent_scales,
                },
            ] => {
                ints.push([values.as_slice(), recurrent.as_slice()]);
                all_scales.extend([scales[0], recurrent_scales[0]]);
            }
            [Numbers::Real(values), Numbers::Real(recurrent)] => {
                reals.push([values.as_slice(), recurrent.as_slice()]);
            }
            [Numbers::Int { .. }, Numbers::Real(_)] | [Numbers::Real(_), Numbers::Int { .. }] => {
                return None;
            }
        }
    }
    Some(match reals.is_empty() {
        true => Numbers::Int {
            values: rows(&ints, columns),
            scales: all_scales,
        },
        false => Numbers::Real(rows(&reals, columns)),
    })
}

/// Those of all gates, which are of one kind.
fn all_biases(gates: &[Biases]) -> Biases {
    let (mut ints, mut reals) = (Vec::new(), Vec::new());
    for gate in gates {
        match gate {
            Biases::Int(values) => ints.extend(values),
            Biases::Real(values) => reals.extend(values),
        }
    }
    match reals.is_empty() {
        true => Biases::Int(ints),
        false => Biases::Real(reals),
    }
}

/// Refuses what is not computed.
fn attributes(site: &mut Site<'_, '_>) -> Option<()> {
    let activation = site.attribute(ACTIVATION, 0, Table::i8)?;
    let time_major = site.attribute(TIME_MAJOR, 0, Table::u8)?;
    let diagonal = site.attribute(DIAGONAL, 0, Table::u8)?;
    let projection_clip = site.attribute(PROJECTION_CLIP, 0.0, Table::f32)?;
    let extras = UNUSED.iter().any(|&slot| site.optional(slot).is_some());
    for (wrong, what, help) in [
        (
            activation != TANH,
            "its activation is not TANH",
            "use the standard LSTM",
        ),
        (
            time_major != 0,
            "its time axis comes first",
            "use time_major=False",
        ),
        (
            extras || diagonal != 0 || projection_clip > 0.0,
            "it has peepholes, a projection or layer norms",
            "use the standard LSTM",
        ),
    ] {
        if wrong {
            site.problem(what, help);
            return None;
        }
    }
    Some(())
}

/// Checks both states; the bits behind the point of cells.
fn states(site: &mut Site<'_, '_>) -> Option<usize> {
    if site.is_real() {
        return Some(CELL_BITS);
    }
    let output = site.output()?.1.quant;
    let (hidden, _) = state(site, HIDDEN_STATE)?;
    let (cell, kind) = state(site, CELL_STATE)?;
    if hidden != output {
        site.problem(
            "its hidden state and its output differ in scale or zero point",
            "convert the model again with a current converter",
        );
        return None;
    }
    let bits = (0..=15).find(|&bits| cell.scale == 0.5f32.powi(bits));
    let Some(bits) = bits.filter(|_| kind == INT16 && cell.zero_point == 0) else {
        let what = format!(
            "its cell state is {} with scale {}",
            type_name(kind),
            cell.scale
        );
        let help = "convert the model with int16 cells, whose scale is a power of two up to 1";
        site.problem(what, help);
        return None;
    };
    usize::try_from(bits).ok()
}

/// The quantisation and the element type of a variable tensor.
fn state(site: &mut Site<'_, '_>, slot: usize) -> Option<(Quant, i8)> {
    let (index, tensor) = site.required(slot)?;
    match quant(tensor) {
        Ok(quant) => Some((quant, tensor.element)),
        Err((what, help)) => {
            site.problem(
                format!("its state is refused (tensor {index}: {what})"),
                help,
            );
            None
        }
    }
}

fn all<T>(parts: [Option<T>; GATES]) -> Option<Vec<T>> {
    parts.into_iter().collect()
}
