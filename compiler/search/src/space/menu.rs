//! What a space offers, as plain lists, and the sampling and mutation that all spaces share.

mod narrow;

use std::ops::RangeInclusive;

use ember_ir::Activation;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::architecture::{Architecture, Block, Border, Head, RecurrentCell, Window};
use super::cell;
use super::decide::{Decide, Gene, What};
use super::narrowing::Narrowing;
use crate::SearchRng;

/// The kinds of [`Block`], without their genes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// [`Block::Conv`].
    Conv,
    /// [`Block::Separable`].
    Separable,
    /// [`Block::Residual`].
    Residual,
    /// [`Block::InvertedResidual`].
    InvertedResidual,
    /// [`Block::MaxPool`].
    MaxPool,
    /// [`Block::AveragePool`].
    AveragePool,
    /// [`Block::Dense`].
    Dense,
    /// [`Block::Recurrent`] of [`RecurrentCell::Gru`].
    Gru,
    /// [`Block::Recurrent`] of [`RecurrentCell::Lstm`].
    Lstm,
    /// [`Block::Recurrent`] of [`RecurrentCell::Darts`].
    DartsCell,
}

/// The choices of a space. No list may be empty; lists of numbers ascend.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Menu {
    /// Poolings of the input.
    pub pools: Vec<usize>,
    /// Number of blocks.
    pub depth: RangeInclusive<usize>,
    /// Kinds the first block may have.
    pub stems: Vec<Kind>,
    /// Kinds of the other blocks; a kind listed twice is twice as likely.
    pub kinds: Vec<Kind>,
    /// Output channels, multiples of four.
    pub widths: Vec<usize>,
    /// Taps.
    pub kernels: Vec<usize>,
    /// Steps.
    pub strides: Vec<usize>,
    /// Distances between taps.
    pub dilations: Vec<usize>,
    /// Edges of pools.
    pub pool_sizes: Vec<usize>,
    /// Expansions of inverted residuals.
    pub expansions: Vec<usize>,
    /// Ends of the body.
    pub heads: Vec<Head>,
    /// Fully connected layers before the logits.
    pub hidden: Vec<Option<usize>>,
    /// Activations.
    pub activations: Vec<Activation>,
    /// What of the space is allowed at all.
    pub allowed: Narrowing,
}

/// How many random changes are tried before a mutation gives up. Most change something with a probability
/// well above one half; a network without blocks has little that can change, one in ten.
const ATTEMPTS: usize = 500;

impl Menu {
    /// A random network. Widths start in the lower half of the list and tend to grow where the map
    /// shrinks, as in every network that works.
    pub fn sample(&self, decide: &mut dyn Decide) -> Architecture {
        let whole = |what| Gene { place: 0, what };
        let (shallowest, deepest) = (*self.depth.start(), *self.depth.end());
        let depth = shallowest + decide.pick(whole(What::Depth), deepest - shallowest + 1);
        let mut level = decide.pick(whole(What::Level), self.widths.len().div_ceil(2));
        let mut blocks = Vec::with_capacity(depth);
        for place in 1..=depth {
            let block = self.block(place, level, decide);
            let shrinks = block.window().is_none_or(|window| window.stride > 1);
            let growth = Gene {
                place,
                what: What::Growth,
            };
            if shrinks && decide.flip(growth, 0.6) {
                level = (level + 1).min(self.widths.len() - 1);
            }
            blocks.push(block);
        }
        Architecture {
            pool: pick(&self.pools, whole(What::Pool), decide),
            blocks,
            head: pick(&self.heads, whole(What::Head), decide),
            hidden: pick(&self.hidden, whole(What::Hidden), decide),
            activation: pick(&self.activations, whole(What::Activation), decide),
        }
    }

    /// A network one change away from `parent`.
    pub fn mutate(&self, rng: &mut SearchRng, parent: &Architecture) -> Architecture {
        for _ in 0..ATTEMPTS {
            let mut child = parent.clone();
            self.change(&mut child, rng);
            if child != *parent {
                return child;
            }
        }
        self.sample(rng)
    }

    fn change(&self, child: &mut Architecture, rng: &mut SearchRng) {
        let depth = child.blocks.len();
        // Genes of blocks are most of the genes: they get most of the changes.
        match rng.random_range(0..10) {
            0 if depth < *self.depth.end() => {
                let at = rng.random_range(0..=depth);
                let level = self.level_near(child, at);
                child.blocks.insert(at, self.block(at + 1, level, rng));
            }
            1 if depth > *self.depth.start() => {
                child.blocks.remove(rng.random_range(0..depth));
            }
            2 => match rng.random_range(0..4) {
                0 => child.pool = any(&self.pools, rng),
                1 => child.head = any(&self.heads, rng),
                2 => child.hidden = any(&self.hidden, rng),
                _ => child.activation = any(&self.activations, rng),
            },
            3 if depth > 1 => {
                let at = rng.random_range(1..depth);
                child.blocks.swap(at - 1, at);
            }
            4 if depth > 0 => {
                let at = rng.random_range(0..depth);
                let level = self.level_near(child, at);
                child.blocks[at] = self.block(at + 1, level, rng);
            }
            5.. if depth > 0 => {
                let at = rng.random_range(0..depth);
                self.change_block(&mut child.blocks[at], rng);
            }
            _ => {}
        }
    }

