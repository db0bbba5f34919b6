//! A space of which everything is known: a fixed number of slots, a list of blocks for each, and an
//! entry per combination. A network's graph carries its place in the table as its name, which is how
//! price and score find it; its layers tell repairs which slot is to blame.

use ember_ir::{Activation, Graph, Shape};
use rand::{RngExt as _, SeedableRng as _};

use crate::SearchRng;
use crate::constraint::{Cost, Price, Resource};
use crate::evaluate::{Candidate, Evaluate, EvaluateError, Score};
use crate::metric::Metric;
use crate::space::{
    Architecture, Assembled, Block, Decide, Gene, Head, Mixed, Part, Relaxation, Relaxing, Space,
    Task, What, blocks,
};

/// What is known of a network.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Entry {
    /// Its accuracy, in [0, 1].
    pub accuracy: f64,
    /// Its price.
    pub cost: Cost,
}

/// What a table's networks have in common: a chain of blocks with open slots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slots {
    /// The benchmark's name.
    pub benchmark: &'static str,
    /// Shape of the input.
    pub input: Shape,
    /// Blocks before the slots, the same in every network.
    pub stem: Vec<Block>,
    /// The choices per slot, cheapest first; at least two.
    pub options: Vec<Vec<Block>>,
    /// Blocks behind the slots, the same in every network.
    pub tail: Vec<Block>,
    /// Number of logits.
    pub classes: usize,
}

/// A space with an entry per network.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    slots: Slots,
    /// By [`Slots::place`].
    entries: Vec<Entry>,
}

impl Slots {
    /// Number of networks.
    pub fn networks(&self) -> usize {
        self.options.iter().map(Vec::len).product()
    }

    /// Place of the network with these options: the first slot counts most.
    pub fn place(&self, chosen: &[usize]) -> usize {
        let slots = self.options.iter().zip(chosen);
        slots.fold(0, |place, (options, option)| place * options.len() + option)
    }

    /// The options of the network at `place`.
    pub fn chosen(&self, mut place: usize) -> Vec<usize> {
        let mut chosen = vec![0; self.options.len()];
        for (option, options) in chosen.iter_mut().zip(&self.options).rev() {
            *option = place % options.len();
            place /= options.len();
        }
        chosen
    }

    /// The network with these options.
    pub fn architecture(&self, chosen: &[usize]) -> Architecture {
        let slots = self.options.iter().zip(chosen);
        network(slots.map(|(options, &option)| options[option]).collect())
    }

    /// The options of a network; genes that no table has count as the first option.
    fn options_of(&self, architecture: &Architecture) -> Vec<usize> {
        let slots = self.options.iter().enumerate();
        slots
            .map(|(i, options)| {
                let block = architecture.blocks.get(i);
                let place = options.iter().position(|option| Some(option) == block);
                place.unwrap_or(0)
            })
            .collect()
    }

    /// The whole chain as a graph.
    pub fn assemble(&self, architecture: &Architecture) -> Assembled {
        let chosen = self.options_of(architecture);
        let task = Task {
            name: format!("network_{}", self.place(&chosen)),
            input: self.input.clone(),
            classes: self.classes,
            tokens: None,
        };
        let slots = self.architecture(&chosen).blocks;
        let chain = [&self.stem[..], &slots, &self.tail].concat();
        let mut assembled = blocks::assemble(&task, &network(chain));
        for part in &mut assembled.parts {
            *part = match *part {
                Part::Block(i) if (self.stem.len()..self.stem.len() + slots.len()).contains(&i) => {
                    Part::Block(i - self.stem.len())
                }
                // No gene changes what all networks share.
                _ => Part::Logits,
            };
        }
        assembled
    }
}

impl Table {
    /// A table from one entry per network, in the order of [`Slots::place`].
    ///
    /// # Panics
    /// If there are more or fewer.
    pub fn new(slots: Slots, entries: Vec<Entry>) -> Self {
        assert_eq!(entries.len(), slots.networks(), "BUG: an entry per network");
        Self { slots, entries }
    }

    /// All networks.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of a network.
    pub fn entry(&self, architecture: &Architecture) -> &Entry {
        &self.entries[self.slots.place(&self.slots.options_of(architecture))]
    }

