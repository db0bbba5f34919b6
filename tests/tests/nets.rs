//! The benchmark networks: their files are what [`ember_tests::nets`] describes, and they are valid.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_codegen::cost::{Footprint, Memory, footprint_of, plan_for_network};
use ember_codegen::plan::{Isa, Planned, check, plan, plan_chains};
use ember_codegen::target::{Board, Prefer};
use ember_tests::firmware::{board, root};
use ember_tests::nets::NETS;
use expect_test::expect_file;

/// Thousands of multiply-accumulates, as published for the reference models.
const MACS: [(&str, u64); 4] = [("ad", 264), ("kws", 2657), ("vww", 7490), ("ic", 12502)];

#[test]
fn files_are_what_the_module_describes() {
    for net in &NETS {
        let path = root().join(format!("tests/nets/{}.ember", net.name));
        expect_file![path].assert_eq(&net.text());
    }
}

#[test]
fn sizes_are_those_of_the_benchmark() {
    for (name, macs) in MACS {
        let text =
            std::fs::read_to_string(root().join(format!("tests/nets/{name}.ember"))).unwrap();
        let planned = Planned::new(ember_ir::text::parse(&text).unwrap(), Isa::Any).unwrap();
        assert_eq!((planned.graph().macs() + 500) / 1000, macs, "{name}");
    }
}

/// The most bytes of arena by how layers run: whole, row by row, row by row with the input fed.
const ARENAS: [(&str, [usize; 3]); 3] = [
    ("kws", [9_600, 6_000, 5_600]),
    ("vww", [40_000, 34_000, 20_000]),
    ("ic", [36_000, 18_000, 15_000]),
];

#[test]
fn layers_row_by_row_need_little_memory() {
    for (name, most) in ARENAS {
        let text =
            std::fs::read_to_string(root().join(format!("tests/nets/{name}.ember"))).unwrap();
        let graph = ember_ir::text::parse(&text).unwrap().graph;
        for isa in Isa::CORES {
            let smallest = |fed| {
                let plans = plan_chains(&graph, isa, fed, usize::MAX);
                for plan in &plans {
                    assert_eq!(check(&graph, plan, isa), [], "{name}");
                }
                plans.iter().map(|plan| plan.model_bytes()).min().unwrap()
            };
            let arenas = [
                plan(&graph, isa).model_bytes(),
                smallest(false),
                smallest(true),
            ];
            for (arena, most) in arenas.into_iter().zip(most) {
                assert!(arena <= most, "{name}, {isa:?}: {arenas:?}");
            }
        }
    }
}

/// What a network of the benchmark costs on a Cortex-M4.
fn cost(name: &str, memory: Memory, prefer: Prefer) -> Footprint {
    let board = Board {
        prefer,
        ..board("mps2-an386")
    };
    let text = std::fs::read_to_string(root().join(format!("tests/nets/{name}.ember"))).unwrap();
    let network = ember_ir::text::parse(&text).unwrap();
    let by_layers = Planned::new(network.clone(), board.isa()).unwrap();
    let layers = by_layers.layers();
    let plan = plan_for_network(&network.graph, layers, &board, memory).unwrap();
    let planned = Planned::with_plan(network, plan, board.isa()).unwrap();
    footprint_of(&planned, &board)
}

#[test]
fn layers_row_by_row_cost_a_tenth_more_instructions_at_most() {
    for (name, [_, rows, fed]) in ARENAS {
        let whole = cost(name, Memory::Whole, Prefer::Speed).instructions;
        for (memory, most) in [(Memory::Rows(10), rows), (Memory::Fed, fed)] {
            let cost = cost(name, memory, Prefer::Speed);
            assert!(cost.arena_bytes <= most, "{name}: {cost:?}");
            assert!(cost.instructions * 10 <= whole * 11, "{name}: {cost:?}");
        }
    }
}

#[test]
fn small_firmware_has_six_kilobytes_of_code_and_is_at_most_half_as_fast() {
    for (name, _) in MACS {
        let fast = cost(name, Memory::Whole, Prefer::Speed);
        let small = cost(name, Memory::Whole, Prefer::Size);
        assert!(small.code_bytes <= 6_000, "{name}: {small:?}");
        assert!(
            small.instructions <= 2 * fast.instructions,
            "{name}: {small:?}"
        );
        assert_eq!(small.arena_bytes, fast.arena_bytes, "{name}");
        assert_eq!(small.constant_bytes, fast.constant_bytes, "{name}");
    }
}
