//! Recurrent networks over series `[1, T, C]`: convolutions and pools in front, which shorten what is walked
//! step by step, then gated recurrent units (Cho et al., 2014), a long short-term memory (Hochreiter and
//! Schmidhuber, 1997) or a small cell of those that DARTS searches (Liu et al., 2018), whose last step, mean or weighted mean decides. Every network has a recurrent layer:
//! those without are [`super::Cnn1d`]'s.

use ember_ir::{Activation, CellFunction, Graph};

use super::architecture::{Architecture, Block, Head, RecurrentCell, Window};
use super::assembled::{Assembled, Part, Task};
use super::blocks;
use super::decide::Decide;
use super::menu::{Kind, Menu};
use super::narrowing::Narrowing;
use super::recognise::{Unrecognised, recognise};
use super::relaxation::{Relaxation, Relaxing};
use super::trunk::{self, Stage, Trunk, quarters};
use super::{Space, SpaceError, SpaceKind, up_to};
use crate::constraint::Resource;
use crate::{SearchRng, repair};

/// The space of recurrent networks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recurrent {
    task: Task,
    menu: Menu,
    steps: usize,
    /// Of the layer that a network without one gets.
    cell: RecurrentCell,
}

/// Mutations that are tried before a random network is taken.
const ATTEMPTS: usize = 100;

impl Recurrent {
    /// What `allowed` leaves of the space for series of this task.
    pub fn new(task: Task, allowed: &Narrowing) -> Result<Self, SpaceError> {
        let steps = match task.input.hwc() {
            Some([1, t, c]) if t.min(c) > 0 => t,
            _ => {
                return Err(SpaceError::Input {
                    space: SpaceKind::Recurrent,
                    expected: "1 x time steps x channels, none of them zero",
                    actual: task.input,
                });
            }
        };
        let mut menu = match allowed.hop {
            None => menu(steps),
            Some(hop) if hop > 0 && steps.is_multiple_of(hop) => step_menu(hop),
            Some(hop) => return Err(SpaceError::Hop { steps, hop }),
        };
        menu.narrow(SpaceKind::Recurrent, allowed)?;
        let units = [
            (Kind::Gru, RecurrentCell::Gru),
            (Kind::Lstm, RecurrentCell::Lstm),
            (Kind::DartsCell, RecurrentCell::one_node(CellFunction::Tanh)),
        ];
        let offered = units.iter().find(|(kind, _)| menu.kinds.contains(kind));
        let Some(&(_, cell)) = offered else {
            return Err(SpaceError::Narrow {
                space: SpaceKind::Recurrent,
                what: "blocks",
                allowed: "a list without \"gru\", \"lstm\" and \"darts-cell\"".into(),
                offered: "all three, and needs one of them".into(),
            });
        };
        Ok(Self {
            task,
            menu,
            steps,
            cell,
        })
    }

    /// The network, whose last block becomes a recurrent one if there is none.
    fn remembering(&self, mut architecture: Architecture) -> Architecture {
        if !remembers(&architecture) {
            let last = architecture.blocks.pop();
            let width = last.as_ref().and_then(Block::width);
            architecture.blocks.push(Block::Recurrent {
                cell: self.cell,
                width: width.unwrap_or(self.menu.widths[0]),
            });
        }
        architecture
    }

    /// Layers in front, then units.
    fn trunk(&self, level: usize) -> Option<Trunk> {
        let (pool, scale) = trunk::level(&self.menu.pools, level)?;
        let long = self.steps / pool >= 16;
        let conv = |kernel, stride| Block::Conv {
            width: 0,
            window: Window::same(kernel, stride),
        };
        let separable = |kernel, stride| Block::Separable {
            width: 0,
            window: Window::same(kernel, stride),
        };
        let stride = if long { 2 } else { 1 };
        let (entry, inner) = match self.menu.allowed.hop {
            None => (
                vec![conv(3, stride), conv(7, stride)],
                vec![conv(3, 1), separable(5, 1), separable(9, 1)],
            ),
            Some(_) => (vec![conv(1, 1)], vec![conv(1, 1)]),
        };
        let front = Stage {
            entry,
            inner,
            nodes: 1,
            widths: quarters(6 * scale),
        };
        // Of DARTS' cells the smallest ones; whole networks are drawn with larger ones.
        let cells = [RecurrentCell::Gru, RecurrentCell::Lstm].into_iter();
        let cells = cells.chain(CellFunction::ALL.map(RecurrentCell::one_node));
        // A masked unit would still be heard by the others at the next step: of units there is one width.
        let units = Stage {
            entry: cells
                .map(|cell| Block::Recurrent { cell, width: 0 })
                .collect(),
            inner: Vec::new(),
            nodes: 0,
            widths: vec![6 * scale.div_ceil(2) * 2],
        };
        Some(Trunk {
            task: self.task.clone(),
            pool,
            stages: vec![front, units],
            heads: self.menu.allowed.ends(&[Head::Last, Head::Mean]),
        })
    }
}

