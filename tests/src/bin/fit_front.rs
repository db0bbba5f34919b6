//! Measures front ends for sound in QEMU and writes what they cost to `compiler/codegen/src/cost/front.toml`:
//! `cargo run --release -p ember-tests --bin fit_front`, or for some cores or one preference:
//! `… fit_front --prefer size --core cortex-m4`.
#![allow(missing_docs, reason = "a program")]

use std::fs;

use clap::Parser;
use ember_codegen::cost::{cepstra_counts, footprint, front_counts};
use ember_codegen::front::Tables;
use ember_codegen::target::{Board, Core, Prefer};
use ember_tests::arguments::Firmware;
use ember_tests::calibrate::fit::{errors, held_out, least_squares, list};
use ember_tests::firmware::{board, root};
use ember_tests::front::{CEPSTRA, Case, FITTED, fits, planned};
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
     # Bytes of code; instructions per row, sample of a frame, new sample, butterfly, frequency, band and level,\n\
     # and of coefficients beside that per level, coefficient and product.\n";

/// Measures front ends for sound in QEMU and writes what they cost to the cost model's table.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    firmware: Firmware,
}

fn main() -> Result<(), String> {
    let Args { firmware } = Args::parse();
    let preferences = firmware.preferences();
    let path = root().join("compiler/codegen/src/cost/front.toml");
    let failed = |error| format!("{}: {error}", path.display());
    let old = fs::read_to_string(&path).map_err(failed)?;
    let mut text = String::from(HEAD);
    for prefer in Prefer::ALL {
        for (core, measured) in CORES {
            let head = |core: Core| format!("\n[{}.{}]\n", prefer.name(), core.name());
            let lines = match measured {
                Err(twin) => section(&text, &head(twin)),
                Ok(name) if preferences.contains(&prefer) && firmware.wants(core) => {
                    lines(&Board {
                        prefer,
                        ..board(name)
                    })?
                }
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

/// What one front end takes in linked firmware beside its network and its tables.
struct Measured {
    counts: Vec<f64>,
    cepstra_counts: Vec<f64>,
    code_bytes: usize,
    instructions: f64,
}

fn measure(cases: &[Case], board: &Board) -> Result<Vec<Measured>, String> {
    let mut all = Vec::new();
    for case in cases.iter().filter(|case| fits(case, board)) {
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
        let known = network.flash_bytes + tables.bytes();
        all.push(Measured {
            counts: front_counts(front, &tables).to_vec(),
            cepstra_counts: cepstra_counts(front).to_vec(),
            code_bytes: linked.flash.saturating_sub(known),
            instructions: ran?.instructions.saturating_sub(network.instructions) as f64,
        });
    }
    Ok(all)
}

/// The middle between the smallest and the largest.
fn middle(all: &[Measured]) -> usize {
    let bytes = || all.iter().map(|measured| measured.code_bytes);
    (bytes().min().unwrap_or(0) + bytes().max().unwrap_or(0)) / 2
}

/// The factors of one core.
fn lines(board: &Board) -> Result<String, String> {
    let levels = measure(&FITTED, board)?;
    let cepstra = measure(&CEPSTRA, board)?;
    let rows: Vec<Vec<f64>> = levels.iter().map(|m| m.counts.clone()).collect();
    let targets: Vec<f64> = levels.iter().map(|m| m.instructions).collect();
    let factors = least_squares(&rows, &targets, 0.0);
    // What coefficients take beside what levels would.
    let beside = |m: &Measured| {
        let levels: f64 = m.counts.iter().zip(&factors).map(|(x, f)| x * f).sum();
        m.instructions - levels
    };
    let cepstra_rows: Vec<Vec<f64>> = cepstra.iter().map(|m| m.cepstra_counts.clone()).collect();
    let cepstra_targets: Vec<f64> = cepstra.iter().map(beside).collect();
    let cepstra_factors = least_squares(&cepstra_rows, &cepstra_targets, 0.0);
    let bytes = |all: &[Measured]| all.iter().map(|m| m.code_bytes).collect::<Vec<_>>();
    eprintln!(
        "{} {}: code {:?} and {:?}, instructions off by {}, held out {}; of coefficients {}",
        board.prefer.name(),
        board.core.name(),
        bytes(&levels),
        bytes(&cepstra),
        errors(&rows, &targets, &factors),
        held_out(&rows, &targets, 0.0),
        errors(&cepstra_rows, &cepstra_targets, &cepstra_factors)
    );
    Ok(format!(
        "code_bytes = {}\ninstructions = {}\ncepstra_bytes = {}\ncepstra_instructions = {}\n",
        middle(&levels),
        list(&factors),
        middle(&cepstra) as isize - middle(&levels) as isize,
        list(&cepstra_factors)
    ))
}
