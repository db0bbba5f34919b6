//! Measures a network on an emulated board: the whole inference with the firmware of its crate, layer by
//! layer with a second program beside it, code bytes from the ELF. Next to each figure stands what the
//! cost model predicts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ember_codegen::cost::{LayerCost, Memory, footprint_of, plan_for_network};
use ember_codegen::emit::{Golden, Profile, Provenance, emit, profile};
use ember_codegen::interpret::Interpreter;
use ember_codegen::plan::Planned;
use ember_codegen::target::{Board, Limits, Prefer};
use ember_ir::QuantGraph;
use ember_ir::text::seeded_weights;
use serde::Serialize;

use super::build::{bytes, tool};
use crate::device::elf::Part;
use crate::device::{self, build::BuildJob, qemu};
use crate::progress::Progress;
use crate::{Error, files, vendor};

/// What to measure.
#[derive(Clone, Debug)]
pub struct BenchJob {
    /// The network.
    pub network: QuantGraph,
    /// Where.
    pub board: Board,
    /// How it uses the RAM.
    pub memory: Memory,
    /// Samples to run it on, one after the other; some are drawn if there are none.
    pub samples: Vec<i8>,
    /// Where the crates go, one per network and board.
    pub out: PathBuf,
}

/// What was measured.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Bench {
    /// Name of the network.
    pub model: String,
    /// Name of the board.
    pub board: String,
    /// Name of its core.
    pub core: String,
    /// Executed instructions of one inference, averaged over the samples.
    pub instructions: u64,
    /// The same, predicted.
    pub instructions_predicted: u64,
    /// An estimate of the cycles of one inference, for cores that there is one for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycles_estimate: Option<u64>,
    /// Multiply-accumulates of one inference, padded taps counted.
    pub macs: u64,
    /// Activations.
    pub arena_bytes: usize,
    /// Stack that an inference uses below its caller.
    pub stack_bytes: usize,
    /// Code of the inference: kernels and the routines of the compiler that they call. Not the calls of the
    /// layers, ten bytes or so each: LLVM puts them into the function that measures.
    pub code_bytes: usize,
    /// Code of the layers, predicted.
    pub code_predicted_bytes: usize,
    /// Weights, biases, multipliers, tables.
    pub weight_bytes: usize,
    /// The whole firmware in flash.
    pub flash_bytes: usize,
    /// The same, predicted.
    pub flash_predicted_bytes: usize,
    /// Inferences that were run.
    pub samples: usize,
    /// Whether every output of every sample equals the reference interpreter's.
    pub bit_exact: bool,
    /// In the order in which they run.
    pub layers: Vec<LayerBench>,
}

/// One layer.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LayerBench {
    /// Its name in the network.
    pub name: String,
    /// Its operator.
    pub operator: String,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Executed instructions.
    pub instructions: u64,
    /// The same, predicted.
    pub instructions_predicted: u64,
    /// An estimate of the cycles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycles_estimate: Option<u64>,
    /// Code that it runs; layers of a kind share it, so that all layers' is less than the sum.
    pub code_bytes: usize,
    /// Weights and other constants.
    pub weight_bytes: usize,
}

/// Samples that are drawn where there are none.
const SAMPLES: usize = 4;

/// The longest time that a run may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Names with their type parameters, so that code is found by its layer.
const FLAGS: [&str; 1] = ["-Csymbol-mangling-version=v0"];

