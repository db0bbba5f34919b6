//! An emitted crate as linked firmware: what the ELF says about the sizes that were predicted.

use std::path::Path;

use ember_codegen::emit::{Golden, Provenance, emit};
use ember_codegen::plan::Planned;
use ember_codegen::target::{Board, Limits};

use crate::firmware::{Elf, build_firmware, elf, run, work_dir, write_package};
use crate::models::golden;

/// Sizes of linked firmware, in bytes.
#[derive(Clone, Debug)]
pub struct Linked {
    /// Everything in flash.
    pub flash: usize,
    /// Statics in RAM, the arena among them.
    pub ram: usize,
    /// The static that holds the model.
    pub arena: usize,
    /// Weights and other constants.
    pub constants: usize,
    /// The kernels' functions, and the compiler's that they call.
    pub code: usize,
    /// Names of symbols of core's panicking machinery.
    pub panicking: Vec<String>,
    /// What it printed in QEMU, if it ran there with success and gave the golden outputs.
    pub ran: Option<Result<Ran, String>>,
}

/// The compiler's own functions, which cores without the instructions call, by what the cost model calls
/// them.
const HELPERS: [(&str, &[&str]); 3] = [
    ("long_multiply", &["__aeabi_lmul"]),
    (
        "long_shifts",
        &["__aeabi_llsl", "__aeabi_llsr", "__aeabi_lasr"],
    ),
    ("leading_zeros", &["__clzsi2"]),
];

/// Their sizes in an ELF file, in bytes.
pub fn helpers(elf: &Elf) -> Vec<(&'static str, usize)> {
    let sum = |names: &[&str]| {
        let found = elf.symbols.iter().filter(|symbol| {
            let (_, name) = symbol.name.rsplit_once("::").unwrap_or(("", &symbol.name));
            names.contains(&name)
        });
        unique(found.map(|symbol| (symbol.address, symbol.size)))
    };
    let sized = HELPERS.iter().map(|(part, names)| (*part, sum(names)));
    sized.collect()
}

/// A run in QEMU.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Instructions per call.
    pub instructions: u64,
    /// Stack of the whole firmware, in bytes.
    pub stack: usize,
}

/// Builds the firmware of a network and, if the board is an emulator, runs it on golden vectors.
///
/// # Errors
/// What cargo printed, or why the network cannot be emitted.
pub fn link(planned: &Planned, board: &Board) -> Result<Linked, String> {
    let vectors = golden(planned, 4);
    let provenance = Provenance {
        tool_version: "0.1.0".to_owned(),
        ..Provenance::default()
    };
    let limits = Limits::of(board);
    let package =
        emit(planned, board, &limits, &provenance, &vectors).map_err(|e| e.to_string())?;
    let dir = work_dir("linked")
        .join(&board.name)
        .join(&planned.graph().name);
    write_package(&package, &dir);
    let path = build_firmware(&dir, &work_dir("target"), board)?;
    let linked = sizes(&path, board);
    let ran = board
        .qemu_args()
        .map(|_| run_vectors(board, &path, &dir, &vectors));
    // A sample may take several calls.
    let ran = ran.map(|ran| {
        ran.map(|ran| Ran {
            instructions: ran.instructions / planned.calls() as u64,
            ..ran
        })
    });
    Ok(Linked { ran, ..linked })
}

/// What is in linked firmware that has not run.
pub fn sizes(path: &Path, board: &Board) -> Linked {
    let elf = elf(path, board);
    let sum = |belongs: &dyn Fn(&str) -> bool| {
        let found = elf.symbols.iter().filter(|symbol| belongs(&symbol.name));
        unique(found.map(|symbol| (symbol.address, symbol.size)))
    };
    let helpers: usize = helpers(&elf).iter().map(|(_, size)| size).sum();
    Linked {
        flash: usize::try_from(elf.flash_bytes).unwrap_or(usize::MAX),
        ram: usize::try_from(elf.ram_bytes).unwrap_or(usize::MAX),
        arena: sum(&|name| name.ends_with("::MODEL")),
        constants: sum(&|name| name.contains("::params::") && !name.starts_with("ember_runtime")),
        code: sum(&|name| name.starts_with("ember_runtime::")) + helpers,
        panicking: elf
            .symbols
            .iter()
            .filter(|symbol| symbol.name.contains("panicking") || symbol.name.contains("panic_"))
            .map(|symbol| symbol.name.clone())
            .collect(),
        ran: None,
    }
}

/// Sizes of symbols, those of one address counted once.
fn unique(symbols: impl Iterator<Item = (u64, u64)>) -> usize {
    let symbols: std::collections::BTreeMap<u64, u64> = symbols.collect();
    usize::try_from(symbols.values().sum::<u64>()).unwrap_or(usize::MAX)
}

/// Runs firmware in the folder `dir` and compares its outputs with the golden ones.
///
/// # Errors
/// If it fails, or an output differs.
pub fn run_vectors(
    board: &Board,
    elf: &Path,
    dir: &Path,
    vectors: &[Golden],
) -> Result<Ran, String> {
    let bytes = |part: fn(&Golden) -> &Vec<i8>| -> Vec<u8> {
        vectors
            .iter()
            .flat_map(part)
            .map(|value| value.cast_unsigned())
            .collect()
    };
    std::fs::write(dir.join("samples.bin"), bytes(|vector| &vector.input))
        .map_err(|error| error.to_string())?;
    let printed = run(board, elf, dir)?;
    let outputs = std::fs::read(dir.join("outputs.bin")).map_err(|error| error.to_string())?;
    if outputs != bytes(|vector| &vector.output) {
        return Err("the outputs differ from the interpreter's".to_owned());
    }
    let value = |key: &str| -> Result<u64, String> {
        printed
            .split_whitespace()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('=')?.parse().ok())
            .ok_or_else(|| format!("no {key} in {printed:?}"))
    };
    let instructions = board.instructions(value("ticks_total")?, value("samples")?);
    Ok(Ran {
        instructions: instructions.unwrap_or(0),
        stack: usize::try_from(value("stack_bytes")?).unwrap_or(usize::MAX),
    })
}
