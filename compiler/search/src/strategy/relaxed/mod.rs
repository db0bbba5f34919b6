//! What strategies that follow a gradient have in common: logits for the choices of a [`Relaxation`], their
//! training, and the networks that they stand for. A strategy is a [`Method`]: how logits become gates, and
//! what is minimised beside the loss.
//!
//! * Where a supernet can be trained, weights and gates take turns on two halves of the training data, before
//!   the first question. What is learned there goes into the journal.
//! * The first network is that of the largest logits, repaired if need be; the next ones are drawn by the
//!   logits' probabilities. All are trained and scored as those of any other strategy.
//! * Scores teach the logits too, by [`scores`]. On a table of known networks, which has no supernet, they are
//!   all that does: there an evaluation is spent on every result, and strategies compare.

mod logits;
mod scores;

pub(super) use logits::{Sampling, softmax};

use std::fmt;

use rand::Rng as _;

use self::logits::Logits;
use self::scores::Scores;
use super::{Ask, Proposer, Strategy, Told};
use crate::SearchRng;
use crate::evaluate::EvaluateError;
use crate::space::{Architecture, Relaxation, Relaxing};
use crate::supernet::{Gates, Order, Relax};

/// Share of the supernet's steps in which weights learn alone: gates of weights that know nothing say nothing.
const WARMUP: f64 = 0.25;
/// How far a logit goes if its slope never turns, over a whole training of the supernet: the chance of an option
/// is then 400 times that of another one.
const TRAVEL: f64 = 6.0;
/// Steps of the logits per score, and how far each of them goes.
const STEPS: usize = 4;
const RATE: f64 = 0.03;
/// Scores after which gates are as hard as they get.
const SCHEDULE: f64 = 100.0;
/// Draws per question before chance is asked.
const DRAWS: usize = 64;

/// What makes a strategy of this family.
pub(super) trait Method: fmt::Debug {
    /// How logits become gates at a point of the training in [0, 1].
    fn sampling(&self, progress: f64) -> Sampling;

    /// Whether slopes foresee a step of the weights.
    fn order(&self) -> Order {
        Order::First
    }

    /// One in so many channels is mixed.
    fn share(&self) -> usize {
        1
    }

    /// Forgets what it knows of a training.
    fn forget(&mut self) {}

    /// The slope of what else is minimised, if anything.
    fn burden(&mut self, _: &Mixture<'_>) -> Option<Gates> {
        None
    }
}

/// Where the training of logits stands.
pub(super) struct Mixture<'a> {
    /// Space, prices and limits.
    pub proposer: &'a Proposer<'a>,
    /// The choices.
    pub relaxation: &'a dyn Relaxation,
    /// The most likely option of each.
    pub likeliest: Vec<usize>,
    /// Its loss.
    pub loss: f64,
}

/// A strategy of this family.
#[derive(Debug)]
pub(super) struct Relaxed<M> {
    method: M,
    model: Option<Model>,
    /// Asked and not told: networks and the draws behind them.
    pending: Vec<(Architecture, Vec<usize>)>,
    scores: Scores,
    told: usize,
    /// Of the scores told, those that logits have learned from.
    learned: usize,
    /// Whether the network of the largest logits is still to be asked for.
    owes_largest: bool,
}

#[derive(Debug)]
struct Model {
    relaxation: Box<dyn Relaxation>,
    logits: Logits,
}

impl Model {
    /// The largest relaxation whose middle network fits; the smallest one if none does.
    fn open(proposer: &Proposer<'_>, share: usize) -> Option<Self> {
        let levels = (0..).map_while(|level| proposer.space.relax(Relaxing { level, share }));
        let mut last = None;
        for relaxation in levels {
            let middle: Vec<usize> = relaxation.options().iter().map(|n| (n - 1) / 2).collect();
            let fits = proposer.excess(&relaxation.decode(&middle)) <= 0.0;
            last = Some(relaxation);
            if fits {
                break;
            }
        }
        let relaxation = last?;
        Some(Self {
            logits: Logits::new(relaxation.options()),
            relaxation,
        })
    }

    /// The options that the logits make most likely.
    fn likeliest(&self) -> Vec<usize> {
        self.logits.values().largest()
    }
}

impl<M: Method> Relaxed<M> {
    /// Nothing is decided.
    pub fn new(method: M) -> Self {
        Self {
            method,
            model: None,
            pending: Vec::new(),
            scores: Scores::default(),
            told: 0,
            learned: 0,
            owes_largest: false,
        }
    }

    /// The model, chosen when it is first needed.
    fn model(&mut self, proposer: &Proposer<'_>) -> Option<&mut Model> {
        if self.model.is_none() {
            self.model = Model::open(proposer, self.method.share());
        }
        self.model.as_mut()
    }

