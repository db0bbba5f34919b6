//! Convolutional networks over series `[1, T, C]`, as 2-D networks of height 1: convolutions along
//! time (dilated if need be), depthwise-separable blocks, residuals, pools. Sources of the templates:
//! time-channel-separable convolutions (QuartzNet, arXiv 1910.10261), temporal convolutional networks
//! (1803.01271).

use ember_ir::{Activation, Graph};

use super::architecture::{Architecture, Block, Border, Head, Window};
use super::assembled::{Assembled, Task};
use super::blocks;
use super::decide::Decide;
use super::menu::{Kind, Menu};
use super::narrowing::Narrowing;
use super::recognise::{Unrecognised, recognise};
use super::relaxation::{Relaxation, Relaxing};
use super::trunk::{self, Stage, Trunk, quarters};
use super::{Space, SpaceError, SpaceKind, up_to};
use crate::SearchRng;

/// The space of 1-D convolutional networks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cnn1d {
    task: Task,
    menu: Menu,
    steps: usize,
}

impl Cnn1d {
    /// What `allowed` leaves of the space for series of this task.
    pub fn new(task: Task, allowed: &Narrowing) -> Result<Self, SpaceError> {
        let steps = match task.input.hwc() {
            Some([1, t, c]) if t.min(c) > 0 => t,
            _ => {
                return Err(SpaceError::Input {
                    space: SpaceKind::Cnn1d,
                    expected: "1 x time steps x channels, none of them zero",
                    actual: task.input,
                });
            }
        };
        let mut menu = menu(steps);
        menu.narrow(SpaceKind::Cnn1d, allowed)?;
        Ok(Self { menu, task, steps })
    }
}

fn menu(steps: usize) -> Menu {
    Menu {
        pools: up_to(&[1, 2, 4], steps / 16),
        depth: 1..=(steps.max(2).ilog2() as usize).clamp(4, 8),
        stems: vec![Kind::Conv, Kind::Conv, Kind::Separable],
        kinds: vec![
            Kind::Conv,
            Kind::Conv,
            Kind::Separable,
            Kind::Separable,
            Kind::Residual,
            Kind::InvertedResidual,
            Kind::MaxPool,
            Kind::AveragePool,
        ],
        widths: vec![4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128],
        kernels: up_to(&[3, 5, 7, 9, 11, 15], steps),
        strides: vec![1, 2, 3, 4],
        dilations: vec![1, 2, 4],
        pool_sizes: up_to(&[2, 3, 4], steps),
        expansions: vec![1, 2, 3, 4],
        heads: vec![Head::Mean, Head::Mean, Head::GlobalDepthwise, Head::Flatten],
        hidden: vec![None, None, None, Some(16), Some(32), Some(64)],
        activations: vec![Activation::Relu, Activation::Relu, Activation::Relu6],
        allowed: Narrowing::default(),
    }
}

impl Cnn1d {
    /// A stem, then stages that halve time, each up to three blocks deep.
    fn trunk(&self, level: usize) -> Option<Trunk> {
        let (pool, scale) = trunk::level(&self.menu.pools, level)?;
        let steps = self.steps / pool;
        let late = if steps >= 16 { 2 } else { 1 };
        let window = |kernel, stride, dilation| Window {
            kernel,
            stride,
            dilation,
            padding: Border::Same,
        };
        let conv = |kernel, stride| Block::Conv {
            width: 0,
            window: window(kernel, stride, 1),
        };
        let separable = |kernel, stride| Block::Separable {
            width: 0,
            window: window(kernel, stride, 1),
        };
        let residual = |dilation| Block::Residual {
            width: 0,
            window: window(3, 1, dilation),
        };
        let stem = Stage {
            entry: vec![conv(5, late), conv(9, late)],
            inner: Vec::new(),
            nodes: 0,
            widths: quarters(4 * scale),
        };
        let halvings = ((steps / late).max(4).ilog2() as usize - 2).clamp(1, 3);
        let stage = |place: usize| Stage {
            entry: vec![separable(5, 2), separable(9, 2), conv(3, 2), conv(7, 2)],
            inner: vec![
                separable(5, 1),
                separable(9, 1),
                conv(3, 1),
                residual(1),
                residual(2),
            ],
            nodes: 2,
            widths: quarters([8, 12, 16][place] * scale),
        };
        Some(Trunk {
            task: self.task.clone(),
            pool,
            stages: [stem].into_iter().chain((0..halvings).map(stage)).collect(),
            heads: vec![Head::Mean, Head::GlobalDepthwise],
        })
    }
}

impl Space for Cnn1d {
    fn describe(&self) -> String {
        format!(
            "1-D convolutional networks over {} with up to {} blocks: convolution (dilated too), \
             depthwise-separable, residual, inverted residual, pooling",
            self.task.input,
            self.menu.depth.end()
        )
    }

    fn sample(&self, decide: &mut dyn Decide) -> Architecture {
        self.menu.sample(decide)
    }

    fn mutate(&self, rng: &mut SearchRng, parent: &Architecture) -> Architecture {
        self.menu.mutate(rng, parent)
    }

    fn templates(&self) -> Vec<Architecture> {
        let window = |kernel, stride, dilation| Window {
            kernel,
            stride,
            dilation,
            padding: Border::Same,
        };
        let network = |blocks: Vec<Block>, head| Architecture {
            pool: self.menu.pools[0],
            blocks,
            head,
            hidden: None,
            activation: Activation::Relu,
        };
        let conv = |width, kernel, stride| Block::Conv {
            width,
            window: window(kernel, stride, 1),
        };
        let separable = |width, kernel, stride| Block::Separable {
            width,
            window: window(kernel, stride, 1),
        };
        let dilated = |width, dilation| Block::Residual {
            width,
            window: window(3, 1, dilation),
        };
        let templates = vec![
            // A plain network: halve time, double the channels.
            network(
                vec![conv(16, 7, 2), conv(24, 5, 2), conv(32, 3, 2)],
                Head::Mean,
            ),
            // Time-channel-separable.
            network(
                vec![
                    conv(24, 7, 2),
                    separable(32, 9, 2),
                    separable(40, 7, 2),
                    separable(48, 5, 1),
                ],
                Head::Mean,
            ),
            // Temporal convolutional network: a long view at a constant rate.
            network(
                vec![
                    conv(16, 5, 4),
                    dilated(16, 1),
                    dilated(16, 2),
                    dilated(16, 4),
                ],
                Head::Mean,
            ),
            // Convolution and pooling.
            network(
                vec![
                    conv(16, 5, 1),
                    Block::MaxPool { size: 4 },
                    conv(32, 5, 1),
                    Block::MaxPool { size: 4 },
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

    fn recognise(&self, graph: &Graph) -> Result<Architecture, Unrecognised> {
        recognise(&self.menu, graph)
    }

    fn assemble(&self, architecture: &Architecture) -> Assembled {
        blocks::assemble(&self.task, architecture)
    }
}
