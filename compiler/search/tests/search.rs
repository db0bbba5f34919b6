//! Whole searches in a made-up world: determinism, limits, ends, resuming, and that evolution earns
//! its keep.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod synthetic;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ember_search::{
    Candidate, Evaluate, EvaluateError, History, Identity, JournalError, Outcome, Price, Ranking,
    Score, SearchError, Session, Stop, Stopped, StrategyKind,
};
use synthetic::{FullDisk, MadeUpAccuracy, MadeUpPrice, World};

fn best(outcome: &Outcome) -> f64 {
    outcome
        .scored
        .iter()
        .map(|s| f64::from(s.score.accuracy))
        .fold(0.0, f64::max)
}

#[test]
fn the_number_of_workers_changes_nothing() {
    for strategy in StrategyKind::ALL {
        for world in [
            World::new(strategy, 3),
            World::new(strategy, 3).with_rungs(),
        ] {
            let outcomes: Vec<Outcome> = [1, 2, 3, 7]
                .into_iter()
                .map(|workers| {
                    World {
                        workers,
                        space: World::new(strategy, 3).space,
                        ..clone(&world)
                    }
                    .run()
                })
                .collect();
            assert_eq!(outcomes[0].trials, 40);
            assert!(outcomes[0].chosen.is_some());
            for outcome in &outcomes[1..] {
                assert_eq!(outcome, &outcomes[0], "{strategy}");
            }
            let mut other = clone(&world);
            other.settings.seed = 4;
            assert_ne!(other.run().scored, outcomes[0].scored, "the seed matters");
        }
    }
}

fn clone(world: &World) -> World {
    World {
        settings: world.settings.clone(),
        ..World::new(world.settings.strategy, world.settings.seed)
    }
}

#[test]
fn nothing_that_does_not_fit_is_evaluated_and_nothing_twice() {
    for strategy in StrategyKind::ALL {
        let world = World::new(strategy, 5);
        let outcome = world.run();
        let mut graphs = BTreeSet::new();
        for scored in &outcome.scored {
            let graph = world.space.build(&scored.architecture);
            assert_eq!(MadeUpPrice.price(&graph), scored.cost);
            assert!(world.constraints.admit(&scored.cost));
            assert!(
                graphs.insert(format!("{graph:?}")),
                "{} twice",
                scored.architecture
            );
        }
        assert_eq!(outcome.scored.len() + outcome.failed.len(), 40);
        assert!(
            !outcome.failed.is_empty(),
            "this world lets some trainings fail"
        );
    }
}

#[test]
fn a_journal_cut_anywhere_leads_to_the_same_end() {
    for strategy in StrategyKind::ALL {
        for mut world in [
            World::new(strategy, 1),
            World::new(strategy, 1).with_rungs(),
        ] {
            world.settings.stop.trials = Some(16);
            let mut whole = Vec::new();
            let undisturbed = world.resume(&mut whole).unwrap();
            let ends = (0..whole.len()).filter(|&i| whole[i] == b'\n');
            let near_ends = ends.flat_map(|end| [end, end + 1, end + 2]);
            let cuts: BTreeSet<usize> = near_ends
                .chain((0..whole.len()).step_by(61))
                .filter(|&cut| cut <= whole.len())
                .collect();
            for cut in cuts {
                let mut journal = whole[..cut].to_vec();
                let resumed = world.resume(&mut journal).unwrap();
                assert_eq!(resumed, undisturbed, "{strategy}, cut after {cut} bytes");
                // And again from the result of that: nothing is left to do.
                let evaluator = MadeUpAccuracy::default();
                let before = journal.len();
                assert_eq!(
                    world.evaluate_by(&evaluator, &mut journal).unwrap(),
                    undisturbed
                );
                assert_eq!(evaluator.evaluated.load(Ordering::SeqCst), 0);
                assert_eq!(journal.len(), before, "looking does not write");
            }
        }
    }
}

#[test]
fn a_cancelled_search_is_resumed_to_the_same_end() {
    let world = World::new(StrategyKind::AgingEvolution, 9);
    let undisturbed = world.run();
    for cancel_after in [1, 2, 13, 39] {
        let mut journal = Vec::new();
        let evaluator = MadeUpAccuracy {
            cancel_after,
            ..MadeUpAccuracy::default()
        };
        let outcome = world.evaluate_by(&evaluator, &mut journal).unwrap();
        assert_eq!(outcome.stopped, Stopped::Interrupted);
        assert!(outcome.trials < 40);
        assert_eq!(world.resume(&mut journal).unwrap(), undisturbed);
    }
}

