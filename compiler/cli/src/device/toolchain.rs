//! Finds a cargo that can build for a target.
//!
//! A target may come from `rustup target add` or from the distribution's compiler, linked into rustup as
//! `ember-thumb` by `scripts/setup`. Here nothing is known of either: a toolchain can build for a target
//! when its sysroot holds the target's core library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::DeviceError;

/// Names the toolchain to use, alone, if set.
pub const VARIABLE: &str = "EMBER_TOOLCHAIN";
/// The name under which `scripts/setup` links the distribution's compiler.
pub const LINKED: &str = "ember-thumb";

/// Variables of an outer cargo, or for it, which would change how firmware is built: its flags are in
/// the emitted crate's own configuration, which `RUSTFLAGS` would override.
const FOREIGN: [&str; 8] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
];

/// A toolchain that can build for a target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Toolchain {
    /// rustup's name of it; `None` for the default one.
    pub name: Option<String>,
    /// Its sysroot.
    pub sysroot: PathBuf,
}

impl Toolchain {
    /// The command `cargo`, of this toolchain and free of an outer cargo's settings.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        command.args(self.name.as_ref().map(|name| format!("+{name}")));
        for variable in FOREIGN {
            command.env_remove(variable);
        }
        if self.name.is_some() {
            command.env_remove("RUSTUP_TOOLCHAIN");
        }
        command
    }

    /// What a person calls it.
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or("the default toolchain")
    }
}

/// The first toolchain that can build for `triple`: the one that `EMBER_TOOLCHAIN` names, or else the
/// default one, or else `ember-thumb`.
///
/// # Errors
/// `NoToolchain`, with what was looked at and what to run.
pub fn find(triple: &str) -> Result<Toolchain, DeviceError> {
    let named = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty());
    let candidates = match named {
        Some(name) => vec![Some(name)],
        None => vec![None, Some(LINKED.to_owned())],
    };
    let mut tried = Vec::new();
    for name in candidates {
        let title = name
            .as_deref()
            .map_or("the default toolchain".to_owned(), |name| {
                format!("`{name}`")
            });
        match sysroot(name.as_deref()) {
            None => tried.push(format!("{title} is not installed")),
            Some(sysroot) if has_target(&sysroot, triple) => {
                return Ok(Toolchain { name, sysroot });
            }
            Some(_) => tried.push(format!("{title} lacks the target")),
        }
    }
    Err(DeviceError::NoToolchain {
        triple: triple.to_owned(),
        tried: tried.join(", "),
    })
}

/// Where a toolchain lies, if it is installed.
fn sysroot(name: Option<&str>) -> Option<PathBuf> {
    let mut command = Command::new("rustc");
    command
        .args(name.map(|name| format!("+{name}")))
        .args(["--print", "sysroot"]);
    // A cargo around us has chosen a toolchain for itself; `+name` is meant to be looked up afresh.
    if name.is_some() {
        command.env_remove("RUSTUP_TOOLCHAIN");
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !path.trim().is_empty()).then(|| PathBuf::from(path.trim()))
}

/// Whether a sysroot holds the core library of a target.
pub(super) fn has_target(sysroot: &Path, triple: &str) -> bool {
    let Ok(entries) = fs::read_dir(sysroot.join("lib/rustlib").join(triple).join("lib")) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libcore-") && name.ends_with(".rlib")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_there_when_its_core_is() {
        let root = tempfile::tempdir().expect("a folder");
        let lib = root.path().join("lib/rustlib/thumbv7m-none-eabi/lib");
        fs::create_dir_all(&lib).expect("a folder");
        assert!(!has_target(root.path(), "thumbv7m-none-eabi"), "empty");
        fs::write(lib.join("libcore-123.rlib"), "").expect("a file");
        assert!(has_target(root.path(), "thumbv7m-none-eabi"));
        assert!(!has_target(root.path(), "thumbv6m-none-eabi"));
    }

    #[test]
    fn the_message_says_what_to_run() {
        let error = find("no-such-triple")
            .expect_err("no toolchain has it")
            .to_string();
        assert!(
            error.contains("rustup target add no-such-triple"),
            "{error}"
        );
        assert!(error.contains("./scripts/setup"), "{error}");
    }

    #[test]
    fn flags_of_an_outer_cargo_do_not_reach_the_firmware() {
        let toolchain = Toolchain {
            name: Some("x".to_owned()),
            sysroot: PathBuf::new(),
        };
        let command = toolchain.cargo();
        assert!(command.get_args().eq(["+x"]));
        for variable in ["RUSTFLAGS", "CARGO_TARGET_DIR", "RUSTUP_TOOLCHAIN"] {
            assert!(
                command
                    .get_envs()
                    .any(|(name, value)| name == variable && value.is_none())
            );
        }
    }
}
