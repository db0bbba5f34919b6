//! Makes the chosen network smaller: channels are cut out, layers are cut in two, weights become int4, and what
//! is left is trained with every seed that the network itself was judged with. A step is kept only if mean − deviation
//! of the int8 validation accuracy falls by no more than the tolerance, or if the network would not fit
//! without it. The planner prices what is left.

use ember_search::{Cost, Price as _};
use ember_train::{Reduction, Supervision, Training, Wish, int4_layers};

use super::price;
use super::replica::{Finish, Run, Spread, failed, judging, run_all};
use super::report::thousands;
use super::search::{self, Found};
use super::state::{Kept, State};
use crate::Error;
use crate::config::Job;
use crate::data::Parts;
use crate::interrupt::CANCEL;
use crate::progress::Progress;

/// What is taken out of the chosen network, and what it would have been.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reduced {
    /// What is taken out.
    pub reduction: Reduction,
    /// The steps that were tried, after the network itself.
    pub tried: Vec<Tried>,
}

/// A network with its price and its runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Tried {
    /// `as it was chosen`, `pruned`, `factorised` or `int4`.
    pub name: &'static str,
    /// Its predicted price.
    pub cost: Cost,
    /// Over all seeds, in int8, on the validation set.
    pub int8: Spread,
    /// Whether it is what goes on.
    pub is_kept: bool,
}

/// A way to make a network smaller.
enum Step {
    /// Channels, or ranks of layers.
    TakeOut(Wish),
    /// Half of every weight's bits.
    Halve,
}

/// Prunes, factorises and halves weights as far as the job wants it and accuracy allows.
pub fn compress(
    job: &Job,
    parts: &Parts,
    found: &Found,
    finish: &Finish,
    state: &State,
    progress: Progress,
) -> Result<Reduced, Error> {
    let wish = Wish {
        pruning: job.compress.pruning,
        learns: job.compress.masks,
        low_rank: job.compress.low_rank,
    };
    if wish.is_none() && !job.compress.int4 {
        return Ok(Reduced::default());
    }
    let judge = |reduction: &Reduction, name| -> Result<Tried, Error> {
        let finish = Finish {
            reduction: reduction.clone(),
            ..finish.clone()
        };
        Ok(Tried {
            name,
            cost: price(job, parts).price(&reduction.apply(&found.graph)),
            int8: judged(job, parts, found, &finish, state, progress)?,
            is_kept: true,
        })
    };
    let mut reduced = Reduced {
        reduction: Reduction::default(),
        tried: vec![judge(&Reduction::default(), "as it was chosen")?],
    };
    let least = reduced.tried[0].int8.worth() - job.compress.tolerance;
    let constraints = search::constraints(job);
    let steps = [
        (
            "pruned",
            Step::TakeOut(Wish {
                low_rank: 0.0,
                ..wish
            }),
        ),
        (
            "factorised",
            Step::TakeOut(Wish {
                pruning: 0.0,
                ..wish
            }),
        ),
        ("int4", Step::Halve),
    ];
    for (name, step) in steps {
        let so_far = reduced.reduction.clone();
        let reduction = match step {
            Step::TakeOut(wish) if wish.is_none() => continue,
            Step::TakeOut(wish) => propose(job, parts, found, finish, &so_far, wish, state)?,
            Step::Halve if !job.compress.int4 => continue,
            Step::Halve => halved(job, parts, found, &so_far),
        };
        if reduction == so_far {
            progress.say(format!("{name:>9} nothing that would make it smaller"));
            continue;
        }
        let mut tried = judge(&reduction, name)?;
        let fits = reduced.tried.iter().rfind(|tried| tried.is_kept);
        let fits = fits.is_none_or(|before| constraints.admit(&before.cost));
        tried.is_kept = tried.int8.worth() >= least || !fits;
        progress.say(format!(
            "{name:>9} {} int8 over {} seeds, {} B flash, {} B RAM: {}",
            tried.int8.percent(),
            job.train.seeds.max(1),
            thousands(tried.cost.flash_bytes),
            thousands(tried.cost.ram_bytes),
            if tried.is_kept { "kept" } else { "dropped" }
        ));
        if tried.is_kept {
            reduced.reduction = reduction;
        }
        reduced.tried.push(tried);
    }
    Ok(reduced)
}

/// Over all seeds of the chosen network, in int8, on the validation set.
fn judged(
    job: &Job,
    parts: &Parts,
    found: &Found,
    finish: &Finish,
    state: &State,
    progress: Progress,
) -> Result<Spread, Error> {
    let runs: Vec<Run<'_>> = judging(job, parts, &found.graph, found.chosen.seed, finish).collect();
    let replicas = run_all(parts, &runs, state, "compress", progress)?;
    Ok(Spread::over(&replicas, |replica| replica.accuracy_int8))
}

/// As before, and int4 weights where they make flash smaller.
pub fn halved(job: &Job, parts: &Parts, found: &Found, so_far: &Reduction) -> Reduction {
    let graph = so_far.apply(&found.graph);
    Reduction {
        int4: int4_layers(&graph, &price(job, parts), &search::constraints(job)),
        ..so_far.clone()
    }
}

/// What the first seed's weights suggest to take out beyond what is out already.
pub fn propose(
    job: &Job,
    parts: &Parts,
    found: &Found,
    finish: &Finish,
    so_far: &Reduction,
    wish: Wish,
    state: &State,
) -> Result<Reduction, Error> {
    let training = Training {
        graph: &found.graph,
        parts: &parts.for_training(),
        recipe: &finish.recipe,
        seed: found.chosen.seed,
        teachers: finish.teachers(0),
        keep: &Kept::of_training(state, 0),
        supervision: Supervision {
            cancel: &CANCEL,
            progress: &|_| {},
        },
    };
    training
        .reduction(so_far, wish, &price(job, parts))
        .map_err(failed)
}