#[test]
fn a_cancelled_evaluation_is_repeated() {
    struct GivesUp(AtomicBool);
    impl Evaluate for GivesUp {
        fn evaluate(&self, candidate: &Candidate) -> Result<Score, EvaluateError> {
            if candidate.id.0 == 6 {
                self.0.store(true, Ordering::SeqCst);
            }
            if self.0.load(Ordering::SeqCst) {
                return Err(EvaluateError::Cancelled);
            }
            MadeUpAccuracy::default().evaluate(candidate)
        }
    }
    let world = World::new(StrategyKind::Random, 2);
    let mut journal = Vec::new();
    let evaluator = GivesUp(AtomicBool::new(false));
    let session = Session {
        workers: 2,
        history: History::default(),
        journal: &mut journal,
        progress: &mut |_| {},
        cancel: &AtomicBool::new(false),
        clock: &|| Duration::ZERO,
    };
    let outcome = world.search(&evaluator, session).unwrap();
    assert_eq!(outcome.stopped, Stopped::Interrupted);
    assert!(outcome.trials <= 6);
    assert_eq!(world.resume(&mut journal).unwrap(), world.run());
}

#[test]
fn a_target_ends_the_search_at_the_same_result_for_any_number_of_workers() {
    let mut world = World::new(StrategyKind::AgingEvolution, 6);
    world.settings.stop.target_accuracy = Some(0.93);
    let outcome = world.run();
    assert_eq!(outcome.stopped, Stopped::Target);
    assert!(outcome.trials < 40 && best(&outcome) >= 0.93);
    world.workers = 5;
    assert_eq!(world.run(), outcome);
}

#[test]
fn patience_ends_the_search() {
    let mut world = World::new(StrategyKind::Random, 6);
    world.settings.stop = Stop {
        patience: Some(6),
        ..Stop::default()
    };
    let outcome = world.run();
    assert_eq!(outcome.stopped, Stopped::Patience);
    world.settings.stop.patience = Some(30);
    let longer = world.run();
    assert!(longer.trials > outcome.trials);
    assert_eq!(longer.scored[..outcome.scored.len()], outcome.scored[..]);
}

#[test]
fn time_ends_the_search_and_counts_over_sessions() {
    let mut world = World::new(StrategyKind::Random, 6);
    world.settings.stop = Stop {
        time: Some(Duration::from_millis(50)),
        ..Stop::default()
    };
    let mut journal = Vec::new();
    // A clock that advances a millisecond per look.
    let looks = std::sync::atomic::AtomicU64::new(0);
    let advancing = || Duration::from_millis(looks.fetch_add(1, Ordering::SeqCst));
    let evaluator = MadeUpAccuracy::default();
    let outcome = timed(&world, &evaluator, &mut journal, &advancing);
    assert_eq!(outcome.stopped, Stopped::Time);
    assert!(outcome.trials > 0 && outcome.elapsed >= Duration::from_millis(50));
    // The time is spent: a second session only repeats what is recorded.
    let evaluator = MadeUpAccuracy::default();
    let again = timed(&world, &evaluator, &mut journal, &|| Duration::ZERO);
    assert_eq!(evaluator.evaluated.load(Ordering::SeqCst), 0);
    assert_eq!(
        (again.scored, again.trials),
        (outcome.scored, outcome.trials)
    );
    // Killed after the time was up but before the last verdict was recorded: that evaluation is
    // repeated. The lines that are left may be older than the limit, so the clock says that it is up.
    let lines: Vec<&[u8]> = journal.split_inclusive(|&byte| byte == b'\n').collect();
    let mut cut = lines[..lines.len() - 2].concat();
    let repeated = timed(&world, &evaluator, &mut cut, &|| Duration::from_millis(50));
    assert_eq!(repeated.trials, outcome.trials);
    assert_eq!(evaluator.evaluated.load(Ordering::SeqCst), 1);
}

/// A session with a clock of its own. A search that only time ends must have one that moves.
fn timed(
    world: &World,
    evaluator: &MadeUpAccuracy,
    journal: &mut Vec<u8>,
    clock: &dyn Fn() -> Duration,
) -> Outcome {
    let session = Session {
        workers: 2,
        history: History::read(journal, &world.identity).unwrap(),
        journal,
        progress: &mut |_| {},
        cancel: &AtomicBool::new(false),
        clock,
    };
    world.search(evaluator, session).unwrap()
}

