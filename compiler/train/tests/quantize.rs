//! From training to int8: the integer network keeps what was trained.

mod common;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ember_ir::{Activation, Graph, WeightType, verify_quant};

use ember_search::space::open;
use ember_search::{
    Budget, Candidate, CandidateId, Cost, Evaluate, EvaluateError, Parent, Price, SpaceKind, Task,
};
use ember_train::quantized::fake_quant_scores;
use ember_train::{
    Evaluator, FinalRecipe, Forget, Keep, Normalization, Parts, Quantized, Recipe, Reduction,
    Supervision, Training, Wish, export, predict, teach, train,
};

use common::{Builder, GO_ON, digits, session, small};

fn parts() -> Parts {
    let (data, validation) = (digits(0..500), digits(1000..1300));
    let normalization = Normalization::range(&data);
    Parts::new(data.clone(), &data, &validation, normalization)
}

fn recipe(epochs: usize) -> Recipe {
    Recipe {
        epochs,
        ..Recipe::default()
    }
}

#[test]
fn fine_tuning_exports_what_it_trained() {
    let (graph, parts) = (small(), parts());
    let (long, short) = (
        recipe(12),
        Recipe {
            learning_rate: 1e-3,
            ..recipe(4)
        },
    );
    let run = |recipe| session(&graph, &parts.train, &parts.normalization, recipe, 1);
    let float = export(&graph, &train(run(&long), None).expect("weights"));
    let labels = &parts.validation.labels;
    let trained = predict::accuracy(
        &predict::predict(&float, &parts.validation).expect("scores"),
        labels,
    );

    let plain = Quantized::calibrated(&float, &parts.calibration, &parts.validation).expect("int8");
    let after = parts
        .validation
        .int8_figure(&plain.network)
        .expect("accuracy");
    assert!(after > trained - 0.01, "float {trained}, int8 {after}");

    let tuned = plain.tuned(run(&short)).expect("weights").expect("int8");
    assert_ne!(
        tuned.ranges, plain.ranges,
        "the ranges followed the activations"
    );
    let fake = predict::accuracy(
        &fake_quant_scores(&tuned, &parts.validation).expect("scores"),
        labels,
    );
    let real = parts
        .validation
        .int8_figure(&tuned.network)
        .expect("accuracy");
    assert!(
        (fake - real).abs() <= 0.0034,
        "fake quantised {fake}, int8 {real}"
    );
    assert!(real > trained - 0.01, "float {trained}, int8 {real}");
}

#[test]
fn int4_weights_are_fine_tuned_on_their_grid() {
    let mut net = Builder::new([8, 8, 1]);
    net.conv(3, 2, 16);
    net.conv(1, 1, 16);
    net.dense(10, Activation::None);
    let (whole, parts) = (net.finish(), parts());
    let mut graph = whole.clone();
    let halves = graph.nodes.iter_mut().filter(|node| node.op.has_int4());
    assert_eq!(
        halves.map(|node| node.weights = WeightType::Int4).count(),
        2
    );
    let (long, short) = (
        recipe(12),
        Recipe {
            learning_rate: 1e-3,
            ..recipe(6)
        },
    );
    let data = (&parts.train, &parts.normalization);
    let weights = train(session(&whole, data.0, data.1, &long, 1), None).expect("weights");
    let float = export(&graph, &weights);
    let plain = Quantized::calibrated(&float, &parts.calibration, &parts.validation).expect("int4");
    let tuned = plain.tuned(session(&graph, data.0, data.1, &short, 1));
    let tuned = tuned.expect("weights").expect("int4");
    assert_eq!(verify_quant(&tuned.network), []);
    let labels = &parts.validation.labels;
    let scores = fake_quant_scores(&tuned, &parts.validation).expect("scores");
    let fake = predict::accuracy(&scores, labels);
    let [before, after] = [&plain, &tuned].map(|quantized| {
        parts
            .validation
            .int8_figure(&quantized.network)
            .expect("accuracy")
    });
    assert!((fake - after).abs() <= 0.0034, "fake {fake}, real {after}");
    assert!(
        after > before - 0.01,
        "{before} before tuning, {after} after it"
    );
    assert!(after > 0.8, "{after}");
}

/// A candidate of the 2-D space.
fn candidate(budget: Budget) -> Candidate {
    let task = Task {
        name: "digits".into(),
        input: ember_ir::Shape::from([8, 8, 1]),
        classes: 10,
        tokens: None,
    };
    let space = open(SpaceKind::Cnn2d, task).expect("the space");
    let architecture = space.templates().remove(0);
    let graph = space.build(&architecture);
    Candidate {
        id: CandidateId(3),
        architecture,
        graph,
        proxy: None,
        seed: 5,
        rung: 0,
        budget,
        parent: None,
    }
}

