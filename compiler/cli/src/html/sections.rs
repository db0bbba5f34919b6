//! What the page says, section by section.

use ember_codegen::cost::LayerCost;
use ember_ir::WeightType;
use ember_search::Metric;

use super::markup::{escaped, percent, section};
use super::tables::{bar, confusion as matrix, table};
use super::{Page, memory as arena, network as drawing};
use crate::config::size;
use crate::pipeline::report::thousands;

/// The name and the figures that matter most.
pub(super) fn summary(page: &Page<'_>) -> String {
    let report = page.report;
    let mut cards = Vec::new();
    if let Some(accuracy) = report.accuracy_int8 {
        let about = format!(
            "int8 accuracy on the device, {} test samples",
            report.samples
        );
        cards.push(card(&percent(accuracy), &about, None));
    }
    if let Some(detection) = &report.anomaly {
        let share = |part: f32, about: &str| card(&percent(part), about, None);
        let samples = report.samples;
        let about = format!("int8 AUC on the device, {samples} test samples");
        cards.extend(detection.auc_int8.map(|auc| share(auc, &about)));
        let about = "of the anomalies are above the threshold";
        cards.extend(detection.recall.map(|recall| share(recall, about)));
        let about = "of the normal test samples are above the threshold";
        cards.extend(detection.false_alarm_rate.map(|rate| share(rate, about)));
    }
    if let Some(replicated) = &report.replicated {
        let metric = match replicated.metric {
            Metric::Accuracy => String::new(),
            other => format!("{} ", other.name()),
        };
        let about = format!(
            "int8 {metric}on the validation set, {} seeds",
            replicated.seeds
        );
        cards.push(card(&replicated.int8.percent(), &about, None));
    }
    let room = |name: &str, used: usize, limit: usize| {
        let part = used as f64 / limit.max(1) as f64;
        card(
            &format!("{} B", thousands(used)),
            &format!("{name}, {:.0} % of {}", 100.0 * part, size::show(limit)),
            Some(part),
        )
    };
    cards.push(room(
        "flash",
        report.flash_linked_bytes,
        report.flash_limit_bytes,
    ));
    cards.push(room(
        "RAM with stack",
        report.ram_bytes(),
        report.ram_limit_bytes,
    ));
    if let Some(instructions) = report.instructions {
        let about = match report.calls {
            1 => "instructions per inference, counted",
            _ => "instructions per call, counted",
        };
        cards.push(card(&count(instructions), about, None));
    }
    let equal = format!("{} of {}", report.samples_equal, report.samples);
    cards.push(card(
        &equal,
        "samples equal to the host in every output",
        None,
    ));
    format!(
        "<h1>{}</h1>\n<p>Firmware for {}. Chosen: {}.</p>\n<div class=\"cards\">\n{}</div>\n",
        escaped(page.name),
        escaped(&report.board),
        escaped(page.why),
        cards.concat()
    )
}

fn card(figure: &str, about: &str, part: Option<f64>) -> String {
    let meter = part.map_or_else(String::new, |part| {
        let width = 100.0 * part.clamp(0.0, 1.0);
        format!("<div class=\"meter\"><i style=\"width: {width:.1}%\"></i></div>")
    });
    format!(
        "<div class=\"card\"><b>{}</b><span>{}</span>{meter}</div>\n",
        escaped(figure),
        escaped(about)
    )
}

/// The finalists over their seeds.
pub(super) fn seeds(page: &Page<'_>) -> String {
    let Some(finals) = page.finals else {
        return String::new();
    };
    let rows: Vec<(&str, Vec<String>)> = finals
        .finalists
        .iter()
        .enumerate()
        .map(|(index, finalist)| {
            let runs = finalist
                .replicas
                .iter()
                .map(|run| percent(run.accuracy_int8));
            let class = if index == finals.chosen { "chosen" } else { "" };
            let cells = vec![
                format!("candidate {}", finalist.candidate),
                percent(finalist.searched),
                finalist.float().percent(),
                finalist.int8().percent(),
                percent(finalist.worth()),
                runs.collect::<Vec<_>>().join(" · "),
            ];
            (class, cells)
        })
        .collect();
    let head = [
        "finalist",
        "in the search",
        "float, mean ± sd",
        "int8, mean ± sd",
        "int8, mean − sd",
        "its runs, int8",
    ];
    section(
        "Does it replicate?",
        "The best networks of the search, trained again in full with several seeds on the training set \
         and judged on the validation set. The choice is by mean − deviation; the test set is not seen.",
        &format!("<div class=\"panel\">{}</div>\n", table(&head, &rows)),
    )
}

