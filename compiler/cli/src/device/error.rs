//! What can go wrong with tools; each message says what to do.

use std::path::PathBuf;
use std::time::Duration;

/// A tool that is missing, failed, or said something unexpected. Exit code 3.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No cargo on this machine can build for the target.
    #[error(
        "no Rust toolchain here can build for `{triple}` (tried: {tried})\n\
         to get it, run either\n    rustup target add {triple}\n\
         or, where rustup cannot download, `./scripts/setup` of the Ember repository; \
         to name another toolchain, set EMBER_TOOLCHAIN"
    )]
    NoToolchain {
        /// The Rust target.
        triple: String,
        /// The toolchains that were looked at, with what is missing in each.
        tried: String,
    },
    /// A program is not installed.
    #[error("`{tool}` is not installed or not in PATH\nto get it: {fix}")]
    Missing {
        /// The program.
        tool: &'static str,
        /// How to get it.
        fix: &'static str,
    },
    /// cargo did not produce the firmware.
    #[error("building the firmware for `{triple}` failed; cargo's last lines:\n{tail}")]
    Build {
        /// The Rust target.
        triple: String,
        /// The end of what cargo said.
        tail: String,
    },
    /// A program ran too long and was ended.
    #[error("`{tool}` was still running after {} s and was stopped{}", limit.as_secs(), said(output))]
    TimeLimit {
        /// The program.
        tool: &'static str,
        /// The time limit.
        limit: Duration,
        /// What it had said.
        output: String,
    },
    /// A program ended with failure.
    #[error("`{tool}` failed ({status}){}", said(output))]
    Failed {
        /// The program.
        tool: &'static str,
        /// Its exit status.
        status: String,
        /// What it said.
        output: String,
    },
    /// The firmware ended well but did not say what it should.
    #[error("the firmware's output is not understood: {reason}{}", said(output))]
    Transcript {
        /// What is missing or wrong.
        reason: String,
        /// What it said.
        output: String,
    },
    /// A linked file that is not as firmware is.
    #[error("{path}: not a firmware of Ember: {reason}", path = path.display())]
    Elf {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A board that this tool does not run.
    #[error("the board `{board}` is not run by `{tool}`; its board.toml names another runner")]
    Runner {
        /// The board.
        board: String,
        /// The program.
        tool: &'static str,
    },
    /// A file or process operation failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, with the path.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl DeviceError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// A program's words, indented, if there are any.
fn said(output: &str) -> String {
    if output.trim().is_empty() {
        return String::new();
    }
    let lines: String = output
        .trim_end()
        .lines()
        .map(|line| format!("\n    {line}"))
        .collect();
    format!("; it said:{lines}")
}
