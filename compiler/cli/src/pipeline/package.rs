//! From an int8 network to the crate on disk: plan, price, refuse what is too large, emit, add the
//! vendored crates, the network's text and the test set.

use std::path::PathBuf;

use ember_codegen::cost::{Footprint, Memory, footprint_of, plan_for};
use ember_codegen::emit::{Golden, Package, Provenance, emit};
use ember_codegen::front::Front;
use ember_codegen::interpret::Interpreter;
use ember_codegen::plan::Planned;
use ember_codegen::quantize::quantize_sample;
use ember_codegen::steps;
use ember_codegen::target::{Board, Limits};
use ember_codegen::text::reads_bytes;
use ember_ir::QuantGraph;

use super::provenance::{detector, provenance};
use super::report::thousands;
use super::testset::{Detector, Expectations, Heard, TestSet};
use super::trained::Record;
use crate::config::Job;
use crate::data::Parts;
use crate::progress::Progress;
use crate::{Error, files, vendor};

/// Golden vectors in the crate: one per class where classes are known, at most so many.
const GOLDEN: usize = 10;

/// In the crate: the network for whole samples, where that of the crate takes them step by step.
pub const WHOLE: &str = "verify/whole.ember";

/// A crate on disk.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Its folder.
    pub dir: PathBuf,
    /// What was predicted for it.
    pub footprint: Footprint,
}

/// Everything that a crate is made from.
#[derive(Clone, Debug)]
pub struct Sources<'a> {
    /// The network; its name is the crate's.
    pub network: &'a QuantGraph,
    /// Where it shall run.
    pub board: &'a Board,
    /// The board's own text, if it is not one of those that emberc knows.
    pub own_board: Option<&'a str>,
    /// What the firmware may take.
    pub limits: Limits,
    /// How it may use the RAM.
    pub memory: Memory,
    /// Steps of a sample that come at a time: then the network is for whole samples, the crate for steps.
    pub hop: Option<usize>,
    /// What makes its input out of sound.
    pub front: Option<Front>,
    /// What `emberc verify` runs.
    pub tests: TestSet,
    /// Of the float and of the int8 network on the tests, if these are labelled.
    pub accuracy: Option<[f32; 2]>,
    /// Of a network that finds anomalies.
    pub detector: Option<Detector>,
    /// For the documentation.
    pub provenance: Provenance,
    /// The crate's folder.
    pub dir: PathBuf,
}

/// Plans, prices and writes the crate of a trained network.
pub fn package(
    job: &Job,
    parts: &Parts,
    network: &QuantGraph,
    record: &Record,
    progress: Progress,
) -> Result<Packed, Error> {
    let sources = Sources {
        network,
        board: &job.board.board,
        own_board: job.board.own_text.as_deref(),
        limits: job.board.limits,
        memory: super::memory(job, parts),
        hop: job.board.hop,
        front: front(network, parts),
        tests: tests(network, parts)?,
        accuracy: match record.threshold {
            None => Some([record.accuracy_float, record.accuracy_int8]),
            Some(_) => None,
        },
        detector: detector(record),
        provenance: provenance(job, parts, record),
        dir: job.output.join(&job.name),
    };
    write(sources, progress)
}

