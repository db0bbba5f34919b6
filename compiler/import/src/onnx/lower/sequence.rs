//! Recurrent layers over a whole sequence from a state of zeros, forward, in reverse or both. In reverse the
//! sequence is turned before and behind the layer; both are two layers, whose values are joined.

use ember_ir::{Concat, FloatParams, Move, Op, Shape, Slice, TensorId};

use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

/// One of ONNX's recurrent operators.
pub(super) struct Kind {
    /// The layer of so many units.
    pub layer: fn(usize) -> Op,
    /// Where the IR's gates are in ONNX's order.
    pub gates: &'static [usize],
    /// Whether the last gate's bias of hidden values is one of its own.
    pub apart: bool,
}

pub(super) fn layers(site: &mut Site<'_>, kind: &Kind) -> Option<()> {
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
    let rows = hidden.checked_mul(kind.gates.len()).unwrap_or(0);
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
        let params = all.of(kind, direction, hidden, features);
        layers.push(site.add((kind.layer)(hidden), &[tensor], Some(params))?);
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

/// Reports what a layer may have that this one may not.
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
        site.require(zeros, &format!("it has {what}"), "export it without")?;
    }
    for name in ["clip", "activation_alpha", "activation_beta"] {
        site.require(
            !site.has(name),
            &format!("it has the attribute {name}"),
            "export it without",
        )?;
    }
    Some(())
}

/// Weights and biases of all layers, in ONNX's order.
struct Gates {
    inputs: Vec<f32>,
    recurrent: Vec<f32>,
    bias: Vec<f32>,
}

impl Gates {
    /// Those of a layer: rows of gates, per unit the weights of the inputs, then those of the hidden values; both
    /// biases added but for what is apart.
    fn of(&self, kind: &Kind, layer: usize, hidden: usize, features: usize) -> FloatParams {
        let rows = kind.gates.len() * hidden;
        let inputs = &self.inputs[layer * rows * features..][..rows * features];
        let recurrent = &self.recurrent[layer * rows * hidden..][..rows * hidden];
        let bias = &self.bias[layer * 2 * rows..][..2 * rows];
        let mut params = FloatParams {
            weights: Vec::with_capacity(inputs.len() + recurrent.len()),
            bias: Vec::with_capacity(rows),
        };
        let gates = kind.gates.iter();
        let order = gates.flat_map(|gate| gate * hidden..(gate + 1) * hidden);
        let joined = if kind.apart { rows - hidden } else { rows };
        for row in order {
            params
                .weights
                .extend(&inputs[row * features..(row + 1) * features]);
            params
                .weights
                .extend(&recurrent[row * hidden..(row + 1) * hidden]);
            let of_hidden = if row < joined { bias[rows + row] } else { 0.0 };
            params.bias.push(bias[row] + of_hidden);
        }
        params.bias.extend(&bias[rows + joined..]);
        params
    }
}
