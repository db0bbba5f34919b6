//! One firmware with many layers: the instructions of each from QEMU, the runtime's functions from the
//! ELF.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ember_codegen::cost::constant_bytes;
use ember_codegen::emit::emit_module;
use ember_codegen::plan::Planned;
use ember_codegen::state;
use ember_codegen::target::{Board, Core, Limits};

use crate::firmware::{device_cargo, elf, run, with_repository_paths, write_files};
use crate::linked::helpers;

use super::parts::{part, unique};
use super::{chains, layers};

/// What a core's firmware with many layers tells.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Executed instructions of each layer; 0 for one that was left out.
    pub instructions: Vec<u64>,
    /// An estimate of the cycles of each, on Cortex-M4.
    pub cycles: Vec<u64>,
    /// Bytes of the runtime's functions: module, then for all forms, TfLite, Single, other.
    pub parts: BTreeMap<&'static str, [u64; 4]>,
    /// Bytes of a layer's constants beside its stream, by kernel.
    pub tasks: BTreeMap<String, u64>,
}

impl Measured {
    /// Adds what another firmware of the core tells: more layers, and functions that the first may lack.
    pub fn add(&mut self, other: Self) {
        self.instructions.extend(other.instructions);
        self.cycles.extend(other.cycles);
        for (module, bytes) in other.parts {
            let known = self.parts.entry(module).or_default();
            for (known, bytes) in known.iter_mut().zip(bytes) {
                *known = (*known).max(bytes);
            }
        }
        self.tasks.extend(other.tasks);
    }
}

/// Builds networks of one layer each into one firmware and measures them; those too large for a small
/// flash count nothing.
///
/// # Errors
/// What cargo or QEMU printed.
pub fn measure(
    networks: &[Planned],
    board: &Board,
    dir: &Path,
    target: &Path,
) -> Result<Measured, String> {
    let mut library = String::from("#![no_std]\n");
    let mut calls = String::new();
    let mut arena = 0;
    for (index, network) in networks.iter().enumerate() {
        if !fits(network, board) {
            continue;
        }
        let module = emit_module(network)
            .map_err(|error| error.to_string())?
            .to_string();
        let module = match layers::among_others(index) {
            true => module.replace(WHOLE, ""),
            false => module,
        };
        let statement = match chains::statement(network) {
            Some(statement) => statement,
            None => {
                let call =
                    call(&module).ok_or_else(|| format!("network {index} calls no kernel"))?;
                let name = &network.graph().name;
                format!("ember_runtime::kernels::{call}::<fit::{name}::layers::Layer>(a);")
            }
        };
        let kept = state::bytes(network.graph());
        arena = arena.max(network.plan().arena_bytes + kept);
        let _ = writeln!(library, "{module}");
        let _ = writeln!(calls, "        ({index}, |a| {{ {statement} }}),");
    }
    let main = MAIN
        .replace("ARENA", &arena.to_string())
        // Not the number of layers measured: those that do not fit have numbers as well.
        .replace("COUNT", &networks.len().to_string())
        .replace("CALLS", &calls);
    let config = format!(
        "[target.{}]\nrustflags = {:?}\n",
        board.triple,
        [
            board.rustflags(),
            vec!["-Csymbol-mangling-version=v0".to_owned()]
        ]
        .concat()
    );
    let features = format!("{:?}", board.runtime_features());
    let manifest = MANIFEST
        .replace("FEATURES", &features)
        .replace("LEVEL", board.prefer.opt_level());
    let files: BTreeMap<String, Vec<u8>> = [
        ("Cargo.toml", with_repository_paths(&manifest)),
        (".cargo/config.toml", config),
        ("memory.x", board.memory_x(&Limits::of(board))),
        ("build.rs", crate::suite::BUILD.to_owned()),
        ("src/lib.rs", library),
        ("src/main.rs", main),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.into_bytes()))
    .collect();
    write_files(&files, dir);
    device_cargo(dir, target, &board.triple, &["build", "--release"])?;
    let path = target.join(&board.triple).join("release/fit");
    let printed = run(board, &path, dir)?;
    let mut counts = BTreeMap::new();
    let mut measured = Measured::default();
    for line in printed.lines() {
        let Some((name, number)) = line.split_once(' ') else {
            continue;
        };
        match (name.parse::<usize>(), number.parse::<u64>()) {
            (Ok(index), Ok(ticks)) => drop(counts.insert(index, ticks)),
            (Err(_), Ok(bytes)) => drop(measured.tasks.insert(name.to_owned(), bytes)),
            _ => {}
        }
    }
    let empty = counts
        .get(&networks.len())
        .copied()
        .ok_or("no count of the empty call")?;
    for (index, network) in networks.iter().enumerate() {
        let ticks = match counts.get(&index) {
            Some(ticks) => *ticks,
            None if !fits(network, board) => empty,
            None => return Err(format!("no count of layer {index}")),
        };
        let instructions = board.instructions(ticks.saturating_sub(empty), 1);
        measured.instructions.push(instructions.unwrap_or(0));
    }
    if board.core == Core::CortexM4 {
        measured.cycles = cycles(networks, board, &path)?;
    }
    let elf = elf(&path, board);
    for (name, bytes) in unique(&elf) {
        let Some((module, form)) = part(&name) else {
            eprintln!("  no part has {name}: {bytes} bytes");
            continue;
        };
        measured.parts.entry(module).or_default()[form] += bytes;
    }
    for (module, bytes) in helpers(&elf) {
        measured.parts.entry(module).or_default()[0] = bytes as u64;
    }
    Ok(measured)
}

