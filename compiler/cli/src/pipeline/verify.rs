//! Runs the whole test set on the device and compares every output of every sample with the host's
//! interpreter. What differs is reported by sample and by value.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ember_codegen::interpret::Interpreter;
use ember_codegen::quantize::output_values;
use ember_codegen::target::{Board, Limits, Runner};
use ember_ir::QuantGraph;
use ember_train::predict::{argmax, macro_f1};

use super::anomaly::detection;
use super::build::{Built, bytes, tool};
use super::package::WHOLE;
use super::report::{Report, thousands};
use super::testset::{Expectations, Heard, TestSet};
use crate::device::transcript::Transcript;
use crate::device::{probe, qemu};
use crate::files::read_text;
use crate::progress::Progress;
use crate::{Error, boards};

/// What a crate was made for, from what lies in its folder.
#[derive(Clone, Debug)]
pub struct Made {
    /// Name of the network and of the crate.
    pub name: String,
    /// The board.
    pub board: Board,
    /// What the firmware may take.
    pub limits: Limits,
}

/// Finds out what a crate was made for.
pub fn made_for(dir: &Path) -> Result<Made, Error> {
    let network = judge_of(dir)?;
    let input_len = Interpreter::new(&network).map_err(Error::tool)?.input_len();
    let (_, expectations) = TestSet::load(dir, input_len)?;
    let board = dir.join("verify/board.toml");
    let mut board = match std::fs::read_to_string(&board) {
        Ok(text) => Board::parse(&text).map_err(|error| Error::usage(error.to_string()))?,
        Err(_) => boards::find(&expectations.board).ok_or_else(|| {
            Error::usage(format!(
                "{}: made for the board \"{}\", which this emberc does not know",
                dir.display(),
                expectations.board
            ))
        })?,
    };
    board.prefer = expectations.prefer;
    let limits = Limits {
        flash_bytes: expectations.flash_limit_bytes,
        ram_bytes: expectations.ram_limit_bytes,
    };
    let name = network.graph.name;
    Ok(Made {
        name,
        board,
        limits,
    })
}

/// The network that a crate was made from.
pub fn network_of(dir: &Path) -> Result<(PathBuf, QuantGraph), Error> {
    let not_a_crate = || {
        Error::usage(format!(
            "{} has no network (.ember); `emberc run` writes crates that can be verified",
            dir.display()
        ))
    };
    let entries = std::fs::read_dir(dir).map_err(|_| not_a_crate())?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|kind| kind == "ember"))
        .collect();
    paths.sort();
    let path = paths.into_iter().next().ok_or_else(not_a_crate)?;
    let network = read_network(&path)?;
    Ok((path, network))
}

/// The network that a crate is compared with: that for whole samples, where it takes them step by step.
pub fn judge_of(dir: &Path) -> Result<QuantGraph, Error> {
    read_network(&judge_path(dir)?)
}

/// Where [`judge_of`] is.
pub fn judge_path(dir: &Path) -> Result<PathBuf, Error> {
    let path = dir.join(WHOLE);
    match path.is_file() {
        true => Ok(path),
        false => Ok(network_of(dir)?.0),
    }
}

fn read_network(path: &Path) -> Result<QuantGraph, Error> {
    ember_ir::text::parse(&read_text(path)?)
        .map_err(|error| Error::usage(format!("{}: {error}", path.display())))
}

/// Where the report of a crate is kept: beside the crate, which stays the same whatever is measured.
pub fn report_path(dir: &Path) -> PathBuf {
    let name = dir.file_name().unwrap_or_default();
    dir.parent()
        .unwrap_or(Path::new(""))
        .join("state")
        .join(name)
        .join("report.json")
}

/// Least time that a test set gets; each sample adds to it.
const TIME: Duration = Duration::from_secs(120);
const TIME_PER_SAMPLE: Duration = Duration::from_millis(250);

/// What a device answered.
struct Answer {
    /// Outputs of all samples; `None` from a real board, which compares by itself.
    outputs: Option<Vec<i8>>,
    transcript: Transcript,
}

