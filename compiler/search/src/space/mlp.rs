//! Fully connected networks over any input; images and series may be pooled first. The logits alone
//! (logistic regression) are the smallest member.

use ember_ir::{Activation, Graph};

use super::architecture::{Architecture, Block, Head};
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

/// The space of fully connected networks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mlp {
    task: Task,
    menu: Menu,
}

impl Mlp {
    /// What `allowed` leaves of the space for this task.
    pub fn new(task: Task, allowed: &Narrowing) -> Result<Self, SpaceError> {
        if task.input.elements() == 0 {
            return Err(SpaceError::Input {
                space: SpaceKind::Mlp,
                expected: "any shape with at least one element",
                actual: task.input,
            });
        }
        let longest = match task.input.hwc() {
            Some([h, w, _]) => h.max(w),
            None => 1,
        };
        let mut menu = menu(longest);
        menu.narrow(SpaceKind::Mlp, allowed)?;
        Ok(Self { menu, task })
    }
}

fn menu(longest: usize) -> Menu {
    Menu {
        pools: up_to(&[1, 2, 4], longest / 4),
        depth: 0..=4,
        stems: vec![Kind::Dense],
        kinds: vec![Kind::Dense],
        widths: vec![4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256],
        kernels: vec![1],
        strides: vec![1],
        dilations: vec![1],
        pool_sizes: vec![1],
        expansions: vec![1],
        heads: vec![Head::Flatten],
        // Depth is the blocks' business.
        hidden: vec![None],
        activations: vec![Activation::Relu, Activation::Relu6],
        allowed: Narrowing::default(),
    }
}

impl Space for Mlp {
    fn describe(&self) -> String {
        format!(
            "fully connected networks over {} with up to {} hidden layers",
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
        let templates = [vec![64], vec![64, 32], vec![128, 64, 32]]
            .into_iter()
            .map(|widths| Architecture {
                pool: 1,
                blocks: widths
                    .into_iter()
                    .map(|width| Block::Dense { width })
                    .collect(),
                head: Head::Flatten,
                hidden: None,
                activation: Activation::Relu,
            })
            .collect();
        self.menu.allowed.templates(templates)
    }

    fn allowed(&self) -> Option<&Narrowing> {
        Some(&self.menu.allowed)
    }

    /// One to three layers of equal width.
    fn relax(&self, how: Relaxing) -> Option<Box<dyn Relaxation>> {
        let (pool, scale) = trunk::level(&self.menu.pools, how.level)?;
        let layer = Block::Dense { width: 0 };
        let trunk = Trunk {
            task: self.task.clone(),
            pool,
            stages: vec![Stage {
                entry: vec![layer],
                inner: vec![layer],
                nodes: 2,
                widths: quarters(32 * scale),
            }],
            heads: vec![Head::Flatten],
        };
        Some(trunk::relax(trunk, how.share, &self.menu.allowed))
    }

    fn recognise(&self, graph: &Graph) -> Result<Architecture, Unrecognised> {
        recognise(&self.menu, graph)
    }

    fn assemble(&self, architecture: &Architecture) -> Assembled {
        blocks::assemble(&self.task, architecture)
    }
}
