//! LSTM, GRU and RNN with the usual gates: what tells them apart. [`sequence`](super::sequence) has what they share.

use ember_ir::{Cell, Lstm, Op, Real, Recurrent};

use super::sequence::{Kind, layers};
use crate::onnx::site::{EXPORT_AGAIN, Site};

/// Bits behind the point of the int8 network's cells, which then reach to ±16.
const CELL_BITS: usize = 11;

/// Gates are input, forget, candidate, output here; input, output, forget, candidate there.
pub(super) fn lstm(site: &mut Site<'_>) -> Option<()> {
    usual(site, &["sigmoid", "tanh", "tanh"])?;
    site.require(
        site.output(2).is_none_or(str::is_empty),
        "its cells are read",
        "read its hidden values",
    )?;
    site.require(
        site.int("input_forget", 0) == 0,
        "its input and forget gate are one",
        "export it with a gate of each kind",
    )?;
    let kind = Kind {
        layer: |hidden| {
            Op::Lstm(Lstm {
                hidden,
                cell_bits: CELL_BITS,
                clip: Real::new(f32::INFINITY),
                stateful: false,
            })
        },
        gates: &[0, 2, 3, 1],
        apart: false,
    };
    layers(site, &kind)
}

/// Gates are update, reset, candidate in both.
pub(super) fn gru(site: &mut Site<'_>) -> Option<()> {
    usual(site, &["sigmoid", "tanh"])?;
    let kind = match site.int("linear_before_reset", 0) {
        0 => Kind {
            layer: |hidden| recurrent(Cell::Gru, hidden),
            gates: &[0, 1, 2],
            apart: false,
        },
        _ => Kind {
            layer: |hidden| recurrent(Cell::GruResetAfter, hidden),
            gates: &[0, 1, 2],
            apart: true,
        },
    };
    layers(site, &kind)
}

pub(super) fn rnn(site: &mut Site<'_>) -> Option<()> {
    let names = activations(site)?;
    let all = |wanted: &str| names.iter().all(|name| name == wanted);
    let layer = match (all("tanh"), all("relu")) {
        (true, _) => |hidden| recurrent(Cell::RnnTanh, hidden),
        (false, true) => |hidden| recurrent(Cell::RnnRelu, hidden),
        (false, false) => {
            site.problem(
                format!("its activations are {}", names.join(", ").escape_debug()),
                "tanh or relu in all directions are supported",
            );
            return None;
        }
    };
    let kind = Kind {
        layer,
        gates: &[0],
        apart: false,
    };
    layers(site, &kind)
}

fn recurrent(cell: Cell, hidden: usize) -> Op {
    Op::Recurrent(Recurrent {
        cell,
        hidden,
        stateful: false,
    })
}

/// The names of activations, whose case does not matter; none if they are left out.
fn activations(site: &mut Site<'_>) -> Option<Vec<String>> {
    let names = site.texts("activations");
    let is_list = names.is_some() || !site.has("activations");
    let names = names.unwrap_or_default().iter();
    let names = names.map(|name| name.to_lowercase()).collect();
    site.require(
        is_list,
        "its activations are not a list of names",
        EXPORT_AGAIN,
    )?;
    Some(names)
}

/// Reports activations other than these, which all directions have.
fn usual(site: &mut Site<'_>, wanted: &[&str]) -> Option<()> {
    let names = activations(site)?;
    site.require(
        names.chunks(wanted.len()).all(|names| names == wanted),
        &format!("its activations are {}", names.join(", ").escape_debug()),
        &format!("{} are supported", wanted.join(", ")),
    )
}
