//! Architecture search: which network to train next, until the best one within the limits is found.
//!
//! Owns: the spaces of networks, the hard filter of limits with its repair, the strategies, the
//! journal and the choice of the result. Must not know: burn, files, printing, the clock; whoever
//! trains implements [`Evaluate`] (and [`Relax`] for strategies that follow a gradient), whoever writes gives a [`Sink`], whoever has a watch gives a
//! closure.
//!
//! Reading order: [`mod@search`] (the pipeline), [`space`], [`constraint`], [`price`], [`repair`], [`strategy`],
//! [`evaluate`], [`supernet`], [`probe`], [`journal`], [`pareto`], [`choose`], [`tabular`] (searches without training).
#![forbid(unsafe_code)]

mod archive;
pub mod bottleneck;
pub mod choose;
pub mod constraint;
mod driver;
pub mod evaluate;
pub mod journal;
pub mod metric;
pub mod pareto;
pub mod price;
pub mod probe;
mod rank;
pub mod repair;
pub mod search;
pub mod settings;
mod signals;
pub mod space;
pub mod strategy;
pub mod supernet;
pub mod tabular;
mod workers;

pub use constraint::{Constraints, Cost, Price, Resource, Violation};
pub use evaluate::{
    Budget, Candidate, CandidateId, Evaluate, EvaluateError, Parent, Score, Uncertainty,
};
pub use journal::{Event, History, Identity, JournalError, Sink};
pub use metric::Metric;
pub use price::PlannerPrice;
pub use probe::{Probe, Ranking};
pub use search::{
    Failed, Happened, Outcome, Progress, Scored, SearchError, Session, Setup, Stopped, search,
};
pub use settings::{Settings, Stop};
pub use space::{Architecture, Space, SpaceError, SpaceKind, Task};
pub use strategy::{Evolution, StrategyKind};
pub use supernet::{Gates, Order, Relax, Slope, Supernet};

/// The generator behind every random choice of a search; one stream per question, so that a choice
/// depends on the seed and the question's number only.
pub type SearchRng = rand_chacha::ChaCha8Rng;
