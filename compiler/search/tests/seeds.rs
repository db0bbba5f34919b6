//! Searches that begin with networks of the user's own.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod synthetic;

use std::collections::BTreeSet;

use ember_search::space::{Architecture, Block, Border, Head, Window};
use ember_search::{CandidateId, Outcome, Price, SearchError, StrategyKind};
use synthetic::{MadeUpAccuracy, MadeUpPrice, World};

fn network(widths: &[usize], stride: usize) -> Architecture {
    let window = Window {
        kernel: 3,
        stride,
        dilation: 1,
        padding: Border::Same,
    };
    let blocks = widths.iter().map(|&width| Block::Conv { width, window });
    Architecture {
        pool: 1,
        blocks: blocks.collect(),
        head: Head::Mean,
        hidden: None,
        activation: ember_ir::Activation::Relu,
    }
}

/// A small network, one too large, and the first one again.
fn seeded(strategy: StrategyKind) -> World {
    let mut world = World::new(strategy, 2);
    world.seeds = vec![
        network(&[9, 13], 2),
        network(&[40, 80], 1),
        network(&[9, 13], 2),
    ];
    world.settings.stop.trials = Some(20);
    world
}

/// By the number of the candidate, scored or not.
fn asked(world: &World, journal: &mut Vec<u8>) -> (Outcome, Vec<Architecture>) {
    let evaluator = MadeUpAccuracy::default();
    let outcome = world.evaluate_by(&evaluator, journal).unwrap();
    let mut asked = evaluator.asked.into_inner().unwrap();
    asked.sort_by_key(|candidate| (candidate.id, candidate.rung));
    asked.dedup_by_key(|candidate| candidate.id);
    (outcome, asked.into_iter().map(|c| c.architecture).collect())
}

#[test]
fn every_strategy_begins_with_them_repaired_where_they_do_not_fit() {
    for strategy in StrategyKind::ALL {
        for world in [seeded(strategy), seeded(strategy).with_rungs()] {
            let (outcome, networks) = asked(&world, &mut Vec::new());
            assert_eq!(networks[0], world.seeds[0], "{strategy}");
            assert!(networks[1] != world.seeds[1], "{strategy}");
            assert_eq!(
                networks[1].blocks.len(),
                2,
                "{} is the second one repaired",
                networks[1]
            );
            let cost = MadeUpPrice.price(&world.space.build(&networks[1]));
            assert!(world.constraints.admit(&cost));
            assert_ne!(
                networks[2], world.seeds[0],
                "{strategy}: nothing is asked for twice"
            );
            assert_eq!(outcome.trials, 20);
        }
    }
}

#[test]
fn a_population_begins_with_their_neighbours() {
    for strategy in [StrategyKind::AgingEvolution, StrategyKind::Nsga2] {
        let world = seeded(strategy);
        let (outcome, _) = asked(&world, &mut Vec::new());
        let parents = outcome
            .scored
            .iter()
            .filter(|scored| (2..8).contains(&scored.id.0));
        let parents: BTreeSet<CandidateId> = parents.filter_map(|scored| scored.parent).collect();
        assert_eq!(
            parents,
            BTreeSet::from([CandidateId(0), CandidateId(1)]),
            "{strategy}"
        );
    }
}

#[test]
fn a_search_with_seeds_goes_on_where_it_was_cut() {
    for strategy in StrategyKind::ALL {
        let world = seeded(strategy);
        let mut whole = Vec::new();
        let (undisturbed, _) = asked(&world, &mut whole);
        let lines = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        for (end, _) in lines.step_by(3) {
            let resumed = asked(&world, &mut whole[..=end].to_vec()).0;
            assert_eq!(resumed, undisturbed, "{strategy}, cut after {end} bytes");
        }
    }
}

#[test]
fn one_that_cannot_be_repaired_ends_the_search_and_says_by_how_much() {
    let mut world = seeded(StrategyKind::Random);
    world.constraints.flash_bytes = 3200;
    let error = world
        .evaluate_by(&MadeUpAccuracy::default(), &mut Vec::new())
        .unwrap_err();
    assert!(
        matches!(error, SearchError::SeedDoesNotFit { seed: 0, .. }),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.starts_with("template 1 (conv 9 k3 s2 | conv 13 k3 s2 | mean) does not fit"),
        "{text}"
    );
    assert!(text.contains("3200"), "{text}");
}
