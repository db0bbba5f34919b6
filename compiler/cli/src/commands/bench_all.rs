//! `emberc bench --all`: the four networks of MLPerf Tiny on one board per kind of core, beside what
//! TensorFlow Lite Micro with CMSIS-NN takes for the same shapes; and on the first of the boards also with
//! layers that run row by row.

use ember_codegen::cost::Memory;
use ember_codegen::target::Board;
use serde::Serialize;

use super::bench::{ROWS_PERCENT, emulated, prefer};
use crate::args;
use crate::pipeline::bench::{Bench, BenchJob, bench as measure, planned};
use crate::pipeline::report::thousands;
use crate::progress::Progress;
use crate::{Error, output};

/// A network and what another engine takes for it.
struct Net {
    name: &'static str,
    text: &'static str,
    /// Executed instructions of TensorFlow Lite Micro with CMSIS-NN (gcc 12.2 -O3, in QEMU), by board.
    reference: [u64; BOARDS.len()],
    /// Bytes of its arena.
    arena: usize,
}

/// Boards that stand for Cortex-M4, M3, M0 and M55.
const BOARDS: [&str; 4] = [
    "mps2-an386",
    "mps2-an385",
    "mps2-an385-armv6m",
    "mps3-an547",
];

const NETS: [Net; 4] = [
    Net {
        name: "ad",
        text: include_str!("../../../../tests/nets/ad.ember"),
        reference: [582_000, 956_000, 1_763_000, 285_000],
        arena: 2_580,
    },
    Net {
        name: "kws",
        text: include_str!("../../../../tests/nets/kws.ember"),
        reference: [7_845_000, 10_545_000, 29_000_000, 1_785_000],
        arena: 22_820,
    },
    Net {
        name: "vww",
        text: include_str!("../../../../tests/nets/vww.ember"),
        reference: [24_720_000, 32_080_000, 86_860_000, 6_434_000],
        arena: 100_708,
    },
    Net {
        name: "ic",
        text: include_str!("../../../../tests/nets/ic.ember"),
        reference: [29_880_000, 41_760_000, 97_570_000, 4_812_000],
        arena: 54_996,
    },
];

/// One network on one board.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    bench: Bench,
    /// How it uses the RAM: `whole`, `rows` or `fed`.
    memory: &'static str,
    /// Instructions of TensorFlow Lite Micro with CMSIS-NN.
    reference_instructions: u64,
    /// Bytes of its arena.
    reference_arena_bytes: usize,
    /// Instructions over the reference's: below one is faster.
    instructions_ratio: f64,
    /// Bytes of the arena over the reference's.
    arena_ratio: f64,
}

/// Measures and prints.
pub fn bench_all(args: &args::Bench, progress: Progress) -> Result<(), Error> {
    let boards = match &args.board {
        Some(name) => {
            let place = BOARDS.iter().position(|board| board == name);
            let place = place
                .ok_or_else(|| Error::usage(format!("`--all` runs on {}", BOARDS.join(", "))))?;
            vec![place]
        }
        None => (0..BOARDS.len()).collect(),
    };
    let board = |place: usize| -> Result<Board, Error> {
        let mut board = emulated(BOARDS[place])?;
        board.prefer = args.prefer.map_or(board.prefer, prefer);
        Ok(board)
    };
    let mut rows = Vec::new();
    for &place in &boards {
        let board = board(place)?;
        for net in &NETS {
            rows.extend(row(net, place, Memory::Whole, &board, args, progress)?);
        }
    }
    // Memory differs little between cores.
    let place = boards[0];
    let board = board(place)?;
    let mut by_rows = Vec::new();
    for net in &NETS {
        for memory in [Memory::Rows(ROWS_PERCENT), Memory::Fed] {
            by_rows.extend(row(net, place, memory, &board, args, progress)?);
        }
    }
    if args.json {
        let all: Vec<&Row> = rows.iter().chain(&by_rows).collect();
        output::json(&serde_json::json!({ "benches": all }))?;
    } else {
        output::text(&(table(&rows) + &memory_table(&rows, &by_rows)))?;
    }
    match rows.iter().chain(&by_rows).find(|row| !row.bench.bit_exact) {
        None => Ok(()),
        Some(row) => Err(Error::failed(format!(
            "the outputs of {} on {} differ from the reference",
            row.bench.model, row.bench.board
        ))),
    }
}