    fn change_block(&self, block: &mut Block, rng: &mut SearchRng) {
        match block {
            Block::MaxPool { size } | Block::AveragePool { size } => {
                *size = any(&self.pool_sizes, rng);
            }
            Block::Recurrent {
                cell: RecurrentCell::Darts(nodes),
                ..
            } if rng.random_bool(0.5) => *nodes = cell::changed(nodes, rng),
            Block::Dense { width } | Block::Recurrent { width, .. } => {
                *width = self.step(*width, rng);
            }
            // No menu offers them.
            Block::Edge(_) | Block::Embedding { .. } => {}
            Block::Conv { width, window }
            | Block::Separable { width, window }
            | Block::Residual { width, window } => {
                if rng.random_bool(0.4) {
                    *width = self.step(*width, rng);
                } else {
                    self.change_window(window, rng);
                }
            }
            Block::InvertedResidual {
                expand,
                width,
                window,
            } => match rng.random_range(0..4) {
                0 => *expand = any(&self.expansions, rng),
                1 => *width = self.step(*width, rng),
                _ => self.change_window(window, rng),
            },
        }
    }

    fn change_window(&self, window: &mut Window, rng: &mut SearchRng) {
        match rng.random_range(0..8) {
            0..3 => window.kernel = any(&self.kernels, rng),
            3..6 => window.stride = any(&self.strides, rng),
            6 => window.dilation = any(&self.dilations, rng),
            _ => {
                window.padding = match window.padding {
                    Border::Same => Border::Valid,
                    Border::Valid => Border::Same,
                }
            }
        }
    }

    /// A block at `place`, from 1, with a width near the given place of the list.
    fn block(&self, place: usize, level: usize, decide: &mut dyn Decide) -> Block {
        let gene = |what| Gene { place, what };
        let kinds = if place == 1 { &self.stems } else { &self.kinds };
        let kind = pick(kinds, gene(What::Kind), decide);
        let nudge = decide.pick(gene(What::Width), 3);
        let width = self.widths[(level + nudge).saturating_sub(1).min(self.widths.len() - 1)];
        match kind {
            Kind::Conv => Block::Conv {
                width,
                window: self.window(place, decide),
            },
            Kind::Separable => Block::Separable {
                width,
                window: self.window(place, decide),
            },
            Kind::Residual => Block::Residual {
                width,
                window: self.window(place, decide),
            },
            Kind::InvertedResidual => Block::InvertedResidual {
                expand: pick(&self.expansions, gene(What::Expansion), decide),
                width,
                window: self.window(place, decide),
            },
            Kind::MaxPool => Block::MaxPool {
                size: pick(&self.pool_sizes, gene(What::Pool), decide),
            },
            Kind::AveragePool => Block::AveragePool {
                size: pick(&self.pool_sizes, gene(What::Pool), decide),
            },
            Kind::Dense => Block::Dense { width },
            Kind::Gru => Block::Recurrent {
                cell: RecurrentCell::Gru,
                width,
            },
            Kind::Lstm => Block::Recurrent {
                cell: RecurrentCell::Lstm,
                width,
            },
            Kind::DartsCell => Block::Recurrent {
                cell: RecurrentCell::Darts(cell::drawn(place, decide)),
                width,
            },
        }
    }

    fn window(&self, place: usize, decide: &mut dyn Decide) -> Window {
        let gene = |what| Gene { place, what };
        let dilated = decide.flip(gene(What::Dilated), 0.2);
        Window {
            kernel: pick(&self.kernels, gene(What::Kernel), decide),
            stride: pick(&self.strides, gene(What::Stride), decide),
            dilation: if dilated {
                pick(&self.dilations, gene(What::Dilation), decide)
            } else {
                self.dilations[0]
            },
            padding: if decide.flip(gene(What::Padding), 0.8) {
                Border::Same
            } else {
                Border::Valid
            },
        }
    }

    /// One or two steps up or down the list of widths.
    fn step(&self, width: usize, rng: &mut SearchRng) -> usize {
        let place = self.place(width);
        let far = rng.random_range(1..=2);
        let place = if rng.random_bool(0.5) {
            place + far
        } else {
            place.saturating_sub(far)
        };
        self.widths[place.min(self.widths.len() - 1)]
    }

    /// Place in the list of the width that a block at `at` should be near to.
    fn level_near(&self, architecture: &Architecture, at: usize) -> usize {
        let before = architecture.blocks[..at.min(architecture.blocks.len())]
            .iter()
            .rev();
        let after = architecture.blocks.iter().skip(at);
        before
            .chain(after)
            .find_map(Block::width)
            .map_or(self.widths.len() / 3, |width| self.place(width))
    }

    /// Place in the list of the smallest width that is not below `width`.
    fn place(&self, width: usize) -> usize {
        self.widths
            .partition_point(|&listed| listed < width)
            .min(self.widths.len() - 1)
    }
}

fn pick<T: Copy>(choices: &[T], gene: Gene, decide: &mut dyn Decide) -> T {
    choices[decide.pick(gene, choices.len())]
}

fn any<T: Copy>(choices: &[T], rng: &mut SearchRng) -> T {
    choices[rng.random_range(0..choices.len())]
}
