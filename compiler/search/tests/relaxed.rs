//! Strategies that follow the gradient of a network of all networks: what they learn, what they keep, and that
//! prices count.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod synthetic;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use ember_search::space::{Architecture, Relaxing};
use ember_search::{Gates, History, Outcome, Price, Stopped, StrategyKind};
use synthetic::{MadeUpPrice, MadeUpSupernets, World};

fn all() -> impl Iterator<Item = StrategyKind> {
    StrategyKind::ALL.into_iter().filter(|kind| kind.prepares())
}

fn world(strategy: StrategyKind, seed: u64) -> World {
    let mut world = World::new(strategy, seed);
    world.supernets = Some(MadeUpSupernets::default());
    world.settings.stop.trials = Some(10);
    world
}

fn run(world: &World) -> (Outcome, Gates) {
    let mut journal = Vec::new();
    let outcome = world.resume(&mut journal).unwrap();
    let history = History::read(&journal, &world.identity).unwrap();
    (outcome, history.prepared.unwrap())
}

#[test]
fn the_supernet_is_trained_once_and_its_lesson_is_kept() {
    for strategy in all() {
        for world in [world(strategy, 1), world(strategy, 1).with_rungs()] {
            let mut whole = Vec::new();
            let undisturbed = world.resume(&mut whole).unwrap();
            assert_eq!(undisturbed.trials, 10);
            let opened = || {
                let supernets = world.supernets.as_ref().unwrap();
                supernets.opened.swap(0, Ordering::SeqCst)
            };
            assert_eq!(opened(), 1);
            let lines: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').collect();
            let cuts: BTreeSet<usize> = [0, lines[0] + 1, lines[1] - 9, lines[1] + 1]
                .into_iter()
                .chain(lines.iter().skip(2).step_by(5).map(|end| end + 4))
                .filter(|&cut| cut <= whole.len())
                .collect();
            for cut in cuts {
                let mut journal = whole[..cut].to_vec();
                assert_eq!(
                    world.resume(&mut journal).unwrap(),
                    undisturbed,
                    "{strategy}"
                );
                assert_eq!(
                    opened(),
                    usize::from(cut <= lines[1]),
                    "cut after {cut} bytes"
                );
            }
        }
    }
}

#[test]
fn the_seed_decides_and_workers_do_not() {
    for strategy in all() {
        let mut one = world(strategy, 3);
        one.workers = 1;
        let (outcome, gates) = run(&one);
        one.workers = 5;
        assert_eq!(run(&one), (outcome.clone(), gates));
        let (other, _) = run(&world(strategy, 4));
        assert_ne!(other.scored, outcome.scored);
    }
}

#[test]
fn logits_find_what_lowers_the_loss() {
    for strategy in all().filter(|&kind| kind != StrategyKind::Dnas) {
        let (outcome, gates) = run(&world(strategy, 2));
        let last: Vec<usize> = gates.0.iter().map(|options| options.len() - 1).collect();
        assert_eq!(gates.largest(), last, "{strategy}: {gates:?}");
        assert!(!outcome.scored.is_empty());
    }
}

/// What all others leave to the repair DNAS sees in the price: its network fits, and uses the room.
#[test]
fn prices_hold_dnas_within_the_limits() {
    let fullness = |strategy, seed| {
        let world = world(strategy, seed);
        let (_, gates) = run(&world);
        let full = |network: Architecture| {
            let cost = MadeUpPrice.price(&world.space.build(&network));
            world.constraints.fullness(&cost)
        };
        let mut levels = (0..).map_while(|level| world.space.relax(Relaxing { level, share: 1 }));
        let middle =
            |options: &[usize]| options.iter().map(|n| (n - 1) / 2).collect::<Vec<usize>>();
        let searched = levels.find(|all| full(all.decode(&middle(all.options()))) <= 1.0);
        full(searched.unwrap().decode(&gates.largest()))
    };
    for seed in 1..=5 {
        let (blind, seeing) = (
            fullness(StrategyKind::Darts, seed),
            fullness(StrategyKind::Dnas, seed),
        );
        println!("fullness: darts {blind:.2}, dnas {seeing:.2}");
        assert!(
            blind > 1.0 && (0.5..1.1).contains(&seeing),
            "{blind} {seeing}"
        );
    }
}

#[test]
fn a_cancelled_supernet_is_trained_anew() {
    for strategy in all() {
        let mut world = world(strategy, 6);
        let undisturbed = world.run();
        world.supernets.as_mut().unwrap().cancel_after = 50;
        let mut journal = Vec::new();
        let outcome = world.resume(&mut journal).unwrap();
        assert_eq!((outcome.stopped, outcome.trials), (Stopped::Interrupted, 0));
        world.supernets.as_mut().unwrap().cancel_after = 0;
        assert_eq!(world.resume(&mut journal).unwrap(), undisturbed);
    }
}
