//! The search as plots: what accuracy costs, and how it was found.

use ember_search::{Cost, Outcome, Scored};

use super::Page;
use super::markup::{percent, section, sentence};
use super::plot::{Plot, Point, draw};
use super::sections::count;
use super::tables::table;
use crate::pipeline::report::thousands;

const KEYS: &str = "<div class=\"keys\"><i style=\"background: var(--accent)\"></i>chosen\
    <i style=\"background: var(--front)\"></i>Pareto front\
    <i style=\"background: var(--point)\"></i>other candidates; dashed: the limit</div>\n";

/// What of a network's costs is on an axis.
type Price = fn(&Cost) -> f64;

/// Accuracy against what it costs.
pub(super) fn pareto(page: &Page<'_>) -> String {
    let limits = page.constraints;
    let axes: [(&str, Price, Option<f64>); 3] = [
        (
            "flash, bytes",
            |cost| cost.flash_bytes as f64,
            Some(limits.flash_bytes as f64),
        ),
        (
            "RAM, bytes",
            |cost| cost.ram_bytes as f64,
            Some(limits.ram_bytes as f64),
        ),
        ("instructions", |cost| cost.instructions as f64, None),
    ];
    let mut plots = String::new();
    for (name, of, limit) in axes {
        let plot = Plot {
            x_name: name.into(),
            y_name: format!("int8 validation {}, %", page.metric.name()),
            points: points(page, |scored| of(&scored.cost)),
            line: staircase(page, of),
            limit,
            wide: 1.0,
        };
        plots.push_str(&format!("<div class=\"panel\">{}</div>\n", draw(&plot)));
    }
    section(
        &format!("{} and what it costs", sentence(page.metric.name())),
        "Every candidate of the search, as predicted for the whole firmware and scored in int8 on the \
         validation set. The line joins those that no other one beats in both.",
        &format!("<div class=\"plots\">\n{plots}</div>\n{KEYS}"),
    )
}

/// Candidates as points, the important ones last.
fn points(page: &Page<'_>, x: impl Fn(&Scored) -> f64) -> Vec<Point> {
    let outcome = page.outcome;
    let highest = outcome.scored.iter().map(|s| s.rung).max().unwrap_or(0);
    let class = |index: usize, scored: &Scored| {
        if scored.id.0 == page.chosen {
            "chosen"
        } else if outcome.pareto.contains(&index) {
            "front"
        } else if scored.rung < highest {
            "early"
        } else {
            "point"
        }
    };
    let mut points: Vec<Point> = outcome
        .scored
        .iter()
        .enumerate()
        .map(|(index, scored)| Point {
            x: x(scored),
            y: f64::from(100.0 * scored.score.accuracy),
            class: class(index, scored),
            about: format!(
                "candidate {}: {} int8, {} float; {} B flash, {} B RAM, {} instructions",
                scored.id.0,
                percent(scored.score.accuracy),
                percent(scored.score.float_accuracy),
                thousands(scored.cost.flash_bytes),
                thousands(scored.cost.ram_bytes),
                count(scored.cost.instructions)
            ),
        })
        .collect();
    let rank = |class: &str| {
        ["early", "point", "front", "chosen"]
            .iter()
            .position(|c| *c == class)
    };
    points.sort_by_key(|point| rank(point.class));
    points
}

/// The best accuracy up to each cost, as a line that rises in steps.
fn staircase(page: &Page<'_>, of: Price) -> Vec<[f64; 2]> {
    let highest = page
        .outcome
        .scored
        .iter()
        .map(|s| s.rung)
        .max()
        .unwrap_or(0);
    let mut all: Vec<[f64; 2]> = page
        .outcome
        .scored
        .iter()
        .filter(|scored| scored.rung == highest)
        .map(|scored| [of(&scored.cost), f64::from(100.0 * scored.score.accuracy)])
        .collect();
    all.sort_by(|a, b| a[0].total_cmp(&b[0]).then(b[1].total_cmp(&a[1])));
    let mut line: Vec<[f64; 2]> = Vec::new();
    for [x, y] in all {
        match line.last() {
            Some(&[_, best]) if y <= best => {}
            Some(&[_, best]) => line.extend([[x, best], [x, y]]),
            None => line.push([x, y]),
        }
    }
    line
}

/// The search, candidate by candidate.
pub(super) fn history(page: &Page<'_>) -> String {
    let outcome = page.outcome;
    let mut by_id: Vec<&Scored> = outcome.scored.iter().collect();
    by_id.sort_by_key(|scored| scored.id);
    let mut line: Vec<[f64; 2]> = Vec::new();
    for scored in by_id {
        let [x, y] = [scored.id.0 as f64, f64::from(100.0 * scored.score.accuracy)];
        let best = line.last().map_or(y, |&[_, best]| best);
        line.extend([[x, best], [x, best.max(y)]]);
    }
    let plot = Plot {
        x_name: "candidate".into(),
        y_name: format!("int8 validation {}, %", page.metric.name()),
        points: points(page, |scored| scored.id.0 as f64),
        line,
        limit: None,
        wide: 3.0,
    };
    let about = format!(
        "{} evaluations, {} networks scored, {} failed, {} on the Pareto front. The line is the best so far.",
        outcome.trials,
        outcome.scored.len(),
        outcome.failed.len(),
        outcome.pareto.len()
    );
    let body = format!(
        "<div class=\"panel\">{}</div>\n{KEYS}{}",
        draw(&plot),
        signals(outcome)
    );
    section("The search", &about, &body)
}

/// How well cheap signals foretold the final scores.
fn signals(outcome: &Outcome) -> String {
    if outcome.signals.is_empty() {
        return String::new();
    }
    let rows: Vec<(&str, Vec<String>)> = outcome
        .signals
        .iter()
        .map(|ranking| {
            let cells = vec![
                ranking.signal.clone(),
                format!("{:+.2}", ranking.spearman),
                ranking.networks.to_string(),
            ];
            ("", cells)
        })
        .collect();
    let head = [
        "signal",
        "Spearman's correlation with the final score",
        "networks",
    ];
    format!("<div class=\"panel\">{}</div>\n", table(&head, &rows))
}
