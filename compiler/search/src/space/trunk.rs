//! A chain of stages with choices, the relaxation of the spaces of chained blocks. A stage begins with an entry,
//! which may shrink the map, and goes on with nodes that keep its shape. Choices: the operation of each node;
//! which earlier value of its stage a node reads, and which one leaves the stage (the edges, which decide the
//! depth: what the path back from the end does not meet is not there); the width of each stage; the head.
//!
//! It is the part of its space that a gradient can look at, not all of it.

use super::architecture::{Architecture, Block, Head};
use super::assembled::Task;
use super::mixed::{Mixed, MixedNode, Piece, Width};
use super::narrowing::Narrowing;
use super::relaxation::{Genes, Relaxation};
use ember_ir::Activation;

/// What a space offers to be relaxed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Trunk {
    pub task: Task,
    /// Edge of the average pooling of the input.
    pub pool: usize,
    /// At least one.
    pub stages: Vec<Stage>,
    /// At least one.
    pub heads: Vec<Head>,
}

/// A stage; widths of its blocks do not matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stage {
    /// Operations of the first node; at least one.
    pub entry: Vec<Block>,
    /// Operations of the others, which keep the shape.
    pub inner: Vec<Block>,
    /// How many others.
    pub nodes: usize,
    /// Output channels, ascending; at least one.
    pub widths: Vec<usize>,
}

/// A trunk with its genes.
#[derive(Debug)]
struct Relaxed {
    trunk: Trunk,
    share: usize,
    stages: Vec<StageGenes>,
    head: Option<usize>,
    options: Vec<usize>,
}

/// `None`: nothing to choose.
#[derive(Debug)]
struct StageGenes {
    width: Option<usize>,
    entry: Option<usize>,
    /// Operation and edge of each inner node.
    inner: Vec<[Option<usize>; 2]>,
    /// Which value leaves the stage.
    exit: Option<usize>,
}

/// The trunk as a relaxation, narrowed. Where only a `share` of channels is mixed, widths are the largest ones.
pub(super) fn relax(mut trunk: Trunk, share: usize, allowed: &Narrowing) -> Box<dyn Relaxation> {
    for stage in &mut trunk.stages {
        stage.entry = allowed.options(&stage.entry);
        stage.inner = allowed.options(&stage.inner);
        stage.widths = allowed.widths(&stage.widths);
    }
    trunk.heads = allowed.ends(&trunk.heads);
    if share > 1 {
        for stage in &mut trunk.stages {
            stage.widths.drain(..stage.widths.len() - 1);
        }
    }
    let mut genes = Genes::default();
    let stages = trunk.stages.iter().map(|stage| StageGenes {
        width: genes.add(stage.widths.len()),
        entry: genes.add(stage.entry.len()),
        inner: (1..=stage.nodes)
            .map(|earlier| [genes.add(stage.inner.len()), genes.add(earlier)])
            .collect(),
        exit: genes.add(stage.nodes + 1),
    });
    let stages = stages.collect();
    Box::new(Relaxed {
        head: genes.add(trunk.heads.len()),
        share,
        stages,
        trunk,
        options: genes.0,
    })
}

impl Relaxation for Relaxed {
    fn options(&self) -> &[usize] {
        &self.options
    }

    fn decode(&self, chosen: &[usize]) -> Architecture {
        let of = |gene: Option<usize>| gene.map_or(0, |gene| chosen[gene]);
        let mut blocks = Vec::new();
        for (stage, genes) in self.trunk.stages.iter().zip(&self.stages) {
            let mut path = Vec::new();
            let mut node = of(genes.exit);
            while let Some([kind, edge]) = node.checked_sub(1).map(|i| genes.inner[i]) {
                path.push(stage.inner[of(kind)]);
                node = of(edge);
            }
            path.push(stage.entry[of(genes.entry)]);
            let width = stage.widths[of(genes.width)];
            blocks.extend(path.into_iter().rev().map(|block| widened(block, width)));
        }
        Architecture {
            pool: self.trunk.pool,
            blocks,
            head: self.trunk.heads[of(self.head)],
            hidden: None,
            activation: ACTIVATION,
        }
    }

