//! Builds the firmware of an emitted crate with cargo.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use super::toolchain::Toolchain;
use super::{DeviceError, toolchain};

/// Lines of cargo's that an error shows.
const TAIL: usize = 40;

/// What to build, and where.
#[derive(Clone, Copy, Debug)]
pub struct BuildJob<'a> {
    /// The emitted crate.
    pub crate_dir: &'a Path,
    /// The Rust target.
    pub triple: &'a str,
    /// Where cargo puts its files; the crate's own `target` if `None`.
    pub target_dir: Option<&'a Path>,
    /// Which of the crate's programs.
    pub program: &'a str,
    /// Flags for rustc beside those of the crate's own configuration.
    pub rustflags: &'a [&'a str],
}

/// The program that every emitted crate has.
pub const FIRMWARE: &str = "firmware";

/// Builds the program for the target and returns the linked file. Each line that cargo says
/// goes to `on_line`.
///
/// # Errors
/// `NoToolchain`, or `Build` with the end of cargo's output.
pub fn build(job: &BuildJob<'_>, on_line: &mut dyn FnMut(&str)) -> Result<PathBuf, DeviceError> {
    let toolchain = toolchain::find(job.triple)?;
    build_with(&toolchain, job, on_line)
}

/// As [`build`], with a toolchain that was found before.
///
/// # Errors
/// `Build` with the end of cargo's output.
pub fn build_with(
    toolchain: &Toolchain,
    job: &BuildJob<'_>,
    on_line: &mut dyn FnMut(&str),
) -> Result<PathBuf, DeviceError> {
    let mut command = toolchain.cargo();
    command
        .current_dir(job.crate_dir)
        .args(["build", "--release", "--target", job.triple])
        .args(["--bin", job.program, "--features", "firmware"])
        .args(["--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if !job.rustflags.is_empty() {
        // A list on the command line is appended to that of the configuration.
        let flags = format!("target.{}.rustflags={:?}", job.triple, job.rustflags);
        command.arg("--config").arg(flags);
    }
    if let Some(target_dir) = job.target_dir {
        command.arg("--target-dir").arg(target_dir);
    }
    let mut child = command.spawn().map_err(DeviceError::io(format!(
        "cannot start cargo in {}",
        job.crate_dir.display()
    )))?;
    let stdout = child.stdout.take();
    let program = job.program.to_owned();
    let messages = thread::spawn(move || executable(stdout?, &program));
    let tail = child
        .stderr
        .take()
        .map(|pipe| follow(pipe, on_line))
        .unwrap_or_default();
    let status = child.wait().map_err(DeviceError::io("waiting for cargo"))?;
    match messages.join().ok().flatten() {
        Some(elf) if status.success() => Ok(elf),
        _ => Err(DeviceError::Build {
            triple: job.triple.to_owned(),
            tail,
        }),
    }
}

/// Passes lines on, and keeps the last ones.
fn follow(pipe: impl Read, on_line: &mut dyn FnMut(&str)) -> String {
    let mut tail = VecDeque::new();
    for line in BufReader::new(pipe).lines().map_while(Result::ok) {
        on_line(&line);
        if tail.len() == TAIL {
            tail.pop_front();
        }
        tail.push_back(line);
    }
    Vec::from(tail).join("\n")
}

/// The program that cargo's messages name.
fn executable(pipe: impl Read, program: &str) -> Option<PathBuf> {
    let mut found = None;
    for line in BufReader::new(pipe).lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line) else {
            continue;
        };
        if message["reason"] == "compiler-artifact"
            && message["target"]["name"] == program
            && let Some(path) = message["executable"].as_str()
        {
            found = Some(PathBuf::from(path));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_cargos_messages() {
        let text = r#"
            {"reason":"compiler-artifact","target":{"name":"digits"},"executable":null}
            not json
            {"reason":"compiler-artifact","target":{"name":"firmware"},"executable":"a/firmware"}
            {"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(text.as_bytes(), FIRMWARE),
            Some(PathBuf::from("a/firmware"))
        );
        assert_eq!(executable("".as_bytes(), FIRMWARE), None);
    }

    #[test]
    fn all_lines_are_passed_on_and_the_last_are_kept() {
        let text: String = (0..100).map(|i| format!("line {i}\n")).collect();
        let mut seen = 0;
        let tail = follow(text.as_bytes(), &mut |_| seen += 1);
        assert_eq!((seen, tail.lines().count()), (100, TAIL));
        assert!(tail.ends_with("line 99"));
    }
}
