//! One network: its emitted crate is built with the program that counts layers beside its firmware, both
//! run, and each figure stands beside its prediction.

use std::path::Path;

use ember_codegen::cost::footprint_of;
use ember_codegen::emit::{Provenance, emit, profile};
use ember_codegen::plan::Planned;
use ember_codegen::target::{Board, Limits};

use crate::firmware::{device_cargo, run, write_package};
use crate::linked::{run_vectors, sizes};
use crate::models::golden;

/// Inferences that the whole network's instructions are averaged over.
const SAMPLES: usize = 2;

/// A figure and its prediction.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// What the cost model says.
    pub predicted: u64,
    /// What is so.
    pub actual: u64,
}

/// A layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its operator and its name.
    pub name: String,
    /// Executed instructions.
    pub instructions: Pair,
}

/// A network.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its name.
    pub name: String,
    /// Those that execute anything, in order.
    pub layers: Vec<Layer>,
    /// Executed instructions of an inference.
    pub instructions: Pair,
    /// Bytes of code that the layers run.
    pub code: Pair,
    /// Bytes of the whole firmware.
    pub flash: Pair,
}

/// Measures a network. `dir` is the crate's folder, `target` cargo's.
///
/// # Errors
/// What cargo or QEMU printed, or outputs that differ from the interpreter's.
pub fn measure(
    planned: &Planned,
    board: &Board,
    dir: &Path,
    target: &Path,
) -> Result<Measured, String> {
    let vectors = golden(planned, SAMPLES);
    let provenance = Provenance {
        tool_version: "0.1.0".to_owned(),
        ..Provenance::default()
    };
    let mut package = emit(planned, board, &Limits::of(board), &provenance, &vectors)
        .map_err(|error| error.to_string())?;
    let profile = profile(planned).map_err(|error| error.to_string())?;
    profile.add_to(&mut package);
    write_package(&package, dir);
    let args = ["build", "--release", "--features", "firmware", "--bins"];
    device_cargo(dir, target, &board.triple, &args)?;

    let release = target.join(&board.triple).join("release");
    let linked = sizes(&release.join("firmware"), board);
    let ran = run_vectors(board, &release.join("firmware"), dir, &vectors)?;
    let ticks = layer_ticks(&run(board, &release.join("profile"), dir)?);
    if ticks.len() != profile.layers.len() {
        return Err(format!("{} layers were counted", ticks.len()));
    }
    let footprint = footprint_of(planned, board);
    let graph = planned.graph();
    let layers = profile.layers.iter().zip(ticks).map(|(layer, ticks)| {
        let node = &graph.nodes[layer.node];
        Layer {
            name: format!("{} {}", node.op.name(), graph.node_name(node)),
            instructions: Pair {
                predicted: footprint.layers[layer.node].instructions,
                actual: board.instructions(ticks, 1).unwrap_or(0),
            },
        }
    });
    let pair = |predicted: usize, actual: usize| Pair {
        predicted: predicted as u64,
        actual: actual as u64,
    };
    Ok(Measured {
        name: graph.name.clone(),
        layers: layers.collect(),
        instructions: Pair {
            predicted: footprint.instructions,
            actual: ran.instructions,
        },
        code: pair(footprint.code_bytes, linked.code),
        flash: pair(footprint.flash_bytes, linked.flash),
    })
}

/// The ticks of each layer from what the program printed.
fn layer_ticks(printed: &str) -> Vec<u64> {
    let ticks = |line: &str| line.split_once("ticks=")?.1.trim().parse().ok();
    printed.lines().filter_map(ticks).collect()
}
