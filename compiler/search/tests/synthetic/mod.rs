//! A world without training: a made-up price, a made-up accuracy that rewards sound networks, and a
//! search in memory.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ember_ir::{Graph, Shape};
use ember_search::space::{Architecture, Block, Head, Mixed, open};
use ember_search::{
    Budget, Candidate, Constraints, Cost, Evaluate, EvaluateError, Evolution, Gates, Happened,
    History, Identity, Metric, Order, Outcome, Price, Probe, Relax, Score, SearchError, Session,
    Settings, Setup, Sink, Slope, Space, SpaceKind, Stop, StrategyKind, Supernet, Task, search,
};

/// Bytes of weights, a constant per layer, and the largest sum of what a layer reads and writes.
pub struct MadeUpPrice;

impl Price for MadeUpPrice {
    fn price(&self, graph: &Graph) -> Cost {
        let mut cost = Cost {
            flash_bytes: 3000,
            ram_bytes: 0,
            arena_bytes: 0,
            instructions: 0,
            macs: graph.macs(),
        };
        for node in &graph.nodes {
            let input = graph.input_shape(node);
            let weights = node
                .op
                .weight_shape(input)
                .map_or(0, |shape| shape.elements());
            cost.flash_bytes += 400 + weights + 9 * node.op.weight_channels(input).unwrap_or(0);
            let read: usize = node
                .inputs
                .iter()
                .map(|&id| graph.tensor(id).shape.elements())
                .sum();
            cost.arena_bytes = cost
                .arena_bytes
                .max(read + graph.output_shape(node).elements());
        }
        cost.ram_bytes = cost.arena_bytes + 500;
        cost.instructions = 5 * cost.macs + 2000;
        cost
    }
}

/// Accuracy as a function of the genes: capacity with diminishing returns, a bonus for a learned
/// ending, for widths that grow and for depth, a malus for what no one would build, and noise by
/// seed. More training comes closer to it.
#[derive(Default)]
pub struct MadeUpAccuracy {
    /// Evaluations that were run.
    pub evaluated: AtomicUsize,
    /// What they were asked.
    pub asked: Mutex<Vec<Candidate>>,
    /// Set after this many evaluations, if not zero.
    pub cancel_after: usize,
    /// What is set.
    pub cancel: AtomicBool,
}

impl MadeUpAccuracy {
    fn quality(candidate: &Candidate) -> f64 {
        let genes = &candidate.architecture;
        let macs = candidate.graph.macs() as f64;
        let mut logit = 0.4 * (1.0 + macs / 1000.0).ln() - 0.02 * (macs / 50_000.0);
        let widths: Vec<usize> = genes.blocks.iter().filter_map(Block::width).collect();
        let growing = widths.windows(2).filter(|pair| pair[0] < pair[1]).count();
        logit += 0.25 * growing.min(3) as f64;
        let shrinking = widths.windows(2).filter(|pair| pair[0] > pair[1]).count();
        logit -= 0.2 * shrinking as f64;
        logit += match genes.head {
            Head::GlobalDepthwise => 0.5,
            Head::Mean => 0.2,
            Head::Flatten | Head::Last => 0.0,
        };
        for (place, block) in genes.blocks.iter().enumerate() {
            logit += match block {
                Block::Conv { .. } if place == 0 => 0.3,
                Block::Separable { window, .. } if window.kernel == 5 => 0.25,
                Block::InvertedResidual { window, .. } if window.kernel == 3 => 0.2,
                Block::MaxPool { .. } if place == 0 => -0.6,
                Block::Conv { .. }
                | Block::Separable { .. }
                | Block::Residual { .. }
                | Block::InvertedResidual { .. }
                | Block::MaxPool { .. }
                | Block::AveragePool { .. }
                | Block::Dense { .. }
                | Block::Embedding { .. }
                | Block::Recurrent { .. }
                | Block::Edge(_) => 0.0,
            };
        }
        logit
    }
}

impl Evaluate for MadeUpAccuracy {
    fn evaluate(&self, candidate: &Candidate) -> Result<Score, EvaluateError> {
        // Candidates take different times, so that they end out of order.
        for _ in 0..candidate.seed % 5 {
            std::thread::yield_now();
        }
        let evaluated = self.evaluated.fetch_add(1, Ordering::SeqCst) + 1;
        self.asked.lock().expect("the list").push(candidate.clone());
        if self.cancel_after > 0 && evaluated >= self.cancel_after {
            self.cancel.store(true, Ordering::SeqCst);
        }
        // Some trainings fail, one way or another.
        match candidate.seed % 23 {
            0 => return Err(EvaluateError::Diverged { epoch: 3 }),
            1 => {
                return Ok(Score {
                    accuracy: 0.5,
                    float_accuracy: 0.5,
                    loss: f32::NAN,
                    metric: Metric::Accuracy,
                    uncertainty: None,
                });
            }
            _ => {}
        }
        let noise = (candidate.seed >> 40) as f64 / (1u64 << 24) as f64 - 0.5;
        let effort = candidate.budget.epochs as f64 * f64::from(candidate.budget.fraction);
        let logit = Self::quality(candidate) + 0.1 * noise - 2.0 / (1.0 + effort);
        let accuracy = (1.0 / (1.0 + (-logit).exp())) as f32;
        Ok(Score {
            accuracy,
            float_accuracy: accuracy,
            loss: -accuracy.ln(),
            metric: Metric::Accuracy,
            uncertainty: None,
        })
    }
}

