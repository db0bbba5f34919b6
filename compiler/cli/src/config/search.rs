//! `[space]` and `[search]` as their part of a [`super::Job`], with all that is wrong with them.

use std::path::Path;

use ember_search::space::Narrowing;

use super::board::hop;
use super::job::{SearchJob, Template};
use super::problem::Problem;
use super::values::Values;

fn narrowing(values: &Values) -> Narrowing {
    let range = |key| values.range("space", key);
    Narrowing {
        depth: range("depth"),
        width: range("width"),
        bottleneck: range("bottleneck"),
        kernel: range("kernel"),
        stride: range("stride"),
        dilation: range("dilation"),
        pool: range("pool"),
        blocks: named(values.texts("space", "blocks")),
        heads: named(values.texts("space", "heads")),
        activations: named(values.texts("space", "activations")),
        hop: hop(values),
    }
}

/// Values by the names that the journal has for them; the table of keys lists no other.
fn named<T: serde::de::DeserializeOwned>(names: &[String]) -> Vec<T> {
    let value = |name: &String| serde_json::from_value(name.as_str().into());
    names
        .iter()
        .map(|name| {
            value(name).unwrap_or_else(|error| panic!("BUG: the key lists {name}: {error}"))
        })
        .collect()
}

/// The networks in the files of `template`.
fn templates(values: &Values, dir: &Path, problems: &mut Vec<Problem>) -> Vec<Template> {
    let files = values.texts("space", "template").iter();
    files
        .filter_map(|file| {
            let path = dir.join(file);
            let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
            let graph = text.and_then(|text| {
                ember_ir::text::parse_graph(&text).map_err(|error| error.to_string())
            });
            match graph {
                Ok(graph) => Some(Template {
                    file: file.clone(),
                    graph,
                }),
                Err(error) => {
                    problems.push(
                        Problem::new(format!("{}: {error}", path.display()))
                            .at(values.span("space", "template"))
                            .help(
                                "a template is a network in Ember's text form, such as \
                                 ember-out/NAME/NAME.ember of an earlier run; its path is relative to the \
                                 configuration",
                            ),
                    );
                    None
                }
            }
        })
        .collect()
}

pub(super) fn search_job(values: &Values, dir: &Path, problems: &mut Vec<Problem>) -> SearchJob {
    let text = |key| values.text("search", key).unwrap_or_default().to_string();
    let limit = |key| Some(values.integer("search", key) as u64).filter(|&limit| limit > 0);
    let (inherit, proxy_network) = (
        values.boolean("search", "inherit"),
        values.boolean("search", "proxy_network"),
    );
    if inherit && proxy_network && values.span("search", "inherit").is_some() {
        problems.push(
            Problem::new("`inherit` does not go with `proxy_network`: a copy of half the width has other weights")
                .at(values.span("search", "inherit"))
                .help("leave one of them out"),
        );
    }
    SearchJob {
        space: text("space"),
        narrowing: narrowing(values),
        templates: templates(values, dir, problems),
        strategy: text("strategy"),
        trials: values.integer("search", "trials") as usize,
        minutes: values.number("search", "minutes"),
        target_accuracy: values.number("search", "target_accuracy") as f32,
        patience: values.integer("search", "patience") as usize,
        instructions: limit("instructions"),
        macs: limit("macs"),
        seed: values.integer("search", "seed") as u64,
        second_order: values.boolean("search", "second_order"),
        proxies: values.boolean("search", "proxies"),
        inherit: inherit && !proxy_network,
        halving: values.boolean("search", "halving"),
        proxy_network,
        workers: values.integer("search", "workers") as usize,
    }
}
