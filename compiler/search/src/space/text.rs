//! Networks over the bytes of a text, `[1, T, 1]` numbers: an embedding (Bengio et al., "A neural probabilistic
//! language model", 2003), then convolutions and pools along the text, gated recurrent units or a long short-term
//! memory. With no block behind the embedding it is a bag of bytes. Source of the convolutions over characters:
//! Zhang, Zhao and LeCun, "Character-level convolutional networks for text classification" (arXiv 1509.01626).

use ember_ir::{Activation, Graph};
use rand::RngExt as _;

use super::architecture::{Architecture, Block, Head, RecurrentCell, Window};
use super::assembled::{Assembled, Part, Task};
use super::blocks;
use super::decide::{Decide, Gene, What};
use super::menu::{Kind, Menu};
use super::narrowing::Narrowing;
use super::recognise::{Unrecognised, recognise};
use super::relaxation::{Relaxation, Relaxing};
use super::trunk::{self, Stage, Trunk, quarters};
use super::{Space, SpaceError, SpaceKind, up_to};
use crate::constraint::Resource;
use crate::{SearchRng, repair};

/// Elements of a row of the embedding.
const EMBEDDINGS: [usize; 6] = [4, 8, 12, 16, 24, 32];
/// Chance that a mutation is one of the embedding.
const OF_EMBEDDING: f64 = 0.1;

/// The space of networks over a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    task: Task,
    /// Of what lies behind the embedding.
    menu: Menu,
    /// Different numbers.
    tokens: usize,
    steps: usize,
    embeddings: Vec<usize>,
}

impl Text {
    /// What `allowed` leaves of the space for texts of this task. `depth` counts the blocks behind the embedding.
    pub fn new(task: Task, allowed: &Narrowing) -> Result<Self, SpaceError> {
        let (steps, tokens) = match (task.input.hwc(), task.tokens) {
            (Some([1, t, 1]), Some(tokens)) if t > 0 => (t, tokens),
            _ => {
                return Err(SpaceError::Input {
                    space: SpaceKind::Text,
                    expected: "1 x bytes x 1, of a text",
                    actual: task.input,
                });
            }
        };
        let mut menu = menu(steps);
        menu.narrow(SpaceKind::Text, allowed)?;
        // Genes count the embedding as a block, and numbers have no mean.
        menu.allowed.pool = Some(1..=1);
        if let Some(depth) = &mut menu.allowed.depth {
            *depth = depth.start() + 1..=depth.end() + 1;
        }
        let mut embeddings = menu.allowed.widths(&EMBEDDINGS);
        embeddings.sort_unstable();
        Ok(Self {
            task,
            menu,
            tokens,
            steps,
            embeddings,
        })
    }

    fn embedded(&self, width: usize, mut body: Architecture) -> Architecture {
        let rows = self.tokens;
        body.blocks.insert(0, Block::Embedding { rows, width });
        body
    }

    /// The width of the embedding, and what lies behind it. Crossing may have left two, or none.
    fn parts(&self, architecture: &Architecture) -> (usize, Architecture) {
        let mut body = architecture.clone();
        let mut width = None;
        body.blocks.retain(|block| match *block {
            Block::Embedding { width: own, .. } => {
                width.get_or_insert(own);
                false
            }
            _ => true,
        });
        (width.unwrap_or(self.embeddings[0]), body)
    }

    /// An embedding, layers that shorten the text, then convolutions or units.
    fn trunk(&self, level: usize) -> Option<Trunk> {
        let (_, scale) = trunk::level(&self.menu.pools, level)?;
        let conv = |kernel, stride| Block::Conv {
            width: 0,
            window: Window::same(kernel, stride),
        };
        let separable = |kernel, stride| Block::Separable {
            width: 0,
            window: Window::same(kernel, stride),
        };
        let stride = if self.steps >= 16 { 2 } else { 1 };
        let shortening = |largest: usize| Stage {
            entry: vec![conv(3, stride), conv(5, stride), separable(7, stride)],
            inner: vec![conv(3, 1), separable(5, 1)],
            nodes: 1,
            widths: quarters(largest * scale),
        };
        let rows = self.tokens;
        let stages = vec![
            Stage {
                entry: vec![Block::Embedding { rows, width: 0 }],
                inner: Vec::new(),
                nodes: 0,
                widths: vec![4 * scale],
            },
            shortening(8),
            shortening(12),
        ];
        Some(Trunk {
            task: self.task.clone(),
            pool: 1,
            stages,
            heads: vec![Head::Mean, Head::GlobalDepthwise],
        })
    }
}

