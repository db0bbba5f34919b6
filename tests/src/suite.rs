//! One crate with many networks that check themselves against golden vectors, on the host and on a
//! device: one build instead of many.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ember_codegen::emit::{Golden, emit_module};
use ember_codegen::plan::{Isa, Plan, Planned, plan};
use ember_codegen::target::{Board, Limits};
use ember_ir::QuantGraph;

use crate::firmware::{with_repository_paths, write_files};

/// A network with the vectors that it must reproduce.
pub struct Case {
    /// The network; its name is `n` and its number.
    pub planned: Planned,
    /// The vectors.
    pub golden: Vec<Golden>,
}

impl Case {
    /// Number `index` of a suite, with `samples` golden vectors.
    pub fn new(network: QuantGraph, index: usize, samples: usize) -> Self {
        let plan = plan(&network.graph, Isa::Any);
        Self::with_plan(network, plan, index, samples)
    }

    /// As [`Self::new`], under a plan for [`Isa::Any`].
    pub fn with_plan(mut network: QuantGraph, plan: Plan, index: usize, samples: usize) -> Self {
        network.graph.name = format!("n{index}");
        let planned = Planned::with_plan(network, plan, Isa::Any)
            .unwrap_or_else(|e| panic!("network {index}: {e}"));
        let golden = crate::models::golden(&planned, samples);
        Self { planned, golden }
    }
}

/// Writes the crate: `cargo test` checks on the host, the binary `device` on `board`.
pub fn write(cases: &[Case], board: &Board, dir: &Path) {
    let mut files = BTreeMap::new();
    let mut library = LIBRARY.to_owned();
    let mut calls = String::new();
    for (index, case) in cases.iter().enumerate() {
        let module = emit_module(&case.planned).unwrap_or_else(|e| panic!("network {index}: {e}"));
        let _ = write!(
            library,
            "{module}\n#[inline(never)]\nfn check{index}(failed: Failed) -> usize {{\n    \
             one({index}, &mut n{index}::N{index}::new(), include_bytes!(\"n{index}.bin\"), failed)\n}}\n"
        );
        let _ = write!(calls, " + check{index}(failed)");
        let values = case
            .golden
            .iter()
            .flat_map(|golden| golden.input.iter().chain(&golden.output));
        let bytes = values.map(|value| value.cast_unsigned()).collect();
        files.insert(format!("src/n{index}.bin"), bytes);
    }
    let _ = write!(
        library,
        "/// The number of vectors; `failed` hears of those that differ: network, vector.\n\
         pub fn check(failed: Failed) -> usize {{\n    0{calls}\n}}\n"
    );
    let manifest = MANIFEST.replace("FEATURES", &format!("{:?}", board.runtime_features()));
    let config = format!(
        "[target.{}]\nrustflags = {:?}\n",
        board.triple,
        board.rustflags()
    );
    for (path, text) in [
        ("Cargo.toml", with_repository_paths(&manifest)),
        (".cargo/config.toml", config),
        ("memory.x", board.memory_x(&Limits::of(board))),
        ("build.rs", BUILD.to_owned()),
        ("src/lib.rs", library),
        ("src/main.rs", DEVICE.to_owned()),
        ("tests/host.rs", HOST.to_owned()),
    ] {
        files.insert(path.to_owned(), text.into_bytes());
    }
    write_files(&files, dir);
}

const MANIFEST: &str = r#"[package]
name = "suite"
version = "0.1.0"
edition = "2024"
[workspace]
[features]
device = ["dep:cortex-m-rt", "dep:cortex-m-semihosting", "dep:cortex-m"]
[dependencies]
ember-runtime = { path = "vendor/ember-runtime", features = FEATURES }
[target.'cfg(target_os = "none")'.dependencies]
cortex-m = { version = "0.7", features = ["critical-section-single-core"], optional = true }
cortex-m-rt = { version = "0.7", optional = true }
cortex-m-semihosting = { version = "0.6", optional = true }
[[bin]]
name = "device"
path = "src/main.rs"
required-features = ["device"]
test = false
[profile.release]
opt-level = 2
codegen-units = 16
panic = "abort"
"#;

/// The build script of every firmware that tests write.
pub(crate) const BUILD: &str = r#"fn main() {
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::copy("memory.x", format!("{out}/memory.x")).expect("memory.x");
    println!("cargo::rustc-link-search={out}");
    println!("cargo::rerun-if-changed=memory.x");
}
"#;

const LIBRARY: &str = r#"//! Networks that check themselves.
#![no_std]
use ember_runtime::Model;

/// Hears of a vector that differs.
pub type Failed<'a> = &'a dyn Fn(usize, usize);

#[inline(never)]
fn one<M: Model>(network: usize, model: &mut M, vectors: &[u8], failed: Failed) -> usize {
    let mut count = 0;
    for vector in vectors.chunks_exact(M::INPUT_LEN * M::PARTS + M::OUTPUT_LEN) {
        let (input, output) = vector.split_at(M::INPUT_LEN * M::PARTS);
        model.begin();
        model.poison(-86);
        for part in input.chunks_exact(M::INPUT_LEN) {
            for (to, from) in model.input_mut().iter_mut().zip(part) {
                *to = *from as i8;
            }
            model.infer();
        }
        let outputs = (0..M::OUTPUTS).flat_map(|number| model.output_at(number));
        if !outputs.map(|value| *value as u8).eq(output.iter().copied()) {
            failed(network, count);
        }
        count += 1;
    }
    count
}
"#;

const HOST: &str = r#"#[test]
fn all_vectors_are_equal() {
    let count = suite::check(&|network, vector| panic!("network {network}, vector {vector}"));
    println!("checked {count}");
}
"#;

const DEVICE: &str = r#"#![no_std]
#![no_main]
use cortex_m as _;
use cortex_m_semihosting::{debug, hprintln};

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
    let count = suite::check(&|network, vector| hprintln!("differs {} {}", network, vector));
    hprintln!("checked {}", count);
    debug::exit(debug::EXIT_SUCCESS);
    loop {}
}
"#;