fn menu(steps: usize) -> Menu {
    Menu {
        pools: up_to(&[1, 2, 4], steps / 8),
        depth: 1..=5,
        stems: vec![Kind::Conv, Kind::Conv, Kind::Separable, Kind::Gru],
        kinds: vec![
            Kind::Conv,
            Kind::Separable,
            Kind::MaxPool,
            Kind::AveragePool,
            Kind::Gru,
            Kind::Gru,
            Kind::Lstm,
            Kind::DartsCell,
        ],
        widths: vec![4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96],
        kernels: up_to(&[3, 5, 7, 9], steps),
        strides: vec![1, 2, 3, 4],
        dilations: vec![1, 2],
        pool_sizes: up_to(&[2, 3, 4], steps),
        expansions: vec![1],
        heads: vec![Head::Last, Head::Last, Head::Mean, Head::GlobalDepthwise],
        hidden: vec![None, None, None, Some(16), Some(32)],
        activations: vec![Activation::Relu, Activation::Relu, Activation::Relu6],
        allowed: Narrowing::default(),
    }
}

/// Of networks that are fed so many steps at a time: what is not recurrent sees each by itself, or pools steps
/// that come together.
fn step_menu(hop: usize) -> Menu {
    let mut pools = up_to(&[1, 2, 4], hop);
    pools.retain(|&pool| hop.is_multiple_of(pool));
    Menu {
        pools,
        depth: 1..=4,
        stems: vec![Kind::Conv, Kind::Gru, Kind::Lstm, Kind::DartsCell],
        kinds: vec![
            Kind::Conv,
            Kind::Gru,
            Kind::Gru,
            Kind::Lstm,
            Kind::DartsCell,
        ],
        kernels: vec![1],
        strides: vec![1],
        dilations: vec![1],
        heads: vec![Head::Last],
        ..menu(hop)
    }
}

fn remembers(architecture: &Architecture) -> bool {
    let recurrent = |block: &Block| matches!(block, Block::Recurrent { .. });
    architecture.blocks.iter().any(recurrent)
}

impl Space for Recurrent {
    fn describe(&self) -> String {
        let in_front = match self.menu.allowed.hop {
            None => "convolution, depthwise-separable, pooling",
            Some(_) => "convolution of single steps",
        };
        format!(
            "recurrent networks over {} with up to {} blocks: {in_front}, gated recurrent units, long \
             short-term memory, DARTS' recurrent cells",
            self.task.input,
            self.menu.depth.end()
        )
    }

    fn sample(&self, decide: &mut dyn Decide) -> Architecture {
        self.remembering(self.menu.sample(decide))
    }

    fn mutate(&self, rng: &mut SearchRng, parent: &Architecture) -> Architecture {
        for _ in 0..ATTEMPTS {
            let child = self.remembering(self.menu.mutate(rng, parent));
            if child != *parent {
                return child;
            }
        }
        self.sample(rng)
    }

    fn templates(&self) -> Vec<Architecture> {
        let conv = |width, kernel, stride| Block::Conv {
            width,
            window: Window::same(kernel, stride),
        };
        let units = |cell, width| Block::Recurrent { cell, width };
        let network = |blocks, head| Architecture {
            pool: 1,
            blocks,
            head,
            hidden: None,
            activation: Activation::Relu,
        };
        let mut templates = vec![
            // Convolutions see, units remember (DeepConvLSTM, Ordóñez and Roggen, 2016).
            network(
                vec![conv(16, 5, 4), units(RecurrentCell::Gru, 24)],
                Head::Last,
            ),
            network(
                vec![
                    conv(16, 7, 2),
                    conv(24, 5, 4),
                    units(RecurrentCell::Lstm, 24),
                ],
                Head::Last,
            ),
            network(
                vec![
                    conv(16, 5, 2),
                    Block::MaxPool { size: 2 },
                    units(RecurrentCell::Gru, 16),
                    units(RecurrentCell::Gru, 16),
                ],
                Head::Mean,
            ),
        ];
        if self.menu.allowed.hop.is_some() {
            // Nothing shortens the sequence: units alone are the cheapest.
            templates.push(network(vec![units(RecurrentCell::Gru, 16)], Head::Last));
        }
        let templates = self.menu.allowed.templates(templates).into_iter();
        templates
            .map(|template| self.remembering(template))
            .collect()
    }

    fn allowed(&self) -> Option<&Narrowing> {
        Some(&self.menu.allowed)
    }

    fn relax(&self, how: Relaxing) -> Option<Box<dyn Relaxation>> {
        let trunk = self.trunk(how.level)?;
        Some(trunk::relax(trunk, how.share, &self.menu.allowed))
    }

    fn recognise(&self, graph: &Graph) -> Result<Architecture, Unrecognised> {
        let found = recognise(&self.menu, graph)?;
        if remembers(&found) {
            return Ok(found);
        }
        Err(Unrecognised {
            node: graph.name.clone(),
            reason: "it has no `gru`, `lstm` or `darts_cell`, of which every network here has one"
                .into(),
        })
    }

    fn assemble(&self, architecture: &Architecture) -> Assembled {
        blocks::assemble(&self.task, architecture)
    }

    /// The last layer in front goes where no blamed gene can give; the last recurrent one stays.
    fn shrink(
        &self,
        architecture: &Architecture,
        blamed: &[Part],
        resource: Resource,
    ) -> Option<Architecture> {
        let allowed = &self.menu.allowed;
        let smaller = repair::shrink(architecture, blamed, resource, allowed)?;
        if remembers(&smaller) {
            return Some(smaller);
        }
        let mut smaller = architecture.clone();
        let recurrent = |block: &Block| matches!(block, Block::Recurrent { .. });
        let in_front = smaller.blocks.iter().rposition(|block| !recurrent(block))?;
        smaller.blocks.remove(in_front);
        Some(smaller)
    }
}
