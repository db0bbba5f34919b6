//! Measures front ends for sound in QEMU and writes what they cost to `compiler/codegen/src/cost/front.toml`:
//! `cargo run --release -p ember-tests --bin fit_front`, or for some cores or one preference:
//! `… fit_front size cortex-m4`.
#![allow(missing_docs, reason = "a program")]

use std::fs;

use ember_codegen::cost::{footprint, front_counts};
use ember_codegen::front::Tables;
use ember_codegen::target::{Board, Core, Prefer};
use ember_tests::calibrate::fit::{errors, held_out, least_squares, list};
use ember_tests::firmware::{board, root};
use ember_tests::front::{FITTED, fits, planned};
use ember_tests::linked::link;

/// An emulated board per core, or the core that executes the same instructions.
const CORES: [(Core, Result<&str, Core>); 7] = [
    (Core::CortexM0, Ok("microbit")),
    (Core::CortexM0Plus, Err(Core::CortexM0)),
    (Core::CortexM3, Ok("mps2-an385")),
    (Core::CortexM4, Ok("mps2-an386")),
    (Core::CortexM7, Err(Core::CortexM4)),
    (Core::CortexM33, Ok("mps2-an505")),
    (Core::CortexM55, Ok("mps3-an547")),
];

/// The first lines of the table.
const HEAD: &str = "# Fitted by: cargo run --release -p ember-tests --bin fit_front\n\
     # Bytes of code; instructions per row, sample of a frame, new sample, butterfly, frequency, band and level.\n";

fn main() -> Result<(), String> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |prefer: Prefer, core: Core| {
        let no_core = !Core::ALL
            .iter()
            .any(|core| wanted.iter().any(|name| name == core.name()));
        let no_prefer = !Prefer::ALL
            .iter()
            .any(|prefer| wanted.iter().any(|name| name == prefer.name()));
        (no_prefer || wanted.iter().any(|name| name == prefer.name()))
            && (no_core || wanted.iter().any(|name| name == core.name()))
    };
    let path = root().join("compiler/codegen/src/cost/front.toml");
    let failed = |error| format!("{}: {error}", path.display());
    let old = fs::read_to_string(&path).map_err(failed)?;
    let mut text = String::from(HEAD);
    for prefer in Prefer::ALL {
        for (core, measured) in CORES {
            let head = |core: Core| format!("\n[{}.{}]\n", prefer.name(), core.name());
            let lines = match measured {
                Err(twin) => section(&text, &head(twin)),
                Ok(name) if is_wanted(prefer, core) => lines(&Board {
                    prefer,
                    ..board(name)
                })?,
                Ok(_) => section(&old, &head(core)),
            };
            text += &head(core);
            text += &lines;
        }
    }
    fs::write(&path, text).map_err(failed)
}

/// The lines below a head.
fn section(table: &str, head: &str) -> String {
    let (_, rest) = table.split_once(head).unwrap_or_default();
    let end = rest.find("\n[").unwrap_or(rest.len());
    rest[..end].to_owned()
}

/// The factors of one core.
fn lines(board: &Board) -> Result<String, String> {
    let (mut rows, mut targets, mut code) = (Vec::new(), Vec::new(), Vec::new());
    for case in FITTED.iter().filter(|case| fits(case, board)) {
        let planned = planned(case, board.isa());
        let Some(front) = planned.front() else {
            continue;
        };
        let linked = link(&planned, board)?;
        let Some(ran) = linked.ran else {
            return Err(format!("{} is not emulated", board.name));
        };
        let network = footprint(planned.graph(), planned.plan(), board);
        let tables = Tables::new(&front.spec)?;
        code.push(
            linked
                .flash
                .saturating_sub(network.flash_bytes + tables.bytes()),
        );
        rows.push(front_counts(front, &tables).to_vec());
        targets.push(ran?.instructions.saturating_sub(network.instructions) as f64);
    }
    let factors = least_squares(&rows, &targets, 0.0);
    let (least, most) = (code.iter().min(), code.iter().max());
    let bytes = (least.unwrap_or(&0) + most.unwrap_or(&0)) / 2;
    eprintln!(
        "{} {}: code {code:?}, instructions off by {}, held out {}",
        board.prefer.name(),
        board.core.name(),
        errors(&rows, &targets, &factors),
        held_out(&rows, &targets, 0.0)
    );
    Ok(format!(
        "code_bytes = {bytes}\ninstructions = {}\n",
        list(&factors)
    ))
}
