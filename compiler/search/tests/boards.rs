//! The real planner and cost model on real boards: what the search proposes fits, and uses the room.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::HashSet;

use ember_codegen::cost::Memory;
use ember_codegen::target::{Board, Limits};
use ember_ir::Shape;
use ember_search::repair::repair;
use ember_search::space::{Relaxing, open};
use ember_search::strategy::{Proposal, Proposer};
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

fn all_of(board: &Board) -> Constraints {
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
        let whole = all_of(&board);
        let tight = Constraints {
            flash_bytes: 24 << 10,
            ram_bytes: 4 << 10,
            ..whole
        };
        for (kind, input) in [
            (SpaceKind::Cnn2d, Shape::from([8, 8, 1])),
            (SpaceKind::Cnn2d, Shape::from([28, 28, 1])),
            (SpaceKind::Cnn1d, Shape::from([1, 100, 6])),
            (SpaceKind::Mlp, Shape::from([8, 8, 1])),
            (SpaceKind::Recurrent, Shape::from([1, 100, 6])),
            (SpaceKind::Autoencoder, Shape::from([64])),
        ] {
            let task = Task {
                name: "net".into(),
                input,
                classes: 10,
                tokens: None,
            };
            proposals_fit(&board, &whole, kind, task.clone());
            let fullest = proposals_fit(&board, &tight, kind, task);
            assert!(
                fullest > 0.6,
                "{name} {kind}: at most {fullest:.2} of a limit is used"
            );
        }
    }
}

/// Samples and scaled templates; returns how full the fullest one makes its tightest limit.
fn proposals_fit(board: &Board, limits: &Constraints, kind: SpaceKind, task: Task) -> f64 {
    let price = PlannerPrice {
        board,
        memory: Memory::Whole,
        hop: None,
        front: None,
    };
    let space = open(kind, task).unwrap();
    let mut proposer = Proposer {
        space: space.as_ref(),
        price: &price,
        constraints: limits,
        probing: None,
        seeds: &[],
        seen: &HashSet::new(),
        rng: SearchRng::seed_from_u64(7),
        misfit: &mut Vec::new(),
    };
    let mut fullest = 0.0f64;
    let mut check = |proposal: Proposal| {
        assert_eq!(price.price(&proposal.graph), proposal.cost);
        assert!(
            limits.admit(&proposal.cost),
            "{kind}: {}",
            proposal.architecture
        );
        fullest = fullest.max(limits.fullness(&proposal.cost));
    };
    for _ in 0..40 {
        check(proposer.sample().unwrap());
    }
    for template in space.templates() {
        check(proposer.scale(&template).unwrap());
    }
    // The networks that a gradient is followed to are accepted as well.
    for level in 0.. {
        let Some(relaxation) = space.relax(Relaxing { level, share: 1 }) else {
            break;
        };
        for draw in 0..5 {
            let options = relaxation.options().iter().enumerate();
            let chosen: Vec<usize> = options.map(|(i, n)| (7 * draw + 3 * i) % n).collect();
            let decoded = relaxation.decode(&chosen);
            let fitting = repair(space.as_ref(), &price, limits, decoded).unwrap();
            assert!(
                limits.admit(&fitting.cost),
                "{kind}: {}",
                fitting.architecture
            );
        }
    }
    fullest
}
