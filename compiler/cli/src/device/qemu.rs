//! Runs firmware on an emulated board.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ember_codegen::target::Board;

use super::process::Tool;
use super::transcript::{self, Transcript};
use super::{DeviceError, doctor};

/// The program.
pub const QEMU: &str = "qemu-system-arm";

/// A run to make.
#[derive(Clone, Copy, Debug)]
pub struct QemuJob<'a> {
    /// The emulated board.
    pub board: &'a Board,
    /// The linked firmware.
    pub elf: &'a Path,
    /// The samples, one behind the other.
    pub samples: &'a [i8],
    /// The longest time that the run may take.
    pub limit: Duration,
}

/// What a run gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QemuRun {
    /// The outputs, one behind the other.
    pub outputs: Vec<i8>,
    /// The measurements.
    pub transcript: Transcript,
}

/// Runs firmware on all samples in a temporary folder. `on_output` learns how many bytes of output there
/// are so far.
///
/// # Errors
/// `Missing` without QEMU, `TimeLimit`, `Failed` with the firmware's own words, `Transcript`.
pub fn run(job: &QemuJob<'_>, on_output: &mut dyn FnMut(u64)) -> Result<QemuRun, DeviceError> {
    let folder = tempfile::tempdir().map_err(DeviceError::io("creating a temporary folder"))?;
    let outputs = folder.path().join("outputs.bin");
    let samples: Vec<u8> = job
        .samples
        .iter()
        .map(|sample| sample.cast_unsigned())
        .collect();
    fs::write(folder.path().join("samples.bin"), samples).map_err(DeviceError::io(
        "writing the samples into a temporary folder",
    ))?;
    let printed = emulate(job.board, job.elf, folder.path(), job.limit, &mut || {
        on_output(fs::metadata(&outputs).map_or(0, |file| file.len()))
    })?;
    let transcript = Transcript::parse(&printed)?;
    let outputs = fs::read(&outputs).map_err(DeviceError::io("reading the firmware's outputs"))?;
    Ok(QemuRun {
        outputs: outputs.into_iter().map(u8::cast_signed).collect(),
        transcript,
    })
}

/// Runs the program that counts layers; the ticks of each, in its order.
///
/// # Errors
/// As [`run`].
pub fn profile(board: &Board, elf: &Path, limit: Duration) -> Result<Vec<u64>, DeviceError> {
    let folder = tempfile::tempdir().map_err(DeviceError::io("creating a temporary folder"))?;
    let printed = emulate(board, elf, folder.path(), limit, &mut || ())?;
    transcript::layers(&printed)
}

/// Runs a program to its end, with success, in a folder; returns what it printed.
fn emulate(
    board: &Board,
    elf: &Path,
    folder: &Path,
    limit: Duration,
    tick: &mut dyn FnMut(),
) -> Result<String, DeviceError> {
    let args = board.qemu_args().ok_or(DeviceError::Runner {
        board: board.name.clone(),
        tool: QEMU,
    })?;
    let elf = elf
        .canonicalize()
        .map_err(DeviceError::io(elf.display().to_string()))?;
    let tool = Tool {
        name: QEMU,
        fix: doctor::QEMU_FIX,
        limit,
    };
    let mut command = Command::new(QEMU);
    command
        .current_dir(folder)
        .args(args)
        .arg("-kernel")
        .arg(elf);
    let finished = tool.run(&mut command, tick)?;
    if finished.status.success() {
        return Ok(finished.stdout);
    }
    Err(DeviceError::Failed {
        tool: QEMU,
        status: finished.status.to_string(),
        output: finished.output(),
    })
}
