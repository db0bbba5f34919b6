//! The table of networks that `search` and `watch` print.

use ember_search::{Cost, Score};
use serde::Serialize;

use crate::pipeline::report::thousands;

/// A network of a search.
#[derive(Clone, Debug, Serialize)]
pub struct Network {
    /// Its number.
    pub candidate: u64,
    /// How far its training goes, or went.
    pub rung: usize,
    /// Its predicted price.
    #[serde(flatten)]
    pub cost: Cost,
    /// `None` while it is trained.
    #[serde(flatten)]
    pub score: Option<Score>,
}

/// A heading and a line per network, with a mark behind it.
pub fn table<'a>(
    title: &str,
    networks: impl IntoIterator<Item = &'a Network>,
    mark: impl Fn(&Network) -> &'static str,
) -> String {
    let whole = |number: u64| thousands(usize::try_from(number).unwrap_or(usize::MAX));
    let mut text = format!(
        "  {title:>12} {:>5} {:>8} {:>8} {:>9} {:>9} {:>13} {:>10}\n",
        "rung", "int8", "float", "flash", "RAM", "instructions", "MACs"
    );
    for network in networks {
        let percent = |of: fn(&Score) -> f32| match &network.score {
            Some(score) => format!("{:.2} %", 100.0 * of(score)),
            None => "…".into(),
        };
        text.push_str(&format!(
            "  {:>12} {:>5} {:>8} {:>8} {:>9} {:>9} {:>13} {:>10}{}\n",
            network.candidate,
            network.rung,
            percent(|score| score.accuracy),
            percent(|score| score.float_accuracy),
            thousands(network.cost.flash_bytes),
            thousands(network.cost.ram_bytes),
            whole(network.cost.instructions),
            whole(network.cost.macs),
            mark(network),
        ));
    }
    text
}
