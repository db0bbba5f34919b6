//! The real planner and cost model on real boards: what the search proposes fits, and uses the room.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::HashSet;

use ember_codegen::target::{Board, Limits};
use ember_ir::Shape;
use ember_search::space::open;
use ember_search::strategy::Proposer;
use ember_search::{Constraints, PlannerPrice, Price, SearchRng, SpaceKind, Task};
use rand_chacha::rand_core::SeedableRng;

const BOARDS: [(&str, &str); 2] = [
    (
        "microbit",
        include_str!("../../../boards/microbit/board.toml"),
    ),
    (
        "stm32vldiscovery",
        include_str!("../../../boards/stm32vldiscovery/board.toml"),
    ),
];

fn constraints(board: &Board) -> Constraints {
    let limits = Limits::of(board);
    Constraints {
        flash_bytes: limits.flash_bytes,
        ram_bytes: limits.ram_bytes,
        instructions: None,
        macs: None,
    }
}

#[test]
fn every_space_has_networks_for_the_smallest_boards() {
    for (name, toml) in BOARDS {
        let board = Board::parse(toml).unwrap();
        let constraints = constraints(&board);
        let price = PlannerPrice { board: &board };
        for (kind, input) in [
            (SpaceKind::Cnn2d, Shape::from([8, 8, 1])),
            (SpaceKind::Cnn2d, Shape::from([28, 28, 1])),
            (SpaceKind::Cnn1d, Shape::from([1, 100, 6])),
            (SpaceKind::Mlp, Shape::from([8, 8, 1])),
        ] {
            let task = Task {
                name: "net".into(),
                input,
                classes: 10,
            };
            let space = open(kind, task).unwrap();
            let mut misfit = Vec::new();
            let mut proposer = Proposer {
                space: space.as_ref(),
                price: &price,
                constraints: &constraints,
                seen: &HashSet::new(),
                rng: SearchRng::seed_from_u64(7),
                misfit: &mut misfit,
            };
            let mut fullest = 0.0f64;
            for _ in 0..40 {
                let proposal = proposer.sample().unwrap();
                assert_eq!(price.price(&proposal.graph), proposal.cost);
                assert!(constraints.admit(&proposal.cost), "{name} {kind}");
                fullest = fullest.max(constraints.fullness(&proposal.cost));
            }
            assert!(
                fullest > 0.4,
                "{name} {kind}: at most {fullest:.2} of a limit is used"
            );
            for template in space.templates() {
                let proposal = proposer.scale(&template).unwrap();
                assert!(
                    constraints.admit(&proposal.cost),
                    "{name} {kind}: {template}"
                );
            }
        }
    }
}
