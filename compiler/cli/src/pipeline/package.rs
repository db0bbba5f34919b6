//! From the trained network to the crate on disk: plan, price, refuse what is too large, emit, add the
//! vendored crates, the network's text and the test set.

use std::path::{Path, PathBuf};

use ember_codegen::cost::{Footprint, footprint_of, plan_for};
use ember_codegen::emit::{Golden, Package, Provenance, emit};
use ember_codegen::interpret::Interpreter;
use ember_codegen::plan::Planned;
use ember_codegen::quantize::quantize_sample;
use ember_codegen::target::Limits;
use ember_ir::QuantGraph;
use ember_train::Normalization;

use super::report::thousands;
use super::testset::{Expectations, TestSet};
use super::trained::Record;
use crate::config::Job;
use crate::data::Parts;
use crate::progress::Progress;
use crate::{Error, files, hash, vendor};

/// Golden vectors in the crate: one per class, at most so many.
const GOLDEN: usize = 10;

/// A crate on disk.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Its folder.
    pub dir: PathBuf,
    /// What was predicted for it.
    pub footprint: Footprint,
}

/// Plans, prices and writes the crate of a trained network.
pub fn package(
    job: &Job,
    parts: &Parts,
    network: &QuantGraph,
    record: &Record,
    progress: Progress,
) -> Result<Packed, Error> {
    let plan = plan_for(&network.graph, &job.board.board, job.board.memory())
        .ok_or_else(|| Error::tool("BUG: the chosen network cannot take its input row by row"))?;
    let planned =
        Planned::with_plan(network.clone(), plan, job.board.board.isa()).map_err(Error::tool)?;
    let footprint = footprint_of(&planned, &job.board.board);
    refuse_if_too_large(&footprint, &job.board.limits)?;
    let tests = test_set(network, parts)?;
    let golden = golden(network, &tests)?;
    let provenance = provenance(job, parts, record);
    let board = &job.board.board;
    let mut package =
        emit(&planned, board, &job.board.limits, &provenance, &golden).map_err(Error::tool)?;
    vendor::add(&mut package);
    let expectations = Expectations {
        board: board.name.clone(),
        flash_limit_bytes: job.board.limits.flash_bytes,
        ram_limit_bytes: job.board.limits.ram_bytes,
        accuracy_float: record.accuracy_float,
        accuracy_int8: record.accuracy_int8,
        classes: parts.classes().to_vec(),
        samples: tests.labels.len(),
        arena_bytes: footprint.arena_bytes,
        constant_bytes: footprint.constant_bytes,
        flash_bytes: footprint.flash_bytes,
        macs: footprint.macs,
        cycles_estimate: footprint.cycles_estimate,
    };
    if let Some(text) = &job.board.own_text {
        package
            .files
            .insert("verify/board.toml".into(), text.clone().into_bytes());
    }
    add_tests(&mut package, &job.name, network, &tests, &expectations);
    let dir = job.output.join(&job.name);
    files::write_package(&dir, &package)?;
    progress.say(format!(
        "{:>9} {} files to {}; predicted: {} bytes of flash, {} of RAM, arena {}",
        "emit",
        package.files.len(),
        dir.display(),
        thousands(footprint.flash_bytes),
        thousands(footprint.ram_bytes),
        thousands(footprint.arena_bytes)
    ));
    Ok(Packed { dir, footprint })
}

/// The network as text and the test set: for `emberc verify`, linked into nothing.
fn add_tests(
    package: &mut Package,
    name: &str,
    network: &QuantGraph,
    tests: &TestSet,
    expectations: &Expectations,
) {
    let text = ember_ir::text::print(network);
    package
        .files
        .insert(format!("{name}.ember"), text.into_bytes());
    for (path, bytes) in tests.files(expectations) {
        package.files.insert(path, bytes);
    }
}