/// Plans, prices and writes a crate.
///
/// # Errors
/// If the network cannot take its input as `memory` or `hop` says, cannot be lowered or emitted, or would not
/// fit; if the folder has files that emberc did not write.
pub fn write(sources: Sources<'_>, progress: Progress) -> Result<Packed, Error> {
    let Sources {
        network: whole,
        board,
        ..
    } = sources;
    let per_call = sources.hop.map(|hop| steps::per_call(whole, hop));
    let per_call = per_call.transpose().map_err(Error::usage_of)?;
    let network = per_call.as_ref().unwrap_or(whole);
    let plan = plan_for(&network.graph, board, sources.memory).ok_or_else(|| {
        Error::usage(format!(
            "{} cannot take its input row by row: its first layers are no convolutions over an image",
            network.graph.name
        ))
    })?;
    let planned =
        Planned::with_plan(network.clone(), plan, board.isa()).map_err(Error::usage_of)?;
    let planned = planned
        .with_front(sources.front.clone())
        .with_calls(steps::calls(&whole.graph, &network.graph));
    let footprint = footprint_of(&planned, board);
    refuse_if_too_large(&footprint, &sources.limits)?;
    let golden = golden(whole, sources.front.as_ref(), &sources.tests)?;
    let provenance = sources.provenance;
    let mut package =
        emit(&planned, board, &sources.limits, &provenance, &golden).map_err(Error::usage_of)?;
    vendor::add(&mut package);
    let expectations = Expectations {
        board: board.name.clone(),
        prefer: board.prefer,
        flash_limit_bytes: sources.limits.flash_bytes,
        ram_limit_bytes: sources.limits.ram_bytes,
        accuracy_float: sources.accuracy.map(|[float, _]| float),
        accuracy_int8: sources.accuracy.map(|[_, int8]| int8),
        classes: provenance.classes,
        samples: sources.tests.count(),
        arena_bytes: footprint.arena_bytes,
        constant_bytes: footprint.constant_bytes,
        flash_bytes: footprint.flash_bytes,
        macs: footprint.macs,
        cycles_estimate: footprint.cycles_estimate,
        calls: planned.calls(),
        front: sources.front,
        detector: sources.detector,
    };
    if let Some(text) = sources.own_board {
        package
            .files
            .insert("verify/board.toml".into(), text.as_bytes().to_vec());
    }
    let name = &network.graph.name;
    add_tests(&mut package, name, network, &sources.tests, &expectations);
    if per_call.is_some() {
        let text = ember_ir::text::print(whole).into_bytes();
        package.files.insert(WHOLE.into(), text);
    }
    let dir = sources.dir;
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

/// The front end of a network, with its quantisation.
fn front(network: &QuantGraph, parts: &Parts) -> Option<Front> {
    let sound = parts.sound.as_ref()?;
    let real = |level: f32| {
        let mut values = vec![level; parts.normalization.offset.len()];
        parts.normalization.apply(&mut values);
        // All channels have one map.
        values.first().copied().unwrap_or(level)
    };
    Some(Front::new(sound.spec, network, real))
}

/// The test set as the device gets it: sound, or the network's input.
fn tests(network: &QuantGraph, parts: &Parts) -> Result<TestSet, Error> {
    let Some(sound) = &parts.sound else {
        return test_set(network, parts);
    };
    Ok(TestSet {
        input_len: sound.bytes.len() / parts.test.len().max(1),
        samples: sound.bytes.clone(),
        labels: parts.test.labels.clone(),
    })
}

/// The test set as the network gets it.
pub fn test_set(network: &QuantGraph, parts: &Parts) -> Result<TestSet, Error> {
    let normalized = parts.test.normalized(&parts.normalization);
    let interpreter = Interpreter::new(network).map_err(Error::tool)?;
    let numbers = || {
        let samples = normalized.iter();
        samples
            .flat_map(|sample| quantize_sample(network, sample))
            .collect()
    };
    let samples: Vec<i8> = match &parts.text {
        Some(texts) if reads_bytes(&network.graph) => texts.bytes.clone(),
        _ => numbers(),
    };
    Ok(TestSet {
        input_len: interpreter.input_len(),
        samples,
        labels: parts.test.labels.clone(),
    })
}

/// The first sample of each class, or the first samples, with what the interpreter makes of them.
fn golden(
    network: &QuantGraph,
    front: Option<&Front>,
    tests: &TestSet,
) -> Result<Vec<Golden>, Error> {
    let interpreter = Interpreter::new(network).map_err(Error::tool)?;
    let heard = Heard::new(front)?;
    let mut stream = interpreter.start();
    let mut seen = Vec::new();
    let mut golden = Vec::new();
    for (index, input) in tests.iter().enumerate() {
        let class = tests.labels.get(index).copied().unwrap_or(index);
        if golden.len() < GOLDEN && !seen.contains(&class) {
            seen.push(class);
            golden.push(Golden {
                input: input.to_vec(),
                output: stream.run(&heard.input(input)),
            });
        }
    }
    Ok(golden)
}
