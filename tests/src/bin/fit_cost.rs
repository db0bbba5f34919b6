//! Fits `compiler/codegen/src/cost/table.toml` to the kernels of `ember-runtime` and writes it anew, and
//! `table_size.toml` for firmware that prefers size: `cargo run --release -p ember-tests --bin fit_cost`, or
//! for some cores or kernels, or one preference: `… fit_cost --prefer size --core cortex-m4 copy arg_max`.
#![allow(missing_docs, reason = "a program")]

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;

use clap::Parser;
use ember_codegen::cost::{Kernel, features, features_in, row_features};
use ember_codegen::plan::{Isa, Planned};
use ember_codegen::target::{Board, Core, Prefer};
use ember_ir::Rounding;
use ember_tests::arguments::{self, Firmware};
use ember_tests::calibrate::base::{Base, CALL_BYTES};
use ember_tests::calibrate::bench::Measured;
use ember_tests::calibrate::{base, bench, bench_board, chains, fit, layers};
use ember_tests::{firmware, models};

/// The first lines of the table.
const HEAD: &str = "# Measured and fitted by: cargo run --release -p ember-tests --bin fit_cost\n\
     # Bytes of functions and of a layer's constants; instructions per count of `cost::features`,\n\
     # and for Cortex-M4 an estimate of the cycles per count, by the instruction times of ARM DDI 0439.\n";

/// Instructions of `infer` outside its layers and of the counter around it.
const CALL_INSTRUCTIONS: u64 = 10;

/// Layers in one firmware.
const PART: usize = 220;

