//! From a model of another tool to verified firmware: quantise (where the file has not), package, build,
//! run on the device. What the search and the training do for `emberc run` is done already.

use std::path::PathBuf;

use ember_codegen::cost::Memory;
use ember_codegen::emit::Provenance;
use ember_codegen::target::{Board, Limits};
use ember_ir::text::seeded_weights;
use serde::Serialize;

use super::compare::{Agreement, compare};
use super::imported::Imported;
use super::package::{self, Sources};
use super::report::Report;
use super::testset::TestSet;
use super::{build, verify};
use crate::data::Samples;
use crate::model::Source;
use crate::progress::Progress;
use crate::{Error, files};

/// Samples that are drawn where none are given.
const DRAWN: usize = 32;
/// Given samples that a crate carries at most.
const CARRIED: usize = 100;

/// What to compile, and for what.
#[derive(Clone, Debug)]
pub struct CompileJob {
    /// The model.
    pub source: Source,
    /// Where it shall run.
    pub board: Board,
    /// Samples of its input: they give the ranges of activations, and the device is checked with them.
    pub calibrate: Option<Samples>,
    /// Samples on which f32 and int8 are compared.
    pub compare: Option<Samples>,
    /// The crate's folder.
    pub dir: PathBuf,
}

/// What came out.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Compiled {
    /// Name of the network and of the crate.
    pub model: String,
    /// The file that it comes from.
    pub source: String,
    /// Its SHA-256.
    pub sha256: String,
    /// The crate's folder.
    pub dir: PathBuf,
    /// int8 against f32, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// The firmware.
    #[serde(flatten)]
    pub report: Report,
}

/// Quantise → package → build → verify.
///
/// # Errors
/// As [`Imported::new`]; a network that does not fit; a tool that fails.
pub fn compile(job: CompileJob, progress: Progress) -> Result<Compiled, Error> {
    super::look_ahead(&job.dir, &job.board)?;
    let imported = Imported::new(&job.source, job.calibrate.as_ref())?;
    let samples = job.compare.as_ref();
    let agreement = samples
        .map(|samples| compare(&imported, samples))
        .transpose()?;
    let limits = Limits::of(&job.board);
    let network = &imported.network;
    let name = network.graph.name.clone();
    let sources = Sources {
        network,
        board: &job.board,
        own_board: None,
        limits,
        memory: Memory::Within(limits.ram_bytes),
        hop: None,
        front: None,
        tests: tests(&imported, job.calibrate.as_ref())?,
        accuracy: None,
        detector: None,
        provenance: provenance(&job.source, agreement.as_ref()),
        dir: job.dir,
    };
    let packed = package::write(sources, progress)?;
    let built = build::build(&packed.dir, &name, &job.board, &limits, progress)?;
    let report = verify::verify(&packed.dir, &job.board, &built, progress)?;
    let json = serde_json::to_string_pretty(&report)
        .unwrap_or_else(|error| panic!("BUG: a report is always JSON: {error}"));
    files::write(&verify::report_path(&packed.dir), json.as_bytes())?;
    Ok(Compiled {
        model: name,
        source: job.source.file,
        sha256: job.source.sha256,
        dir: packed.dir,
        agreement,
        report,
    })
}

/// What the device is checked with: given samples, or numbers drawn from a fixed seed.
fn tests(imported: &Imported, samples: Option<&Samples>) -> Result<TestSet, Error> {
    let input_len = imported.input_bytes();
    let samples = match samples {
        Some(samples) => {
            let mut inputs = imported.inputs(samples)?;
            inputs.truncate(CARRIED * input_len);
            inputs
        }
        None => seeded_weights(1, DRAWN * input_len),
    };
    Ok(TestSet {
        input_len,
        samples,
        labels: Vec::new(),
    })
}

fn provenance(source: &Source, agreement: Option<&Agreement>) -> Provenance {
    Provenance {
        tool_version: env!("CARGO_PKG_VERSION").to_string(),
        task: format!("The model {}", source.file),
        source: Some(format!("{}, SHA-256 {}", source.file, source.sha256)),
        figures: agreement.map(Agreement::rows).unwrap_or_default(),
        ..Provenance::default()
    }
}

impl Compiled {
    /// The table for people.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{} ({}) in {}\n\n",
            self.model,
            self.source,
            self.dir.display()
        );
        text.push_str(&self.report.table());
        for (name, value) in self.agreement.iter().flat_map(Agreement::rows) {
            text.push_str(&format!("  {name}: {value}\n"));
        }
        text
    }
}
