//! Runs firmware on a board that is connected by a debug probe, with probe-rs.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ember_codegen::target::{Board, Runner};

use super::process::Tool;
use super::transcript::Transcript;
use super::{DeviceError, doctor};

/// The program.
pub const PROBE_RS: &str = "probe-rs";

/// Flashes the firmware, runs it on its golden vectors and returns what it said.
///
/// # Errors
/// `Missing` without probe-rs, `TimeLimit`, `Failed` with its words, `Transcript`; outputs that differ
/// are no error here, see [`Transcript::equal`].
pub fn run(board: &Board, elf: &Path, limit: Duration) -> Result<Transcript, DeviceError> {
    let tool = Tool {
        name: PROBE_RS,
        fix: doctor::PROBE_RS_FIX,
        limit,
    };
    let finished = tool.run(&mut command(board, elf)?, &mut || ())?;
    let output = finished.output();
    match Transcript::parse(&output) {
        // The exit status is the firmware's verdict, which the transcript holds in detail.
        Ok(transcript) => Ok(transcript),
        Err(error) if finished.status.success() => Err(error),
        Err(_) => Err(DeviceError::Failed {
            tool: PROBE_RS,
            status: finished.status.to_string(),
            output,
        }),
    }
}

/// `probe-rs run --chip <chip> <elf>`.
fn command(board: &Board, elf: &Path) -> Result<Command, DeviceError> {
    let Runner::ProbeRs { chip } = &board.runner else {
        return Err(DeviceError::Runner {
            board: board.name.clone(),
            tool: PROBE_RS,
        });
    };
    let mut command = Command::new(PROBE_RS);
    command.args(["run", "--chip", chip]).arg(elf);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chip_of_the_board_is_named() {
        let toml = include_str!("../../../../boards/rpi-pico-2/board.toml");
        let board = Board::parse(toml).expect("a board of the repository");
        let command = command(&board, Path::new("fw.elf")).expect("a real board");
        assert!(command.get_args().eq(["run", "--chip", "RP235x", "fw.elf"]));
    }

    #[test]
    fn an_emulated_board_is_refused() {
        let toml = include_str!("../../../../boards/microbit/board.toml");
        let board = Board::parse(toml).expect("a board of the repository");
        let error =
            run(&board, Path::new("fw.elf"), Duration::from_secs(1)).expect_err("QEMU runs it");
        assert!(
            error
                .to_string()
                .contains("`microbit` is not run by `probe-rs`"),
            "{error}"
        );
    }
}
