//! Steps of a final training that take something out of the network.

use ember_ir::Graph;

use super::{Stage, Training};
use crate::compress::low_rank::{Factor, factorise};
use crate::compress::prune::prune;
use crate::compress::{Reduction, learned, magnitude};
use crate::finalize::FinalizeError;
use crate::teach::{Teachers, run_seed};
use crate::trainer::Epoch;
use crate::weights::Weights;

impl Training<'_> {
    pub(super) fn prune(
        &self,
        stage: Stage,
        reduction: &Reduction,
        teachers: &Teachers,
    ) -> Result<Stage, FinalizeError> {
        let widths = &reduction.widths;
        if widths.is_empty() {
            return Ok(stage);
        }
        let (stage, importance) = self.ranked(stage, reduction.masked, teachers)?;
        let (graph, weights) = prune(&stage.graph, &stage.weights, &importance, widths);
        self.recovered(
            graph,
            weights,
            format!("{} {widths:?}", stage.key),
            teachers,
        )
    }

    /// How important the channels are, and the network that this was found out of: trained on with masks
    /// that close so many per mille, if there are to be any.
    pub(super) fn ranked(
        &self,
        stage: Stage,
        masked: u16,
        teachers: &Teachers,
    ) -> Result<(Stage, Vec<f64>), FinalizeError> {
        let magnitude = magnitude(&stage.graph, &stage.weights);
        if masked == 0 {
            return Ok((stage, magnitude));
        }
        let recipe = &self.recipe.recovery;
        let key = format!("{} {masked} per mille masked {recipe:?}", stage.key);
        let Stage { graph, weights, .. } = stage;
        let seed = run_seed(self.seed, 0);
        let run = |start, progress: &(dyn Fn(Epoch) + Sync)| {
            let session = self.session(&graph, recipe, seed, &teachers.networks, progress);
            let (weights, importance) = learned(session, start, f32::from(masked) / 1000.0)?;
            // As they are kept, so that the next session ranks alike.
            Ok((weights, importance.iter().map(|&x| x as f32).collect()))
        };
        let (weights, importance) = self.recalled(weights, magnitude.len(), recipe, &key, run)?;
        let importance = importance.into_iter().map(f64::from).collect();
        let stage = Stage {
            graph,
            weights,
            key,
        };
        Ok((stage, importance))
    }

    pub(super) fn factorise(
        &self,
        stage: Stage,
        factors: &[Factor],
        teachers: &Teachers,
    ) -> Result<Stage, FinalizeError> {
        if factors.is_empty() {
            return Ok(stage);
        }
        let (graph, weights) = factorise(&stage.graph, &stage.weights, factors);
        self.recovered(
            graph,
            weights,
            format!("{} {factors:?}", stage.key),
            teachers,
        )
    }

    /// Trains on after something was taken out.
    fn recovered(
        &self,
        graph: Graph,
        weights: Weights,
        key: String,
        teachers: &Teachers,
    ) -> Result<Stage, FinalizeError> {
        let recipe = &self.recipe.recovery;
        let key = format!("{key} {recipe:?}");
        let seed = run_seed(self.seed, 0);
        let weights = self.learned(&graph, weights, recipe, seed, &teachers.networks, &key)?;
        Ok(Stage {
            graph,
            weights,
            key,
        })
    }
}