#[test]
fn limits_that_nothing_meets_are_named() {
    let mut world = World::new(StrategyKind::AgingEvolution, 1);
    world.constraints.ram_bytes = 300;
    let error = world.resume(&mut Vec::new()).unwrap_err();
    assert!(matches!(error, SearchError::NothingFits(_)));
    let message = error.to_string();
    assert!(
        message.contains("bytes of RAM where 300 are allowed"),
        "{message}"
    );
}

#[test]
fn a_small_space_is_exhausted() {
    let mut world = World::new(StrategyKind::Random, 1);
    world.constraints.flash_bytes = 4700;
    world.settings.stop = Stop::default();
    let outcome = world.run();
    assert_eq!(outcome.stopped, Stopped::Exhausted);
    assert!(outcome.trials > 0);
}

#[test]
fn a_panic_is_one_failed_candidate() {
    struct Broken;
    impl Evaluate for Broken {
        fn evaluate(&self, candidate: &Candidate) -> Result<Score, EvaluateError> {
            assert!(candidate.id.0 != 2, "candidate two is cursed");
            MadeUpAccuracy::default().evaluate(candidate)
        }
    }
    let mut world = World::new(StrategyKind::Random, 8);
    world.settings.stop.trials = Some(6);
    let session = Session {
        workers: 2,
        history: History::default(),
        journal: &mut Vec::new(),
        progress: &mut |_| {},
        cancel: &AtomicBool::new(false),
        clock: &|| Duration::ZERO,
    };
    let outcome = world.search(&Broken, session).unwrap();
    assert_eq!(outcome.trials, 6);
    assert!(
        outcome
            .failed
            .iter()
            .any(|failed| failed.reason.contains("cursed"))
    );
}

#[test]
fn a_full_disk_ends_the_search() {
    let world = World::new(StrategyKind::Random, 8);
    for lines in [0, 1, 5] {
        let session = Session {
            workers: 2,
            history: History::default(),
            journal: &mut FullDisk { lines },
            progress: &mut |_| {},
            cancel: &AtomicBool::new(false),
            clock: &|| Duration::ZERO,
        };
        let error = world
            .search(&MadeUpAccuracy::default(), session)
            .unwrap_err();
        assert!(matches!(error, SearchError::Journal(_)), "{error}");
    }
}

#[test]
fn a_journal_of_another_search_is_refused() {
    let world = World::new(StrategyKind::Random, 1);
    let mut journal = Vec::new();
    world.resume(&mut journal).unwrap();
    let config = Identity {
        config: "another".into(),
        seed: 1,
    };
    let error = History::read(&journal, &config).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the journal belongs to another search: its configuration is made up, this search's is \
         another; delete it (or choose another output folder) to search afresh"
    );
    let seed = Identity {
        seed: 2,
        ..world.identity.clone()
    };
    assert!(matches!(
        History::read(&journal, &seed),
        Err(JournalError::Other { what: "seed", .. })
    ));
    let headless = &journal[journal.iter().position(|&b| b == b'\n').unwrap() + 1..];
    assert_eq!(
        History::read(headless, &world.identity),
        Err(JournalError::NoHeader)
    );
    let mut broken = journal.clone();
    broken[200] = b'\n';
    assert!(matches!(
        History::read(&broken, &world.identity),
        Err(JournalError::Line { line: 2, .. })
    ));
    // The right identity, but other questions.
    let mut other = World::new(StrategyKind::Random, 1);
    other.settings.seed = 77;
    let error = other.resume(&mut journal).unwrap_err();
    assert!(
        matches!(error, SearchError::OtherHistory { trial: 0 }),
        "{error}"
    );
}

#[test]
fn halving_spends_the_full_budget_on_the_best() {
    let world = World::new(StrategyKind::Random, 4).with_rungs();
    let outcome = world.run();
    let on = |rung: usize| outcome.scored.iter().filter(|s| s.rung == rung).count();
    assert!(
        on(0) > on(1) + on(2) && on(2) > 0,
        "{} {} {}",
        on(0),
        on(1),
        on(2)
    );
    let chosen = &outcome.scored[outcome.chosen.unwrap()];
    assert_eq!(chosen.rung, 2, "only full budgets are compared");
    assert!(outcome.pareto.iter().all(|&i| outcome.scored[i].rung == 2));
}

