//! Networks that teach others: trained on the labels alone, several at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ember_ir::FloatGraph;

use crate::evaluate::single_threaded;
use crate::finalize::FinalizeError;
use crate::trainer::initial;
use crate::training::Training;
use crate::weights::export;

/// Trained networks that others learn from.
#[derive(Clone, PartialEq, Debug)]
pub struct Teachers {
    /// The networks.
    pub networks: Vec<FloatGraph>,
    /// All that they depend on beside the data.
    pub key: String,
}

/// So many runs of a network, trained on the labels alone, for others to learn from.
pub fn teach(training: Training<'_>, runs: usize) -> Result<Teachers, FinalizeError> {
    let seeds: Vec<u64> = (1..=runs as u64)
        .map(|run| run_seed(training.seed, run))
        .collect();
    let (graph, recipe) = (training.graph, &training.recipe.training);
    let networks = in_parallel(&seeds, training.recipe.workers, |&seed| {
        let key = format!("{graph:?} {recipe:?} {seed}");
        let start = initial(graph, seed);
        let weights = training.learned(graph, start, recipe, seed, &[], &key)?;
        Ok(export(graph, &weights))
    })?;
    let key = if runs == 0 {
        "nobody".into()
    } else {
        format!("{runs} runs of {graph:?} {recipe:?} {}", training.seed)
    };
    Ok(Teachers { networks, key })
}

/// Seeds of the runs of one final training: distinct, and far from those of other jobs' runs.
pub(crate) fn run_seed(seed: u64, run: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(run)
}

/// `work` on every item, on so many threads, each with a pool of its own for burn; results in the
/// items' order, and the first item's error if several fail.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    workers: usize,
    work: impl Fn(&T) -> Result<R, FinalizeError> + Sync,
) -> Result<Vec<R>, FinalizeError> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<R, FinalizeError>)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(item) = items.get(index)
                {
                    let result = single_threaded(|| work(item))
                        .unwrap_or_else(|error| Err(FinalizeError::Threads(error.to_string())));
                    results
                        .lock()
                        .unwrap_or_else(|poisoned| poisoned.into_inner())
                        .push((index, result));
                }
            });
        }
    });
    let mut results = results
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