/// Estimated cycles of each layer; 0 for one that was left out.
fn cycles(networks: &[Planned], board: &Board, elf: &Path) -> Result<Vec<u64>, String> {
    let calls = super::cycles::of_calls(board, elf)?;
    // The empty call comes last.
    let (empty, calls) = calls.split_last().ok_or("no call was traced")?;
    let mut calls = calls.iter();
    let cycles = networks.iter().map(|network| match fits(network, board) {
        false => Ok(0),
        true => calls
            .next()
            .map(|call| call - empty)
            .ok_or("a call was not traced"),
    });
    Ok(cycles.collect::<Result<_, _>>()?)
}

/// Whether a layer is small enough to be measured together with hundreds of others.
fn fits(network: &Planned, board: &Board) -> bool {
    const SMALL_FLASH: u32 = 1 << 20;
    const LARGE_LAYER: usize = 12 << 10;
    let graph = network.graph();
    let bytes: usize = graph
        .nodes
        .iter()
        .map(|node| constant_bytes(graph, node, board.isa()))
        .sum();
    board.flash.bytes >= SMALL_FLASH || bytes < LARGE_LAYER
}

/// The kernel that a module's `infer` calls.
fn call(module: &str) -> Option<&str> {
    let end = module.rfind(":: < layers ::")?;
    module[..end].split_whitespace().next_back()
}

/// What a layer says if all of its operator have channels in whole groups.
const WHOLE: &str = "const WHOLE : bool = true ;";

const MANIFEST: &str = r#"[package]
name = "fit"
version = "0.1.0"
edition = "2024"
[workspace]
[dependencies]
cortex-m = { version = "0.7", features = ["critical-section-single-core"] }
cortex-m-rt = "0.7"
cortex-m-semihosting = "0.6"
ember-runtime = { path = "vendor/ember-runtime", features = FEATURES }
[profile.release]
opt-level = LEVEL
lto = "fat"
codegen-units = 1
panic = "abort"
debug = true
"#;

const MAIN: &str = r#"#![no_std]
#![no_main]
use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m_semihosting::{debug, hprintln};
use ember_runtime::Arena;

type A = Arena<ARENA>;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}

#[cortex_m_rt::exception]
unsafe fn HardFault(_: &cortex_m_rt::ExceptionFrame) -> ! {
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MODEL: A = A::new();
    let layers: &[(usize, fn(&mut A))] = &[
CALLS
    ];
    let mut peripherals = cortex_m::Peripherals::take().unwrap();
    peripherals.SYST.set_clock_source(SystClkSource::Core);
    peripherals.SYST.set_reload(0xff_ffff);
    peripherals.SYST.clear_current();
    peripherals.SYST.enable_counter();
    for (index, layer) in layers {
        fill(MODEL);
        hprintln!("{} {}", index, ticks(MODEL, *layer));
    }
    hprintln!("{} {}", COUNT, ticks(MODEL, |_| ()));
    for (kernel, bytes) in ember_runtime::kernels::TASK_BYTES {
        hprintln!("{} {}", kernel, bytes);
    }
    debug::exit(debug::EXIT_SUCCESS);
    loop {}
}

// Of zeros most sums would be equal, and some loops shorter than they are.
#[inline(never)]
fn fill(arena: &mut A) {
    let mut state = 1u32;
    for byte in arena.get_mut::<0, ARENA>() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as i8;
    }
}

#[inline(never)]
fn ticks(arena: &mut A, layer: fn(&mut A)) -> u32 {
    let before = SYST::get_current();
    core::hint::black_box(layer)(arena);
    before.wrapping_sub(SYST::get_current()) & 0xff_ffff
}
"#;