/// The table of what takes the room, as an error, if it is more than there is.
pub fn refuse_if_too_large(footprint: &Footprint, limits: &Limits) -> Result<(), Error> {
    let over = |used: usize, limit: usize| used > limit;
    let flash = over(footprint.flash_bytes, limits.flash_bytes);
    let ram = over(footprint.ram_bytes, limits.ram_bytes);
    if !flash && !ram {
        return Ok(());
    }
    let what = match (flash, ram) {
        (true, true) => "flash and RAM",
        (true, false) => "flash",
        _ => "RAM",
    };
    Err(Error::failed(format!(
        "the firmware would need more {what} than the limits allow; nothing was built\n\n{}",
        room(footprint, limits)
    )))
}

/// What takes the room.
pub fn room(footprint: &Footprint, limits: &Limits) -> String {
    let statics = footprint
        .ram_bytes
        .saturating_sub(footprint.arena_bytes + footprint.stack_bytes);
    let rows = [
        ("weights and tables", Some(footprint.constant_bytes), None),
        ("code of the layers", Some(footprint.code_bytes), None),
        ("their calls and shapes", Some(footprint.task_bytes), None),
        (
            "start-up, transport, statics",
            Some(footprint.base_bytes),
            Some(statics),
        ),
        ("arena", None, Some(footprint.arena_bytes)),
        ("stack, upper bound", None, Some(footprint.stack_bytes)),
        (
            "all",
            Some(footprint.flash_bytes),
            Some(footprint.ram_bytes),
        ),
        ("limit", Some(limits.flash_bytes), Some(limits.ram_bytes)),
    ];
    let mut text = format!("  {:<30} {:>12} {:>12}\n", "bytes", "flash", "RAM");
    for (name, flash, ram) in rows {
        let show = |bytes: Option<usize>| bytes.map(thousands).unwrap_or_default();
        text.push_str(&format!(
            "  {name:<30} {:>12} {:>12}\n",
            show(flash),
            show(ram)
        ));
    }
    text
}

/// The test set as the device gets it.
pub fn test_set(network: &QuantGraph, parts: &Parts) -> Result<TestSet, Error> {
    let normalized = parts.test.normalized(&parts.normalization);
    let interpreter = Interpreter::new(network).map_err(Error::tool)?;
    let samples: Vec<i8> = normalized
        .iter()
        .flat_map(|sample| quantize_sample(network, sample))
        .collect();
    Ok(TestSet {
        input_len: interpreter.input_len(),
        samples,
        labels: parts.test.labels.clone(),
    })
}

/// The first sample of each class with what the interpreter makes of it.
fn golden(network: &QuantGraph, tests: &TestSet) -> Result<Vec<Golden>, Error> {
    let interpreter = Interpreter::new(network).map_err(Error::tool)?;
    let mut seen = Vec::new();
    let mut golden = Vec::new();
    for (input, &label) in tests.iter().zip(&tests.labels) {
        if golden.len() < GOLDEN && !seen.contains(&label) {
            seen.push(label);
            golden.push(Golden {
                input: input.to_vec(),
                output: interpreter.run(input),
            });
        }
    }
    Ok(golden)
}

fn provenance(job: &Job, parts: &Parts, record: &Record) -> Provenance {
    let percent =
        |accuracy: f32| format!("{:.2} % of {} samples", 100.0 * accuracy, parts.test.len());
    Provenance {
        tool_version: env!("CARGO_PKG_VERSION").to_string(),
        task: format!("Tells {} classes apart", parts.classes().len()),
        inputs: input_channels(&parts.normalization),
        classes: parts.classes().to_vec(),
        figures: vec![
            (
                "int8 accuracy, test set".into(),
                percent(record.accuracy_int8),
            ),
            (
                "float accuracy, test set".into(),
                percent(record.accuracy_float),
            ),
            ("chosen by the search because".into(), record.why.clone()),
        ],
        config_hash: Some(hash::of(&[&job.text])),
        seed: Some(job.search.seed),
        data: Some(format!(
            "{} (hash {})",
            file_name(&job.data.file),
            parts.hash
        )),
    }
}

/// How a raw value becomes the real value that the input's scale and zero point quantise.
fn input_channels(normalization: &Normalization) -> Vec<String> {
    normalization
        .offset
        .iter()
        .zip(&normalization.scale)
        .map(|(offset, scale)| {
            format!("real = (raw - ({offset})) * {scale}, raw as in the data file")
        })
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
