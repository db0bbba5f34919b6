//! Who decides when a network is drawn: chance, or a controller that learns. A space draws by asking
//! one [`Decide`] for every gene, and names the gene, so that a controller can learn a policy per gene
//! without knowing the space.

use rand::RngExt as _;

use crate::SearchRng;

/// A decision of a draw.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Gene {
    /// Place of the block it belongs to, from 1; 0 for genes of the whole network.
    pub place: usize,
    /// What is decided there.
    pub what: What,
}

/// What a gene decides.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum What {
    /// Number of blocks.
    Depth,
    /// Place of the first widths in the list of widths.
    Level,
    /// Whether widths grow behind a block that shrinks the map.
    Growth,
    /// Kind of a block, or the whole block where a space lists blocks.
    Kind,
    /// Width of the embedding.
    Embedding,
    /// Nudge of a width off the level.
    Width,
    /// Taps.
    Kernel,
    /// Steps.
    Stride,
    /// Whether taps may be apart.
    Dilated,
    /// How far.
    Dilation,
    /// Whether the border is padded.
    Padding,
    /// Expansion of an inverted residual.
    Expansion,
    /// Edge of a pool.
    Pool,
    /// End of the body.
    Head,
    /// Fully connected layer before the logits.
    Hidden,
    /// Activation of all layers.
    Activation,
    /// Number of nodes of a recurrent cell.
    Nodes,
    /// What its node of this number reads.
    Reads(usize),
    /// The function of its node of this number.
    Function(usize),
}

/// Makes the decisions of a draw.
pub trait Decide {
    /// One of `options`, at least one, by its index.
    fn pick(&mut self, gene: Gene, options: usize) -> usize;

    /// Yes with a probability of `chance`, if nothing better is known.
    fn flip(&mut self, gene: Gene, chance: f64) -> bool;
}

/// Chance: every option of a gene is as likely as the others.
impl Decide for SearchRng {
    fn pick(&mut self, _: Gene, options: usize) -> usize {
        self.random_range(0..options)
    }

    fn flip(&mut self, _: Gene, chance: f64) -> bool {
        self.random_bool(chance)
    }
}
