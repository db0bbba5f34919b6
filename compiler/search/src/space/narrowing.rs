//! What a user allows of a space. Menus offer nothing else, repairs go no further, and templates are moved to the
//! nearest network that is allowed.

use std::ops::RangeInclusive;

use ember_ir::{Activation, CellFunction};

use super::architecture::{Architecture, Block, Border, Head, RecurrentCell, Window};
use super::menu::Kind;

/// Ranges and lists; what is not given is not narrowed.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Narrowing {
    /// Number of blocks.
    pub depth: Option<RangeInclusive<usize>>,
    /// Channels of blocks and units of layers before the logits.
    pub width: Option<RangeInclusive<usize>>,
    /// Units of the bottleneck of an autoencoder.
    pub bottleneck: Option<RangeInclusive<usize>>,
    /// Taps per axis.
    pub kernel: Option<RangeInclusive<usize>>,
    /// Steps per axis.
    pub stride: Option<RangeInclusive<usize>>,
    /// Distance between taps.
    pub dilation: Option<RangeInclusive<usize>>,
    /// Edge of the pooling that lowers the input's resolution; 1 is none.
    pub pool: Option<RangeInclusive<usize>>,
    /// Kinds of blocks: also where skips and poolings are; empty for all.
    pub blocks: Vec<Kind>,
    /// Ends of the body; empty for all.
    pub heads: Vec<Head>,
    /// Activations; empty for all.
    pub activations: Vec<Activation>,
    /// Steps that come at a time: networks see steps that come together and remember the others.
    pub hop: Option<usize>,
}

/// `value`, or the nearest end of a range.
fn within(range: Option<&RangeInclusive<usize>>, value: usize) -> usize {
    range.map_or(value, |range| value.max(*range.start()).min(*range.end()))
}

pub(super) fn is_within(range: Option<&RangeInclusive<usize>>, value: usize) -> bool {
    within(range, value) == value
}

impl Narrowing {
    /// Least width, or `least` where that is more.
    pub(crate) fn narrowest(&self, least: usize) -> usize {
        self.width
            .as_ref()
            .map_or(least, |range| least.max(*range.start()))
    }

    /// What is allowed for the layer before the logits, or for the bottleneck.
    pub(super) fn hidden(&self) -> Option<&RangeInclusive<usize>> {
        self.bottleneck.as_ref().or(self.width.as_ref())
    }

    /// Whether so many taps are allowed.
    pub(crate) fn has_kernel(&self, kernel: usize) -> bool {
        is_within(self.kernel.as_ref(), kernel)
    }

    /// Whether a step is allowed.
    pub(crate) fn has_stride(&self, stride: usize) -> bool {
        is_within(self.stride.as_ref(), stride)
    }

    /// Whether the input may be pooled so.
    pub(crate) fn has_pool(&self, pool: usize) -> bool {
        is_within(self.pool.as_ref(), pool)
    }

    /// Whether there may be so many blocks.
    pub(crate) fn has_depth(&self, depth: usize) -> bool {
        is_within(self.depth.as_ref(), depth)
    }

    /// Whether a body may end so.
    pub(crate) fn has_head(&self, head: Head) -> bool {
        self.heads.is_empty() || self.heads.contains(&head)
    }

    fn has(&self, block: &Block) -> bool {
        self.blocks.is_empty() || kind(block).is_none_or(|kind| self.blocks.contains(&kind))
    }

    /// The block itself if it is allowed, or one that is and does about the same.
    fn block(&self, block: &Block) -> Block {
        let recurs = |kind: &Kind| matches!(kind, Kind::Gru | Kind::Lstm | Kind::DartsCell);
        let alike = |&&to: &&Kind| kind(block).is_some_and(|from| recurs(&from) == recurs(&to));
        let instead = self.blocks.iter().find(alike).or(self.blocks.first());
        let mut near = match instead {
            Some(&to) if !self.has(block) => converted(block, to),
            _ => *block,
        };
        self.resize(&mut near);
        if let Some(window) = near.window_mut() {
            window.stride = within(self.stride.as_ref(), window.stride);
        }
        near
    }

    /// The sizes that keep a map's shape.
    fn resize(&self, near: &mut Block) {
        if let Some(width) = near.width_mut() {
            *width = within(self.width.as_ref(), *width);
        }
        if let Some(window) = near.window_mut() {
            window.kernel = within(self.kernel.as_ref(), window.kernel);
            window.dilation = within(self.dilation.as_ref(), window.dilation);
        }
    }

