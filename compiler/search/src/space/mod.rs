//! Search spaces: which networks there are, how one is drawn at random, what its neighbours are, and
//! how it is built. One file per space; [`open`] is the list that registers them.
//!
//! Reading order: [`architecture`] (the genes), [`assembled`], [`blocks`] and [`edge`] (genes to graph),
//! [`decide`] (who draws), [`menu`] (what a space offers; sampling and mutation), then the spaces; `recognise`
//! (graph to genes); [`relaxation`] and [`mixed`] (all networks at once, for strategies that follow a gradient), `trunk`.

pub mod architecture;
pub mod assembled;
mod autoencoder;
pub mod blocks;
mod cell;
mod cnn1d;
mod cnn2d;
mod crossover;
pub mod decide;
mod display;
pub mod edge;
mod embedding;
mod fit;
pub mod menu;
pub mod mixed;
mod mlp;
mod narrowing;
mod recognise;
mod recurrent;
pub mod relaxation;
mod sequence;
mod text;
mod trunk;

pub use architecture::{Architecture, Block, Border, Head, RecurrentCell, Window};
pub use assembled::{Assembled, Part, Task};
pub use autoencoder::Autoencoder;
pub use cnn1d::Cnn1d;
pub use cnn2d::Cnn2d;
pub use crossover::crossover;
pub use decide::{Decide, Gene, What};
pub use edge::EdgeOp;
pub use menu::Kind;
pub use mixed::{Mask, Mixed, MixedNode, Piece};
pub use mlp::Mlp;
pub use narrowing::Narrowing;
pub use recognise::Unrecognised;
pub use recurrent::Recurrent;
pub use relaxation::{Relaxation, Relaxing};
pub use text::Text;

use std::fmt;

use ember_ir::{Graph, Shape};
use serde::{Deserialize, Serialize};

use crate::constraint::Resource;
use crate::{SearchRng, repair};

/// A set of networks with a neighbourhood.
pub trait Space: Sync {
    /// What it holds, in a line for people.
    fn describe(&self) -> String;

    /// A network by somebody's decisions; a random one if chance decides.
    fn sample(&self, decide: &mut dyn Decide) -> Architecture;

    /// A random neighbour of `parent`, which may come from elsewhere (a template, a repair).
    fn mutate(&self, rng: &mut SearchRng, parent: &Architecture) -> Architecture;

    /// Networks known to work for such tasks, at a middling size: a search starts from them, scaled
    /// to the limits.
    fn templates(&self) -> Vec<Architecture>;

    /// The graph and, per node, the gene it came from. Total: every value builds.
    fn assemble(&self, architecture: &Architecture) -> Assembled;

    /// The network with one gene made smaller so that it needs less of `resource`: the first of the
    /// `blamed` ones that has something to give. `None` where nothing is left to shrink.
    fn shrink(
        &self,
        architecture: &Architecture,
        blamed: &[Part],
        resource: Resource,
    ) -> Option<Architecture> {
        let every = Narrowing::default();
        repair::shrink(
            architecture,
            blamed,
            resource,
            self.allowed().unwrap_or(&every),
        )
    }

    /// What is allowed of it; `None` where nothing can be narrowed.
    fn allowed(&self) -> Option<&Narrowing> {
        None
    }

    /// The part of the space that a gradient can look at; `None` below the smallest level, and at every level of a
    /// space that has no such part.
    fn relax(&self, how: Relaxing) -> Option<Box<dyn Relaxation>>;

    /// The genes of a network that came as a graph: [`Self::build`] gives it back, up to names and the order
    /// of nodes, for a task of its own input and classes.
    ///
    /// # Errors
    /// It is no network of this space, or none that is allowed; the error says which node is in the way.
    fn recognise(&self, graph: &Graph) -> Result<Architecture, Unrecognised> {
        Err(Unrecognised {
            node: graph.name.clone(),
            reason: "networks of this space are not read from graphs".into(),
        })
    }

    /// The graph alone.
    fn build(&self, architecture: &Architecture) -> Graph {
        self.assemble(architecture).graph
    }
}

/// The spaces by name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpaceKind {
    /// Convolutional networks over images.
    Cnn2d,
    /// Convolutional networks over series.
    Cnn1d,
    /// Fully connected networks.
    Mlp,
    /// Gated recurrent units, long short-term memories and DARTS' cells over series, behind convolutions.
    Recurrent,
    /// Networks that rebuild their input.
    Autoencoder,
    /// Embeddings of the bytes of a text, and convolutions or recurrent layers over them.
    Text,
}

