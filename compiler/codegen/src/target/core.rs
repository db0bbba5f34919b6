//! The processor cores that firmware can be built for.

use serde::Deserialize;

/// An Arm Cortex-M core.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
pub enum Core {
    /// ARMv6-M: Thumb-1, no long multiply, 32-cycle or single-cycle multiplier.
    #[serde(rename = "cortex-m0")]
    CortexM0,
    /// ARMv6-M with a two-stage pipeline.
    #[serde(rename = "cortex-m0plus")]
    CortexM0Plus,
    /// ARMv7-M: Thumb-2, hardware divide, no DSP.
    #[serde(rename = "cortex-m3")]
    CortexM3,
    /// ARMv7E-M: DSP instructions, single-precision FPU.
    #[serde(rename = "cortex-m4")]
    CortexM4,
    /// ARMv7E-M, dual issue, caches.
    #[serde(rename = "cortex-m7")]
    CortexM7,
    /// ARMv8-M mainline with the DSP extension.
    #[serde(rename = "cortex-m33")]
    CortexM33,
    /// ARMv8.1-M with Helium (MVE).
    #[serde(rename = "cortex-m55")]
    CortexM55,
}

impl Core {
    /// All cores, small to large.
    pub const ALL: [Core; 7] = [
        Core::CortexM0,
        Core::CortexM0Plus,
        Core::CortexM3,
        Core::CortexM4,
        Core::CortexM7,
        Core::CortexM33,
        Core::CortexM55,
    ];

    /// The name in `board.toml`, which is also LLVM's name of the processor.
    pub const fn name(self) -> &'static str {
        match self {
            Core::CortexM0 => "cortex-m0",
            Core::CortexM0Plus => "cortex-m0plus",
            Core::CortexM3 => "cortex-m3",
            Core::CortexM4 => "cortex-m4",
            Core::CortexM7 => "cortex-m7",
            Core::CortexM33 => "cortex-m33",
            Core::CortexM55 => "cortex-m55",
        }
    }

    /// The name as Arm writes it, for reports.
    pub const fn title(self) -> &'static str {
        match self {
            Core::CortexM0 => "Cortex-M0",
            Core::CortexM0Plus => "Cortex-M0+",
            Core::CortexM3 => "Cortex-M3",
            Core::CortexM4 => "Cortex-M4",
            Core::CortexM7 => "Cortex-M7",
            Core::CortexM33 => "Cortex-M33",
            Core::CortexM55 => "Cortex-M55",
        }
    }

    /// The Rust targets whose code runs on the core, best first.
    pub const fn triples(self) -> &'static [&'static str] {
        match self {
            Core::CortexM0 | Core::CortexM0Plus => &["thumbv6m-none-eabi"],
            Core::CortexM3 => &["thumbv7m-none-eabi"],
            Core::CortexM4 | Core::CortexM7 => &["thumbv7em-none-eabihf", "thumbv7em-none-eabi"],
            Core::CortexM33 | Core::CortexM55 => {
                &["thumbv8m.main-none-eabihf", "thumbv8m.main-none-eabi"]
            }
        }
    }

    /// Whether the core can have `smlad` and friends (a Cortex-M33 may lack them: its board says).
    pub const fn can_dsp(self) -> bool {
        match self {
            Core::CortexM0 | Core::CortexM0Plus | Core::CortexM3 => false,
            Core::CortexM4 | Core::CortexM7 | Core::CortexM33 | Core::CortexM55 => true,
        }
    }

    /// Whether the core can have Helium, 128-bit vectors.
    pub const fn can_mve(self) -> bool {
        matches!(self, Core::CortexM55)
    }

    /// Whether the core can have a data watchpoint unit with a cycle counter; ARMv6-M has none.
    pub const fn has_cycle_counter(self) -> bool {
        !matches!(self, Core::CortexM0 | Core::CortexM0Plus)
    }
}
