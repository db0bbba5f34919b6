//! Runs samples through a network: by the interpreter on this machine, or by the firmware in QEMU.

use std::path::PathBuf;
use std::time::Duration;

use ember_codegen::cost::Memory;
use ember_codegen::emit::Provenance;
use ember_codegen::interpret::Interpreter;
use ember_codegen::target::{Board, Limits};
use ember_ir::QuantGraph;

use super::build::{self, tool};
use super::package::{self, Sources};
use super::testset::TestSet;
use crate::Error;
use crate::device::qemu;
use crate::progress::Progress;

/// Least time that the emulator gets; each sample adds to it.
const TIME: Duration = Duration::from_secs(120);
const TIME_PER_SAMPLE: Duration = Duration::from_millis(500);

/// The bytes of the outputs of all samples, by the interpreter.
///
/// # Errors
/// A network without an integer form.
pub fn on_host(network: &QuantGraph, samples: &[i8]) -> Result<Vec<i8>, Error> {
    let interpreter = Interpreter::new(network).map_err(Error::usage_of)?;
    let rows = samples.chunks_exact(interpreter.input_len());
    let mut stream = interpreter.start();
    Ok(rows.flat_map(|sample| stream.run(sample)).collect())
}

/// The bytes of the outputs of all samples, by firmware for an emulated board, whose crate is written to `dir`.
///
/// # Errors
/// A network that does not fit, or a tool that fails.
pub fn on_board(
    network: &QuantGraph,
    samples: Vec<i8>,
    board: &Board,
    dir: PathBuf,
    progress: Progress,
) -> Result<Vec<i8>, Error> {
    super::look_ahead(&dir, board)?;
    let limits = Limits::of(board);
    let input = network.graph.tensor(network.graph.inputs[0]);
    let tests = TestSet {
        input_len: input.bytes(),
        samples,
        labels: Vec::new(),
    };
    let count = u32::try_from(tests.count()).unwrap_or(u32::MAX);
    let sources = Sources {
        network,
        board,
        own_board: None,
        limits,
        memory: Memory::Within(limits.ram_bytes),
        hop: None,
        front: None,
        tests: tests.clone(),
        accuracy: None,
        detector: None,
        provenance: Provenance {
            tool_version: env!("CARGO_PKG_VERSION").to_string(),
            ..Provenance::default()
        },
        dir,
    };
    let packed = package::write(sources, progress)?;
    let name = &network.graph.name;
    let built = build::build(&packed.dir, name, board, &limits, progress)?;
    let job = qemu::QemuJob {
        board,
        elf: &built.elf,
        samples: &tests.samples,
        limit: TIME.saturating_add(TIME_PER_SAMPLE.saturating_mul(count)),
    };
    Ok(qemu::run(&job, &mut |_| ()).map_err(tool)?.outputs)
}