/// The network drawn.
pub(super) fn network(page: &Page<'_>) -> String {
    section(
        "The network",
        "Nodes in the order in which they run, each with its operator and the shape of its output \
         (height × width × channels).",
        &format!(
            "<div class=\"panel\">{}</div>\n",
            drawing::draw(page.graph, page.plan)
        ),
    )
}

/// A line per layer.
pub(super) fn layers(page: &Page<'_>) -> String {
    let (graph, footprint) = (page.graph, page.footprint);
    let all = footprint
        .layers
        .iter()
        .map(|layer| layer.instructions)
        .sum::<u64>()
        .max(1);
    let line = |class: &'static str,
                name: &str,
                op: &str,
                shape: String,
                params: usize,
                layer: &LayerCost| {
        let share = layer.instructions as f64 / all as f64;
        let share = if class == "sum" {
            String::new()
        } else {
            bar(share)
        };
        let cells = vec![
            name.to_string(),
            op.to_string(),
            shape,
            thousands(params),
            count(layer.macs),
            thousands(layer.constant_bytes),
            count(layer.instructions),
            share,
        ];
        (class, cells)
    };
    let mut rows = Vec::new();
    for &index in &page.plan.order {
        let node = &graph.nodes[index];
        let input = graph.input_shape(node);
        let weights = node
            .op
            .weight_shape(input)
            .map_or(0, |shape| shape.elements());
        let params = weights + node.op.weight_channels(input).unwrap_or(0);
        let shape = graph.output_shape(node).to_string();
        let (name, layer) = (graph.node_name(node), &footprint.layers[index]);
        let op = match node.weights {
            WeightType::Int8 => node.op.name().to_owned(),
            WeightType::Int4 => format!("{}, int4 weights", node.op.name()),
        };
        rows.push(line("", name, &op, shape, params, layer));
    }
    let sum = LayerCost {
        macs: footprint.macs,
        constant_bytes: footprint.constant_bytes,
        instructions: footprint.instructions,
        ..LayerCost::default()
    };
    rows.push(line(
        "sum",
        "all",
        "",
        String::new(),
        graph.parameters(),
        &sum,
    ));
    let head = [
        "layer",
        "operator",
        "output",
        "parameters",
        "MACs",
        "bytes in flash",
        "instructions",
        "share",
    ];
    section(
        "Layer by layer",
        "As predicted before anything was built; the build and the run are checked against it.",
        &format!("<div class=\"panel\">{}</div>\n", table(&head, &rows)),
    )
}

/// The arena over time.
pub(super) fn memory(page: &Page<'_>) -> String {
    let about = format!(
        "The arena of {} bytes, step by step: each tensor from the layer that makes it to its last \
         reader, scratch in grey. Point at a rectangle for its bytes.",
        thousands(page.plan.arena_bytes)
    );
    let body = format!(
        "<div class=\"panel\">{}</div>\n",
        arena::draw(page.graph, page.plan)
    );
    section("Memory over time", &about, &body)
}

/// What was taken for what.
pub(super) fn confusion(page: &Page<'_>) -> String {
    if page.confusion.is_empty() {
        return String::new();
    }
    section(
        "What is taken for what",
        "The int8 network on the test set: true classes in rows, answers in columns.",
        &format!(
            "<div class=\"panel\">{}</div>\n",
            matrix(page.classes, page.confusion)
        ),
    )
}

/// How to get the same again.
pub(super) fn reproduce(page: &Page<'_>) -> String {
    let rows: Vec<(&str, Vec<String>)> = page
        .provenance
        .iter()
        .map(|(name, value)| ("", vec![(*name).to_string(), value.clone()]))
        .collect();
    let body = format!(
        "<pre>{}</pre>\n<div class=\"panel\">{}</div>\n",
        escaped(page.command),
        table(&["", ""], &rows)
    );
    section(
        "The same again",
        "Everything random follows from the seed: on the same kind of machine the command gives the same \
         bytes.",
        &body,
    )
}

/// A count of 64 bits.
pub(super) fn count(number: u64) -> String {
    thousands(usize::try_from(number).unwrap_or(usize::MAX))
}