/// Runs and compares.
///
/// # Errors
/// If tools fail, or if the device answers another number of samples. Samples that differ are counted
/// in the report and judged by [`judge`].
pub fn verify(
    dir: &Path,
    board: &Board,
    built: &Built,
    progress: Progress,
) -> Result<Report, Error> {
    let network = judge_of(dir)?;
    let interpreter = Interpreter::new(&network).map_err(Error::tool)?;
    let (tests, expectations) = TestSet::load(dir, interpreter.input_len())?;
    let count = tests.count();
    let stage = progress.stage("verify", count as u64);
    let output_len = network
        .graph
        .outputs
        .iter()
        .map(|&id| network.graph.tensor(id).bytes())
        .sum::<usize>();
    let answer = ask(board, built, &tests, &|bytes| {
        stage.at(bytes / output_len.max(1) as u64, "samples");
    })?;
    let transcript = &answer.transcript;
    let report = Report {
        instructions: board.instructions(
            transcript.ticks_total,
            transcript.samples * expectations.calls as u64,
        ),
        stack_bytes: Some(bytes(transcript.stack_bytes)),
        ..predicted(board, &expectations, built, dir)
    };
    let Some(outputs) = answer.outputs else {
        // The board has compared the golden vectors that are linked in.
        stage.done(format!(
            "{} golden vectors on the board",
            transcript.samples
        ));
        return Ok(Report {
            samples: bytes(transcript.samples),
            samples_equal: bytes(transcript.equal.unwrap_or(0)),
            ..report
        });
    };
    let mut stream = interpreter.start();
    let heard = Heard::new(expectations.front.as_ref())?;
    let expected = tests.iter().map(|sample| stream.run(&heard.input(sample)));
    let expected: Vec<Vec<i8>> = expected.collect();
    let outputs: Vec<&[i8]> = outputs.chunks_exact(output_len.max(1)).collect();
    if outputs.len() != count {
        return Err(Error::failed(format!(
            "the device answered {} of {count} samples",
            outputs.len()
        )));
    }
    let is_equal = |(device, host): &(&&[i8], &Vec<i8>)| **device == host.as_slice();
    let samples_equal = outputs.iter().zip(&expected).filter(is_equal).count();
    if let Some(message) = difference(&network, &outputs, &expected) {
        stage.say(message);
    }
    stage.done(format!(
        "{samples_equal} of {count} samples equal in every output"
    ));
    let report = Report {
        samples: count,
        samples_equal,
        ..report
    };
    if let Some(detector) = &expectations.detector {
        let detection = detection(&network, detector, &heard, &tests, &outputs)?;
        return Ok(Report {
            anomaly: Some(detection),
            ..report
        });
    }
    let answers: Vec<usize> = outputs
        .iter()
        .map(|output| argmax(&output_values(&network, output)))
        .collect();
    let is_right = |(answer, label): &(&usize, &usize)| answer == label;
    let right = answers.iter().zip(&tests.labels).filter(is_right).count();
    let is_labelled = !tests.labels.is_empty();
    Ok(Report {
        accuracy_int8: is_labelled.then(|| right as f32 / count as f32),
        macro_f1_int8: is_labelled.then(|| macro_f1(&answers, &tests.labels)),
        ..report
    })
}

/// Runs the firmware on whatever the board's runner is.
fn ask(
    board: &Board,
    built: &Built,
    tests: &TestSet,
    on_output: &dyn Fn(u64),
) -> Result<Answer, Error> {
    let count = u32::try_from(tests.count()).unwrap_or(u32::MAX);
    let limit = TIME.saturating_add(TIME_PER_SAMPLE.saturating_mul(count));
    match board.runner {
        Runner::Qemu { .. } => {
            let job = qemu::QemuJob {
                board,
                elf: &built.elf,
                samples: &tests.samples,
                limit,
            };
            let run = qemu::run(&job, &mut |bytes| on_output(bytes)).map_err(tool)?;
            Ok(Answer {
                outputs: Some(run.outputs),
                transcript: run.transcript,
            })
        }
        Runner::ProbeRs { .. } => Ok(Answer {
            outputs: None,
            transcript: probe::run(board, &built.elf, limit).map_err(tool)?,
        }),
    }
}

/// The figures that are known without a device.
fn predicted(board: &Board, expectations: &Expectations, built: &Built, dir: &Path) -> Report {
    let earlier = std::fs::read_to_string(report_path(dir)).ok();
    let earlier: Option<Report> = earlier.and_then(|text| serde_json::from_str(&text).ok());
    Report {
        board: board.name.clone(),
        accuracy_float: expectations.accuracy_float,
        accuracy_int8: expectations.accuracy_int8,
        macro_f1_int8: None,
        anomaly: None,
        samples: expectations.samples,
        samples_equal: 0,
        instructions: None,
        cycles_estimate: expectations.cycles_estimate,
        arena_predicted_bytes: expectations.arena_bytes,
        arena_linked_bytes: bytes(built.sizes.arena_bytes),
        flash_predicted_bytes: expectations.flash_bytes,
        flash_linked_bytes: bytes(built.sizes.flash_bytes),
        constants_predicted_bytes: expectations.constant_bytes,
        constants_linked_bytes: bytes(built.sizes.constant_bytes),
        stack_bytes: None,
        ram_static_bytes: bytes(built.sizes.ram_bytes),
        search_seconds: earlier.as_ref().and_then(|report| report.search_seconds),
        replicated: earlier.as_ref().and_then(|report| report.replicated),
        signals: earlier.map_or_else(Vec::new, |report| report.signals),
        macs: expectations.macs,
        calls: expectations.calls,
        flash_limit_bytes: expectations.flash_limit_bytes,
        ram_limit_bytes: expectations.ram_limit_bytes,
    }
}

/// The first sample that differs, value by value.
fn difference(network: &QuantGraph, device: &[&[i8]], host: &[Vec<i8>]) -> Option<String> {
    let sample = device
        .iter()
        .zip(host)
        .position(|(device, host)| *device != host.as_slice())?;
    let [device, host] = [device[sample], &host[sample]].map(|bytes| output_values(network, bytes));
    let output = device
        .iter()
        .zip(&host)
        .position(|(device, host)| device != host);
    Some(format!(
        "sample {sample} differs first, in output {}: the device has {device:?}, the host {host:?}",
        output.unwrap_or(0),
    ))
}

/// Whether the firmware is what was promised; if not, the reason, with exit code 1.
pub fn judge(report: &Report) -> Result<(), Error> {
    if report.samples_equal != report.samples {
        return Err(Error::failed(format!(
            "verification failed: {} of {} samples differ from the host's interpreter",
            report.samples - report.samples_equal,
            report.samples
        )));
    }
    let limits = report.limits();
    if report.flash_linked_bytes > limits.flash_bytes || report.ram_bytes() > limits.ram_bytes {
        return Err(Error::failed(format!(
            "the firmware takes {} bytes of flash (limit {}) and {} of RAM, stack included (limit {})",
            thousands(report.flash_linked_bytes),
            thousands(limits.flash_bytes),
            thousands(report.ram_bytes()),
            thousands(limits.ram_bytes)
        )));
    }
    Ok(())
}