#[test]
fn the_front_is_not_dominated_and_the_choice_is_explained() {
    let outcome = World::new(StrategyKind::AgingEvolution, 4).run();
    let chosen = &outcome.scored[outcome.chosen.unwrap()];
    assert!(f64::from(chosen.score.accuracy) >= best(&outcome) - 0.001);
    assert!(outcome.pareto.contains(&outcome.chosen.unwrap()));
    assert!(
        outcome.why.contains("int8 validation accuracy"),
        "{}",
        outcome.why
    );
}

/// In this world larger is better: proxies that say so gain weight, the others have none.
#[test]
fn proxies_are_ranked_and_choose_as_far_as_they_rank() {
    let is_proxy = |ranking: &&Ranking| ["naswot", "synflow", "zico"].contains(&&*ranking.signal);
    // Networks that nobody selects: among the winners of an evolution, size tells little any more.
    let mut world = World::new(StrategyKind::Random, 2);
    assert_eq!(world.run().signals.iter().filter(is_proxy).count(), 0);
    world.settings.proxies = true;
    let outcome = world.run();
    let rankings: Vec<&Ranking> = outcome.signals.iter().filter(is_proxy).collect();
    let names: Vec<&str> = rankings.iter().map(|ranking| &*ranking.signal).collect();
    assert_eq!(names, ember_search::probe::NAMES[..3]);
    assert!(rankings.iter().all(|r| r.networks == outcome.scored.len()));
    assert!(rankings[0].spearman > 0.3, "{rankings:?}");
    assert_eq!(rankings[1].spearman, 0.0);
    assert!((rankings[0].spearman + rankings[2].spearman).abs() < 1e-9);

    let mut world = World::new(StrategyKind::AgingEvolution, 2);
    world.settings.proxies = true;
    let outcome = world.run();
    world.workers = 5;
    assert_eq!(world.run(), outcome);
    world.settings.proxies = false;
    assert_ne!(world.run().scored, outcome.scored, "they have a say");
}

/// In this world larger is better and a longer training tells more.
#[test]
fn every_cheap_signal_is_ranked_against_the_final_score() {
    let mut world = World::new(StrategyKind::AgingEvolution, 2).with_rungs();
    world.settings.stop.trials = Some(200);
    let outcome = world.run();
    let names: Vec<&str> = outcome.signals.iter().map(|r| &*r.signal).collect();
    assert_eq!(
        names,
        ["rung 1 of 3", "rung 2 of 3", "parameters", "macs", "flash"]
    );
    let final_ones = outcome.scored.iter().filter(|s| s.rung == 2).count();
    assert!(final_ones >= 8);
    assert!(outcome.signals.iter().all(|r| r.networks == final_ones));
    assert!(outcome.signals[1].spearman > 0.3, "{:?}", outcome.signals);
}

/// The first rung asks for a narrower copy, the others for the network itself.
#[test]
fn a_proxy_network_stands_in_on_the_first_rung_alone() {
    let mut world = World::new(StrategyKind::AgingEvolution, 2).with_rungs();
    world.settings.proxy_network = true;
    world.settings.stop.trials = Some(200);
    let evaluator = MadeUpAccuracy::default();
    let outcome = world.evaluate_by(&evaluator, &mut Vec::new()).unwrap();
    let signals = outcome.signals.iter().map(|ranking| &*ranking.signal);
    let rungs: Vec<&str> = signals.filter(|name| name.starts_with("rung")).collect();
    assert_eq!(rungs, ["rung 1 of 3, proxy network", "rung 2 of 3"]);
    let asked = evaluator.asked.lock().unwrap();
    assert!(asked.iter().any(|candidate| candidate.rung > 0));
    for candidate in asked.iter() {
        assert_eq!(candidate.proxy.is_some(), candidate.rung == 0);
        if let Some(proxy) = &candidate.proxy {
            assert!(proxy.parameters() <= candidate.graph.parameters());
        }
    }
}

/// Mean best accuracy over seeds at equal numbers of evaluations.
#[test]
fn evolution_beats_random_search() {
    let seeds = 1..=24;
    let mean = |strategy| {
        let total: f64 = seeds
            .clone()
            .map(|seed| {
                let mut world = World::new(strategy, seed);
                world.settings.evolution = ember_search::Evolution::default();
                world.settings.stop.trials = Some(100);
                best(&world.run())
            })
            .sum();
        total / seeds.clone().count() as f64
    };
    let (random, evolution) = (
        mean(StrategyKind::Random),
        mean(StrategyKind::AgingEvolution),
    );
    println!("mean best of 100: random {random:.4}, aging evolution {evolution:.4}");
    assert!(
        evolution > random + 0.005,
        "random {random}, evolution {evolution}"
    );
}