    /// The benchmark's name.
    pub fn name(&self) -> &'static str {
        self.slots.benchmark
    }
}

impl Space for Table {
    fn describe(&self) -> String {
        format!(
            "{}: {} networks of known accuracy",
            self.slots.benchmark,
            self.entries.len()
        )
    }

    fn sample(&self, decide: &mut dyn Decide) -> Architecture {
        let slots = self.slots.options.iter().enumerate();
        let block = |(i, options): (usize, &Vec<Block>)| {
            let gene = Gene {
                place: i + 1,
                what: What::Kind,
            };
            options[decide.pick(gene, options.len())]
        };
        network(slots.map(block).collect())
    }

    /// Another option for one slot.
    fn mutate(&self, rng: &mut SearchRng, parent: &Architecture) -> Architecture {
        let mut chosen = self.slots.options_of(parent);
        let slot = rng.random_range(0..chosen.len());
        let options = self.slots.options[slot].len();
        chosen[slot] = (chosen[slot] + rng.random_range(1..options)) % options;
        self.slots.architecture(&chosen)
    }

    fn templates(&self) -> Vec<Architecture> {
        Vec::new()
    }

    fn assemble(&self, architecture: &Architecture) -> Assembled {
        self.slots.assemble(architecture)
    }

    fn relax(&self, how: Relaxing) -> Option<Box<dyn Relaxation>> {
        (how.level == 0).then(|| -> Box<dyn Relaxation> {
            Box::new(SlotChoices {
                options: self.slots.options.iter().map(Vec::len).collect(),
                slots: self.slots.clone(),
            })
        })
    }

    fn shrink(
        &self,
        architecture: &Architecture,
        blamed: &[Part],
        _: Resource,
    ) -> Option<Architecture> {
        let mut chosen = self.slots.options_of(architecture);
        let slot = blamed.iter().find_map(|part| match part {
            Part::Block(slot) => (chosen[*slot] > 0).then_some(*slot),
            Part::Pool | Part::Head | Part::Hidden | Part::Logits => None,
        })?;
        chosen[slot] -= 1;
        Some(self.slots.architecture(&chosen))
    }
}

/// The slots as choices.
#[derive(Clone, PartialEq, Eq, Debug)]
struct SlotChoices {
    slots: Slots,
    options: Vec<usize>,
}

impl Relaxation for SlotChoices {
    fn options(&self) -> &[usize] {
        &self.options
    }

    fn decode(&self, chosen: &[usize]) -> Architecture {
        self.slots.architecture(chosen)
    }

    fn mixed(&self) -> Option<Mixed> {
        None
    }
}

impl Price for Table {
    fn price(&self, graph: &Graph) -> Cost {
        let place = graph.name.rsplit('_').next();
        let place = place.and_then(|place| place.parse::<usize>().ok());
        let entry = place.and_then(|place| self.entries.get(place));
        entry.map_or(Cost::UNAFFORDABLE, |entry| entry.cost)
    }
}

/// Scores from a table, as a training would give them: with an error that depends on the seed.
#[derive(Clone, Copy, Debug)]
pub struct Noisy<'a> {
    /// The truth.
    pub table: &'a Table,
    /// Standard deviation of the error, in points of accuracy.
    pub noise_sd: f64,
}

impl Evaluate for Noisy<'_> {
    fn evaluate(&self, candidate: &Candidate) -> Result<Score, EvaluateError> {
        let truth = self.table.entry(&candidate.architecture).accuracy;
        let accuracy = (truth + self.noise_sd / 100.0 * normal(candidate.seed)) as f32;
        Ok(Score {
            accuracy,
            float_accuracy: accuracy,
            loss: 1.0 - accuracy,
            metric: Metric::Accuracy,
            uncertainty: None,
        })
    }
}

/// A standard normal number from a seed, by the transform of Box and Muller (1958).
fn normal(seed: u64) -> f64 {
    let mut rng = SearchRng::seed_from_u64(seed);
    let radius = (-2.0 * (1.0 - rng.random_range(0.0..1.0f64)).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random_range(0.0..1.0f64)).cos()
}

fn network(blocks: Vec<Block>) -> Architecture {
    Architecture {
        pool: 1,
        blocks,
        head: Head::Mean,
        hidden: None,
        activation: Activation::Relu,
    }
}