/// Measures kernels in QEMU and writes what they cost to the tables of the cost model.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    firmware: Firmware,
    /// Measure these kernels alone; what others cost stays as it was. Functions that several kernels share get the
    /// size that they have in this firmware: end work on a kernel with a run of all.
    #[arg(value_parser = arguments::kernel(), hide_possible_values = true)]
    kernels: Vec<Kernel>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut preferences = args.firmware.preferences().into_iter();
    match preferences.try_for_each(|prefer| write_table(prefer, &args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write_table(prefer: Prefer, args: &Args) -> Result<(), String> {
    let name = match prefer {
        Prefer::Speed => "table.toml",
        Prefer::Size => "table_size.toml",
    };
    let path = firmware::root()
        .join("compiler/codegen/src/cost")
        .join(name);
    let failed = |error| format!("{}: {error}", path.display());
    let old = fs::read_to_string(&path).map_err(failed)?;
    let mut table = String::from(HEAD);
    for core in Core::ALL {
        // The same instructions; what differs between these cores is their time.
        let twin = match core {
            Core::CortexM0Plus => Some(Core::CortexM0),
            Core::CortexM7 => Some(Core::CortexM4),
            Core::CortexM0
            | Core::CortexM3
            | Core::CortexM4
            | Core::CortexM33
            | Core::CortexM55 => None,
        };
        table += &match twin {
            Some(twin) => {
                let same = section(&table, twin);
                // Cycles are those of one core.
                let cycles = same.find(&format!("\n[{}.cycles]", twin.name()));
                let same = &same[..cycles.unwrap_or(same.len())];
                same.replace(&format!("[{}", twin.name()), &format!("[{}", core.name()))
            }
            None if args.firmware.wants(core) => match &args.kernels[..] {
                [] => measure(core, prefer, &Kernel::ALL, None)?,
                some => measure(core, prefer, some, Some(section(&old, core)))?,
            },
            None => section(&old, core).to_owned(),
        };
    }
    fs::write(&path, table).map_err(failed)
}

/// Layers as networks; every fourth rounds like TensorFlow Lite, every seventh has factors that no short form
/// holds for.
fn networks(isa: Isa) -> Vec<Planned> {
    let graphs = layers::single_layers(7).into_iter().enumerate();
    let weighted = |(index, graph)| {
        let rounding = match index % 4 {
            0 => Rounding::TfLite,
            _ => Rounding::Single,
        };
        let mut network = models::quantized(graph, rounding, 3);
        if index % 7 == 6 {
            layers::finish_one_by_one(&mut network, index % 14 == 6);
        }
        models::plan(network, isa)
    };
    let single = graphs.map(weighted);
    let chains = chains::chains(5).into_iter().enumerate();
    let chains = chains.map(|(index, graph)| {
        let rounding = match index % 2 {
            0 => Rounding::TfLite,
            _ => Rounding::Single,
        };
        chains::plan(models::quantized(graph, rounding, 3), isa)
    });
    let mut all: Vec<Planned> = single.chain(chains).collect();
    let int16 = layers::int16_layers(11, all.len()).into_iter();
    all.extend(int16.map(|network| models::plan(network, isa)));
    let recurrent = layers::recurrent_layers(13, all.len()).into_iter();
    all.extend(recurrent.enumerate().map(|(index, graph)| {
        let rounding = match index % 3 {
            0 => Rounding::TfLite,
            _ => Rounding::Single,
        };
        models::plan(models::quantized(graph, rounding, 3), isa)
    }));
    let int4 = layers::int4_layers(17, all.len()).into_iter();
    all.extend(int4.enumerate().map(weighted));
    let dots = layers::dots(19, all.len()).into_iter();
    all.extend(dots.enumerate().map(|(index, graph)| {
        let (rounding, dead) = match index % 2 {
            0 => (Rounding::TfLite, true),
            _ => (Rounding::Single, index % 6 == 5),
        };
        let mut network = models::quantized(graph, rounding, 3);
        if index % 3 == 2 {
            layers::finish_one_by_one(&mut network, dead);
        }
        models::plan(network, isa)
    }));
    all
}

/// The table of one core, or what it was with the lines of some kernels anew.
fn measure(
    core: Core,
    prefer: Prefer,
    kernels: &[Kernel],
    old: Option<&str>,
) -> Result<String, String> {
    let board = Board {
        prefer,
        ..bench_board(core)
    };
    // Apart, so that both can be fitted at a time.
    let dir = firmware::work_dir("fit").join(prefer.name());
    let (dir, target) = (dir.join(core.name()), dir.join("target"));
    let mut networks = networks(board.isa());
    if old.is_some() {
        networks.retain(|network| {
            kernel(network, board.isa()).is_some_and(|kernel| kernels.contains(&kernel))
        });
    }
    let mut measured = Measured::default();
    // What fits the smallest flash at once.
    for part in networks.chunks(PART) {
        measured.add(bench::measure(part, &board, &dir, &target)?);
    }
    let instructions: u64 = measured.instructions.iter().sum();
    eprintln!(
        "{}, {}: {instructions} instructions",
        core.name(),
        prefer.name()
    );
    let mut text = String::new();
    if old.is_none() {
        text = base_lines(core, prefer, &measured)?;
    }
    let _ = writeln!(text, "\n[{}.parts]", core.name());
    for (module, [all, tflite, single, other]) in &measured.parts {
        let _ = writeln!(
            text,
            "{module} = {{ all = {all}, tflite = {tflite}, single = {single}, other = {other} }}"
        );
    }
    let _ = writeln!(text, "\n[{}.tasks]", core.name());
    for (kernel, bytes) in &measured.tasks {
        let _ = writeln!(text, "{kernel} = {}", bytes + CALL_BYTES);
    }
    let _ = writeln!(text, "\n[{}.instructions]", core.name());
    for &kernel in kernels {
        let factors = factors(kernel, board.isa(), &networks, &measured.instructions);
        let _ = writeln!(text, "{} = {factors}", kernel.name());
    }
    if !measured.cycles.is_empty() {
        eprintln!("  cycles, estimated");
        let _ = writeln!(text, "\n[{}.cycles]", core.name());
        for &kernel in kernels {
            let factors = factors(kernel, board.isa(), &networks, &measured.cycles);
            let _ = writeln!(text, "{} = {factors}", kernel.name());
        }
    }
    Ok(match old {
        None => text,
        Some(old) => patched(old, &text),
    })
}

/// What a firmware of a core takes without layers.
fn base_lines(core: Core, prefer: Prefer, measured: &Measured) -> Result<String, String> {
    let Base {
        flash,
        statics,
        stack,
        rows: [feed, next, store],
    } = base::measure(core, prefer, &measured.tasks)?;
    Ok(format!(
        "\n[{}]\nstack_bytes = {stack}\ncall_instructions = {CALL_INSTRUCTIONS}\n\
         base = {{ semihosting = {}, rtt = {} }}\nstatics = {{ semihosting = {}, rtt = {} }}\n\
         rows = {{ feed = {feed}, next = {next}, store = {store} }}\n",
        core.name(),
        flash[0],
        flash[1],
        statics[0],
        statics[1],
    ))
}

/// The kernel whose counts a network is for.
fn kernel(network: &Planned, isa: Isa) -> Option<Kernel> {
    let graph = network.graph();
    match chains::part(network) {
        Some((stage, part)) => Some(row_features(graph, stage, part, None, isa).kernel),
        None => Some(features(graph, graph.nodes.last()?, None, isa)?.kernel),
    }
}

/// A core's section with the lines of another. Functions that were not linked now stay as they were.
fn patched(old: &str, new: &str) -> String {
    let mut text = String::new();
    for section in old.split_inclusive("\n\n") {
        let head = section.lines().find(|line| line.starts_with('['));
        let of_head = new
            .split("\n\n")
            .find(|lines| lines.trim_start().lines().next() == head);
        let mut lines: BTreeMap<&str, String> = BTreeMap::new();
        let mut order: Vec<&str> = Vec::new();
        for line in section.lines().chain(of_head.unwrap_or_default().lines()) {
            let Some((name, value)) = line.split_once(" = ") else {
                continue;
            };
            match lines.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(value.to_owned());
                    order.push(name);
                }
                Entry::Occupied(mut entry) => {
                    // `0` of a function's form says that it was not there.
                    let words = entry.get().split(' ').zip(value.split(' '));
                    let kept = words.map(|(old, new)| match new.trim_end_matches(',') {
                        "0" => old,
                        _ => new,
                    });
                    let kept = kept.collect::<Vec<_>>().join(" ");
                    entry.insert(if value.starts_with('{') {
                        kept
                    } else {
                        value.to_owned()
                    });
                }
            }
        }
        let _ = writeln!(text, "\n{}", head.unwrap_or_default());
        for name in order {
            let _ = writeln!(text, "{name} = {}", lines[name]);
        }
    }
    text
}

