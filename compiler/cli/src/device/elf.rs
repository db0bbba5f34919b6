//! Reads out of a linked firmware what is in it: the flash and RAM it takes, the model's arena, its
//! constants, who takes the room, and whether anything can panic.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use ember_codegen::target::Board;
use object::elf::PT_LOAD;
use object::read::elf::{ElfFile32, FileHeader as _, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};
use serde::Serialize;

use super::DeviceError;

/// The static that holds the model in `src/bin/firmware.rs`.
const MODEL: &str = "::MODEL";

/// Parts of names that only code which can panic, or its message, brings along.
const PANICS: [&str; 5] =
    ["core::panicking", "rust_begin_unwind", "core::option::", "core::result::unwrap_failed", "core::slice::index"];

/// What a firmware is made of, in bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FirmwareSizes {
    /// All that lies in flash: vector table, code, constants, the image of initialised RAM, and gaps
    /// between them. What a boot ROM wants outside of the board's flash block is not counted.
    pub flash_bytes: u64,
    /// All statics in RAM, the model among them; the stack is not counted.
    pub ram_bytes: u64,
    /// The model's static: its arena.
    pub arena_bytes: u64,
    /// The model's constants: the statics of its module `params`.
    pub constant_bytes: u64,
    /// Everything in flash that has a name, by whom it belongs to.
    pub parts: BTreeMap<Part, u64>,
    /// The same by name, largest first.
    pub symbols: Vec<Symbol>,
    /// Names that belong to panicking; a firmware of Ember has none.
    pub panics: Vec<String>,
}

/// Who takes the room in flash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The vector table and the start-up code.
    Startup,
    /// The model's code: its layers and the kernels, which are built for it.
    Model,
    /// Weights, biases, multipliers and tables.
    Constants,
    /// The firmware around it: transport, measurement, faults.
    Firmware,
    /// The compiler's support routines: copying, filling, long arithmetic.
    Compiler,
    /// What has no name: literals, alignment.
    Unnamed,
}

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Part::Startup => "vector table, start-up",
            Part::Model => "layers",
            Part::Constants => "weights and constants",
            Part::Firmware => "transport, measurement",
            Part::Compiler => "compiler's routines",
            Part::Unnamed => "literals, alignment",
        })
    }
}

/// A function or constant in flash.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Symbol {
    /// Its path, without the hash.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Whom it belongs to.
    pub part: Part,
}

/// Reads the firmware of an emitted crate.
///
/// # Errors
/// `Io` if the file cannot be read; `Elf` if it is no 32-bit ELF program with symbols, or has no model.
pub fn read(path: &Path, board: &Board, crate_name: &str) -> Result<FirmwareSizes, DeviceError> {
    let bytes = std::fs::read(path).map_err(DeviceError::io(path.display().to_string()))?;
    parse(&bytes, board, crate_name)
        .map_err(|reason| DeviceError::Elf { path: path.to_owned(), reason })
}

/// As [`read`], from the file's bytes; errors are the reason alone.
fn parse(bytes: &[u8], board: &Board, crate_name: &str) -> Result<FirmwareSizes, String> {
    let file = ElfFile32::<Endianness>::parse(bytes).map_err(|error| error.to_string())?;
    let flash_bytes = flash_bytes(&file, board)?;
    let (symbols, model, panics) = symbols(&file, board, crate_name);
    let mut parts = BTreeMap::new();
    for symbol in &symbols {
        *parts.entry(symbol.part).or_insert(0) += symbol.bytes;
    }
    let named: u64 = parts.values().sum();
    parts.insert(Part::Unnamed, flash_bytes.saturating_sub(named));
    Ok(FirmwareSizes {
        flash_bytes,
        ram_bytes: ram_bytes(&file, board),
        arena_bytes: model.ok_or("it has no static `MODEL` (was it stripped?)")?,
        constant_bytes: parts.get(&Part::Constants).copied().unwrap_or(0),
        parts,
        symbols,
        panics,
    })
}

/// From the start of flash to the end of the last thing that is loaded there.
fn flash_bytes(file: &ElfFile32<'_>, board: &Board) -> Result<u64, String> {
    let endian = file.endian();
    let headers = file
        .elf_header()
        .program_headers(endian, file.data())
        .map_err(|error| error.to_string())?;
    let end = headers
        .iter()
        .filter(|header| header.p_type(endian) == PT_LOAD && header.p_filesz(endian) > 0)
        .map(|header| (u64::from(header.p_paddr(endian)), u64::from(header.p_filesz(endian))))
        .filter(|(start, _)| board.flash.contains(*start))
        .map(|(start, bytes)| start + bytes)
        .max();
    let end = end.ok_or("nothing of it lies in the board's flash")?;
    Ok(end - u64::from(board.flash.origin))
}

/// The sections that live in RAM.
fn ram_bytes(file: &ElfFile32<'_>, board: &Board) -> u64 {
    file.sections()
        .filter(|section| board.ram.contains(section.address()))
        .map(|section| section.size())
        .sum()
}

/// The symbols in flash, the size of the model in RAM, the names that belong to panicking.
fn symbols(
    file: &ElfFile32<'_>,
    board: &Board,
    crate_name: &str,
) -> (Vec<Symbol>, Option<u64>, Vec<String>) {
    let (mut symbols, mut model, mut panics) = (BTreeMap::new(), None, Vec::new());
    for symbol in file.symbols() {
        let Ok(mangled) = symbol.name() else { continue };
        let name = format!("{:#}", rustc_demangle::demangle(mangled));
        if PANICS.iter().any(|part| name.contains(part)) {
            panics.push(name.clone());
        }
        if !matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data) || symbol.size() == 0 {
            continue;
        }
        // Bit 0 of a function's address says Thumb.
        let address = symbol.address() & !1;
        if board.flash.contains(address) {
            let part = part_of(&name, crate_name);
            // Functions that are equal are one: the linker gives both names the same place.
            symbols.entry(address).or_insert(Symbol { name, bytes: symbol.size(), part });
        } else if name.ends_with(MODEL) && board.ram.contains(address) {
            model = Some(symbol.size());
        }
    }
    panics.sort();
    panics.dedup();
    let mut symbols: Vec<Symbol> = symbols.into_values().collect();
    symbols.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    (symbols, model, panics)
}

/// Whom a name belongs to. A method of a trait is named `<Type as Trait>::method`.
fn part_of(name: &str, crate_name: &str) -> Part {
    let path = name.trim_start_matches('<');
    let is_of = |krate: &str| path.strip_prefix(krate).is_some_and(|rest| rest.starts_with("::"));
    if path.strip_prefix(crate_name).is_some_and(|rest| rest.starts_with("::params::")) {
        Part::Constants
    } else if is_of(crate_name) || is_of("ember_runtime") {
        Part::Model
    } else if is_of("ember_board") || is_of("firmware") || path.starts_with("bench_") {
        Part::Firmware
    } else if path.starts_with("__aeabi_") || is_of("compiler_builtins") || path.starts_with("mem") {
        Part::Compiler
    } else if is_startup(path) {
        Part::Startup
    } else {
        Part::Firmware
    }
}

/// Names of cortex-m-rt.
fn is_startup(name: &str) -> bool {
    ["__EXCEPTIONS", "__INTERRUPTS", "__RESET_VECTOR", "Reset", "HardFaultTrampoline", "DefaultPreInit", "main"]
        .contains(&name)
        || name.starts_with("cortex_m_rt::")
}