/// Supernets whose loss falls with every gene's last option, which is the largest.
#[derive(Default)]
pub struct MadeUpSupernets {
    /// How many were opened.
    pub opened: AtomicUsize,
    /// Steps after which one is cancelled, if not zero.
    pub cancel_after: usize,
}

struct MadeUpSupernet {
    options: Vec<usize>,
    learned: usize,
    cancel_after: usize,
}

impl Relax for MadeUpSupernets {
    fn open<'a>(
        &'a self,
        mixed: &'a Mixed,
        _: u64,
    ) -> Result<Box<dyn Supernet + 'a>, EvaluateError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(MadeUpSupernet {
            options: mixed.options.clone(),
            learned: 0,
            cancel_after: self.cancel_after,
        }))
    }
}

impl Supernet for MadeUpSupernet {
    fn steps(&self) -> usize {
        400
    }

    fn learn(&mut self, gates: &Gates) -> Result<(), EvaluateError> {
        for gates in &gates.0 {
            assert!((gates.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
        self.learned += 1;
        if self.cancel_after > 0 && self.learned >= self.cancel_after {
            return Err(EvaluateError::Cancelled);
        }
        Ok(())
    }

    fn slope(&mut self, gates: &Gates, _: Order) -> Result<Slope, EvaluateError> {
        let largest: Vec<usize> = self.options.iter().map(|n| n - 1).collect();
        let mut slope = Gates::filled(&self.options, 0.0);
        let mut loss = 0.0;
        for (gene, &option) in largest.iter().enumerate() {
            let gate = gates.0[gene][option];
            loss += 1.0 - gate;
            slope.0[gene][option] = if gate > 0.0 { -1.0 } else { 0.0 };
        }
        Ok(Slope { loss, gates: slope })
    }
}

/// One good proxy, one that says nothing, one that is wrong.
pub struct MadeUpProbe;

impl Probe for MadeUpProbe {
    fn probe(&self, graph: &Graph, _: u64) -> Option<[f64; 3]> {
        let size = (graph.macs() as f64).ln();
        Some([size, 0.0, -size])
    }
}

/// A search in this world.
pub struct World {
    /// Whoever trains networks of all networks, if somebody does.
    pub supernets: Option<MadeUpSupernets>,
    pub space: Box<dyn Space>,
    pub seeds: Vec<Architecture>,
    pub constraints: Constraints,
    pub settings: Settings,
    pub identity: Identity,
    pub workers: usize,
}

impl World {
    /// 16×16 images, tight limits, 40 trials.
    pub fn new(strategy: StrategyKind, seed: u64) -> Self {
        let task = Task {
            name: "net".into(),
            input: Shape::from([16, 16, 1]),
            classes: 10,
            tokens: None,
        };
        Self {
            supernets: None,
            space: open(SpaceKind::Cnn2d, task).expect("an image suits the space"),
            seeds: Vec::new(),
            constraints: Constraints {
                flash_bytes: 16 << 10,
                ram_bytes: 4 << 10,
                instructions: None,
                macs: None,
            },
            settings: Settings {
                seed,
                strategy,
                evolution: Evolution {
                    population: 8,
                    tournament: 3,
                    ..Evolution::default()
                },
                stop: Stop {
                    trials: Some(40),
                    ..Stop::default()
                },
                ..Settings::default()
            },
            identity: Identity {
                config: "made up".into(),
                seed,
            },
            workers: 2,
        }
    }

    /// With successive halving.
    pub fn with_rungs(mut self) -> Self {
        self.settings.rungs = vec![
            Budget {
                epochs: 3,
                fraction: 0.3,
            },
            Budget {
                epochs: 4,
                fraction: 1.0,
            },
            Budget {
                epochs: 12,
                fraction: 1.0,
            },
        ];
        self
    }

    /// Runs from an empty journal.
    pub fn run(&self) -> Outcome {
        self.resume(&mut Vec::new()).expect("the search ends")
    }

    /// Runs from what `journal` holds, which is cut to whole lines first as a file would be.
    pub fn resume(&self, journal: &mut Vec<u8>) -> Result<Outcome, SearchError> {
        self.evaluate_by(&MadeUpAccuracy::default(), journal)
    }

    /// The same with an evaluator to look at.
    pub fn evaluate_by(
        &self,
        evaluator: &MadeUpAccuracy,
        journal: &mut Vec<u8>,
    ) -> Result<Outcome, SearchError> {
        let history = History::read(journal, &self.identity).expect("the journal is ours");
        journal.truncate(history.valid_bytes);
        let session = Session {
            workers: self.workers,
            history,
            journal,
            progress: &mut |progress| {
                if let Happened::Scored { score, .. } = progress.event {
                    assert!(score.is_finite());
                }
            },
            cancel: &evaluator.cancel,
            clock: &|| Duration::ZERO,
        };
        self.search(evaluator, session)
    }

    /// The same with everything to look at.
    pub fn search(
        &self,
        evaluator: &dyn Evaluate,
        session: Session<'_>,
    ) -> Result<Outcome, SearchError> {
        let setup = Setup {
            space: self.space.as_ref(),
            seeds: &self.seeds,
            price: &MadeUpPrice,
            constraints: &self.constraints,
            evaluator,
            supernets: self.supernets.as_ref().map(|all| all as &dyn Relax),
            probe: Some(&MadeUpProbe),
            settings: &self.settings,
            identity: &self.identity,
        };
        search(&setup, session)
    }
}

/// A journal on a full disk.
pub struct FullDisk {
    /// Lines that still fit.
    pub lines: usize,
}

impl Sink for FullDisk {
    fn append(&mut self, _: &str) -> std::io::Result<()> {
        if self.lines == 0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.lines -= 1;
        Ok(())
    }
}
