//! Convolutional networks over images `[H, W, C]`: convolutions, depthwise-separable blocks, (inverted)
//! residuals, pools, and a mean, a global depthwise layer or a flat map at the end. Sources of the
//! blocks: MobileNet v1 (arXiv 1704.04861) and v2 (1801.04381), ResNet (1512.03385), DS-CNN
//! (1711.07128).

use ember_ir::{Activation, Graph};

use super::architecture::{Architecture, Block, Head, Window};
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

/// The space of 2-D convolutional networks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cnn2d {
    task: Task,
    menu: Menu,
    edge: usize,
}

impl Cnn2d {
    /// What `allowed` leaves of the space for images of this task.
    pub fn new(task: Task, allowed: &Narrowing) -> Result<Self, SpaceError> {
        let edge = match task.input.hwc() {
            Some([h, w, c]) if h.min(w).min(c) > 0 => h.min(w),
            _ => {
                return Err(SpaceError::Input {
                    space: SpaceKind::Cnn2d,
                    expected: "height x width x channels, none of them zero",
                    actual: task.input,
                });
            }
        };
        let mut menu = menu(edge);
        menu.narrow(SpaceKind::Cnn2d, allowed)?;
        Ok(Self { menu, task, edge })
    }
}

fn menu(edge: usize) -> Menu {
    Menu {
        // Below eight rows an image has little left to convolve.
        pools: up_to(&[1, 2, 3, 4], edge / 8),
        // Each halving of the map is worth a block or two.
        depth: 1..=(2 * edge.max(2).ilog2() as usize).clamp(4, 10),
        stems: vec![Kind::Conv],
        kinds: vec![
            Kind::Conv,
            Kind::Separable,
            Kind::Separable,
            Kind::InvertedResidual,
            Kind::InvertedResidual,
            Kind::Residual,
            Kind::MaxPool,
            Kind::AveragePool,
        ],
        widths: vec![4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128],
        kernels: up_to(&[3, 5, 7], edge),
        strides: vec![1, 2],
        dilations: vec![1],
        pool_sizes: up_to(&[2, 3], edge),
        expansions: vec![1, 2, 3, 4, 6],
        heads: vec![
            Head::Mean,
            Head::GlobalDepthwise,
            Head::GlobalDepthwise,
            Head::Flatten,
        ],
        hidden: vec![None, None, None, Some(16), Some(32), Some(64)],
        activations: vec![Activation::Relu, Activation::Relu, Activation::Relu6],
        allowed: Narrowing::default(),
    }
}

impl Cnn2d {
    /// A stem, then stages that halve the map, each up to three blocks deep.
    fn trunk(&self, level: usize) -> Option<Trunk> {
        let (pool, scale) = trunk::level(&self.menu.pools, level)?;
        let edge = self.edge / pool;
        let late = if edge >= 16 { 2 } else { 1 };
        let conv = |kernel, stride| Block::Conv {
            width: 0,
            window: Window::same(kernel, stride),
        };
        let separable = |kernel, stride| Block::Separable {
            width: 0,
            window: Window::same(kernel, stride),
        };
        let inverted = |stride| Block::InvertedResidual {
            expand: 3,
            width: 0,
            window: Window::same(3, stride),
        };
        let residual = Block::Residual {
            width: 0,
            window: Window::same(3, 1),
        };
        let stem = Stage {
            entry: vec![conv(3, late), conv(5, late)],
            inner: Vec::new(),
            nodes: 0,
            widths: quarters(4 * scale),
        };
        let halvings = ((edge / late).max(2).ilog2() as usize - 1).clamp(1, 3);
        let stage = |place: usize| Stage {
            entry: vec![separable(3, 2), separable(5, 2), inverted(2), conv(3, 2)],
            inner: vec![
                separable(3, 1),
                separable(5, 1),
                inverted(1),
                conv(3, 1),
                residual,
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

impl Space for Cnn2d {
    fn describe(&self) -> String {
        format!(
            "2-D convolutional networks over {} with up to {} blocks: convolution, \
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
        let same = |stride| Window::same(3, stride);
        // Small images cannot be halved three times.
        let late = if self.edge >= 16 { 2 } else { 1 };
        let network = |blocks: Vec<Block>, head| Architecture {
            pool: self.menu.pools[0],
            blocks,
            head,
            hidden: None,
            activation: Activation::Relu,
        };
        let conv = |width, stride| Block::Conv {
            width,
            window: same(stride),
        };
        let separable = |width, stride| Block::Separable {
            width,
            window: same(stride),
        };
        let residual = |width, stride| Block::Residual {
            width,
            window: same(stride),
        };
        let inverted = |width, stride| Block::InvertedResidual {
            expand: 3,
            width,
            window: same(stride),
        };
        let templates = vec![
            // A plain convolutional network that ends in a learned weighting of positions.
            network(
                vec![conv(16, late), conv(24, 1), conv(32, 2)],
                Head::GlobalDepthwise,
            ),
            // An all-convolutional network (Springenberg et al. 2015, arXiv 1412.6806): strides in place of pooling,
            // and as narrow as it is deep. It learns slowly and ends ahead of the others where weights are few.
            network(
                vec![
                    conv(8, 1),
                    conv(16, late),
                    conv(16, 2),
                    conv(16, 1),
                    conv(16, 1),
                ],
                Head::GlobalDepthwise,
            ),
            // DS-CNN.
            network(
                vec![
                    conv(32, late),
                    separable(32, 2),
                    separable(48, 1),
                    separable(64, 1),
                ],
                Head::GlobalDepthwise,
            ),
            // MobileNet v2.
            network(
                vec![
                    conv(16, late),
                    inverted(16, 1),
                    inverted(24, 2),
                    inverted(24, 1),
                ],
                Head::GlobalDepthwise,
            ),
            // ResNet-8.
            network(
                vec![
                    conv(16, late),
                    residual(16, 1),
                    residual(32, 2),
                    residual(64, 2),
                ],
                Head::Mean,
            ),
            // LeNet-5.
            network(
                vec![
                    conv(8, 1),
                    Block::MaxPool { size: 2 },
                    conv(16, 1),
                    Block::MaxPool { size: 2 },
                ],
                Head::Flatten,
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