#[test]
fn candidates_are_scored_reproducibly() {
    let (parts, recipe) = (parts(), recipe(99));
    let evaluator = Evaluator {
        parts: &parts,
        other_folds: &[],
        recipe: &recipe,
        cancel: &GO_ON,
        keep: None,
    };
    let long = evaluator
        .evaluate(&candidate(Budget {
            epochs: 4,
            fraction: 1.0,
        }))
        .expect("a score");
    assert_eq!(
        long,
        evaluator
            .evaluate(&candidate(Budget {
                epochs: 4,
                fraction: 1.0
            }))
            .expect("a score")
    );
    assert!(long.accuracy > 0.6 && long.loss < 1.5, "{long:?}");
    let mut narrow = candidate(Budget {
        epochs: 4,
        fraction: 1.0,
    });
    narrow.proxy = Some(small());
    assert_ne!(evaluator.evaluate(&narrow).expect("a score"), long);
    let short = evaluator
        .evaluate(&candidate(Budget {
            epochs: 1,
            fraction: 0.3,
        }))
        .expect("a score");
    assert!(short.loss > long.loss, "{short:?} {long:?}");
}

#[test]
fn a_child_begins_with_what_its_parent_has_learned() {
    let (parts, recipe, memory) = (parts(), recipe(99), Memory::default());
    let anew = Evaluator {
        parts: &parts,
        other_folds: &[],
        recipe: &recipe,
        cancel: &GO_ON,
        keep: None,
    };
    let heir = Evaluator {
        keep: Some(&memory),
        ..anew
    };
    let short = Budget {
        epochs: 2,
        fraction: 1.0,
    };
    let parent = candidate(short);
    let mut child = parent.clone();
    child.id = CandidateId(4);
    child.parent = Some(Parent {
        id: parent.id,
        graph: parent.graph.clone(),
    });
    let orphan = heir.evaluate(&child);
    let Err(EvaluateError::Failed(reason)) = &orphan else {
        panic!("{orphan:?}");
    };
    assert!(reason.contains("weights of network 3"), "{reason}");

    let first = heir.evaluate(&parent).expect("a score");
    assert_eq!(first, anew.evaluate(&parent).expect("a score"));
    let inherited = heir.evaluate(&child).expect("a score");
    assert!(inherited.loss < first.loss, "{inherited:?} {first:?}");
    assert_eq!(inherited, heir.evaluate(&child).expect("a score"));
    assert_eq!(first, anew.evaluate(&child).expect("a score"));
}

#[test]
fn folds_are_scored_each_with_its_own_training() {
    let (parts, recipe) = (parts(), recipe(99));
    let other = {
        let (judges, data) = (digits(0..200), digits(500..1000));
        Parts::new(data.clone(), &data, &judges, parts.normalization.clone())
    };
    let budget = Budget {
        epochs: 2,
        fraction: 1.0,
    };
    let score = |parts: &Parts, other_folds: &[Parts], keep| {
        let evaluator = Evaluator {
            parts,
            other_folds,
            recipe: &recipe,
            cancel: &GO_ON,
            keep,
        };
        evaluator.evaluate(&candidate(budget)).expect("a score")
    };
    let each = [&parts, &other].map(|parts| score(parts, &[], None));
    let memory = Memory::default();
    let folds = std::slice::from_ref(&other);
    let both = score(&parts, folds, Some(&memory as &dyn Keep));
    let [first, second] = [&parts, &other].map(|parts| parts.validation.len() as f32);
    let pooled = (each[0].accuracy * first + each[1].accuracy * second) / (first + second);
    assert!(
        (both.accuracy - pooled).abs() < 1e-6,
        "{both:?} of {each:?}"
    );
    assert_ne!(each[0].accuracy, each[1].accuracy);
    // A child begins with what its parent has learned on the same fold.
    assert_eq!(memory.kept.lock().expect("the map").len(), 2);
}

#[test]
fn a_cancelled_evaluation_has_no_score() {
    let (parts, recipe) = (parts(), recipe(1));
    let evaluator = Evaluator {
        parts: &parts,
        other_folds: &[],
        recipe: &recipe,
        cancel: &AtomicBool::new(true),
        keep: None,
    };
    let result = evaluator.evaluate(&candidate(Budget {
        epochs: 1,
        fraction: 1.0,
    }));
    assert_eq!(result, Err(EvaluateError::Cancelled));
}

#[test]
fn the_final_training_is_reproducible_however_many_work() {
    let (graph, parts) = (small(), parts());
    let epochs = AtomicUsize::new(0);
    let progress = |done: usize| {
        epochs.fetch_add(done, Ordering::Relaxed);
    };
    let recipe = |workers| FinalRecipe {
        workers,
        ..FinalRecipe::new(recipe(6), 2)
    };
    let run = |workers| {
        let recipe = recipe(workers);
        let training = Training {
            graph: &graph,
            parts: &parts,
            recipe: &recipe,
            seed: 1,
            teachers: None,
            keep: &Forget,
            supervision: Supervision {
                cancel: &GO_ON,
                progress: &progress,
            },
        };
        training.finish(&Reduction::default()).expect("a network")
    };
    let trained = run(2);
    assert_eq!(trained, run(1));
    assert!(
        trained.accuracy_int8 > 0.85,
        "{} {}",
        trained.accuracy_float,
        trained.accuracy_int8
    );
    assert_eq!(
        trained.accuracy_int8,
        parts
            .validation
            .int8_figure(&trained.quant_graph)
            .expect("accuracy")
    );
    let each = recipe(1).epochs(&Reduction::default(), false);
    assert_eq!((each, epochs.into_inner()), (20, 40));
}

