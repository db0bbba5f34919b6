//! Damaged and hostile files: any bytes give a graph or an error, never a panic, in bounded time.
//! Real files are cut, overwritten and patched with the numbers that break readers.
//! `EMBER_FUZZ_CASES` sets how many files are made of each format.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ember_import::Network;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::Index;

/// The longest that an import may take here, on a slow machine without optimisation.
const LONGEST: Duration = Duration::from_secs(5);

/// Generated models and, where they lie beside the project, published ones.
fn corpus() -> Vec<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let shared = std::env::var_os("EMBER_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let mut paths = Vec::new();
    for folder in [
        fixtures.join("tflm"),
        fixtures.join("float"),
        fixtures.join("refused"),
        shared.join("models"),
    ] {
        let Ok(entries) = fs::read_dir(&folder) else {
            println!("skipped: no folder {}", folder.display());
            continue;
        };
        paths.extend(entries.map(|entry| entry.unwrap().path()));
    }
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "tflite")
    });
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// The operator cases of ONNX and the models beside them.
fn onnx_corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx");
    let archive = fs::read(folder.join("node_cases.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        if file.name().unwrap().ends_with(".onnx") {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            files.push(bytes);
        }
    }
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "onnx")
        })
        .collect();
    paths.sort();
    // As often as the cases together: these have whole networks in them.
    for path in paths.iter().cycle().take(paths.len().min(1) * files.len()) {
        files.push(fs::read(path).unwrap());
    }
    files
}

/// Imports; a graph that comes out must hold what it promises.
fn import(bytes: &[u8]) {
    let start = Instant::now();
    let result = ember_import::import("model", bytes);
    assert!(start.elapsed() < LONGEST, "took {:?}", start.elapsed());
    match result.map(|model| model.network) {
        Ok(Network::Float(network)) => {
            let violations = ember_ir::verify::verify_float(&network);
            assert!(violations.is_empty(), "{violations:?}");
        }
        Ok(Network::Int8(network)) => {
            let nodes = network.graph.nodes.len();
            assert_eq!(network.params.len(), nodes);
            assert_eq!(network.roundings.len(), nodes);
            assert_eq!(network.quants.len(), network.graph.tensors.len());
            let violations = ember_ir::verify::verify_quant(&network);
            assert!(violations.is_empty(), "{violations:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    Byte(Index, u8),
    Word(Index, u32),
    Cut(Index),
    /// Moves a block of bytes onto another place.
    Copy(Index, Index, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let word = prop_oneof![
        Just(0u32),
        Just(1),
        Just(u32::MAX),
        Just(0x7fff_ffff),
        Just(0x8000_0000),
        Just(0x2000_0000),
        0u32..300,
        any::<u32>(),
    ];
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        4 => (any::<Index>(), word).prop_map(|(at, word)| Mutation::Word(at, word)),
        1 => any::<Index>().prop_map(Mutation::Cut),
        1 => (any::<Index>(), any::<Index>(), 1usize..64)
            .prop_map(|(from, to, len)| Mutation::Copy(from, to, len)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    match *mutation {
        Mutation::Byte(at, byte) => *at.get_mut(bytes) = byte,
        Mutation::Word(at, word) => {
            // Numbers of the format are aligned: a hit is likelier on a multiple of four.
            let at = at.index(bytes.len()) & !3;
            let end = bytes.len().min(at + 4);
            bytes[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
        }
        Mutation::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Mutation::Copy(from, to, len) => {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let len = len.min(bytes.len() - from.max(to));
            bytes.copy_within(from..from + len, to);
        }
    }
}

/// Files to make of each format.
fn cases() -> u32 {
    let set = std::env::var("EMBER_FUZZ_CASES").ok();
    set.map_or(20_000, |cases| cases.parse().unwrap())
}

/// A file with some damage.
fn damaged(corpus: &[Vec<u8>], index: Index, mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = index.get(corpus).clone();
    for mutation in mutations {
        mutate(&mut bytes, mutation);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files_never_panic(
        index in any::<Index>(),
        mutations in proptest::collection::vec(mutation(), 1..6),
    ) {
        std::thread_local! {
            static CORPUS: Vec<Vec<u8>> = corpus();
        }
        import(&CORPUS.with(|corpus| damaged(corpus, index, &mutations)));
    }

    #[test]
    fn mutated_onnx_files_never_panic(
        index in any::<Index>(),
        mutations in proptest::collection::vec(mutation(), 1..4),
    ) {
        std::thread_local! {
            static CORPUS: Vec<Vec<u8>> = onnx_corpus();
        }
        import(&CORPUS.with(|corpus| damaged(corpus, index, &mutations)));
    }

    #[test]
    fn noise_behind_a_header_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut bytes = b"\x08\0\0\0TFL3".to_vec();
        bytes.extend(noise);
        import(&bytes);
    }
}

/// Each aligned word of a small file in turn becomes each of the numbers that break readers.
#[test]
fn every_word_of_a_file_can_be_hostile() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tflm/conv_per_tensor.tflite");
    let file = fs::read(path).unwrap();
    for at in (0..file.len() - 3).step_by(4) {
        for value in [
            0,
            1,
            0x7fff_ffff,
            0x8000_0000,
            u32::MAX,
            0xffff_fff0,
            file.len() as u32,
        ] {
            let mut bytes = file.clone();
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            import(&bytes);
        }
    }
}

#[test]
fn every_cut_of_a_file_is_an_error() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tflm/dense.tflite");
    let file = fs::read(path).unwrap();
    assert!(ember_import::import("model", &file).is_ok());
    let refused = (0..file.len())
        .filter(|&end| ember_import::import("model", &file[..end]).is_err())
        .count();
    // The last bytes may be padding of the root; all but a few cuts lose something.
    assert!(
        refused + 8 >= file.len(),
        "{refused} of {} cuts refused",
        file.len()
    );
}