impl SpaceKind {
    /// All of them.
    pub const ALL: [SpaceKind; 6] = [
        SpaceKind::Cnn2d,
        SpaceKind::Cnn1d,
        SpaceKind::Mlp,
        SpaceKind::Recurrent,
        SpaceKind::Text,
        SpaceKind::Autoencoder,
    ];

    /// The space of classifiers that suits an input of this shape, unless that is a text.
    pub fn for_input(input: &Shape) -> Self {
        match input.dims() {
            [1, _, _] => SpaceKind::Cnn1d,
            [_, _, _] => SpaceKind::Cnn2d,
            _ => SpaceKind::Mlp,
        }
    }

    /// The name that configurations use.
    pub fn name(self) -> &'static str {
        match self {
            SpaceKind::Cnn2d => "cnn2d",
            SpaceKind::Cnn1d => "cnn1d",
            SpaceKind::Mlp => "mlp",
            SpaceKind::Recurrent => "recurrent",
            SpaceKind::Autoencoder => "autoencoder",
            SpaceKind::Text => "text",
        }
    }
}

impl fmt::Display for SpaceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a space cannot be opened for a task.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpaceError {
    /// The input has a shape that the space has no networks for.
    #[error("the space {space} takes inputs of shape {expected}; the data has {actual}")]
    Input {
        /// The space.
        space: SpaceKind,
        /// What it takes, in words.
        expected: &'static str,
        /// What there is.
        actual: Shape,
    },
    /// Nothing of the space is allowed.
    #[error("`{what}`: the space {space} has nothing in {allowed}; it offers {offered}")]
    Narrow {
        /// The space.
        space: SpaceKind,
        /// The key.
        what: &'static str,
        /// What is allowed.
        allowed: String,
        /// What there is.
        offered: String,
    },
    /// A window that does not come in whole hops.
    #[error("samples of {steps} steps do not come in hops of {hop}")]
    Hop {
        /// Steps of a sample.
        steps: usize,
        /// Steps that come at a time.
        hop: usize,
    },
    /// Networks that see a sample only as a whole.
    #[error(
        "networks of the space {0} take whole samples; of those that take steps as they come there is the space recurrent"
    )]
    Whole(SpaceKind),
    /// Numbers that stand for bytes are for one space alone.
    #[error("the space {space} computes with amounts, and the bytes of a text are none")]
    Text {
        /// The space.
        space: SpaceKind,
    },
    /// Nothing to classify.
    #[error("a network needs at least one output; the task has no class")]
    Classes,
}

/// Opens the space `kind` for a task.
pub fn open(kind: SpaceKind, task: Task) -> Result<Box<dyn Space>, SpaceError> {
    open_narrowed(kind, task, &Narrowing::default())
}

/// Opens what `allowed` leaves of the space `kind`.
pub fn open_narrowed(
    kind: SpaceKind,
    task: Task,
    allowed: &Narrowing,
) -> Result<Box<dyn Space>, SpaceError> {
    if task.classes == 0 {
        return Err(SpaceError::Classes);
    }
    if allowed.hop.is_some() && kind != SpaceKind::Recurrent {
        return Err(SpaceError::Whole(kind));
    }
    if let Some(range) = &allowed.bottleneck
        && kind != SpaceKind::Autoencoder
    {
        return Err(SpaceError::Narrow {
            space: kind,
            what: "bottleneck",
            allowed: format!("{range:?}"),
            offered: "none".into(),
        });
    }
    if task.tokens.is_some() && kind != SpaceKind::Text {
        return Err(SpaceError::Text { space: kind });
    }
    Ok(match kind {
        SpaceKind::Cnn2d => Box::new(Cnn2d::new(task, allowed)?),
        SpaceKind::Cnn1d => Box::new(Cnn1d::new(task, allowed)?),
        SpaceKind::Mlp => Box::new(Mlp::new(task, allowed)?),
        SpaceKind::Recurrent => Box::new(Recurrent::new(task, allowed)?),
        SpaceKind::Autoencoder => Box::new(Autoencoder::new(task, allowed)?),
        SpaceKind::Text => Box::new(Text::new(task, allowed)?),
    })
}

/// The choices of `all` that are at most `largest`, and the first one in any case.
fn up_to(all: &[usize], largest: usize) -> Vec<usize> {
    let mut fitting: Vec<usize> = all.iter().copied().filter(|&x| x <= largest).collect();
    if fitting.is_empty() {
        fitting.extend(all.first());
    }
    fitting
}

#[cfg(test)]
mod tests;
