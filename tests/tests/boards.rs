//! Every folder of `boards/` builds firmware that links, contains no panic, and satisfies the chip's boot
//! ROM; every emulated board gives the interpreter's outputs, measures, and fails when it should.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::path::{Path, PathBuf};

use ember_codegen::emit::{Golden, Provenance, emit};
use ember_codegen::interpret::Interpreter;
use ember_codegen::target::{Board, Core, Limits, Runner};
use ember_tests::{firmware, models};
use object::read::elf::{ElfFile32, FileHeader as _, ProgramHeader as _};

/// All boards of the repository.
fn boards() -> Vec<Board> {
    let mut names: Vec<String> = fs::read_dir(firmware::root().join("boards"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.join("board.toml").exists())
        .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names.iter().map(|name| firmware::board(name)).collect()
}

/// Samples and what the interpreter makes of them.
fn golden(samples: usize) -> Vec<Golden> {
    let planned = models::MODELS[1].planned();
    let interpreter = Interpreter::new(planned.network()).unwrap();
    let sample = |index: usize| {
        let value = |at: usize| ((at * 37 + index * 91) % 256) as u8;
        let input: Vec<i8> = (0..interpreter.input_len())
            .map(|at| value(at).cast_signed())
            .collect();
        let output = interpreter.run(&input);
        Golden { input, output }
    };
    (0..samples).map(sample).collect()
}

/// Emits and builds a small network for a board; the crate's folder and the linked file.
fn build(board: &Board, name: &str, golden: &[Golden]) -> (PathBuf, PathBuf) {
    let planned = models::MODELS[1].planned();
    let provenance = Provenance {
        tool_version: "0.0.0".to_owned(),
        ..Provenance::default()
    };
    let package = emit(&planned, board, &Limits::of(board), &provenance, golden).unwrap();
    let dir = firmware::work_dir(name).join(&board.name);
    firmware::write_package(&package, &dir);
    let elf = firmware::build_firmware(&dir, &firmware::work_dir("boards-target"), board);
    let elf = elf.unwrap_or_else(|error| panic!("{}: {error}", board.name));
    // The next board of the same core writes to the same place.
    let kept = dir.join("firmware.elf");
    fs::copy(elf, &kept).unwrap();
    (dir, kept)
}

fn bytes(golden: &[Golden], part: fn(&Golden) -> &Vec<i8>) -> Vec<u8> {
    golden
        .iter()
        .flat_map(part)
        .map(|value| value.cast_unsigned())
        .collect()
}

#[test]
fn every_board_links_without_a_panic_and_emulated_ones_compute_the_same() {
    let golden = golden(20);
    for board in boards() {
        let (dir, elf) = build(&board, "boards", &golden);
        let name = &board.name;
        let symbols = firmware::elf(&elf, &board).symbols;
        let panics: Vec<_> = symbols
            .iter()
            .filter(|symbol| symbol.name.contains("panic") || symbol.name.contains("core::fmt"))
            .collect();
        assert!(panics.is_empty(), "{name}: {panics:?}");
        match board.runner {
            Runner::Qemu { .. } => check_run(&board, &dir, &elf, &golden),
            Runner::ProbeRs { .. } => {
                assert!(
                    symbols.iter().any(|symbol| symbol.name == "_SEGGER_RTT"),
                    "{name}"
                );
                check_boot(&board, &elf);
            }
        }
    }
}

/// Outputs are the interpreter's, and every measurement is there, plausible and the same twice.
fn check_run(board: &Board, dir: &Path, elf: &Path, golden: &[Golden]) {
    fs::write(
        dir.join("samples.bin"),
        bytes(golden, |golden| &golden.input),
    )
    .unwrap();
    let run =
        || firmware::run(board, elf, dir).unwrap_or_else(|error| panic!("{}: {error}", board.name));
    let text = run();
    let outputs = fs::read(dir.join("outputs.bin")).unwrap();
    assert_eq!(
        outputs,
        bytes(golden, |golden| &golden.output),
        "{}",
        board.name
    );
    assert_eq!(text, run(), "{}: not the same twice", board.name);
    let value = |key: &str| -> u64 {
        let pair = text
            .split_whitespace()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        pair.unwrap_or_else(|| panic!("{key} in {text}"))
            .parse()
            .unwrap()
    };
    let (total, samples) = (value("ticks_total"), value("samples"));
    assert_eq!(samples, golden.len() as u64);
    assert!(
        value("ticks_min") <= total / samples && total / samples <= value("ticks_max"),
        "{text}"
    );
    // 8·8·8·9 multiply-accumulates in the first layer alone; no core does more than 16 per instruction.
    let instructions = board.instructions(total, samples).unwrap();
    assert!(
        (4608 / 16..1_000_000).contains(&instructions),
        "{}: {instructions}",
        board.name
    );
    let stack = value("stack_infer_bytes");
    assert!(
        (8..4096).contains(&stack) && stack < value("stack_bytes"),
        "{text}"
    );
}

/// The vector table is where the core, or a boot loader, looks for it, and a boot ROM that wants to see
/// something sees it.
fn check_boot(board: &Board, elf: &Path) {
    let bytes = fs::read(elf).unwrap();
    let word = |address: u32| -> u32 {
        let bytes =
            loaded(&bytes, address, 4).unwrap_or_else(|| panic!("{}: 0x{address:x}", board.name));
        u32::from_le_bytes(bytes.try_into().unwrap())
    };
    let stack = word(board.flash.origin);
    assert_eq!(
        u64::from(stack),
        board.ram.end() & !7,
        "{}: initial stack pointer",
        board.name
    );
    let reset = word(board.flash.origin + 4);
    assert!(
        reset & 1 == 1 && board.flash.contains(reset.into()),
        "{}: reset vector",
        board.name
    );
    match board.name.as_str() {
        "rpi-pico" => {
            let boot2 = loaded(&bytes, 0x1000_0000, 256).unwrap();
            assert_eq!(
                crc32_mpeg2(&boot2[..252]).to_le_bytes(),
                boot2[252..],
                "boot2's CRC"
            );
        }
        "rpi-pico-2" => {
            let first = segment(&bytes, 0x1000_0000).unwrap();
            let first = &first[..first.len().min(4096)];
            let marker = |word: u32| {
                first
                    .chunks_exact(4)
                    .position(|at| at == word.to_le_bytes())
            };
            let (start, end) = (marker(0xffff_ded3).unwrap(), marker(0xab12_3579).unwrap());
            assert_eq!(end - start, 4, "an image definition in the first 4K");
        }
        _ => (),
    }
}

/// Bytes that are loaded to an address.
fn loaded(elf: &[u8], address: u32, len: usize) -> Option<&[u8]> {
    segment(elf, address)?.get(..len)
}

/// The rest of the loaded segment that holds an address.
fn segment(elf: &[u8], address: u32) -> Option<&[u8]> {
    let file = ElfFile32::<object::Endianness>::parse(elf).unwrap();
    let endian = file.endian();
    let headers = file.elf_header().program_headers(endian, elf).unwrap();
    headers
        .iter()
        .filter(|header| header.p_type(endian) == object::elf::PT_LOAD)
        .find_map(|header| {
            let from = address.checked_sub(header.p_paddr(endian))? as usize;
            header
                .data(endian, elf)
                .ok()?
                .get(from..)
                .filter(|rest| !rest.is_empty())
        })
}

/// The CRC of the RP2040's boot ROM.
fn crc32_mpeg2(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ (u32::from(byte) << 24), |crc, _| {
            (crc << 1) ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

#[test]
fn bad_samples_and_faults_end_with_failure() {
    let golden = golden(2);
    for board in boards() {
        let is_smallest_and_plainest = board.core == Core::CortexM0 || board.name == "mps2-an386";
        if board.qemu_args().is_none() || !is_smallest_and_plainest {
            continue;
        }
        let (dir, elf) = build(&board, "boards-failures", &golden);
        let samples = dir.join("samples.bin");
        drop(fs::remove_file(&samples));
        let error = firmware::run(&board, &elf, &dir).unwrap_err();
        assert!(
            error.contains("ember error: cannot open samples.bin"),
            "{error}"
        );

        fs::write(&samples, &bytes(&golden, |golden| &golden.input)[1..]).unwrap();
        let error = firmware::run(&board, &elf, &dir).unwrap_err();
        assert!(
            error.contains("ember error: samples.bin ends inside a sample"),
            "{error}"
        );

        // An undefined instruction in the place of the inference.
        let mut broken = fs::read(&elf).unwrap();
        let infer = firmware::elf(&elf, &board)
            .symbols
            .into_iter()
            .find(|s| s.name == "bench_begin")
            .unwrap();
        let at = file_offset(&broken, u32::try_from(infer.address).unwrap());
        broken[at..at + 2].copy_from_slice(&0xde00_u16.to_le_bytes());
        let path = dir.join("broken.elf");
        fs::write(&path, broken).unwrap();
        let error = firmware::run(&board, &path, &dir).unwrap_err();
        assert!(error.contains("ember error: hard fault"), "{error}");
    }
}

/// Where in the file the byte of an address is.
fn file_offset(elf: &[u8], address: u32) -> usize {
    let found = loaded(elf, address, 1).unwrap();
    found.as_ptr() as usize - elf.as_ptr() as usize
}
