//! Builds the firmware of an emitted crate, measures the ELF and refuses what is over the limits.

use std::path::{Path, PathBuf};

use ember_codegen::target::{Board, Limits};

use super::report::thousands;
use crate::device::{self, Sizes};
use crate::progress::Progress;
use crate::{Error, interrupt};

/// Firmware on disk.
#[derive(Clone, Debug)]
pub struct Built {
    /// The ELF file.
    pub elf: PathBuf,
    /// What it takes.
    pub sizes: Sizes,
}

/// Builds and measures.
pub fn build(dir: &Path, board: &Board, limits: &Limits, progress: Progress) -> Result<Built, Error> {
    if !dir.join("Cargo.toml").is_file() {
        return Err(Error::usage(format!(
            "{} is not an emitted crate; `emberc run` makes one",
            dir.display()
        )));
    }
    let stage = progress.stage("build", 0);
    let elf = device::build(dir, board).map_err(tool)?;
    let sizes = device::sizes(&elf).map_err(tool)?;
    stage.done(format!(
        "{}: {} bytes of flash, {} of statics",
        board.triple,
        thousands(sizes.flash_bytes),
        thousands(sizes.ram_static_bytes)
    ));
    let built = Built { elf, sizes };
    if built.sizes.flash_bytes > limits.flash_bytes || built.sizes.ram_static_bytes > limits.ram_bytes {
        return Err(Error::failed(format!(
            "the firmware is over the limits\n\n{}",
            table(&built, limits)
        )));
    }
    Ok(built)
}

/// A failure of a tool, or the user's own Ctrl-C, which ends tools as well.
pub(super) fn tool(error: impl std::fmt::Display) -> Error {
    if interrupt::requested() {
        return Error::Interrupted;
    }
    Error::tool(error)
}

/// What takes the room, as linked.
pub fn table(built: &Built, limits: &Limits) -> String {
    let sizes = &built.sizes;
    let code = sizes.flash_bytes.saturating_sub(sizes.constant_bytes);
    let statics = sizes.ram_static_bytes.saturating_sub(sizes.arena_bytes);
    let rows = [
        ("weights and constants", Some(sizes.constant_bytes), None),
        ("code and everything else", Some(code), None),
        ("arena", None, Some(sizes.arena_bytes)),
        ("other statics", None, Some(statics)),
        ("all", Some(sizes.flash_bytes), Some(sizes.ram_static_bytes)),
        ("limit", Some(limits.flash_bytes), Some(limits.ram_bytes)),
    ];
    let mut text = format!("  {:<26} {:>12} {:>12}\n", "bytes", "flash", "RAM");
    for (name, flash, ram) in rows {
        let show = |bytes: Option<usize>| bytes.map(thousands).unwrap_or_default();
        text.push_str(&format!("  {name:<26} {:>12} {:>12}\n", show(flash), show(ram)));
    }
    text
}
