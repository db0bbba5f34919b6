//! Networks as linked firmware on every core: the predictions are true, nothing can panic, and the
//! emulated runs give the interpreter's outputs. Three small ones have every operator of searched images and series; four were found by
//! the search for the examples, one is fed a step at a time.

#![allow(clippy::unwrap_used, reason = "tests")]

use ember_codegen::cost::{Features, Kernel, Table, features, footprint_of, row_features};
use ember_codegen::plan::{Isa, Planned};
use ember_codegen::target::Board;
use ember_ir::{Cell, DartsCell, GraphBuilder, Lstm, Op, Real, Recurrent, Rounding};
use ember_tests::calibrate::{chains, layers};
use ember_tests::firmware::{board, root};
use ember_tests::linked::link;
use ember_tests::models::{MODELS, in_int4, quantized};
use ember_tests::random_graphs::{Random, nodes};

/// One board per core; the last ones are real boards, whose transport is another.
const BOARDS: [&str; 8] = [
    "microbit",
    "stm32vldiscovery",
    "mps2-an386",
    "mps2-an500",
    "mps2-an505",
    "mps3-an547",
    "rpi-pico",
    "nucleo-f446re",
];

/// How far flash may be from its prediction, in percent.
const FLASH_TOLERANCE: f64 = 3.0;

/// The networks, planned for an instruction set.
fn networks(isa: Isa) -> Vec<(String, Planned)> {
    let mut networks = Vec::new();
    for model in &MODELS {
        networks.push((model.name.into(), model.planned_for(isa)));
    }
    for name in ["digits", "mnist", "motion", "wrist", "spoken"] {
        let path = root().join(format!("tests/nets/{name}.ember"));
        let text = std::fs::read_to_string(path).unwrap();
        let network = ember_ir::text::parse(&text).unwrap();
        if name == "digits" {
            let mut halved = in_int4(network.clone());
            halved.graph.name += "_int4";
            networks.push((
                halved.graph.name.clone(),
                Planned::new(halved, isa).unwrap(),
            ));
        }
        networks.push((name.into(), Planned::new(network, isa).unwrap()));
    }
    networks.push(("steps".into(), steps(isa)));
    networks
}

/// Layers that remember, fed a step at a time.
fn steps(isa: Isa) -> Planned {
    let mut random = Random::new(3);
    let mut builder = GraphBuilder::new("steps");
    let mut x = builder.input("input", [1, 6]);
    let layers = [
        Op::Recurrent(Recurrent {
            cell: Cell::GruResetAfter,
            hidden: 12,
            stateful: true,
        }),
        Op::DartsCell(DartsCell {
            nodes: nodes(&mut random, 4),
            hidden: 10,
            stateful: true,
        }),
        Op::Lstm(Lstm {
            hidden: 8,
            cell_bits: 11,
            clip: Real::new(f32::INFINITY),
            stateful: true,
        }),
    ];
    for op in layers {
        x = builder.node(op.name(), op, &[x]).unwrap();
    }
    let network = quantized(builder.finish(&[x]), Rounding::Single, 3);
    Planned::new(network, isa).unwrap().with_calls(7)
}

/// How far executed instructions may be from their prediction, in percent.
const INSTRUCTIONS_TOLERANCE: f64 = 3.0;

#[test]
fn linked_firmware_is_as_predicted() {
    let mut problems = Vec::new();
    for board in BOARDS.map(board) {
        for (name, planned) in &networks(board.isa()) {
            let linked = link(planned, &board)
                .unwrap_or_else(|text| panic!("{name} on {}: {text}", board.name));
            let predicted = footprint_of(planned, &board);
            let mut problem = |text: String| {
                problems.push(format!("{name} on {}: {text}", board.name));
            };
            if linked.arena != predicted.arena_bytes {
                problem(format!(
                    "arena {}, predicted {}",
                    linked.arena, predicted.arena_bytes
                ));
            }
            if linked.constants != predicted.constant_bytes {
                let constants = predicted.constant_bytes;
                problem(format!(
                    "constants {}, predicted {constants}",
                    linked.constants
                ));
            }
            if !linked.panicking.is_empty() {
                problem(format!("panicking machinery: {:?}", linked.panicking));
            }
            let off = percent(predicted.flash_bytes as f64, linked.flash as f64);
            if off.abs() > FLASH_TOLERANCE {
                problem(format!(
                    "flash {}, predicted {} ({off:+.1} %); code {}, predicted {}",
                    linked.flash, predicted.flash_bytes, linked.code, predicted.code_bytes
                ));
            }
            match linked.ran {
                None => {}
                Some(Err(text)) => problem(text),
                Some(Ok(ran)) => {
                    let off = percent(predicted.instructions as f64, ran.instructions as f64);
                    if off.abs() > INSTRUCTIONS_TOLERANCE {
                        problem(format!(
                            "{} instructions, predicted {} ({off:+.1} %)",
                            ran.instructions, predicted.instructions
                        ));
                    }
                    if ran.stack > predicted.stack_bytes {
                        problem(format!(
                            "{} bytes of stack, bound {}",
                            ran.stack, predicted.stack_bytes
                        ));
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn percent(predicted: f64, actual: f64) -> f64 {
    100.0 * (predicted - actual) / actual
}

#[test]
fn the_table_has_a_factor_for_every_feature() {
    let mut seen = std::collections::BTreeSet::new();
    let mut see = |features: Features, board: &Board| {
        let factors = Table::of(board.prefer)
            .core(board.core)
            .factors(features.kernel);
        assert_eq!(
            features.instructions.len(),
            factors.len(),
            "{} on {}: run fit_cost",
            features.kernel.name(),
            board.name
        );
        seen.insert(features.kernel);
    };
    for board in BOARDS.map(board) {
        for (index, graph) in chains::chains(5).into_iter().enumerate() {
            let network = quantized(graph, Rounding::Single, index as u64);
            let planned = chains::plan(network, board.isa());
            let layer = planned.layers().last();
            if let Some((stage, part)) = chains::part(&planned) {
                see(
                    row_features(planned.graph(), stage, part, layer, board.isa()),
                    &board,
                );
            }
        }
    }
    let others = [layers::recurrent_layers(13, 0), layers::int4_layers(17, 0)].concat();
    for graph in layers::single_layers(7).into_iter().chain(others) {
        for board in BOARDS.map(board) {
            let node = graph.nodes.last();
            let found = node.and_then(|node| features(&graph, node, None, board.isa()));
            found.into_iter().for_each(|found| see(found, &board));
        }
    }
    for network in layers::int16_layers(11, 0) {
        for board in BOARDS.map(board) {
            let node = network.graph.nodes.last();
            let found = node.and_then(|node| features(&network.graph, node, None, board.isa()));
            found.into_iter().for_each(|found| see(found, &board));
        }
    }
    for model in &MODELS {
        let planned = model.planned();
        let nodes = planned.graph().nodes.iter().zip(planned.layers());
        for ((node, layer), board) in nodes.flat_map(|node| BOARDS.map(|name| (node, board(name))))
        {
            let Some(features) = features(planned.graph(), node, Some(layer), board.isa()) else {
                continue;
            };
            see(features, &board);
        }
    }
    assert_eq!(
        seen.len(),
        Kernel::ALL.len(),
        "the measured layers have every kernel"
    );
}
