//! Builds and runs emitted crates and other firmware in tests: cargo, QEMU, symbols.
//!
//! All crates of a test run share one target folder, so that cortex-m-rt and the runtime are built once
//! per core.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use ember_codegen::emit::Package;
use ember_codegen::target::Board;
use object::elf::PT_LOAD;
use object::read::elf::{ElfFile32, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _};

/// How long firmware may run.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder of the workspace's target folder that lasts from run to run.
pub fn work_dir(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| root().join("target"))
        .join("firmware-tests")
        .join(name)
}

/// The board of this name.
///
/// # Panics
/// If the repository has none.
pub fn board(name: &str) -> Board {
    let path = root().join("boards").join(name).join("board.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Board::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Writes a package with the repository's own runtime and board crate in place of vendored copies.
///
/// # Panics
/// If the folder cannot be written.
pub fn write_package(package: &Package, dir: &Path) {
    let mut files = package.files.clone();
    if let Some(manifest) = files.get_mut("Cargo.toml") {
        *manifest = with_repository_paths(&String::from_utf8_lossy(manifest)).into_bytes();
    }
    write_files(&files, dir);
}

/// A manifest whose `vendor/…` paths lead to the repository.
pub fn with_repository_paths(manifest: &str) -> String {
    let path = |relative: &str| format!("{:?}", root().join(relative));
    manifest
        .replace("\"vendor/ember-runtime\"", &path("runtime"))
        .replace("\"vendor/ember-board\"", &path("boards/support"))
}

/// Makes `dir` hold these files and, but for a lock file, no others.
///
/// # Panics
/// If the folder cannot be written.
pub fn write_files(files: &BTreeMap<String, Vec<u8>>, dir: &Path) {
    let lock = fs::read(dir.join("Cargo.lock"));
    drop(fs::remove_dir_all(dir));
    let write = |path: &str, bytes: &[u8]| -> io::Result<()> {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap_or(dir))?;
        fs::write(path, bytes)
    };
    for (path, bytes) in files {
        write(path, bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    if let Ok(lock) = lock {
        write("Cargo.lock", &lock).unwrap_or_else(|error| panic!("Cargo.lock: {error}"));
    }
}

/// Runs cargo on this machine in `dir`, with `target` as its target folder.
///
/// # Errors
/// What cargo printed, if it fails.
pub fn cargo(dir: &Path, target: &Path, args: &[&str]) -> Result<String, String> {
    let mut command = Command::new("cargo");
    finish(command.current_dir(dir).args(args), target)
}

/// Runs a cargo that can build for `triple`, as [`cargo`] does: the default toolchain's or the one that
/// scripts/setup links as `ember-thumb`.
///
/// # Errors
/// What cargo printed, or what to do if there is no toolchain.
pub fn device_cargo(
    dir: &Path,
    target: &Path,
    triple: &str,
    args: &[&str],
) -> Result<String, String> {
    let toolchains: [&[&str]; 2] = [&["+ember-thumb"], &[]];
    let Some(toolchain) = toolchains
        .into_iter()
        .find(|toolchain| has_target(toolchain, triple))
    else {
        return Err(format!(
            "no toolchain has the target {triple}; run scripts/setup"
        ));
    };
    let mut command = Command::new("cargo");
    finish(
        command
            .current_dir(dir)
            .args(toolchain)
            .args(args)
            .args(["--target", triple]),
        target,
    )
}

fn has_target(toolchain: &[&str], triple: &str) -> bool {
    let mut rustc = Command::new("rustc");
    rustc
        .args(toolchain)
        .args(["--print", "target-libdir", "--target", triple]);
    // The toolchain of this very build would otherwise override the choice.
    let output = rustc.env_remove("RUSTUP_TOOLCHAIN").output();
    output.is_ok_and(|output| {
        let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success()
            && Path::new(&path)
                .read_dir()
                .is_ok_and(|mut dir| dir.next().is_some())
    })
}

fn finish(command: &mut Command, target: &Path) -> Result<String, String> {
    let output = command
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    let text = printed(&output);
    if output.status.success() {
        Ok(text)
    } else {
        Err(text)
    }
}

fn printed(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Builds the firmware of an emitted crate and returns the ELF file.
///
/// # Errors
/// What cargo printed.
pub fn build_firmware(dir: &Path, target: &Path, board: &Board) -> Result<PathBuf, String> {
    let args = [
        "build",
        "--release",
        "--features",
        "firmware",
        "--bin",
        "firmware",
    ];
    device_cargo(dir, target, &board.triple, &args)?;
    Ok(target.join(&board.triple).join("release/firmware"))
}

/// Runs firmware on a board's emulator in the folder `dir` and returns what it printed.
///
/// # Errors
/// If it fails, or does not end in time.
pub fn run(board: &Board, elf: &Path, dir: &Path) -> Result<String, String> {
    let args = board
        .qemu_args()
        .ok_or_else(|| format!("{} has no emulator", board.name))?;
    let child = Command::new("qemu-system-arm")
        .args(args)
        .arg("-kernel")
        .arg(elf)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start qemu-system-arm: {error}; run scripts/setup"))?;
    let id = child.id();
    let watch = thread::spawn(move || -> io::Result<Output> { child.wait_with_output() });
    let start = Instant::now();
    while !watch.is_finished() {
        if start.elapsed() > TIME_LIMIT {
            drop(Command::new("kill").arg(id.to_string()).status());
        }
        thread::sleep(Duration::from_millis(5));
    }
    let output = match watch.join() {
        Ok(output) => output.map_err(|error| error.to_string())?,
        Err(_) => return Err("BUG: the waiting thread panicked".to_owned()),
    };
    let text = printed(&output);
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("{}\n{text}", output.status))
    }
}

/// What an ELF file says about sizes.
pub struct Elf {
    /// From the start of flash to the end of what is loaded there.
    pub flash_bytes: u64,
    /// Statics in RAM.
    pub ram_bytes: u64,
    /// Demangled names without hash, addresses and sizes of all sized symbols.
    pub symbols: Vec<Symbol>,
}

/// A symbol of an ELF file.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Demangled, without the hash.
    pub name: String,
    /// Where it lies; for code without the Thumb bit.
    pub address: u64,
    /// Its size in bytes.
    pub size: u64,
}

/// Reads an ELF file for a board.
///
/// # Panics
/// If it is none.
pub fn elf(path: &Path, board: &Board) -> Elf {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = ElfFile32::<Endianness>::parse(&*bytes)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let endian = file.endian();
    let ends = file.elf_program_headers().iter().filter_map(|header| {
        let (start, bytes) = (header.p_paddr(endian), header.p_filesz(endian));
        let loaded = header.p_type(endian) == PT_LOAD && bytes > 0;
        (loaded && board.flash.contains(start.into())).then_some(start + bytes)
    });
    let flash_bytes = ends
        .max()
        .map_or(0, |end| (end - board.flash.origin).into());
    let in_ram = file
        .sections()
        .filter(|section| board.ram.contains(section.address()));
    let ram_bytes = in_ram.map(|section| section.size()).sum();
    let symbols = file
        .symbols()
        .filter(|symbol| symbol.size() > 0)
        .filter_map(|symbol| {
            Some(Symbol {
                name: format!("{:#}", rustc_demangle::demangle(symbol.name().ok()?)),
                address: symbol.address() & !1,
                size: symbol.size(),
            })
        })
        .collect();
    Elf {
        flash_bytes,
        ram_bytes,
        symbols,
    }
}
