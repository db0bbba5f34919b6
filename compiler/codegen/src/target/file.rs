//! `board.toml`: its keys, and how a [`Board`] is made of it.

use serde::Deserialize;

use super::check::{Problems, check_block, check_core, check_name, check_runner};
use super::{Board, BoardError, BoardProblem, ByteSize, Core, Prefer};

/// The file as it is written. Every key is described here and nowhere else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The folder's name.
    pub(super) name: String,
    /// One line for people: the board, its chip, its core.
    pub(super) description: String,
    /// The core, in LLVM's spelling.
    pub(super) core: Core,
    /// The Rust target.
    pub(super) triple: String,
    /// rustc's `target-cpu`, if the triple leaves out what the core has.
    pub(super) target_cpu: Option<String>,
    /// `dsp`, `mve`: instruction sets that the kernels may use.
    #[serde(default)]
    pub(super) features: Vec<String>,
    /// `set-vtor`: point the core at our vector table, behind a boot loader that does not.
    #[serde(default)]
    pub(super) support: Vec<String>,
    /// Where the program lies.
    pub(super) flash: Block,
    /// Where data and stack lie.
    pub(super) ram: Block,
    /// How QEMU runs it; exactly one of `qemu` and `probe_rs`.
    pub(super) qemu: Option<Qemu>,
    /// How a debug probe runs it.
    pub(super) probe_rs: Option<ProbeRs>,
    /// What the linker needs beyond flash and RAM.
    pub(super) linker: Option<Linker>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    /// First address.
    pub(super) origin: u32,
    /// Bytes, or a text like `"128K"`.
    pub(super) size: ByteSize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Qemu {
    /// The name for `-machine`.
    pub(super) machine: String,
    /// The clock of SysTick, in Hz.
    pub(super) clock_hz: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProbeRs {
    /// The name for `--chip`.
    pub(super) chip: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Linker {
    /// Linker script, appended to `memory.x` as it is.
    script: String,
}

pub(super) fn parse(toml: &str) -> Result<Board, BoardError> {
    let file: File = toml::from_str(toml).map_err(|error| BoardError {
        board: name_of(toml),
        problems: vec![BoardProblem {
            message: error.message().to_owned(),
            span: error.span(),
        }],
    })?;
    let mut problems = Problems(Vec::new());
    check_name(&file.name, &mut problems);
    check_core(&file, &mut problems);
    let flash = check_block("flash", &file.flash, &mut problems);
    let ram = check_block("ram", &file.ram, &mut problems);
    if flash.overlaps(ram) {
        problems.push("`flash` and `ram` overlap: correct an origin or a size".to_owned());
    }
    if !ram.bytes.is_multiple_of(8) || !ram.origin.is_multiple_of(8) {
        problems.push(
            "`ram` must start and end at a multiple of 8: the stack starts at its end".to_owned(),
        );
    }
    let runner = check_runner(file.qemu, file.probe_rs, &mut problems);
    let (Some(runner), true) = (runner, problems.0.is_empty()) else {
        return Err(BoardError {
            board: file.name,
            problems: problems.0,
        });
    };
    Ok(Board {
        name: file.name,
        description: file.description,
        core: file.core,
        triple: file.triple,
        target_cpu: file.target_cpu,
        flash,
        ram,
        features: file.features,
        support: file.support,
        linker_script: file.linker.map(|linker| linker.script),
        runner,
        prefer: Prefer::default(),
    })
}

/// The name in a text that could not be read as a whole, for the message.
fn name_of(toml: &str) -> String {
    let table: Option<toml::Table> = toml.parse().ok();
    let name = table
        .as_ref()
        .and_then(|table| table.get("name"))
        .and_then(toml::Value::as_str);
    name.unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use expect_test::{Expect, expect};

    use super::parse;
    use crate::target::{Core, Runner};

    #[test]
    fn every_board_of_the_repository_parses_and_is_named_like_its_folder() {
        let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../boards");
        let mut names = Vec::new();
        for entry in fs::read_dir(boards).expect("the boards folder") {
            let folder = entry.expect("an entry").path();
            let Ok(toml) = fs::read_to_string(folder.join("board.toml")) else {
                continue;
            };
            let name = folder
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let board = parse(&toml).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(board.name, name);
            names.push(name);
        }
        names.sort();
        expect![[r#"
            arduino-nano-33-ble
            microbit
            mps2-an385
            mps2-an385-armv6m
            mps2-an386
            mps2-an500
            mps2-an505
            mps3-an547
            netduinoplus2
            nrf52840-dk
            nucleo-f446re
            nucleo-h743zi
            nucleo-l4r5zi
            rpi-pico
            rpi-pico-2
            stm32f4-discovery
            stm32vldiscovery"#]]
        .assert_eq(&names.join("\n"));
    }

    const GOOD: &str = r#"
        name = "x"
        description = "X"
        core = "cortex-m4"
        triple = "thumbv7em-none-eabihf"
        features = ["dsp"]
        support = ["set-vtor"]
        flash = { origin = 0x0, size = "64K" }
        ram = { origin = 0x20000000, size = "8K" }
        probe_rs = { chip = "X1" }
        linker = { script = "A = 1;" }
    "#;

    #[test]
    fn all_keys_arrive() {
        let board = parse(GOOD).expect("a good board");
        assert_eq!(board.core, Core::CortexM4);
        assert_eq!((board.flash.bytes, board.ram.origin), (65_536, 0x2000_0000));
        assert_eq!(
            board.runner,
            Runner::ProbeRs {
                chip: "X1".to_owned()
            }
        );
        assert_eq!(board.support_features(), ["rtt", "set-vtor"]);
        assert_eq!(board.linker_script.as_deref(), Some("A = 1;"));
        assert_eq!(board.runner_command(), ["probe-rs", "run", "--chip", "X1"]);
        assert_eq!(
            board.rustflags(),
            ["-Clink-arg=--nmagic", "-Clink-arg=-Tlink.x"]
        );
    }

    fn refused(change: (&str, &str), message: Expect) {
        assert!(GOOD.contains(change.0), "{change:?}");
        let error = parse(&GOOD.replace(change.0, change.1)).expect_err(change.1);
        message.assert_eq(&error.to_string());
    }

    #[test]
    fn a_syntax_error_says_what_is_expected() {
        refused(
            ("core = \"cortex-m4\"", "core = \"cortex-m9\""),
            expect![[r#"
                the board description of `x` cannot be used:
                  - unknown variant `cortex-m9`, expected one of `cortex-m0`, `cortex-m0plus`, `cortex-m3`, `cortex-m4`, `cortex-m7`, `cortex-m33`, `cortex-m55`"#]],
        );
        refused(
            ("chip", "chips"),
            expect![[r#"
            the board description of `x` cannot be used:
              - unknown field `chips`, expected `chip`"#]],
        );
        refused(
            ("\"64K\"", "\"64 apples\""),
            expect![[r#"
            the board description of `x` cannot be used:
              - `64 apples` is not a size: write `128K`, `1M` or a number of bytes"#]],
        );
        refused(
            ("description = \"X\"", ""),
            expect![[r#"
            the board description of `x` cannot be used:
              - missing field `description`"#]],
        );
    }

    #[test]
    fn all_contradictions_are_reported_at_once() {
        let bad = GOOD
            .replace("name = \"x\"", "name = \"My Board\"")
            .replace("cortex-m4", "cortex-m0")
            .replace("\"64K\"", "12")
            .replace("0x20000000", "0x2")
            .replace(
                "probe_rs = { chip = \"X1\" }",
                "qemu = { machine = \"m\", clock_hz = 1000 }",
            );
        let error = parse(&bad).expect_err("many contradictions");
        expect![[r#"
            the board description of `My Board` cannot be used:
              - `name` is `My Board`, but must consist of a-z, 0-9 and `-`: it is the name of the folder
              - `triple` is `thumbv7em-none-eabihf`, but code for a Cortex-M0 is built for `thumbv6m-none-eabi`
              - `features` has `dsp`, which a Cortex-M0 lacks
              - `support` has `set-vtor`, but a Cortex-M0 has no VTOR register
              - `flash.size` is 12 bytes: no firmware fits in less than 1K
              - `ram.origin` is 0x00000002, not a multiple of 4
              - `flash` and `ram` overlap: correct an origin or a size
              - `ram` must start and end at a multiple of 8: the stack starts at its end
              - `qemu.clock_hz` is 1000, but below 15625000 Hz instructions cannot be counted"#]].assert_eq(&error.to_string());
    }

    #[test]
    fn a_memory_of_any_size_is_refused_without_overflow() {
        refused(
            ("\"8K\"", "\"18446744073709551608\""),
            expect![[r#"
                the board description of `x` cannot be used:
                  - `ram` ends beyond the 4 GiB that the core can address
                  - `ram` must start and end at a multiple of 8: the stack starts at its end"#]],
        );
    }

    proptest::proptest! {
        #[test]
        fn any_change_gives_a_board_or_problems(at in 0..GOOD.len(), with in ".{0,8}", cut in 0_usize..9) {
            let end = GOOD.len().min(at + cut);
            let text = format!("{}{with}{}", &GOOD[..at], &GOOD[end..]);
            if let Err(error) = parse(&text) {
                proptest::prop_assert!(!error.problems.is_empty());
            }
        }
    }

    #[test]
    fn exactly_one_runner() {
        refused(
            ("probe_rs = { chip = \"X1\" }", ""),
            expect![[r#"
            the board description of `x` cannot be used:
              - no runner: add `[qemu]` with `machine` and `clock_hz`, or `[probe_rs]` with `chip`"#]],
        );
        refused(
            (
                "probe_rs = { chip = \"X1\" }",
                "probe_rs = { chip = \"X1\" }\nqemu = { machine = \"m\", clock_hz = 25000000 }",
            ),
            expect![[r#"
                the board description of `x` cannot be used:
                  - both `[qemu]` and `[probe_rs]`: keep one, and make a second folder for the other"#]],
        );
    }
}
