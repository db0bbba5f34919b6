//! What the network does, and keys that do not go with it.

use ember_search::StrategyKind;

use super::Split;
use super::job::TaskJob;
use super::problem::Problem;
use super::values::Values;

/// Keys that only classifiers have.
const OF_CLASSIFIERS: &[(&str, &str)] = &[
    ("train", "label_smoothing"),
    ("train", "mixup"),
    ("train", "rotation"),
    ("train", "scale"),
    ("train", "shift"),
    ("train", "elastic"),
    ("train", "warp"),
    ("train", "speed"),
];

/// Keys that only `task = "anomaly"` has.
const OF_ANOMALIES: &[(&str, &str)] = &[("data", "normal"), ("model", "false_alarms")];

pub(super) fn task_job(values: &Values, problems: &mut Vec<Problem>) -> TaskJob {
    let refuse = |keys: &[(&'static str, &'static str)], why: &str, help: &str| -> Vec<Problem> {
        let given = keys
            .iter()
            .filter_map(|&(section, name)| Some((name, values.span(section, name)?)));
        given
            .map(|(name, span)| {
                let problem = Problem::new(format!("`{name}` {why}")).at(Some(span));
                problem.help(help.to_string())
            })
            .collect()
    };
    let space = values.text("search", "space").unwrap_or("auto");
    let of_space = |what: String| Problem::new(what).at(values.span("search", "space"));
    match values.text("model", "task") {
        Some("anomaly") => {
            problems.extend(refuse(
                OF_CLASSIFIERS,
                "does not go with task = \"anomaly\"",
                "leave it out; `noise` is what the input of a network that rebuilds it is varied by",
            ));
            if !matches!(space, "auto" | "autoencoder") {
                let what = format!("the space {space} has no networks that rebuild their input");
                problems.push(of_space(what).help("leave it out, or take \"autoencoder\""));
            }
            problems.extend(strategy(values));
            let parts = [
                ("input", values.text("board", "input") != Some("whole")),
                ("hop", values.span("board", "hop").is_some()),
            ];
            for (key, _) in parts.into_iter().filter(|(_, in_parts)| *in_parts) {
                let problem = Problem::new("an anomaly score needs the sample as a whole");
                let problem = problem.at(values.span("board", key));
                problems.push(problem.help(format!("leave `{key}` out")));
            }
            if matches!(values.split("data", "validation"), Split::Folds(_)) {
                let problem = Problem::new(
                    "the threshold of anomalies needs samples that the network has not been trained on",
                );
                let problem = problem.at(values.span("data", "validation"));
                problems.push(problem.help("take a fraction or groups instead of folds"));
            }
            let normal = values.texts("data", "normal").to_vec();
            if normal.is_empty() {
                let problem = Problem::new("task = \"anomaly\" needs `normal` in [data]");
                let span = values.span("data", "normal");
                let problem = problem.at(span.or_else(|| values.span("model", "task")));
                problems.push(problem.help(
                    "add `normal = \"name\"` under [data], the class of normal samples; all other classes are anomalies",
                ));
            }
            TaskJob::Anomaly {
                normal,
                false_alarms: values.number("model", "false_alarms"),
            }
        }
        _ => {
            problems.extend(refuse(
                OF_ANOMALIES,
                "is for task = \"anomaly\"",
                "set `task = \"anomaly\"` under [model], or leave it out",
            ));
            if space == "autoencoder" {
                let what = "an autoencoder tells no classes apart".into();
                problems.push(
                    of_space(what)
                        .help("set `task = \"anomaly\"` under [model], or leave the space out"),
                );
            }
            TaskJob::Classification
        }
    }
}

/// A strategy that autoencoders cannot be found by.
fn strategy(values: &Values) -> Option<Problem> {
    let name = values.text("search", "strategy")?;
    let all = StrategyKind::ALL.into_iter();
    let (gradient, others): (Vec<_>, Vec<_>) = all.partition(|kind| kind.follows_a_gradient());
    gradient.iter().find(|kind| kind.name() == name)?;
    let others: Vec<&str> = others.iter().map(|kind| kind.name()).collect();
    let problem = Problem::new(format!(
        "{name} follows the gradient of a network of all networks, and autoencoders have none"
    ));
    let problem = problem.at(values.span("search", "strategy"));
    Some(problem.help(format!("these search autoencoders: {}", others.join(", "))))
}