    /// Steps of the logits for every new score.
    fn learn(&mut self, proposer: &mut Proposer<'_>) {
        let Some(model) = &mut self.model else {
            return;
        };
        if self.learned == self.told {
            return;
        }
        let slope = self.scores.slope(model.relaxation.options());
        for _ in 0..STEPS * (self.told - self.learned) {
            let progress = (self.told as f64 / SCHEDULE).min(1.0);
            let drawn = model
                .logits
                .draw(self.method.sampling(progress), &mut proposer.rng);
            // As in a supernet an option that is not there has no slope.
            let mut slope = slope.clone();
            for (slope, gates) in slope.0.iter_mut().zip(&drawn.gates.0) {
                for (slope, &gate) in slope.iter_mut().zip(gates) {
                    *slope = if gate == 0.0 { 0.0 } else { *slope };
                }
            }
            let mixture = Mixture {
                proposer,
                relaxation: model.relaxation.as_ref(),
                likeliest: model.likeliest(),
                loss: 1.0,
            };
            if let Some(burden) = self.method.burden(&mixture) {
                slope.add(&burden, 1.0);
            }
            model.logits.step(&drawn.back(&slope), RATE);
        }
        self.learned = self.told;
    }

    /// The options of the next network.
    fn choose(&mut self, rng: &mut SearchRng) -> Option<(Vec<usize>, Architecture)> {
        let model = self.model.as_ref()?;
        let chosen = if std::mem::take(&mut self.owes_largest) {
            model.likeliest()
        } else {
            let by_chance = Sampling {
                noisy: true,
                hard: true,
                temperature: 1.0,
            };
            model.logits.draw(by_chance, rng).gates.largest()
        };
        let architecture = model.relaxation.decode(&chosen);
        Some((chosen, architecture))
    }
}

impl<M: Method> Strategy for Relaxed<M> {
    fn prepare(
        &mut self,
        proposer: &mut Proposer<'_>,
        supernets: &dyn Relax,
    ) -> Result<Option<Gates>, EvaluateError> {
        if self.model(proposer).is_none() {
            return Ok(None);
        }
        let (Some(model), method) = (&mut self.model, &mut self.method) else {
            return Ok(None);
        };
        let Some(mixed) = model.relaxation.mixed() else {
            return Ok(None);
        };
        let seed = proposer.rng.next_u64();
        let mut supernet = supernets.open(&mixed, seed)?;
        let steps = supernet.steps();
        let rate = TRAVEL / (1.0 + (1.0 - WARMUP) * steps as f64);
        for step in 0..steps {
            let progress = step as f64 / steps as f64;
            let sampling = method.sampling(progress);
            if progress >= WARMUP {
                let drawn = model.logits.draw(sampling, &mut proposer.rng);
                let slope = supernet.slope(&drawn.gates, method.order())?;
                let mut gates = slope.gates;
                let mixture = Mixture {
                    proposer,
                    relaxation: model.relaxation.as_ref(),
                    likeliest: model.likeliest(),
                    loss: slope.loss,
                };
                if let Some(burden) = method.burden(&mixture) {
                    gates.add(&burden, 1.0);
                }
                if !gates.is_finite() {
                    return Err(EvaluateError::Failed(
                        "the supernet diverged: a gate's slope is not finite; a lower learning rate may help"
                            .into(),
                    ));
                }
                model.logits.step(&drawn.back(&gates), rate);
            }
            let drawn = model.logits.draw(sampling, &mut proposer.rng);
            supernet.learn(&drawn.gates)?;
        }
        Ok(Some(model.logits.values().clone()))
    }

    fn resume(&mut self, proposer: &mut Proposer<'_>, prepared: Gates) {
        // What the training left behind a resumed search would not know.
        self.method.forget();
        if let Some(model) = self.model(proposer) {
            let shape = |gates: &Gates| -> Vec<usize> { gates.0.iter().map(Vec::len).collect() };
            // A journal that was tampered with teaches nothing.
            if shape(&prepared) == model.relaxation.options() && prepared.is_finite() {
                model.logits = Logits::from_values(prepared);
                self.owes_largest = true;
            }
        }
    }

    fn ask(&mut self, proposer: &mut Proposer<'_>) -> Option<Ask> {
        let _ = self.model(proposer);
        self.learn(proposer);
        for _ in 0..DRAWS {
            let Some((chosen, drawn)) = self.choose(&mut proposer.rng) else {
                break;
            };
            if let Some(proposal) = proposer.admit(drawn) {
                self.pending.push((proposal.architecture.clone(), chosen));
                return Some(Ask::New(Box::new(proposal)));
            }
        }
        // The logits have come to rest on networks that were all asked for.
        Some(Ask::New(Box::new(proposer.sample()?)))
    }

    fn tell(&mut self, told: &Told<'_>) {
        let is_told = |(network, _): &(Architecture, _)| network == told.architecture;
        let Some(place) = self.pending.iter().position(is_told) else {
            return;
        };
        let (_, chosen) = self.pending.remove(place);
        if let Some(score) = told.score {
            self.scores.learn(chosen, f64::from(score.accuracy));
            self.told += 1;
        }
    }
}