    fn mixed(&self) -> Option<Mixed> {
        let mut growing = Growing::new(&self.trunk);
        for (stage, genes) in self.trunk.stages.iter().zip(&self.stages) {
            growing.stage(stage, genes, self.share);
        }
        let heads = self.trunk.heads.iter();
        let pieces = heads.map(|&head| Piece::head(head, &growing.shape, growing.width));
        growing.push(pieces.collect(), self.head);
        let logits = Piece::logits(self.trunk.task.classes, &growing.shape);
        growing.push(vec![logits], None);
        Some(Mixed {
            options: self.options.clone(),
            nodes: growing.nodes,
        })
    }
}

const ACTIVATION: Activation = Activation::Relu;

/// The mixture under construction.
struct Growing<'a> {
    nodes: Vec<MixedNode>,
    /// Of the last value.
    shape: ember_ir::Shape,
    /// Gene of its channels.
    width: Option<Width<'a>>,
    blocks: usize,
}

impl<'a> Growing<'a> {
    fn new(trunk: &Trunk) -> Self {
        let mut growing = Self {
            nodes: Vec::new(),
            shape: trunk.task.input.clone(),
            width: None,
            blocks: 0,
        };
        if trunk.pool > 1 {
            growing.push(vec![Piece::pool(trunk.pool, &trunk.task.input)], None);
        }
        growing
    }

    fn stage(&mut self, stage: &'a Stage, genes: &StageGenes, share: usize) {
        let full = stage.widths[stage.widths.len() - 1];
        let width = genes.width.map(|gene| Width {
            gene,
            widths: &stage.widths,
        });
        let ends = [self.width, width];
        let pieces = self.pieces(&stage.entry, full, 1, ends);
        self.push(pieces, genes.entry);
        self.width = width;
        let first = self.nodes.len();
        for (earlier, &[kind, edge]) in genes.inner.iter().enumerate() {
            let divides = full.is_multiple_of(share) && self.shape.hwc().is_some();
            let share = if divides { share } else { 1 };
            let pieces = self.pieces(&stage.inner, full, share, [width, width]);
            self.nodes.push(MixedNode {
                reads: (first..=first + earlier).collect(),
                edge,
                pieces,
                kind,
                share,
            });
        }
        if genes.exit.is_some() {
            self.nodes.push(MixedNode {
                reads: (first..=first + stage.nodes).collect(),
                edge: genes.exit,
                pieces: Vec::new(),
                kind: None,
                share: 1,
            });
        }
    }

    fn pieces(
        &mut self,
        blocks: &[Block],
        width: usize,
        share: usize,
        ends: [Option<Width<'_>>; 2],
    ) -> Vec<Piece> {
        self.blocks += 1;
        let shape = match self.shape.hwc() {
            Some([h, w, c]) if share > 1 => ember_ir::Shape::from([h, w, c / share]),
            _ => self.shape.clone(),
        };
        let piece = |&block: &Block| {
            let block = widened(block, width / share);
            Piece::block(self.blocks, &block, &shape, ACTIVATION, ends)
        };
        blocks.iter().map(piece).collect()
    }

    /// Adds a node that reads the last value.
    fn push(&mut self, pieces: Vec<Piece>, kind: Option<usize>) {
        if let Some(piece) = pieces.first() {
            self.shape = piece.output().clone();
        }
        self.nodes.push(MixedNode {
            reads: vec![self.nodes.len()],
            edge: None,
            pieces,
            kind,
            share: 1,
        });
    }
}

fn widened(mut block: Block, width: usize) -> Block {
    if let Some(own) = block.width_mut() {
        *own = width;
    }
    block
}

/// The pool and the scale of widths, in quarters, of a level; `None` below the smallest. Widths shrink before
/// the map does.
pub(super) fn level(pools: &[usize], level: usize) -> Option<(usize, usize)> {
    const SCALES: [usize; 3] = [4, 2, 1];
    let pool = *pools.get(level / SCALES.len())?;
    Some((pool, SCALES[level % SCALES.len()]))
}

/// Quarters of the largest width, in multiples of four.
pub(super) fn quarters(largest: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = (1..=4)
        .map(|quarter| (largest * quarter / 4).div_ceil(4).max(1) * 4)
        .collect();
    widths.dedup();
    widths
}