    /// What cannot be told to strategies that follow a gradient, by its name: they hold what shapes a trunk fixed.
    pub fn unrelaxed(&self) -> Option<&'static str> {
        [
            ("depth", self.depth.is_some()),
            ("stride", self.stride.is_some()),
            ("blocks", !self.blocks.is_empty()),
            ("activations", !self.activations.is_empty()),
        ]
        .into_iter()
        .find_map(|(name, given)| given.then_some(name))
    }

    /// The blocks of a relaxation within the ranges of [`Self::unrelaxed`]'s others; each once.
    pub(super) fn options(&self, blocks: &[Block]) -> Vec<Block> {
        once(blocks.iter().map(|block| {
            let mut near = *block;
            self.resize(&mut near);
            near
        }))
    }

    /// The widths within the range, or its end; each once.
    pub(super) fn widths(&self, widths: &[usize]) -> Vec<usize> {
        once(
            widths
                .iter()
                .map(|&width| within(self.width.as_ref(), width)),
        )
    }

    /// The heads that are allowed.
    pub(super) fn ends(&self, heads: &[Head]) -> Vec<Head> {
        let kept: Vec<Head> = heads
            .iter()
            .copied()
            .filter(|&head| self.has_head(head))
            .collect();
        match (kept.is_empty(), self.heads.first()) {
            (true, Some(&first)) => vec![first],
            _ => kept,
        }
    }

    /// Templates as they are allowed; each once.
    pub(super) fn templates(&self, templates: Vec<Architecture>) -> Vec<Architecture> {
        once(templates.iter().map(|template| self.nearest(template)))
    }

    /// The network itself if it is allowed, or one near to it that is.
    pub(crate) fn nearest(&self, architecture: &Architecture) -> Architecture {
        let mut blocks: Vec<Block> = architecture
            .blocks
            .iter()
            .map(|block| self.block(block))
            .collect();
        let depth = within(self.depth.as_ref(), blocks.len());
        blocks.truncate(depth);
        if let Some(&last) = blocks.last() {
            blocks.resize(depth, last);
        }
        let allowed = self.activations.contains(&architecture.activation);
        Architecture {
            pool: within(self.pool.as_ref(), architecture.pool),
            blocks,
            head: self.ends(&[architecture.head])[0],
            hidden: architecture
                .hidden
                .map(|width| within(self.hidden(), width)),
            activation: match self.activations.first() {
                Some(&first) if !allowed => first,
                _ => architecture.activation,
            },
        }
    }
}

pub(super) fn once<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

/// `None` for a block that no menu offers.
pub(super) fn kind(block: &Block) -> Option<Kind> {
    Some(match block {
        Block::Conv { .. } => Kind::Conv,
        Block::Separable { .. } => Kind::Separable,
        Block::Residual { .. } => Kind::Residual,
        Block::InvertedResidual { .. } => Kind::InvertedResidual,
        Block::MaxPool { .. } => Kind::MaxPool,
        Block::AveragePool { .. } => Kind::AveragePool,
        Block::Dense { .. } => Kind::Dense,
        Block::Recurrent {
            cell: RecurrentCell::Gru,
            ..
        } => Kind::Gru,
        Block::Recurrent {
            cell: RecurrentCell::Lstm,
            ..
        } => Kind::Lstm,
        Block::Recurrent {
            cell: RecurrentCell::Darts(_),
            ..
        } => Kind::DartsCell,
        Block::Edge(_) | Block::Embedding { .. } => return None,
    })
}

/// A block of that kind which is as wide, and shrinks the map as much.
fn converted(block: &Block, to: Kind) -> Block {
    let width = block.width().unwrap_or(16);
    let size = match block {
        Block::MaxPool { size } | Block::AveragePool { size } => *size,
        other => other.window().map_or(2, |window| window.stride.max(2)),
    };
    let window = block.window().unwrap_or(Window {
        kernel: 3,
        stride: match block {
            Block::MaxPool { .. } | Block::AveragePool { .. } => size,
            _ => 1,
        },
        dilation: 1,
        padding: Border::Same,
    });
    match to {
        Kind::Conv => Block::Conv { width, window },
        Kind::Separable => Block::Separable { width, window },
        Kind::Residual => Block::Residual { width, window },
        Kind::InvertedResidual => Block::InvertedResidual {
            expand: 2,
            width,
            window,
        },
        Kind::MaxPool => Block::MaxPool { size },
        Kind::AveragePool => Block::AveragePool { size },
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
            cell: RecurrentCell::one_node(CellFunction::Tanh),
            width,
        },
    }
}
