//! The checks of a `board.toml` beyond its form: what contradicts the core, or cannot be a memory.

use super::file::{Block, File, ProbeRs, Qemu};
use super::{BoardProblem, Core, ICOUNT_SHIFT, MemoryBlock, Runner};

/// Features that `ember-runtime` knows.
const FEATURES: [&str; 2] = ["dsp", "mve"];
/// Features that `ember-board` knows beside the transports.
const SUPPORT: [&str; 1] = ["set-vtor"];

/// What is wrong so far.
pub(super) struct Problems(pub(super) Vec<BoardProblem>);

impl Problems {
    pub(super) fn push(&mut self, message: String) {
        self.0.push(BoardProblem {
            message,
            span: None,
        });
    }
}

pub(super) fn check_name(name: &str, problems: &mut Problems) {
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(ok) {
        problems.push(format!(
            "`name` is `{name}`, but must consist of a-z, 0-9 and `-`: it is the name of the folder"
        ));
    }
}

pub(super) fn check_core(file: &File, problems: &mut Problems) {
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

pub(super) fn check_block(name: &str, block: &Block, problems: &mut Problems) -> MemoryBlock {
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
    if u64::from(block.origin).saturating_add(block.size.0) > 1 << 32 {
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

pub(super) fn check_runner(
    qemu: Option<Qemu>,
    probe_rs: Option<ProbeRs>,
    problems: &mut Problems,
) -> Option<Runner> {
    match (qemu, probe_rs) {
        (Some(Qemu { machine, clock_hz }), None) => {
            // A clock slower than one tick per emulated instruction could not count them.
            let slowest = 1_000_000_000 >> ICOUNT_SHIFT;
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
