//! Builds the firmware of an emitted crate, measures the ELF and refuses what is over the limits.

use std::path::{Path, PathBuf};

use ember_codegen::target::{Board, Limits};

use super::report::thousands;
use crate::device::build::BuildJob;
use crate::device::elf::FirmwareSizes;
use crate::device::{self, DeviceError};
use crate::progress::Progress;
use crate::{Error, interrupt};

/// Firmware on disk.
#[derive(Clone, Debug)]
pub struct Built {
    /// The ELF file.
    pub elf: PathBuf,
    /// What it takes.
    pub sizes: FirmwareSizes,
}

/// Builds and measures the crate of the network `name`.
pub fn build(
    dir: &Path,
    name: &str,
    board: &Board,
    limits: &Limits,
    progress: Progress,
) -> Result<Built, Error> {
    if !dir.join("Cargo.toml").is_file() {
        return Err(Error::usage(format!(
            "{} is not an emitted crate; `emberc run` makes one",
            dir.display()
        )));
    }
    let stage = progress.stage("build", 0);
    let job = BuildJob {
        crate_dir: dir,
        triple: &board.triple,
        target_dir: None,
        program: device::build::FIRMWARE,
        rustflags: &[],
    };
    let elf = device::build::build(&job, &mut |line| stage.at(0, line.trim().to_string()))
        .map_err(|error| explain(error, limits))?;
    let sizes = device::elf::read(&elf, board, name).map_err(tool)?;
    stage.done(format!(
        "{}: {} bytes of flash, {} of statics",
        board.triple,
        thousands(bytes(sizes.flash_bytes)),
        thousands(bytes(sizes.ram_bytes))
    ));
    let built = Built { elf, sizes };
    if bytes(built.sizes.flash_bytes) > limits.flash_bytes
        || bytes(built.sizes.ram_bytes) > limits.ram_bytes
    {
        return Err(Error::failed(format!(
            "the firmware is over the limits

{}",
            table(&built, limits)
        )));
    }
    Ok(built)
}

/// Firmware that the linker cannot place is over the limits, which are the linker's memory map; all
/// else is cargo's failure.
fn explain(error: DeviceError, limits: &Limits) -> Error {
    match &error {
        DeviceError::Build { tail, .. }
            if tail.contains("will not fit in region") || tail.contains("overflowed by") =>
        {
            Error::failed(format!(
                "the firmware is over the limits of {} bytes of flash and {} of RAM: the linker cannot place it\n{tail}",
                thousands(limits.flash_bytes),
                thousands(limits.ram_bytes)
            ))
        }
        _ => tool(error),
    }
}

/// A failure of a tool, or the user's own Ctrl-C, which ends tools as well.
pub(super) fn tool(error: DeviceError) -> Error {
    if interrupt::requested() {
        Error::Interrupted
    } else {
        Error::tool(error)
    }
}

/// Sizes of 32-bit chips fit every host.
pub(super) fn bytes(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// What takes the room, as linked.
pub fn table(built: &Built, limits: &Limits) -> String {
    let sizes = &built.sizes;
    let [flash, ram] = [sizes.flash_bytes, sizes.ram_bytes].map(bytes);
    let [constants, arena] = [sizes.constant_bytes, sizes.arena_bytes].map(bytes);
    let rows = [
        ("weights and constants", Some(constants), None),
        (
            "code and everything else",
            Some(flash.saturating_sub(constants)),
            None,
        ),
        ("arena", None, Some(arena)),
        ("other statics", None, Some(ram.saturating_sub(arena))),
        ("all", Some(flash), Some(ram)),
        ("limit", Some(limits.flash_bytes), Some(limits.ram_bytes)),
    ];
    let mut text = format!("  {:<26} {:>12} {:>12}\n", "bytes", "flash", "RAM");
    for (name, flash, ram) in rows {
        let show = |bytes: Option<usize>| bytes.map(thousands).unwrap_or_default();
        text.push_str(&format!(
            "  {name:<26} {:>12} {:>12}\n",
            show(flash),
            show(ram)
        ));
    }
    text
}