/// The factors of a kernel as a list.
fn factors(kernel: Kernel, isa: Isa, networks: &[Planned], measured: &[u64]) -> String {
    let (mut rows, mut targets, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (network, &count)) in networks.iter().zip(measured).enumerate() {
        let (graph, layer) = (network.graph(), network.layers().last());
        let Some(node) = graph.nodes.last() else {
            continue;
        };
        let features = match chains::part(network) {
            Some((stage, part)) => Some(row_features(graph, stage, part, layer, isa)),
            None if layers::among_others(index % PART) => {
                features_in(graph, node, layer, isa, false)
            }
            None => features(graph, node, layer, isa),
        };
        let Some(features) = features else {
            continue;
        };
        // Nothing is counted of layers that were left out.
        if features.kernel == kernel && count > 0 {
            rows.push(features.instructions);
            targets.push(count as f64);
            nodes.push((graph, node));
        }
    }
    let factors = fit::least_squares(&rows, &targets, 20.0);
    let errors = fit::errors(&rows, &targets, &factors);
    let worst = nodes
        .get(errors.worst())
        .map_or(String::new(), |(graph, node)| {
            let (input, output) = (graph.input_shape(node), graph.output_shape(node));
            format!("{}: {input} -> {output} by {:?}", graph.name, node.op)
        });
    eprintln!(
        "  {:17} mean and largest error: {errors}, unseen {}; largest at {worst}",
        kernel.name(),
        fit::held_out(&rows, &targets, 20.0),
    );
    fit::list(&factors)
}

/// The section of one core.
fn section(table: &str, core: Core) -> &str {
    let start = table.find(&format!("\n[{}]", core.name()));
    let section = &table[start.unwrap_or(table.len())..];
    // The next core's section starts with its name alone.
    let end = Core::ALL
        .iter()
        .filter(|&&other| other != core)
        .filter_map(|other| section.find(&format!("\n[{}]", other.name())))
        .min();
    &section[..end.unwrap_or(section.len())]
}
