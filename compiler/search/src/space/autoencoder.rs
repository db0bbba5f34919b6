//! Networks that rebuild their input through a bottleneck: fully connected layers over a vector, or over a
//! window or an image as one, and their mirror image. After the anomaly detection network of MLPerf Tiny
//! (Banbury et al., arXiv 2106.07597), whose layers are 128 wide and whose bottleneck is 8.
//!
//! Blocks are the layers of the encoder, [`Architecture::hidden`] is the width of the bottleneck, and the decoder
//! has the encoder's widths in reverse. The bottleneck is linear: a rectifier would leave some of its few units
//! dead. Nodes are `encode1`, `encode2`, …, `bottleneck`, …, `decode2`, `decode1`, `rebuilt`, and `output` where
//! the input is no vector.

use ember_ir::{Activation, Op, Reshape};

use super::architecture::{Architecture, Block, Head};
use super::assembled::{Assembled, Part, Task};
use super::blocks::Assembly;
use super::decide::Decide;
use super::menu::{Kind, Menu};
use super::narrowing::Narrowing;
use super::relaxation::{Relaxation, Relaxing};
use super::{Space, SpaceError, SpaceKind, up_to};
use crate::constraint::Resource;
use crate::{SearchRng, repair};

/// The narrowest bottleneck.
const TIGHTEST: usize = 2;
/// The widest, where nothing else is allowed.
const WIDEST: usize = 64;

/// The space of autoencoders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Autoencoder {
    task: Task,
    menu: Menu,
    /// What is allowed for the bottleneck.
    bottleneck: [usize; 2],
}

impl Autoencoder {
    /// What `allowed` leaves of the space for this task.
    pub fn new(task: Task, allowed: &Narrowing) -> Result<Self, SpaceError> {
        let space = SpaceKind::Autoencoder;
        let elements = task.input.elements();
        if elements == 0 {
            return Err(SpaceError::Input {
                space,
                expected: "any shape with at least one element",
                actual: task.input,
            });
        }
        let widths = up_to(&[2, 4, 6, 8, 12, 16, 24, 32, 48, WIDEST], elements / 2);
        let mut menu = menu(widths.iter().copied().map(Some).collect());
        menu.narrow_hidden(space, allowed.bottleneck.as_ref())?;
        // The widths of layers are not those of the bottleneck, whatever is given.
        let range = allowed.bottleneck.clone().unwrap_or(TIGHTEST..=WIDEST);
        let bottleneck = [*range.start(), *range.end()];
        let allowed = Narrowing {
            bottleneck: Some(range),
            ..allowed.clone()
        };
        menu.narrow(space, &allowed)?;
        Ok(Self {
            task,
            menu,
            bottleneck,
        })
    }
}

fn menu(hidden: Vec<Option<usize>>) -> Menu {
    Menu {
        pools: vec![1],
        depth: 0..=4,
        stems: vec![Kind::Dense],
        kinds: vec![Kind::Dense],
        widths: vec![8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256],
        kernels: vec![1],
        strides: vec![1],
        dilations: vec![1],
        pool_sizes: vec![1],
        expansions: vec![1],
        heads: vec![Head::Flatten],
        hidden,
        activations: vec![Activation::Relu, Activation::Relu6],
        allowed: Narrowing::default(),
    }
}

impl Space for Autoencoder {
    fn describe(&self) -> String {
        format!(
            "autoencoders over {} with up to {} layers before and behind the bottleneck",
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
        let templates = [
            (vec![16], 8),
            (vec![32], 8),
            (vec![64, 32], 8),
            (vec![128; 4], 8),
        ]
        .into_iter()
        .map(|(widths, bottleneck)| Architecture {
            pool: 1,
            blocks: widths
                .into_iter()
                .map(|width| Block::Dense { width })
                .collect(),
            head: Head::Flatten,
            hidden: Some(bottleneck),
            activation: Activation::Relu,
        })
        .collect();
        self.menu.allowed.templates(templates)
    }

    fn allowed(&self) -> Option<&Narrowing> {
        Some(&self.menu.allowed)
    }

    /// The first and the last layer are as large as what lies beside them: the outermost width, which both share.
    fn shrink(
        &self,
        architecture: &Architecture,
        blamed: &[Part],
        resource: Resource,
    ) -> Option<Architecture> {
        let allowed = &self.menu.allowed;
        let smaller = blamed.iter().find_map(|&part| match part {
            Part::Hidden => self.tightened(architecture),
            Part::Logits if architecture.blocks.is_empty() => self.tightened(architecture),
            Part::Logits => repair::shrink_part(architecture, Part::Block(0), resource, allowed),
            Part::Block(_) => repair::shrink_part(architecture, part, resource, allowed),
            Part::Pool | Part::Head => None,
        });
        smaller.or_else(|| repair::drop_last_block(architecture, allowed))
    }

    /// A mixture of autoencoders would need widths that two layers share, and a loss of its own.
    fn relax(&self, _: Relaxing) -> Option<Box<dyn Relaxation>> {
        None
    }

    fn assemble(&self, architecture: &Architecture) -> Assembled {
        let Task { name, input, .. } = &self.task;
        let activation = architecture.activation;
        let (mut assembly, mut x) = Assembly::new(name, input, activation);
        let widths: Vec<usize> = architecture
            .blocks
            .iter()
            .filter_map(Block::width)
            .collect();
        for (i, &width) in widths.iter().enumerate() {
            assembly.part = Part::Block(i);
            x = assembly.dense(format!("encode{}", i + 1), width, activation, x);
        }
        assembly.part = Part::Hidden;
        let width = architecture.hidden.unwrap_or(self.bottleneck[0]);
        x = assembly.dense("bottleneck".into(), width, Activation::None, x);
        for (i, &width) in widths.iter().enumerate().rev() {
            assembly.part = Part::Block(i);
            x = assembly.dense(format!("decode{}", i + 1), width, activation, x);
        }
        assembly.part = Part::Logits;
        let op = ember_ir::Dense {
            over_rows: false,
            out_features: input.elements(),
            activation: Activation::None,
        };
        x = assembly.node("rebuilt".into(), Op::Dense(op), &[x]);
        if input.dims().len() > 1 {
            let shape = input.clone();
            x = assembly.node("output".into(), Op::Reshape(Reshape { shape }), &[x]);
        }
        assembly.finish(x)
    }
}

impl Autoencoder {
    /// Three quarters of the bottleneck, an even number; `None` at its least.
    fn tightened(&self, architecture: &Architecture) -> Option<Architecture> {
        let (width, least) = (architecture.hidden?, self.bottleneck[0]);
        (width > least).then(|| Architecture {
            hidden: Some((width * 3 / 4 / 2 * 2).max(least)),
            ..architecture.clone()
        })
    }
}