/// Keeps in memory, and counts what it is asked.
#[derive(Default)]
struct Memory {
    kept: Mutex<BTreeMap<String, Vec<f32>>>,
}

impl Keep for Memory {
    fn load(&self, key: &str) -> Option<Vec<f32>> {
        self.kept.lock().expect("the map").get(key).cloned()
    }
    fn save(&self, key: &str, values: &[f32]) {
        let mut kept = self.kept.lock().expect("the map");
        kept.insert(key.to_string(), values.to_vec());
    }
}

/// Every node costs what it holds.
struct Size;

impl Price for Size {
    fn price(&self, graph: &Graph) -> Cost {
        Cost {
            flash_bytes: graph.parameters(),
            ram_bytes: 0,
            arena_bytes: 0,
            instructions: graph.macs(),
            macs: graph.macs(),
        }
    }
}

#[test]
fn a_network_reduced_by_magnitude_is_smaller_and_still_knows_the_digits() {
    reduced(false);
}

#[test]
fn a_network_reduced_by_masks_is_smaller_and_still_knows_the_digits() {
    reduced(true);
}

fn reduced(learns: bool) {
    let (graph, parts) = (small(), parts());
    let recipe = FinalRecipe::new(recipe(8), 0);
    let memory = Memory::default();
    let with = |keep| Training {
        graph: &graph,
        parts: &parts,
        recipe: &recipe,
        seed: 1,
        teachers: None,
        keep,
        supervision: Supervision {
            cancel: &GO_ON,
            progress: &|_| {},
        },
    };
    let wish = Wish {
        pruning: 0.4,
        learns,
        low_rank: 0.8,
    };
    let none = Reduction::default();
    let reduction = with(&memory)
        .reduction(&none, wish, &Size)
        .expect("a reduction");
    assert!(!reduction.widths.is_empty() && !reduction.factors.is_empty());
    assert_eq!(
        reduction,
        with(&Forget)
            .reduction(&none, wish, &Size)
            .expect("a reduction")
    );
    let reduced = with(&memory).finish(&reduction).expect("a network");
    assert_eq!(reduced.float_graph.graph, reduction.apply(&graph));
    assert!(reduced.float_graph.graph.parameters() * 10 < graph.parameters() * 7);
    assert!(reduced.accuracy_int8 > 0.8, "{}", reduced.accuracy_int8);
    // What was kept is not trained again, and is the same: student, masked, pruned, factorised.
    let before = memory.kept.lock().expect("the map").clone();
    assert_eq!(before.len(), 3 + usize::from(learns));
    assert_eq!(
        with(&memory).finish(&reduction).expect("a network"),
        reduced
    );
    assert_eq!(*memory.kept.lock().expect("the map"), before);
    assert_eq!(
        with(&Forget).finish(&reduction).expect("a network"),
        reduced
    );
    // What was not asked for is not taken out.
    let nothing = with(&memory).reduction(&none, Wish::default(), &Size);
    assert!(nothing.expect("a reduction").is_none());
}

#[test]
fn a_larger_network_teaches_a_small_one() {
    let (graph, parts) = (small(), parts());
    let mut wide = Builder::new([8, 8, 1]);
    wide.conv(3, 1, 16);
    wide.conv(3, 2, 24);
    wide.dense(10, Activation::None);
    let wide = wide.finish();
    let recipe = FinalRecipe::new(
        Recipe {
            distillation: 0.5,
            temperature: 4.0,
            student_temperature: 4.0,
            ..recipe(6)
        },
        3,
    );
    let of = |graph, teachers| Training {
        graph,
        parts: &parts,
        recipe: &recipe,
        seed: 1,
        teachers,
        keep: &Forget,
        supervision: Supervision {
            cancel: &GO_ON,
            progress: &|_| {},
        },
    };
    let teachers = teach(of(&wide, None), 1).expect("a teacher");
    assert_eq!(teachers.networks[0].graph, wide);
    let none = Reduction::default();
    let taught = of(&graph, Some(&teachers))
        .finish(&none)
        .expect("a network");
    assert!(taught.accuracy_int8 > 0.85, "{}", taught.accuracy_int8);
    let alone = teach(of(&graph, None), 0).expect("nobody");
    let alone = of(&graph, Some(&alone)).finish(&none).expect("a network");
    assert_ne!(taught.float_graph, alone.float_graph);
}
