//! `emberc bench`: what an inference costs, measured layer by layer.

use std::path::Path;

use ember_codegen::cost::Memory;
use ember_codegen::interpret::Interpreter;
use ember_codegen::target::{Board, Prefer, Runner};

use crate::args::{self, MemoryChoice, PreferChoice};
use crate::pipeline::bench::{Bench, BenchJob, LayerBench, bench as measure};
use crate::pipeline::report::thousands;
use crate::pipeline::testset::{Heard, TestSet};
use crate::pipeline::verify;
use crate::progress::Progress;
use crate::{Error, boards, model, output};

/// Percent of instructions that `--memory rows` may cost.
pub(super) const ROWS_PERCENT: u64 = 10;

/// Measures and prints.
pub fn bench(args: &args::Bench, progress: Progress) -> Result<(), Error> {
    let Some(network) = &args.network else {
        return super::bench_all::bench_all(args, progress);
    };
    let result = measure(job(args, network)?, progress)?;
    if args.json {
        output::json(&result)?;
    } else {
        output::text(&table(&result))?;
    }
    if result.bit_exact {
        return Ok(());
    }
    Err(Error::failed(format!(
        "the outputs of {} on {} differ from the reference",
        result.model, result.board
    )))
}

fn job(args: &args::Bench, path: &Path) -> Result<BenchJob, Error> {
    let chosen = args.board.as_deref().map(emulated).transpose()?;
    let prefers = |board: Board| Board {
        prefer: args.prefer.map_or(board.prefer, prefer),
        ..board
    };
    if !path.is_dir() {
        return Ok(BenchJob {
            network: model::read_int8(path)?,
            board: chosen
                .map(prefers)
                .ok_or_else(|| Error::usage("`--board` is missing; `emberc boards` lists them"))?,
            memory: memory(args.memory),
            samples: Vec::new(),
            out: args.out.clone(),
        });
    }
    let made = verify::made_for(path)?;
    let (_, network) = verify::network_of(path)?;
    let judge = verify::judge_of(path)?;
    let input_len = Interpreter::new(&judge).map_err(Error::tool)?.input_len();
    let (tests, expectations) = TestSet::load(path, input_len)?;
    // Layers are measured: those of the network behind a front end.
    let heard = Heard::new(expectations.front.as_ref())?;
    let samples = tests
        .iter()
        .flat_map(|sample| heard.input(sample).into_owned());
    Ok(BenchJob {
        network,
        board: prefers(match chosen {
            Some(board) => Board {
                prefer: made.board.prefer,
                ..board
            },
            None => must_be_emulated(made.board)?,
        }),
        memory: memory(args.memory),
        samples: samples.collect(),
        out: args.out.clone(),
    })
}

fn memory(choice: MemoryChoice) -> Memory {
    match choice {
        MemoryChoice::Whole => Memory::Whole,
        MemoryChoice::Rows => Memory::Rows(ROWS_PERCENT),
        MemoryChoice::Fed => Memory::Fed,
    }
}

pub(super) fn prefer(choice: PreferChoice) -> Prefer {
    match choice {
        PreferChoice::Speed => Prefer::Speed,
        PreferChoice::Size => Prefer::Size,
    }
}

pub(super) fn emulated(name: &str) -> Result<Board, Error> {
    must_be_emulated(boards::named(name)?)
}

fn must_be_emulated(board: Board) -> Result<Board, Error> {
    match board.runner {
        Runner::Qemu { .. } => Ok(board),
        Runner::ProbeRs { .. } => Err(Error::usage(format!(
            "instructions are counted in QEMU, which does not emulate {}; choose an emulated board with a {} by `--board`",
            board.name,
            board.core.name()
        ))),
    }
}

fn table(bench: &Bench) -> String {
    let mut text = format!("{} on {} ({})\n\n", bench.model, bench.board, bench.core);
    text.push_str(&format!(
        "  {:<20} {:<18} {:>12} {:>12} {:>9} {:>7} {:>7} {:>9}{}\n",
        "layer",
        "operator",
        "MACs",
        "instructions",
        "predicted",
        "per MAC",
        "code",
        "weights",
        bench.cycles_estimate.map_or("", |_| "  cycles (estimate)"),
    ));
    let off = |predicted: f64, actual: f64| match actual {
        0.0 => String::new(),
        _ => format!("{:+.1} %", 100.0 * (predicted - actual) / actual),
    };
    let per = |instructions: u64, macs: u64| match macs {
        0 => String::new(),
        _ => format!("{:.2}", instructions as f64 / macs as f64),
    };
    let all = LayerBench {
        name: "all".into(),
        operator: String::new(),
        macs: bench.macs,
        instructions: bench.instructions,
        instructions_predicted: bench.instructions_predicted,
        cycles_estimate: bench.cycles_estimate,
        code_bytes: bench.code_bytes,
        weight_bytes: bench.weight_bytes,
    };
    for layer in bench.layers.iter().chain([&all]) {
        text.push_str(&format!(
            "  {:<20} {:<18} {:>12} {:>12} {:>9} {:>7} {:>7} {:>9}{}\n",
            layer.name,
            layer.operator,
            thousands(layer.macs as usize),
            thousands(layer.instructions as usize),
            off(
                layer.instructions_predicted as f64,
                layer.instructions as f64,
            ),
            per(layer.instructions, layer.macs),
            thousands(layer.code_bytes),
            thousands(layer.weight_bytes),
            layer
                .cycles_estimate
                .map_or(String::new(), |cycles| format!(
                    "  {:>17}",
                    thousands(cycles as usize)
                )),
        ));
    }
    text.push_str(&format!(
        "\n  code {} bytes, which layers of a kind share (predicted {}), arena {} bytes, stack {} bytes\n  whole firmware {} bytes of flash (predicted {})\n  {} in {} samples\n",
        thousands(bench.code_bytes),
        off(bench.code_predicted_bytes as f64, bench.code_bytes as f64),
        thousands(bench.arena_bytes),
        thousands(bench.stack_bytes),
        thousands(bench.flash_bytes),
        off(bench.flash_predicted_bytes as f64, bench.flash_bytes as f64),
        if bench.bit_exact { "equal to the reference in every output" } else { "NOT equal to the reference" },
        bench.samples,
    ));
    if bench.cycles_estimate.is_some() {
        text.push_str(
            "  cycles by the core's manual (ARM DDI 0439), memory without wait states; not measured\n",
        );
    }
    text
}
