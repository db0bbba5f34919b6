//! From training to int8: the integer network keeps what was trained.

mod common;

use std::sync::atomic::AtomicBool;

use ember_search::space::open;
use ember_search::{Budget, Candidate, CandidateId, Evaluate, EvaluateError, SpaceKind, Task};
use ember_train::quantized::fake_quant_scores;
use ember_train::{
    Evaluator, FinalRecipe, Normalization, Parts, Quantized, Recipe, Supervision, export, finalize,
    int8_accuracy, predict, train,
};

use common::{GO_ON, digits, session, small};

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
    let after = int8_accuracy(&plain.network, &parts.validation).expect("accuracy");
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
    let real = int8_accuracy(&tuned.network, &parts.validation).expect("accuracy");
    assert!(
        (fake - real).abs() <= 0.0034,
        "fake quantised {fake}, int8 {real}"
    );
    assert!(real > trained - 0.01, "float {trained}, int8 {real}");
}

/// A candidate of the 2-D space.
fn candidate(budget: Budget) -> Candidate {
    let task = Task {
        name: "digits".into(),
        input: ember_ir::Shape::from([8, 8, 1]),
        classes: 10,
    };
    let space = open(SpaceKind::Cnn2d, task).expect("the space");
    let architecture = space.templates().remove(0);
    let graph = space.build(&architecture);
    Candidate {
        id: CandidateId(3),
        architecture,
        graph,
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
        recipe: &recipe,
        cancel: &GO_ON,
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
    let short = evaluator
        .evaluate(&candidate(Budget {
            epochs: 1,
            fraction: 0.3,
        }))
        .expect("a score");
    assert!(short.loss > long.loss, "{short:?} {long:?}");
}

#[test]
fn a_cancelled_evaluation_has_no_score() {
    let (parts, recipe) = (parts(), recipe(1));
    let evaluator = Evaluator {
        parts: &parts,
        recipe: &recipe,
        cancel: &AtomicBool::new(true),
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
    let epochs = std::sync::Mutex::new(Vec::new());
    let progress = |done: usize, of: usize| epochs.lock().expect("the list").push((done, of));
    let supervision = Supervision {
        cancel: &GO_ON,
        progress: &progress,
    };
    let run = |workers| {
        let recipe = FinalRecipe {
            workers,
            ..FinalRecipe::new(recipe(6), 2)
        };
        finalize(&graph, &parts, &recipe, 1, supervision).expect("a network")
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
        int8_accuracy(&trained.quant_graph, &parts.validation).expect("accuracy")
    );
    let epochs = epochs.into_inner().expect("the list");
    let mut first: Vec<_> = epochs[..epochs.len() / 2].to_vec();
    first.sort_unstable();
    assert_eq!(first, (1..=20).map(|done| (done, 20)).collect::<Vec<_>>());
}
