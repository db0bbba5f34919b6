//! LSTM over a whole sequence from a state of zeros, forward, in reverse or both, with the usual gates. In
//! reverse the sequence is turned before and behind the layer; both are two layers, whose values are joined.

use ember_ir::{Concat, FloatParams, Lstm, Move, Op, Real, Shape, Slice, TensorId};

use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

/// Where the IR's gates (input, forget, candidate, output) are in ONNX's order (input, output, forget,
/// candidate).
const GATES: [usize; 4] = [0, 2, 3, 1];

/// Bits behind the point of the int8 network's cells, which then reach to ±16.
const CELL_BITS: usize = 11;

pub(super) fn lstm(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let inputs = site.constant(1, "weights")?;
    let recurrent = site.constant(2, "recurrent weights")?;
    let bias = site.optional(3, "bias")?;
    // Whether each layer runs in reverse.
    let directions: &[bool] = match site.text("direction").unwrap_or("forward") {
        "reverse" => &[true],
        "bidirectional" => &[false, true],
        _ => &[false],
    };
    let count = directions.len();
    supported(site)?;
    // T×1×N, or 1×T×N with layout 1.
    let is_batch_first = site.int("layout", 0) != 0;
    let sizes = data.view.sizes();
    let [steps, batch] = match (sizes.as_slice(), is_batch_first) {
        (&[steps, batch, _], false) | (&[batch, steps, _], true) => [steps, batch],
        _ => [0, 0],
    };
    site.require(
        steps > 0 && batch == 1,
        &format!("its input has the shape {sizes:?}"),
        "export the model for a batch of 1",
    )?;
    let hidden = usize::try_from(site.int("hidden_size", 0)).unwrap_or(0);
    let features = sizes[2];
    let rows = hidden.checked_mul(4).unwrap_or(0);
    let fits = hidden > 0
        && inputs.dims == [count, rows, features]
        && recurrent.dims == [count, rows, hidden]
        && bias
            .as_ref()
            .is_none_or(|bias| bias.dims == [count, 2 * rows]);
    site.require(
        fits,
        "its weights do not have the shapes of its sizes",
        EXPORT_AGAIN,
    )?;
    site.spend(inputs.len() + recurrent.len())?;
    let name = site.name();
    let own: Vec<usize> = (0..3).collect();
    let tensor = site
        .to
        .stored(&name, &data.view, &own, Shape::from([steps, features]));
    let tensor = site.check(tensor)?;
    let all = Gates {
        inputs: inputs.to_floats(),
        recurrent: recurrent.to_floats(),
        bias: bias.map_or_else(|| vec![0.0; 2 * rows * count], |bias| bias.to_floats()),
    };
    let mut layers = Vec::with_capacity(count);
    for (direction, &is_reverse) in directions.iter().enumerate() {
        let tensor = match is_reverse {
            true => site.add(reversed(steps, features), &[tensor], None)?,
            false => tensor,
        };
        let op = Op::Lstm(Lstm {
            hidden,
            cell_bits: CELL_BITS,
            clip: Real::new(f32::INFINITY),
        });
        let params = all.of(direction, hidden, features);
        layers.push(site.add(op, &[tensor], Some(params))?);
    }
    let [all_wanted, last_wanted] =
        [0, 1].map(|slot| site.output(slot).is_some_and(|name| !name.is_empty()));
    if all_wanted {
        // T×directions×1×H or 1×T×directions×H.
        let dims = match is_batch_first {
            true => [1, steps, count, hidden],
            false => [steps, count, 1, hidden],
        };
        let mut parts = Vec::with_capacity(count);
        for (&layer, &is_reverse) in layers.iter().zip(directions) {
            parts.push(match is_reverse {
                true => site.add(reversed(steps, hidden), &[layer], None)?,
                false => layer,
            });
        }
        let view = View::plain(joined(site, &parts)?, &dims);
        site.set(0, Value::Activation(Data::new(view, !last_wanted)))?;
    }
    if last_wanted {
        // The last step's of each layer, directions×1×H or 1×directions×H.
        let dims = match is_batch_first {
            true => [1, count, hidden],
            false => [count, 1, hidden],
        };
        let mut parts = Vec::with_capacity(count);
        for &layer in &layers {
            let last = Op::Move(Move::Slice(Slice {
                begin: vec![steps - 1, 0],
                size: vec![1, hidden],
                step: vec![1, 1],
            }));
            parts.push(site.add(last, &[layer], None)?);
        }
        let view = View::plain(joined(site, &parts)?, &dims);
        site.set(1, Value::Activation(Data::new(view, true)))?;
    }
    Some(())
}

/// Steps from the last to the first.
fn reversed(steps: usize, features: usize) -> Op {
    Op::Move(Move::Slice(Slice {
        begin: vec![steps - 1, 0],
        size: vec![steps, features],
        step: vec![-1, 1],
    }))
}

/// Values of all layers, step by step.
fn joined(site: &mut Site<'_>, parts: &[TensorId]) -> Option<TensorId> {
    match parts {
        &[part] => Some(part),
        parts => site.add(Op::Move(Move::Concat(Concat { axis: 1 })), parts, None),
    }
}

/// Reports what an LSTM may have that this one may not.
fn supported(site: &mut Site<'_>) -> Option<()> {
    for (slot, what) in [
        (4, "lengths of sequences"),
        (5, "an initial state"),
        (6, "an initial cell"),
        (7, "peepholes"),
    ] {
        let zeros = match site.value(slot) {
            None => true,
            Some(Value::Constant(constant)) => {
                slot != 4 && constant.to_floats().iter().all(|&x| x == 0.0)
            }
            Some(_) => false,
        };
        site.require(zeros, &format!("it has {what}"), "leave them out")?;
    }
    site.require(
        !site.has("clip")
            && !site.has("activations")
            && !site.has("activation_alpha")
            && !site.has("activation_beta")
            && site.int("input_forget", 0) == 0
            && site.output(2).is_none_or(str::is_empty),
        "it has other functions or limits, or its cells are read",
        "an LSTM with sigmoids and tangents, whose hidden values are read, is supported",
    )
}

/// Weights and biases of all layers, in ONNX's order.
struct Gates {
    inputs: Vec<f32>,
    recurrent: Vec<f32>,
    bias: Vec<f32>,
}

impl Gates {
    /// Those of a layer: rows of gates, per unit the weights of the inputs, then those of the hidden values; both
    /// biases added.
    fn of(&self, layer: usize, hidden: usize, features: usize) -> FloatParams {
        let rows = 4 * hidden;
        let inputs = &self.inputs[layer * rows * features..][..rows * features];
        let recurrent = &self.recurrent[layer * rows * hidden..][..rows * hidden];
        let bias = &self.bias[layer * 2 * rows..][..2 * rows];
        let mut params = FloatParams {
            weights: Vec::with_capacity(inputs.len() + recurrent.len()),
            bias: Vec::with_capacity(rows),
        };
        let order = GATES
            .iter()
            .flat_map(|gate| gate * hidden..(gate + 1) * hidden);
        for row in order {
            params
                .weights
                .extend(&inputs[row * features..(row + 1) * features]);
            params
                .weights
                .extend(&recurrent[row * hidden..(row + 1) * hidden]);
            params.bias.push(bias[row] + bias[rows + row]);
        }
        params
    }
}
