//! Reads out of a linked firmware what is in it: the flash and RAM it takes, the model's arena, its
//! constants, who takes the room, and whether anything can panic.

mod parts;

use std::collections::BTreeMap;
use std::path::Path;

use ember_codegen::target::Board;
use object::elf::PT_LOAD;
use object::read::elf::{ElfFile32, FileHeader as _, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};
use serde::Serialize;

use super::DeviceError;
use parts::part_of;

pub use parts::{Part, Symbol};

/// The static that holds the model in `src/bin/firmware.rs`.
const MODEL: &str = "::MODEL";

/// Parts of names that only code which can panic, or its message, brings along.
const PANICS: [&str; 5] = [
    "core::panicking",
    "rust_begin_unwind",
    "core::option::",
    "core::result::unwrap_failed",
    "core::slice::index",
];

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

/// Reads the firmware of an emitted crate.
///
/// # Errors
/// `Io` if the file cannot be read; `Elf` if it is no 32-bit ELF program with symbols, or has no model.
pub fn read(path: &Path, board: &Board, crate_name: &str) -> Result<FirmwareSizes, DeviceError> {
    let bytes = std::fs::read(path).map_err(DeviceError::io(path.display().to_string()))?;
    parse(&bytes, board, crate_name).map_err(|reason| DeviceError::Elf {
        path: path.to_owned(),
        reason,
    })
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
        .map(|header| {
            (
                u64::from(header.p_paddr(endian)),
                u64::from(header.p_filesz(endian)),
            )
        })
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
        // Literals, which the compiler numbers.
        if name.starts_with(".L") || name.starts_with("anon.") {
            continue;
        }
        // Bit 0 of a function's address says Thumb.
        let address = symbol.address() & !1;
        if board.flash.contains(address) {
            let part = part_of(&name, crate_name);
            // Functions that are equal are one: the linker gives both names the same place.
            symbols.entry(address).or_insert(Symbol {
                name,
                bytes: symbol.size(),
                part,
            });
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A little-endian 32-bit ELF program: one loaded segment in flash, one section in RAM, and symbols
    /// (name, address, size, type).
    fn program(symbols: &[(&str, u32, u32, u8)]) -> Vec<u8> {
        let word = |value: u32| value.to_le_bytes();
        let half = |value: u16| value.to_le_bytes();
        let (mut names, mut table) = (vec![0], vec![0; 16]);
        for (name, address, size, kind) in symbols {
            table.extend([word(names.len() as u32), word(*address), word(*size)].concat());
            table.extend([&[0x10 | kind, 0][..], &half(1)].concat());
            names.extend(name.bytes().chain([0]));
        }
        let [image, table_at] = [84, 84 + 100];
        let names_at = table_at + table.len() as u32;
        let sections_at = names_at + names.len() as u32;
        let mut file = b"\x7fELF\x01\x01\x01".to_vec();
        file.resize(16, 0);
        file.extend([half(2), half(40)].concat());
        file.extend([word(1), word(0), word(52), word(sections_at), word(0)].concat());
        file.extend([52, 32, 1, 40, 4, 3].map(half).concat());
        let flash = 0x0800_0000;
        file.extend([1, image, flash, flash, 100, 100, 5, 4].map(word).concat());
        file.extend([0; 100]);
        file.extend(&table);
        file.extend(&names);
        file.extend([0; 40]);
        let (table_bytes, names_bytes) = (table.len() as u32, names.len() as u32);
        file.extend(
            [0, 8, 3, 0x2000_0000, 0, 512, 0, 0, 4, 0]
                .map(word)
                .concat(),
        );
        file.extend(
            [0, 2, 0, 0, table_at, table_bytes, 3, 1, 4, 16]
                .map(word)
                .concat(),
        );
        file.extend(
            [0, 3, 0, 0, names_at, names_bytes, 0, 0, 1, 0]
                .map(word)
                .concat(),
        );
        file
    }

    fn board() -> Board {
        let toml = include_str!("../../../../../boards/stm32vldiscovery/board.toml");
        Board::parse(toml).expect("a board of the repository")
    }

    const OBJECT: u8 = 1;
    const FUNCTION: u8 = 2;

    #[test]
    fn everything_is_found_and_belongs_to_somebody() {
        let bytes = program(&[
            ("_ZN6digits6params7WEIGHTSE", 0x0800_0000, 40, OBJECT),
            (
                "_ZN13ember_runtime7kernels9conv2d_s8E",
                0x0800_0029,
                20,
                FUNCTION,
            ),
            ("an_alias", 0x0800_0029, 20, FUNCTION),
            ("__aeabi_memset4", 0x0800_003d, 10, FUNCTION),
            ("_ZN8firmware4main5MODELE", 0x2000_0000, 256, OBJECT),
        ]);
        let sizes = parse(&bytes, &board(), "digits").expect("a firmware");
        assert_eq!((sizes.flash_bytes, sizes.ram_bytes), (100, 512));
        assert_eq!((sizes.arena_bytes, sizes.constant_bytes), (256, 40));
        let parts = [
            (Part::Model, 20),
            (Part::Constants, 40),
            (Part::Compiler, 10),
            (Part::Unnamed, 30),
        ];
        assert_eq!(sizes.parts, parts.into());
        assert_eq!(sizes.symbols.len(), 3, "an alias takes no room");
        assert!(sizes.panics.is_empty());
    }

    #[test]
    fn panics_are_found() {
        let bytes = program(&[
            ("_ZN8firmware4main5MODELE", 0x2000_0000, 256, OBJECT),
            ("_ZN4core9panicking5panicE", 0x0800_0000, 10, FUNCTION),
        ]);
        let sizes = parse(&bytes, &board(), "digits").expect("a firmware");
        assert_eq!(sizes.panics, ["core::panicking::panic"]);
    }

    #[test]
    fn what_is_no_firmware_is_refused() {
        let stripped = parse(&program(&[]), &board(), "digits").expect_err("no symbols");
        assert!(stripped.contains("no static `MODEL`"), "{stripped}");
        let whole = program(&[("_ZN8firmware4main5MODELE", 0x2000_0000, 256, OBJECT)]);
        for length in 0..whole.len() {
            let error = parse(&whole[..length], &board(), "digits").expect_err("cut off");
            assert!(!error.is_empty());
        }
    }
}
