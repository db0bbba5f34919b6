//! Searches that follow the gradient of a supernet trained in burn: a task whose right choice is known.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod common;

use std::time::Duration;

use ember_codegen::cost::Memory;
use ember_codegen::target::Board;
use ember_ir::{Activation, Graph, Shape};
use ember_search::space::{
    Architecture, Assembled, Block, Border, Decide, Gene, Head, Mixed, MixedNode, Piece,
    Relaxation, Relaxing, Space, Task, What, Window, blocks,
};
use ember_search::{
    Budget, Constraints, Gates, History, Identity, Outcome, PlannerPrice, SearchRng, Session,
    Settings, Setup, Stop, StrategyKind, search,
};
use ember_train::random::Random;
use ember_train::{Dataset, Evaluator, Normalization, Parts, Recipe};

use common::GO_ON;

/// Stripes, lying or standing, of any phase: a convolution of one pixel cannot tell them apart, one of nine can.
fn stripes(samples: usize, seed: u64) -> Dataset {
    let mut random = Random::new(seed, 0);
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for sample in 0..samples {
        let (label, phase) = (sample % 2, random.below(2));
        for y in 0..8 {
            for x in 0..8 {
                let at = if label == 0 { y } else { x };
                values.push(((at + phase) % 2) as f32 + 0.3 * random.normal());
            }
        }
        labels.push(label);
    }
    let classes = ["lying", "standing"].map(String::from).to_vec();
    Dataset::new(Shape::from([8, 8, 1]), values, labels, classes).unwrap()
}

/// One convolution, of one pixel or of nine.
#[derive(Debug)]
struct Stripes;

const KERNELS: [usize; 2] = [1, 3];

fn task() -> Task {
    Task {
        name: "stripes".into(),
        input: Shape::from([8, 8, 1]),
        classes: 2,
        tokens: None,
    }
}

fn network(option: usize) -> Architecture {
    let window = Window {
        kernel: KERNELS[option],
        stride: 1,
        dilation: 1,
        padding: Border::Same,
    };
    Architecture {
        pool: 1,
        blocks: vec![Block::Conv { width: 8, window }],
        head: Head::Mean,
        hidden: None,
        activation: Activation::Relu,
    }
}

impl Space for Stripes {
    fn describe(&self) -> String {
        "one convolution".into()
    }

    fn sample(&self, decide: &mut dyn Decide) -> Architecture {
        let gene = Gene {
            place: 1,
            what: What::Kernel,
        };
        network(decide.pick(gene, 2))
    }

    fn mutate(&self, rng: &mut SearchRng, _: &Architecture) -> Architecture {
        self.sample(rng)
    }

    fn templates(&self) -> Vec<Architecture> {
        Vec::new()
    }

    fn assemble(&self, architecture: &Architecture) -> Assembled {
        blocks::assemble(&task(), architecture)
    }

    fn relax(&self, how: Relaxing) -> Option<Box<dyn Relaxation>> {
        (how.level == 0).then(|| -> Box<dyn Relaxation> { Box::new(Stripes) })
    }
}

impl Relaxation for Stripes {
    fn options(&self) -> &[usize] {
        &[2]
    }

    fn decode(&self, chosen: &[usize]) -> Architecture {
        network(chosen[0])
    }

    fn mixed(&self) -> Option<Mixed> {
        // The first node of each network, then what both have in common.
        let [first, second] = [0, 1].map(|option| self.build(&network(option)));
        let part = |graph: &Graph, node: usize| {
            let node = graph.nodes[node].clone();
            let mut part = graph.clone();
            part.inputs = vec![node.inputs[0]];
            part.outputs = vec![node.output];
            part.nodes = vec![node];
            Piece {
                masks: vec![None; part.tensors.len()],
                graph: part,
            }
        };
        let node = |read, kind, pieces| MixedNode {
            reads: vec![read],
            edge: None,
            pieces,
            kind,
            share: 1,
        };
        Some(Mixed {
            options: vec![2],
            nodes: vec![
                node(0, Some(0), vec![part(&first, 0), part(&second, 0)]),
                node(1, None, vec![part(&first, 1)]),
                node(2, None, vec![part(&first, 2)]),
            ],
        })
    }
}

fn run(strategy: StrategyKind, seed: u64, macs: Option<u64>) -> (Outcome, Gates) {
    let (data, validation) = (stripes(240, 1), stripes(60, 2));
    let normalization = Normalization::standard(&data);
    let parts = Parts::new(data.clone(), &data, &validation, normalization);
    let recipe = Recipe {
        epochs: 12,
        batch_size: 20,
        ..Recipe::default()
    };
    let evaluator = Evaluator {
        parts: &parts,
        other_folds: &[],
        recipe: &recipe,
        cancel: &GO_ON,
        keep: None,
    };
    let board = Board::parse(include_str!("../../../boards/microbit/board.toml")).unwrap();
    let settings = Settings {
        seed,
        strategy,
        rungs: vec![Budget {
            epochs: 6,
            fraction: 1.0,
        }],
        stop: Stop {
            trials: Some(1),
            ..Stop::default()
        },
        ..Settings::default()
    };
    let identity = Identity {
        config: "stripes".into(),
        seed,
    };
    let setup = Setup {
        space: &Stripes,
        seeds: &[],
        price: &PlannerPrice {
            board: &board,
            memory: Memory::Whole,
            hop: None,
            front: None,
        },
        constraints: &Constraints {
            flash_bytes: 128 << 10,
            ram_bytes: 16 << 10,
            instructions: None,
            macs,
        },
        evaluator: &evaluator,
        supernets: Some(&evaluator),
        probe: None,
        settings: &settings,
        identity: &identity,
    };
    let mut journal = Vec::new();
    let session = Session {
        workers: 1,
        history: History::default(),
        journal: &mut journal,
        progress: &mut |_| {},
        cancel: &GO_ON,
        clock: &|| Duration::ZERO,
    };
    let outcome = search(&setup, session).unwrap();
    let history = History::read(&journal, &identity).unwrap();
    (outcome, history.prepared.unwrap())
}

fn gradient_strategies() -> impl Iterator<Item = StrategyKind> {
    StrategyKind::ALL.into_iter().filter(|kind| kind.prepares())
}

#[test]
fn the_convolution_that_can_see_is_found() {
    for strategy in gradient_strategies() {
        for seed in 1..=3 {
            let (outcome, gates) = run(strategy, seed, None);
            assert!(gates.0[0][1] > gates.0[0][0] + 0.5, "{strategy}: {gates:?}");
            let first = &outcome.scored[0];
            assert_eq!(first.architecture, network(1), "{strategy}");
            assert!(first.score.accuracy > 0.9, "{strategy}: {:?}", first.score);
        }
    }
}

#[test]
fn a_limit_overrules_the_loss_in_dnas() {
    let (_, gates) = run(StrategyKind::Dnas, 1, Some(1000));
    assert!(gates.0[0][0] > gates.0[0][1], "{gates:?}");
    let (outcome, blind) = run(StrategyKind::Gdas, 1, Some(1000));
    assert!(blind.0[0][1] > blind.0[0][0], "{blind:?}");
    let first = &outcome.scored[0];
    assert!(first.cost.macs <= 1000, "repaired: {}", first.architecture);
}

#[test]
fn a_seed_gives_one_lesson() {
    for strategy in gradient_strategies() {
        let first = run(strategy, 5, None);
        // Another pool must make no difference.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        assert_eq!(first, pool.unwrap().install(|| run(strategy, 5, None)));
    }
}
