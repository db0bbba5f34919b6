//! LSTM over a whole sequence from a state of zeros: forward, with the usual gates.

use ember_ir::{FloatParams, Lstm, Move, Op, Real, Shape, Slice};

use crate::onnx::constant::Constant;
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
        && inputs.dims == [1, rows, features]
        && recurrent.dims == [1, rows, hidden]
        && bias.as_ref().is_none_or(|bias| bias.dims == [1, 2 * rows]);
    site.require(
        fits,
        "its weights do not have the shapes of its sizes",
        EXPORT_AGAIN,
    )?;
    site.spend(inputs.len() + recurrent.len())?;
    let params = params(&inputs, &recurrent, bias.as_deref(), hidden);
    let op = Op::Lstm(Lstm {
        hidden,
        cell_bits: CELL_BITS,
        clip: Real::new(f32::INFINITY),
    });
    let name = site.name();
    let own: Vec<usize> = (0..3).collect();
    let tensor = site
        .to
        .stored(&name, &data.view, &own, Shape::from([steps, features]));
    let tensor = site.check(tensor)?;
    let output = site.add(op, &[tensor], Some(params))?;
    // All hidden values, T×directions×1×H or 1×T×directions×H.
    let dims = match is_batch_first {
        true => [1, steps, 1, hidden],
        false => [steps, 1, 1, hidden],
    };
    if site.output(0).is_some_and(|name| !name.is_empty()) {
        let last_too = site.output(1).is_some_and(|name| !name.is_empty());
        let view = View::plain(output, &dims);
        site.set(0, Value::Activation(Data::new(view, !last_too)))?;
    }
    if site.output(1).is_some_and(|name| !name.is_empty()) {
        // The last step's, directions×1×H or 1×directions×H.
        let last = Op::Move(Move::Slice(Slice {
            begin: vec![steps - 1, 0],
            size: vec![1, hidden],
            step: vec![1, 1],
        }));
        let last = site.add(last, &[output], None)?;
        let view = View::plain(last, &[1, 1, hidden]);
        site.set(1, Value::Activation(Data::new(view, true)))?;
    }
    Some(())
}

/// Reports what an LSTM may have that this one may not.
fn supported(site: &mut Site<'_>) -> Option<()> {
    let direction = site.text("direction").unwrap_or("forward").to_owned();
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
        direction == "forward"
            && !site.has("clip")
            && !site.has("activations")
            && !site.has("activation_alpha")
            && !site.has("activation_beta")
            && site.int("input_forget", 0) == 0
            && site.output(2).is_none_or(str::is_empty),
        &format!(
            "it runs {}, has other functions or limits, or its cells are read",
            direction.escape_debug()
        ),
        "a forward LSTM with sigmoids and tangents, whose hidden values are read, is supported",
    )
}

/// Rows of gates, per unit the weights of the inputs, then those of the hidden values; both biases added.
fn params(
    inputs: &Constant,
    recurrent: &Constant,
    bias: Option<&Constant>,
    hidden: usize,
) -> FloatParams {
    let [inputs, recurrent] = [inputs, recurrent].map(Constant::to_floats);
    let features = inputs.len() / (4 * hidden);
    let bias = bias.map_or_else(|| vec![0.0; 8 * hidden], Constant::to_floats);
    let rows = GATES
        .iter()
        .flat_map(|gate| gate * hidden..(gate + 1) * hidden);
    let mut params = FloatParams {
        weights: Vec::with_capacity(inputs.len() + recurrent.len()),
        bias: Vec::with_capacity(4 * hidden),
    };
    for row in rows {
        params
            .weights
            .extend(&inputs[row * features..(row + 1) * features]);
        params
            .weights
            .extend(&recurrent[row * hidden..(row + 1) * hidden]);
        params.bias.push(bias[row] + bias[4 * hidden + row]);
    }
    params
}
