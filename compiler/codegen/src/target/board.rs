//! A board: everything the back end knows about the hardware.

use ember_runtime::scratch::Isa;

use super::{BoardError, Core, Prefer, file};

/// A range of memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryBlock {
    /// First address.
    pub origin: u32,
    /// Size in bytes.
    pub bytes: u32,
}

impl MemoryBlock {
    /// One past the last address.
    pub const fn end(self) -> u64 {
        self.origin as u64 + self.bytes as u64
    }

    /// Whether `address` lies inside.
    pub const fn contains(self, address: u64) -> bool {
        self.origin as u64 <= address && address < self.end()
    }

    /// Whether two blocks share an address.
    pub const fn overlaps(self, other: MemoryBlock) -> bool {
        (self.origin as u64) < other.end() && (other.origin as u64) < self.end()
    }
}

/// What executes the firmware.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Runner {
    /// `qemu-system-arm`; input and output by semihosting.
    Qemu {
        /// The name for `-machine`.
        machine: String,
        /// Frequency of the clock that SysTick counts on this machine, in Hz.
        clock_hz: u32,
    },
    /// `probe-rs run` on the hardware; output over RTT.
    ProbeRs {
        /// The name for `--chip`.
        chip: String,
    },
}

/// The checked form of a `board.toml`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Board {
    /// The folder's name; what a job says to select the board.
    pub name: String,
    /// One line for people.
    pub description: String,
    /// The processor.
    pub core: Core,
    /// The Rust target.
    pub triple: String,
    /// rustc's `-C target-cpu`, where the triple leaves out what the core has.
    pub target_cpu: Option<String>,
    /// Where the program lies. What a boot loader keeps for itself is not part of it.
    pub flash: MemoryBlock,
    /// Where statics and the stack lie.
    pub ram: MemoryBlock,
    /// Features of `ember-runtime`: the instruction sets beyond the base of the triple (`dsp`, `mve`).
    pub features: Vec<String>,
    /// Features of `ember-board` beyond the transport (`set-vtor`).
    pub support: Vec<String>,
    /// What the linker needs beyond flash and RAM, for chips whose boot ROM wants to see something.
    pub linker_script: Option<String>,
    /// What executes the firmware.
    pub runner: Runner,
    /// What the firmware is made for; a job's choice, not the board's.
    pub prefer: Prefer,
}

impl Board {
    /// Reads and checks a `board.toml`.
    ///
    /// # Errors
    /// All that is wrong with it: syntax, unknown or missing keys, a triple, a feature or a memory that
    /// cannot be that core's.
    pub fn parse(toml: &str) -> Result<Self, BoardError> {
        file::parse(toml)
    }

    /// How input and output reach the firmware: the transport feature of `ember-board`.
    pub const fn transport(&self) -> &'static str {
        match self.runner {
            Runner::Qemu { .. } => "semihosting",
            Runner::ProbeRs { .. } => "rtt",
        }
    }

    /// The instructions of the kernels' innermost sums, as `ember-runtime` chooses them.
    pub fn isa(&self) -> Isa {
        let has = |feature: &str| self.features.iter().any(|other| other == feature);
        match self.core {
            _ if has("mve") => Isa::Mve,
            _ if has("dsp") => Isa::Dsp,
            Core::CortexM0 | Core::CortexM0Plus => Isa::Thumb1,
            Core::CortexM3
            | Core::CortexM4
            | Core::CortexM7
            | Core::CortexM33
            | Core::CortexM55 => Isa::Thumb2,
        }
    }

    /// The features of `ember-runtime` that the firmware is built with.
    pub fn runtime_features(&self) -> Vec<String> {
        let mut features = self.features.clone();
        if self.prefer == Prefer::Size {
            features.push("size".to_owned());
        }
        features
    }

    /// The features of `ember-board` that the firmware needs: the transport first.
    pub fn support_features(&self) -> Vec<String> {
        let mut features = vec![self.transport().to_owned()];
        features.extend(self.support.iter().cloned());
        features
    }

    /// rustc's flags for firmware, for `[target.<triple>] rustflags` of a cargo configuration.
    pub fn rustflags(&self) -> Vec<String> {
        // Without --nmagic a linker may pad the flash image to pages.
        let mut flags = vec![
            "-Clink-arg=--nmagic".to_owned(),
            "-Clink-arg=-Tlink.x".to_owned(),
        ];
        if let Some(cpu) = &self.target_cpu {
            flags.push(format!("-Ctarget-cpu={cpu}"));
        }
        flags
    }

    /// The command that runs an ELF file, without the file: a cargo runner.
    pub fn runner_command(&self) -> Vec<String> {
        match &self.runner {
            Runner::Qemu { .. } => {
                let mut command = vec!["qemu-system-arm".to_owned()];
                command.extend(self.qemu_args().unwrap_or_default());
                command.push("-kernel".to_owned());
                command
            }
            Runner::ProbeRs { chip } => ["probe-rs", "run", "--chip", chip]
                .map(str::to_owned)
                .to_vec(),
        }
    }
}
