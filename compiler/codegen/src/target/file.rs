//! `board.toml`: its keys, and the checks that make a [`Board`] of it.

use serde::Deserialize;

use super::{Board, BoardError, BoardProblem, ByteSize, Core, MemoryBlock, Runner};

/// The file as it is written. Every key is described here and nowhere else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The folder's name.
    name: String,
    /// One line for people: the board, its chip, its core.
    description: String,
    /// The core, in LLVM's spelling.
    core: Core,
    /// The Rust target.
    triple: String,
    /// rustc's `target-cpu`, if the triple leaves out what the core has.
    target_cpu: Option<String>,
    /// `dsp`, `mve`: instruction sets that the kernels may use.
    #[serde(default)]
    features: Vec<String>,
    /// `set-vtor`: point the core at our vector table, behind a boot loader that does not.
    #[serde(default)]
    support: Vec<String>,
    /// Where the program lies.
    flash: Block,
    /// Where data and stack lie.
    ram: Block,
    /// How QEMU runs it; exactly one of `qemu` and `probe_rs`.
    qemu: Option<Qemu>,
    /// How a debug probe runs it.
    probe_rs: Option<ProbeRs>,
    /// What the linker needs beyond flash and RAM.
    linker: Option<Linker>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    /// First address.
    origin: u32,
    /// Bytes, or a text like `"128K"`.
    size: ByteSize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Qemu {
    /// The name for `-machine`.
    machine: String,
    /// The clock of SysTick, in Hz.
    clock_hz: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProbeRs {
    /// The name for `--chip`.
    chip: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Linker {
    /// Linker script, appended to `memory.x` as it is.
    script: String,
}

/// Features that `ember-runtime` knows.
const FEATURES: [&str; 2] = ["dsp", "mve"];
/// Features that `ember-board` knows beside the transports.
const SUPPORT: [&str; 1] = ["set-vtor"];

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

struct Problems(Vec<BoardProblem>);

impl Problems {
    fn push(&mut self, message: String) {
        self.0.push(BoardProblem {
            message,
            span: None,
        });
    }
}

fn check_name(name: &str, problems: &mut Problems) {
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(ok) {
        problems.push(format!(
            "`name` is `{name}`, but must consist of a-z, 0-9 and `-`: it is the name of the folder"
        ));
    }
}

fn check_core(file: &File, problems: &mut Problems) {
    let core = file.core;
    if !core.triples().contains(&file.triple.as_str()) {
        problems.push(format!(
            "`triple` is `{}`, but code for a {} is built for `{}`",
            file.triple,
            core.title(),
            core.triples().join("` or `"),
        ));
    }
    if let Some(cpu) = &file.target_cpu
        && cpu != core.name()
    {
        problems.push(format!(
            "`target_cpu` is `{cpu}`, but the core is `{}`",
            core.name()
        ));
    }
    for feature in &file.features {
        let has = match feature.as_str() {
            "dsp" => core.can_dsp(),
            "mve" => core.can_mve(),
            _ => {
                problems.push(unknown("features", feature, &FEATURES));
                continue;
            }
        };
        if !has {
            problems.push(format!(
                "`features` has `{feature}`, which a {} lacks",
                core.title()
            ));
        }
    }
    for feature in &file.support {
        if !SUPPORT.contains(&feature.as_str()) {
            problems.push(unknown("support", feature, &SUPPORT));
        }
    }
    // ARMv6-M without the `+` has its vector table at address 0 for good.
    if core == Core::CortexM0 && file.support.iter().any(|feature| feature == "set-vtor") {
        problems.push("`support` has `set-vtor`, but a Cortex-M0 has no VTOR register".to_owned());
    }
}

fn unknown(key: &str, value: &str, known: &[&str]) -> String {
    format!(
        "`{key}` has the unknown `{value}`; known: `{}`",
        known.join("`, `")
    )
}

fn check_block(name: &str, block: &Block, problems: &mut Problems) -> MemoryBlock {
    let bytes = u32::try_from(block.size.0).unwrap_or(u32::MAX);
    let found = MemoryBlock {
        origin: block.origin,
        bytes,
    };
    if block.size.0 < 1024 {
        problems.push(format!(
            "`{name}.size` is {} bytes: no firmware fits in less than 1K",
            block.size.0
        ));
    }
    if u64::from(block.origin) + block.size.0 > 1 << 32 {
        problems.push(format!(
            "`{name}` ends beyond the 4 GiB that the core can address"
        ));
    }
    if !block.origin.is_multiple_of(4) {
        problems.push(format!(
            "`{name}.origin` is 0x{:08x}, not a multiple of 4",
            block.origin
        ));
    }
    found
}

fn check_runner(
    qemu: Option<Qemu>,
    probe_rs: Option<ProbeRs>,
    problems: &mut Problems,
) -> Option<Runner> {
    match (qemu, probe_rs) {
        (Some(Qemu { machine, clock_hz }), None) => {
            // A clock slower than one tick per emulated instruction could not count them.
            let slowest = 1_000_000_000 >> super::ICOUNT_SHIFT;
            if clock_hz < slowest {
                problems.push(format!(
                    "`qemu.clock_hz` is {clock_hz}, but below {slowest} Hz instructions cannot be counted"
                ));
            }
            Some(Runner::Qemu { machine, clock_hz })
        }
        (None, Some(ProbeRs { chip })) => Some(Runner::ProbeRs { chip }),
        (None, None) => {
            problems.push("no runner: add `[qemu]` with `machine` and `clock_hz`, or `[probe_rs]` with `chip`".to_owned());
            None
        }
        (Some(_), Some(_)) => {
            problems.push(
                "both `[qemu]` and `[probe_rs]`: keep one, and make a second folder for the other"
                    .to_owned(),
            );
            None
        }
    }
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
