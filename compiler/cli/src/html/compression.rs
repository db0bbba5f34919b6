//! What compression did: from float to int8, and what each step brought.

use ember_search::{Cost, Metric};
use ember_train::{Method, Step};

use super::Page;
use super::markup::{percent, section, sentence};
use super::sections::count;
use super::tables::table;
use crate::pipeline::ablate::Ablation;
use crate::pipeline::compress::Tried;
use crate::pipeline::finalists::Finalist;
use crate::pipeline::replica::Spread;
use crate::pipeline::report::thousands;

/// Which accuracy of a step.
type Accuracy = fn(&Step) -> f32;

/// From the float network to the deployed one.
pub(super) fn compression(page: &Page<'_>) -> String {
    let floats = 4 * page.graph.parameters();
    let mut rows = vec![];
    if let Some(finals) = page.finals {
        let winner = finals.winner();
        let constants = page.footprint.constant_bytes;
        let steps: [(&str, usize, Accuracy, Method); 3] = [
            (
                "trained, float",
                floats,
                |step| step.accuracy_float,
                Method::PostTraining,
            ),
            (
                "int8, post-training",
                constants,
                |step| step.accuracy_int8,
                Method::PostTraining,
            ),
            (
                "int8, fine-tuned on its grid",
                constants,
                |step| step.accuracy_int8,
                Method::QuantizationAware,
            ),
        ];
        for (name, bytes, of, method) in steps {
            let Some(spread) = spread(winner, of, method) else {
                continue;
            };
            rows.push((
                "",
                vec![
                    name.into(),
                    spread.percent(),
                    "validation".into(),
                    thousands(bytes),
                ],
            ));
        }
    }
    let report = page.report;
    let [float, int8] = match &report.anomaly {
        None => [report.accuracy_float, report.accuracy_int8],
        Some(detection) => [detection.auc_float, detection.auc_int8],
    };
    let deployed = [
        ("deployed, float", float, floats),
        (
            "deployed, int8 on the device",
            int8,
            report.constants_linked_bytes,
        ),
    ];
    for (name, accuracy, bytes) in deployed {
        if let Some(accuracy) = accuracy {
            rows.push((
                "sum",
                vec![
                    name.into(),
                    percent(accuracy),
                    "test".into(),
                    thousands(bytes),
                ],
            ));
        }
    }
    let head = [
        "step",
        page.metric.name(),
        "on which set",
        "bytes of weights and constants",
    ];
    let about = format!(
        "{} after each step of the chosen network. The deployed network is trained once more, {}.",
        sentence(page.metric.name()),
        match page.metric {
            Metric::Accuracy => "on training and validation set together",
            Metric::Auc | Metric::ExplainedVariance => {
                "on the training set alone, because its threshold comes from the validation set"
            }
        }
    );
    section(
        "From float to int8",
        &about,
        &format!("<div class=\"panel\">{}</div>\n", table(&head, &rows)),
    )
}

/// Over the runs that have this step.
fn spread(finalist: &Finalist, of: Accuracy, method: Method) -> Option<Spread> {
    let steps = finalist.replicas.iter().flat_map(|replica| &replica.steps);
    let values: Vec<f32> = steps.filter(|step| step.method == method).map(of).collect();
    (!values.is_empty()).then(|| Spread::of(&values))
}

/// What was taken out, and what an ablation says of each step; nothing if there was neither.
pub(super) fn steps(page: &Page<'_>) -> String {
    let tried = page.reduced.tried.as_slice();
    if tried.is_empty() && page.ablation.is_none() {
        return String::new();
    }
    let mut body = String::new();
    if !tried.is_empty() {
        body.push_str(&panel(&taken_out(tried)));
    }
    if let Some(ablation) = page.ablation {
        body.push_str(&panel(&lines(ablation)));
        body.push_str(&panel(&brought(ablation)));
    }
    section(
        "What each step brought",
        "The chosen network with each step of compression switched on and off, with the same seeds, on the \
         validation set. Sizes are predicted. A difference below twice its error may be chance.",
        &body,
    )
}

fn panel(table: &str) -> String {
    format!("<div class=\"panel\">{table}</div>\n")
}

fn taken_out(tried: &[Tried]) -> String {
    let rows: Vec<(&str, Vec<String>)> = tried
        .iter()
        .map(|tried| {
            let mut cells = vec![tried.name.to_string(), tried.int8.percent()];
            cells.extend(sizes(&tried.cost));
            cells.push(if tried.is_kept { "kept" } else { "dropped" }.into());
            ("", cells)
        })
        .collect();
    let head = [
        "taken out in this run",
        "int8, mean ± sd",
        "flash",
        "RAM",
        "instructions",
        "",
    ];
    table(&head, &rows)
}

fn lines(ablation: &Ablation) -> String {
    let rows = ablation.lines.iter().enumerate().map(|(index, line)| {
        let mut cells = vec![line.name.clone(), line.int8.percent(), line.float.percent()];
        cells.extend(sizes(&line.cost));
        (if index == 0 { "chosen" } else { "" }, cells)
    });
    let head = [
        "network",
        "int8, mean ± sd",
        "float, mean ± sd",
        "flash",
        "RAM",
        "instructions",
    ];
    table(&head, &rows.collect::<Vec<_>>())
}

fn brought(ablation: &Ablation) -> String {
    let rows = ablation.steps.iter().map(|step| {
        let [points, error] = ablation.points(step);
        let [with, without] = [step.with, step.without].map(|index| &ablation.lines[index].cost);
        let difference = |of: fn(&Cost) -> i64| format!("{:+}", of(with) - of(without));
        let cells = vec![
            step.name.clone(),
            format!("{points:+.2} ± {error:.2}"),
            difference(|cost| cost.flash_bytes as i64),
            difference(|cost| cost.ram_bytes as i64),
            difference(|cost| cost.instructions as i64),
        ];
        ("", cells)
    });
    let head = [
        "step",
        "int8, points ± error",
        "flash",
        "RAM",
        "instructions",
    ];
    table(&head, &rows.collect::<Vec<_>>())
}

fn sizes(cost: &Cost) -> [String; 3] {
    [
        thousands(cost.flash_bytes),
        thousands(cost.ram_bytes),
        count(cost.instructions),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::ablate::{self, Line};

    #[test]
    fn a_step_is_the_difference_of_two_lines() {
        let line = |name: &str, mean: f32, flash_bytes| Line {
            name: name.into(),
            int8: Spread {
                mean,
                deviation: 0.003,
            },
            float: Spread {
                mean,
                deviation: 0.0,
            },
            cost: Cost {
                flash_bytes,
                ram_bytes: 900,
                arena_bytes: 500,
                instructions: 12_000,
                macs: 4000,
            },
        };
        let ablation = Ablation {
            network: 3,
            architecture: "conv 8 k3 | mean".into(),
            seeds: 2,
            metric: Metric::Accuracy,
            lines: vec![
                line("as configured", 0.97, 9000),
                line("pruned <half>", 0.96, 7000),
            ],
            steps: vec![ablate::Step {
                name: "pruning".into(),
                with: 1,
                without: 0,
            }],
        };
        let text = brought(&ablation);
        for cell in ["-1.00 ± 0.30", "-2000", "+0"] {
            assert!(text.contains(&format!("<td>{cell}</td>")), "{cell}: {text}");
        }
        assert!(lines(&ablation).contains("pruned &lt;half&gt;"));
    }
}