/// `None` if the network has no layers that could run row by row.
fn row(
    net: &Net,
    place: usize,
    memory: Memory,
    board: &Board,
    args: &args::Bench,
    progress: Progress,
) -> Result<Option<Row>, Error> {
    let network = ember_ir::text::parse(net.text)
        .unwrap_or_else(|error| panic!("BUG: tests/nets/{}.ember: {error}", net.name));
    let planned = planned(network.clone(), board, memory)?;
    if memory != Memory::Whole && planned.is_none_or(|planned| planned.plan().chain.is_none()) {
        return Ok(None);
    }
    let bench = measure(
        BenchJob {
            network,
            board: board.clone(),
            memory,
            samples: Vec::new(),
            out: args.out.clone(),
        },
        progress,
    )?;
    let reference = net.reference[place];
    Ok(Some(Row {
        memory: match memory {
            Memory::Whole | Memory::Within(_) => "whole",
            Memory::Rows(_) => "rows",
            Memory::Fed => "fed",
        },
        reference_instructions: reference,
        reference_arena_bytes: net.arena,
        instructions_ratio: bench.instructions as f64 / reference as f64,
        arena_ratio: bench.arena_bytes as f64 / net.arena as f64,
        bench,
    }))
}

/// What running row by row saves and costs.
fn memory_table(whole: &[Row], by_rows: &[Row]) -> String {
    let mut text = format!(
        "\n  {:<5} {:<12} {:<30} {:>8} {:>12} {:>7} {:>6}\n",
        "net", "core", "layers", "arena", "instructions", "more", "equal"
    );
    for row in by_rows {
        let bench = &row.bench;
        let same =
            |other: &&Row| other.bench.model == bench.model && other.bench.board == bench.board;
        let Some(base) = whole.iter().find(same) else {
            continue;
        };
        let more = bench.instructions as f64 / base.bench.instructions as f64 - 1.0;
        text.push_str(&format!(
            "  {:<5} {:<12} {:<30} {:>8} {:>12} {:>6.1}% {:>6}\n",
            bench.model,
            bench.core,
            match row.memory {
                "fed" => "row by row, and so the input",
                _ => "row by row",
            },
            thousands(bench.arena_bytes),
            thousands(bench.instructions as usize),
            100.0 * more,
            if bench.bit_exact { "yes" } else { "NO" },
        ));
    }
    text
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "  {:<5} {:<12} {:>12} {:>12} {:>6} {:>8} {:>8} {:>6} {:>7} {:>6} {:>6}\n",
        "net",
        "core",
        "instructions",
        "CMSIS-NN",
        "ratio",
        "arena",
        "TFLM",
        "ratio",
        "code",
        "stack",
        "equal"
    );
    for row in rows {
        let bench = &row.bench;
        text.push_str(&format!(
            "  {:<5} {:<12} {:>12} {:>12} {:>6.2} {:>8} {:>8} {:>6.2} {:>7} {:>6} {:>6}\n",
            bench.model,
            bench.core,
            thousands(bench.instructions as usize),
            thousands(row.reference_instructions as usize),
            row.instructions_ratio,
            thousands(bench.arena_bytes),
            thousands(row.reference_arena_bytes),
            row.arena_ratio,
            thousands(bench.code_bytes),
            thousands(bench.stack_bytes),
            if bench.bit_exact { "yes" } else { "NO" },
        ));
    }
    text.push_str(
        "\n  executed instructions per inference, not cycles; bytes; ratios below one are better than the reference\n",
    );
    text
}
