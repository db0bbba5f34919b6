//! `emberc boards`.

use ember_codegen::target::{Board, Runner};
use serde_json::{Value, json};

use crate::config::size;
use crate::{Error, boards, output};

/// Prints the boards.
pub fn boards(as_json: bool) -> Result<(), Error> {
    let all = boards::all();
    if as_json {
        return output::json(&json!({ "boards": all.iter().map(object).collect::<Vec<_>>() }));
    }
    let mut text = format!(
        "{:<20} {:<11} {:>9} {:>9}  {:<26} {}\n",
        "board", "core", "flash", "RAM", "target", "runs on"
    );
    for board in &all {
        let runner = match &board.runner {
            Runner::Qemu { machine, .. } => format!("QEMU {machine}"),
            Runner::ProbeRs { chip } => format!("probe-rs {chip}"),
        };
        text.push_str(&format!(
            "{:<20} {:<11} {:>9} {:>9}  {:<26} {runner}\n",
            board.name,
            board.core.title(),
            size::show(board.flash.bytes as usize),
            size::show(board.ram.bytes as usize),
            board.triple,
        ));
    }
    output::text(&text)
}

fn object(board: &Board) -> Value {
    let (runner, machine) = match &board.runner {
        Runner::Qemu { machine, .. } => ("qemu", machine),
        Runner::ProbeRs { chip } => ("probe-rs", chip),
    };
    json!({
        "name": board.name,
        "description": board.description,
        "core": board.core.name(),
        "target": board.triple,
        "flash_bytes": board.flash.bytes,
        "ram_bytes": board.ram.bytes,
        "features": board.features,
        "runner": runner,
        "machine": machine,
    })
}
