//! What this machine has of what firmware needs, and how to get the rest.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use ember_codegen::target::{Board, Runner};
use serde::Serialize;

use super::probe::PROBE_RS;
use super::qemu::QEMU;
use super::toolchain::{self, Toolchain};

pub(super) const QEMU_FIX: &str = "`./scripts/setup`, or `apt-get install qemu-system-arm` (Debian, Ubuntu), `brew install qemu` (macOS)";
pub(super) const PROBE_RS_FIX: &str =
    "`cargo install probe-rs-tools --locked`, or a binary package from the probe-rs project";
const CARGO_FIX: &str = "install Rust with rustup, as the Rust project's start page says";

/// One thing that was looked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// What it is.
    pub name: String,
    /// Whether it is there.
    pub ok: bool,
    /// Whether work stops without it: a debug probe's tool is needed for real boards only.
    pub required: bool,
    /// What was found: a version, a place.
    pub found: String,
    /// How to get it, if it is missing.
    pub fix: Option<String>,
}

/// Looks for cargo, the targets of the given boards, a linker for each, QEMU if one of them is
/// emulated, probe-rs if one is real.
pub fn check(boards: &[Board]) -> Vec<Check> {
    let mut checks = vec![tool("cargo", "--version", CARGO_FIX, true)];
    let triples: BTreeSet<&str> = boards.iter().map(|board| board.triple.as_str()).collect();
    for triple in triples {
        let found = toolchain::find(triple);
        let linker = found.as_ref().ok().map(linker);
        checks.push(match found {
            Ok(toolchain) => Check {
                name: format!("target {triple}"),
                ok: true,
                required: true,
                found: toolchain.title().to_owned(),
                fix: None,
            },
            Err(_) => Check {
                name: format!("target {triple}"),
                ok: false,
                required: true,
                found: "no toolchain has it".to_owned(),
                fix: Some(format!(
                    "`rustup target add {triple}`, or `./scripts/setup`"
                )),
            },
        });
        // Targets of one toolchain share its linker.
        checks.extend(linker.filter(|linker| !checks.contains(linker)));
    }
    let is_emulated = |board: &Board| matches!(board.runner, Runner::Qemu { .. });
    if boards.iter().any(is_emulated) {
        checks.push(tool(QEMU, "--version", QEMU_FIX, true));
    }
    if !boards.iter().all(is_emulated) {
        checks.push(tool(PROBE_RS, "--version", PROBE_RS_FIX, false));
    }
    checks
}

/// Whether a program answers.
fn tool(name: &'static str, argument: &str, fix: &str, required: bool) -> Check {
    let output = Command::new(name)
        .arg(argument)
        .stdin(Stdio::null())
        .output();
    let version = output
        .ok()
        .filter(|output| output.status.success())
        .map(|output| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.lines().next().unwrap_or_default().to_owned()
        });
    Check {
        name: name.to_owned(),
        ok: version.is_some(),
        required,
        fix: version.is_none().then(|| fix.to_owned()),
        found: version.unwrap_or_else(|| "not in PATH".to_owned()),
    }
}

/// Whether a toolchain finds `rust-lld`, the linker of the bare-metal targets: beside its host's
/// libraries, or in PATH.
fn linker(toolchain: &Toolchain) -> Check {
    let libraries = toolchain.sysroot.join("lib/rustlib");
    let beside = std::fs::read_dir(libraries).into_iter().flatten().flatten();
    let beside = beside
        .map(|entry| entry.path().join("bin/rust-lld"))
        .find(|path| path.exists());
    let in_path = std::env::var_os("PATH").into_iter().flat_map(|paths| {
        std::env::split_paths(&paths)
            .map(|folder| folder.join("rust-lld"))
            .collect::<Vec<_>>()
    });
    let found = beside.or_else(|| in_path.into_iter().find(|path| path.exists()));
    Check {
        name: format!("linker of {}", toolchain.title()),
        ok: found.is_some(),
        required: true,
        fix: found.is_none().then(|| "`./scripts/setup`".to_owned()),
        found: found.map_or("no rust-lld".to_owned(), |path| path.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(triple: &str) -> Board {
        let toml = include_str!("../../../../boards/microbit/board.toml");
        let mut board = Board::parse(toml).expect("a board of the repository");
        board.triple = triple.to_owned();
        board
    }

    #[test]
    fn what_is_missing_comes_with_a_cure() {
        let checks = check(&[board("no-such-triple")]);
        let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
        assert_eq!(names, ["cargo", "target no-such-triple", QEMU]);
        assert!(checks[0].ok, "cargo runs this test");
        assert!(!checks[1].ok);
        let fix = checks[1].fix.as_deref().unwrap_or_default();
        assert!(fix.contains("rustup target add no-such-triple"), "{fix}");
        assert!(checks.iter().all(|check| check.ok == check.fix.is_none()));
    }

    #[test]
    fn a_missing_program_is_found_missing() {
        let check = tool("no-such-program-of-ember", "--version", "get it", false);
        assert_eq!((check.ok, check.fix.as_deref()), (false, Some("get it")));
    }
}