fn menu(steps: usize) -> Menu {
    Menu {
        pools: vec![1],
        depth: 0..=5,
        stems: vec![
            Kind::Conv,
            Kind::Conv,
            Kind::Separable,
            Kind::MaxPool,
            Kind::Gru,
        ],
        kinds: vec![
            Kind::Conv,
            Kind::Conv,
            Kind::Separable,
            Kind::Residual,
            Kind::MaxPool,
            Kind::AveragePool,
            Kind::Gru,
            Kind::Lstm,
        ],
        widths: vec![4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96],
        kernels: up_to(&[3, 5, 7, 9], steps),
        strides: vec![1, 2, 3, 4],
        dilations: vec![1, 2],
        pool_sizes: up_to(&[2, 3, 4], steps),
        expansions: vec![1],
        heads: vec![
            Head::Mean,
            Head::Mean,
            Head::GlobalDepthwise,
            Head::Last,
            Head::Flatten,
        ],
        hidden: vec![None, None, None, Some(16), Some(32)],
        activations: vec![Activation::Relu, Activation::Relu, Activation::Relu6],
        allowed: Narrowing::default(),
    }
}

impl Space for Text {
    fn describe(&self) -> String {
        format!(
            "networks over texts of {} bytes: an embedding, then up to {} blocks: convolution, \
             depthwise-separable, residual, pooling, gated recurrent units, long short-term memory",
            self.steps,
            self.menu.depth.end()
        )
    }

    fn sample(&self, decide: &mut dyn Decide) -> Architecture {
        let gene = Gene {
            place: 0,
            what: What::Embedding,
        };
        let width = self.embeddings[decide.pick(gene, self.embeddings.len())];
        self.embedded(width, self.menu.sample(decide))
    }

    fn mutate(&self, rng: &mut SearchRng, parent: &Architecture) -> Architecture {
        let (width, body) = self.parts(parent);
        let others: Vec<usize> = self
            .embeddings
            .iter()
            .copied()
            .filter(|&other| other != width)
            .collect();
        if !others.is_empty() && rng.random_bool(OF_EMBEDDING) {
            return self.embedded(others[rng.random_range(0..others.len())], body);
        }
        self.embedded(width, self.menu.mutate(rng, &body))
    }

    fn templates(&self) -> Vec<Architecture> {
        let conv = |width, kernel, stride| Block::Conv {
            width,
            window: Window::same(kernel, stride),
        };
        let network = |embedding, blocks: Vec<Block>, head| {
            let body = Architecture {
                pool: 1,
                blocks,
                head,
                hidden: None,
                activation: Activation::Relu,
            };
            self.embedded(embedding, body)
        };
        let templates = vec![
            // Convolution and pooling.
            network(
                16,
                vec![conv(32, 5, 1), Block::MaxPool { size: 2 }, conv(48, 3, 2)],
                Head::Mean,
            ),
            // Convolutions see, units remember.
            network(
                16,
                vec![
                    conv(24, 5, 2),
                    Block::Recurrent {
                        cell: RecurrentCell::Gru,
                        width: 24,
                    },
                ],
                Head::Last,
            ),
            network(
                8,
                vec![
                    conv(24, 5, 2),
                    Block::Separable {
                        width: 32,
                        window: Window::same(5, 2),
                    },
                    Block::Separable {
                        width: 48,
                        window: Window::same(5, 2),
                    },
                ],
                Head::GlobalDepthwise,
            ),
        ];
        self.menu.allowed.templates(templates)
    }

    fn allowed(&self) -> Option<&Narrowing> {
        Some(&self.menu.allowed)
    }

    fn relax(&self, how: Relaxing) -> Option<Box<dyn Relaxation>> {
        let trunk = self.trunk(how.level)?;
        Some(trunk::relax(trunk, how.share, &self.menu.allowed))
    }

    /// A table for other numbers becomes one for those of the data.
    fn recognise(&self, graph: &Graph) -> Result<Architecture, Unrecognised> {
        let found = recognise(&self.menu, graph)?;
        if !matches!(found.blocks.first(), Some(Block::Embedding { .. })) {
            return Err(Unrecognised {
                node: graph.name.clone(),
                reason: "it does not begin with an `embedding`, as every network here does".into(),
            });
        }
        let (width, body) = self.parts(&found);
        Ok(self.embedded(width, body))
    }

    fn assemble(&self, architecture: &Architecture) -> Assembled {
        blocks::assemble(&self.task, architecture)
    }

    /// The embedding stays.
    fn shrink(
        &self,
        architecture: &Architecture,
        blamed: &[Part],
        resource: Resource,
    ) -> Option<Architecture> {
        let allowed = &self.menu.allowed;
        let smaller = repair::shrink(architecture, blamed, resource, allowed)?;
        matches!(smaller.blocks.first(), Some(Block::Embedding { .. })).then_some(smaller)
    }
}