/// Emits, builds, runs and reads.
///
/// # Errors
/// If the network cannot be planned or emitted, does not fit the board, or a tool fails.
pub fn bench(job: BenchJob, progress: Progress) -> Result<Bench, Error> {
    let board = &job.board;
    let name = job.network.graph.name.clone();
    let planned = planned(job.network, board, job.memory)?.ok_or_else(|| {
        Error::usage(format!(
            "{name} cannot take its input row by row: its first layers are no convolutions over an image"
        ))
    })?;
    let footprint = footprint_of(&planned, board);
    super::package::refuse_if_too_large(&footprint, &Limits::of(board))?;
    let interpreter = Interpreter::new(planned.network()).map_err(Error::usage_of)?;
    let samples = match job.samples.is_empty() {
        true => seeded_weights(1, SAMPLES * interpreter.input_len()),
        false => job.samples,
    };
    let mut stream = interpreter.start();
    let golden: Vec<Golden> = samples
        .chunks_exact(interpreter.input_len())
        .map(|input| Golden {
            input: input.to_vec(),
            output: stream.run(input),
        })
        .collect();

    let profile = profile(&planned).map_err(Error::usage_of)?;
    let how = match job.memory {
        Memory::Whole | Memory::Within(_) => "",
        Memory::Rows(_) => "-rows",
        Memory::Fed => "-fed",
    };
    let small = match board.prefer {
        Prefer::Speed => "",
        Prefer::Size => "-size",
    };
    let dir = job.out.join(format!("{name}-{}{how}{small}", board.name));
    write(&planned, board, &golden, &profile, &dir)?;
    let stage = progress.stage("bench", 0);
    let build = |program| {
        let job = BuildJob {
            crate_dir: &dir,
            triple: &board.triple,
            // Its own: cargo tells crates of one name in one target folder apart by time stamps only.
            target_dir: None,
            program,
            rustflags: &FLAGS,
        };
        device::build::build(&job, &mut |line| stage.at(0, line.trim().to_string())).map_err(tool)
    };
    let elf = build(device::build::FIRMWARE)?;
    let sizes = device::elf::read(&elf, board, &name).map_err(tool)?;
    let run = qemu::QemuJob {
        board,
        elf: &elf,
        samples: &samples,
        limit: LIMIT,
    };
    let run = qemu::run(&run, &mut |_| ()).map_err(tool)?;
    let ticks = qemu::profile(board, &build("profile")?, LIMIT).map_err(tool)?;
    stage.done(format!("{name} on {}", board.name));

    let expected = golden.iter().flat_map(|golden| &golden.output);
    let instructions = |ticks, runs| board.instructions(ticks, runs).unwrap_or(0);
    let layers = profile.layers.iter().zip(ticks).map(|(layer, ticks)| {
        let graph = planned.graph();
        let node = &graph.nodes[layer.node];
        let cost: LayerCost = footprint.layers[layer.node];
        LayerBench {
            name: graph.node_name(node).to_string(),
            operator: node.op.name().to_string(),
            macs: cost.macs,
            instructions: instructions(ticks, 1),
            instructions_predicted: cost.instructions,
            cycles_estimate: cost.cycles_estimate,
            code_bytes: cost.code_bytes,
            weight_bytes: cost.constant_bytes,
        }
    });
    Ok(Bench {
        core: board.core.name().to_string(),
        instructions: instructions(run.transcript.ticks_total, run.transcript.samples),
        instructions_predicted: footprint.instructions,
        cycles_estimate: footprint.cycles_estimate,
        macs: footprint.macs,
        arena_bytes: bytes(sizes.arena_bytes),
        stack_bytes: bytes(run.transcript.stack_infer_bytes),
        code_bytes: [Part::Model, Part::Compiler]
            .iter()
            .filter_map(|part| sizes.parts.get(part))
            .map(|&size| bytes(size))
            .sum(),
        code_predicted_bytes: footprint.code_bytes,
        weight_bytes: bytes(sizes.constant_bytes),
        flash_bytes: bytes(sizes.flash_bytes),
        flash_predicted_bytes: footprint.flash_bytes,
        samples: golden.len(),
        bit_exact: run.outputs.iter().eq(expected),
        layers: layers.collect(),
        board: board.name.clone(),
        model: name,
    })
}

/// A network with its plan; `None` if its input cannot come row by row.
///
/// # Errors
/// If it cannot be lowered.
pub fn planned(
    network: QuantGraph,
    board: &Board,
    memory: Memory,
) -> Result<Option<Planned>, Error> {
    let by_layers = Planned::new(network.clone(), board.isa()).map_err(Error::usage_of)?;
    plan_for_network(&network.graph, by_layers.layers(), board, memory)
        .map(|plan| Planned::with_plan(network, plan, board.isa()).map_err(Error::usage_of))
        .transpose()
}

/// The crate, with the program that counts.
fn write(
    planned: &Planned,
    board: &Board,
    golden: &[Golden],
    profile: &Profile,
    dir: &Path,
) -> Result<(), Error> {
    let provenance = Provenance {
        tool_version: env!("CARGO_PKG_VERSION").to_string(),
        ..Provenance::default()
    };
    let mut package =
        emit(planned, board, &Limits::of(board), &provenance, golden).map_err(Error::usage_of)?;
    vendor::add(&mut package);
    profile.add_to(&mut package);
    files::write_package(dir, &package)
}
