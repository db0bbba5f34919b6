//! One firmware with all layers: every layer's code from the ELF, its instructions from QEMU.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ember_codegen::cost::constant_bytes;
use ember_codegen::emit::emit_module;
use ember_codegen::plan::Planned;
use ember_codegen::target::{Board, Limits};

use crate::firmware::{device_cargo, elf, run, with_repository_paths, write_files};

/// A measured layer.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Bytes of its functions.
    pub code_bytes: u64,
    /// Executed instructions.
    pub instructions: u64,
}

/// Builds networks of one layer each into one firmware and measures them; those too large for a small
/// flash count nothing. `opt_level` is cargo's.
///
/// # Errors
/// What cargo or QEMU printed.
pub fn measure(
    networks: &[Planned],
    board: &Board,
    opt_level: &str,
    dir: &Path,
    target: &Path,
) -> Result<Vec<Measured>, String> {
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
        let call = call(&module).ok_or_else(|| format!("network {index} calls no kernel"))?;
        arena = arena.max(network.plan().arena_bytes);
        let _ = writeln!(library, "{module}");
        let _ = writeln!(
            calls,
            "        ({index}, |a| ember_runtime::kernels::{call}::<fit::{}::layers::Layer>(a)),",
            network.graph().name
        );
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
    let features = format!("{:?}", board.features);
    let manifest = MANIFEST
        .replace("FEATURES", &features)
        .replace("LEVEL", opt_level);
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
    let elf = elf(&path, board);
    let mut counts = BTreeMap::new();
    for line in printed.lines() {
        let Some((index, ticks)) = line.split_once(' ') else {
            continue;
        };
        if let (Ok(index), Ok(ticks)) = (index.parse::<usize>(), ticks.parse::<u64>()) {
            counts.insert(index, ticks);
        }
    }
    let empty = counts
        .get(&networks.len())
        .copied()
        .ok_or("no count of the empty call")?;
    (0..networks.len())
        .map(|index| {
            let name = format!("::{}::layers::Layer", networks[index].graph().name);
            let code = elf
                .symbols
                .iter()
                .filter(|symbol| symbol.name.contains(&name));
            let ticks = match counts.get(&index) {
                Some(ticks) => *ticks,
                None if !fits(&networks[index], board) => empty,
                None => return Err(format!("no count of layer {index}")),
            };
            Ok(Measured {
                code_bytes: code.map(|symbol| symbol.size).sum(),
                instructions: board
                    .instructions(ticks.saturating_sub(empty), 1)
                    .unwrap_or(0),
            })
        })
        .collect()
}

/// Whether a layer is small enough to be measured together with hundreds of others.
fn fits(network: &Planned, board: &Board) -> bool {
    const SMALL_FLASH: u32 = 1 << 20;
    const LARGE_LAYER: usize = 12 << 10;
    let graph = network.graph();
    let bytes: usize = graph
        .nodes
        .iter()
        .map(|node| constant_bytes(graph, node))
        .sum();
    board.flash.bytes >= SMALL_FLASH || bytes < LARGE_LAYER
}

/// The measurements of an earlier run if `reuse` is set and there was one, else those of `measure`, kept for later.
///
/// # Errors
/// As `measure`, or if the file cannot be read or written.
pub fn cached(
    reuse: bool,
    file: &Path,
    measure: impl FnOnce() -> Result<Vec<Measured>, String>,
) -> Result<Vec<Measured>, String> {
    if reuse && file.exists() {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        let numbers = text.lines().filter_map(|line| line.split_once(' '));
        return numbers
            .map(|(code, instructions)| {
                let number = |text: &str| text.parse().map_err(|e| format!("{text}: {e}"));
                Ok(Measured {
                    code_bytes: number(code)?,
                    instructions: number(instructions)?,
                })
            })
            .collect();
    }
    let measured = measure()?;
    let line = |m: &Measured| format!("{} {}\n", m.code_bytes, m.instructions);
    let text: String = measured.iter().map(line).collect();
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(measured)
}

/// The kernel that a module's `infer` calls.
fn call(module: &str) -> Option<&str> {
    let end = module.rfind(":: < layers ::")?;
    module[..end].split_whitespace().next_back()
}

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
        hprintln!("{} {}", index, ticks(MODEL, *layer));
    }
    hprintln!("{} {}", COUNT, ticks(MODEL, |_| ()));
    debug::exit(debug::EXIT_SUCCESS);
    loop {}
}

#[inline(never)]
fn ticks(arena: &mut A, layer: fn(&mut A)) -> u32 {
    let before = SYST::get_current();
    core::hint::black_box(layer)(arena);
    before.wrapping_sub(SYST::get_current()) & 0xff_ffff
}
"#;
