//! What a reader of the crate wants to know, as text: once for the source's documentation and once
//! for the README.

use ember_ir::{Activation, Graph, Node, Op, Quant, Shape, TensorId, WeightType, Window2d};

use super::markdown::{table, text, thousands};
use super::provenance::Provenance;
use super::{anomaly, chain, front};
use crate::cost::constant_bytes;
use crate::plan::{self, Chain, Planned};

/// One line about a node: `conv2d 3x3, stride 2x2, relu`.
pub(super) fn operator(node: &Node) -> String {
    let op = &node.op;
    let mut text = op.name().to_owned();
    match op {
        Op::Conv2d(op) => window(&mut text, &op.window),
        Op::DepthwiseConv2d(op) => window(&mut text, &op.window),
        Op::AveragePool2d(op) => window(&mut text, &op.window),
        Op::MaxPool2d(op) => window(&mut text, &op.window),
        Op::Unary(op) => {
            text.clear();
            text.push_str(op.function.name());
        }
        Op::TransposeConv2d(op) => {
            let ([kh, kw], [sh, sw]) = (op.kernel, op.stride);
            text += &format!(" {kh}x{kw}, stride {sh}x{sw}");
        }
        Op::Svdf(op) => {
            text += &format!(" of {} units, {} steps", op.units, op.memory);
        }
        Op::Recurrent(op) => {
            text += &format!(" of {} units", op.hidden);
            if op.stateful {
                text.push_str(", stateful");
            }
        }
        Op::DartsCell(op) => {
            let nodes = op.nodes.as_slice().len();
            text += &format!(" of {} units, {nodes} nodes", op.hidden);
            if op.stateful {
                text.push_str(", stateful");
            }
        }
        Op::Lstm(op) => {
            text += &format!(" of {} units", op.hidden);
            if op.stateful {
                text.push_str(", stateful");
            }
        }
        Op::Dense(_)
        | Op::Add(_)
        | Op::Mean(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Matmul(_)
        | Op::ResizeBilinear(_)
        | Op::Constant(_) => {}
    }
    match op.activation() {
        Activation::None => {}
        Activation::Relu => text.push_str(", relu"),
        Activation::Relu6 => text.push_str(", relu6"),
    }
    match node.weights {
        WeightType::Int8 => {}
        WeightType::Int4 => text.push_str(", int4 weights"),
    }
    text
}

fn window(text: &mut String, window: &Window2d) {
    let pair = |[h, w]: [usize; 2]| format!("{h}x{w}");
    *text += &format!(" {}", pair(window.kernel));
    if window.stride != [1, 1] {
        *text += &format!(", stride {}", pair(window.stride));
    }
    if window.dilation != [1, 1] {
        *text += &format!(", dilation {}", pair(window.dilation));
    }
}

/// `8x8x1 -> 8x8x4`.
pub(super) fn shapes(graph: &Graph, node: &Node) -> String {
    let inputs: Vec<String> = node
        .inputs
        .iter()
        .map(|&id| graph.tensor(id).shape.to_string())
        .collect();
    match inputs.is_empty() {
        true => graph.output_shape(node).to_string(),
        false => format!("{} -> {}", inputs.join(" + "), graph.output_shape(node)),
    }
}

/// A Markdown table of the layers in execution order.
pub(super) fn layer_table(planned: &Planned) -> Vec<String> {
    let graph = &planned.network().graph;
    let mut rows = vec![
        [
            "layer",
            "operator",
            "input -> output",
            "MACs",
            "flash bytes",
            "arena bytes",
        ]
        .map(str::to_owned),
    ];
    for &id in &graph.inputs {
        let arena = place(planned, id);
        rows.push([
            text(&graph.tensor(id).name),
            "input".to_owned(),
            graph.tensor(id).shape.to_string(),
            String::new(),
            String::new(),
            arena,
        ]);
    }
    let (mut macs, mut bytes) = (0, 0);
    for &index in &planned.plan().order {
        let node = &graph.nodes[index];
        let node_macs = node
            .op
            .macs(graph.input_shape(node), graph.output_shape(node));
        let node_bytes = constant_bytes(graph, node, planned.isa());
        macs += node_macs;
        bytes += node_bytes;
        rows.push([
            text(graph.node_name(node)),
            operator(node),
            shapes(graph, node),
            thousands(node_macs),
            thousands(node_bytes as u64),
            place(planned, node.output),
        ]);
    }
    rows.push([
        "**all**".to_owned(),
        String::new(),
        String::new(),
        thousands(macs),
        thousands(bytes as u64),
        thousands(planned.plan().arena_bytes as u64),
    ]);
    let mut lines = table(&rows);
    lines.extend(chain::documentation(planned));
    lines
}

/// `64..576`: the tensor's bytes.
fn place(planned: &Planned, id: TensorId) -> String {
    let region = planned.plan().regions[id.0];
    if region.bytes == 0 {
        return "in flash".to_owned();
    }
    let bytes = planned.graph().tensor(id).bytes();
    let lines = planned
        .plan()
        .chain
        .iter()
        .flat_map(Chain::lines)
        .find(|lines| lines.tensor == id && region.bytes < bytes);
    let rows = lines.map_or_else(String::new, |lines| {
        let (rows, all) = (region.bytes / lines.row, bytes / lines.row);
        format!(" ({rows} of {all} rows)")
    });
    format!("{}..{}{rows}", region.offset, region.end())
}

/// The map of the arena in a fenced block.
pub(super) fn arena_section(planned: &Planned) -> Vec<String> {
    let map = plan::map(&planned.network().graph, planned.plan());
    let mut lines = vec![
        "One line per step, addresses from left to right. A step shows the tensors that are live"
            .to_owned(),
        "while it runs, the one it writes in upper case; `.` is free.".to_owned(),
        String::new(),
        "```text".to_owned(),
    ];
    lines.extend(map.lines().map(str::to_owned));
    lines.push("```".to_owned());
    lines
}

/// What goes in and what comes out.
pub(super) fn interface(planned: &Planned, provenance: &Provenance) -> Vec<String> {
    let network = planned.network();
    let graph = &network.graph;
    let mut lines = planned
        .front()
        .map(front::documentation)
        .unwrap_or_default();
    if let calls @ 2.. = planned.calls() {
        lines.push(format!(
            "* A stream, fed as it comes: a call takes the next steps and gives the output so far. Trained and \
             tested on windows of {calls} calls, each from `reset`"
        ));
    }
    for (what, ids) in [("Input", &graph.inputs), ("Output", &graph.outputs)] {
        for &id in ids {
            let tensor = graph.tensor(id);
            let quant = network.quants[id.0];
            lines.push(format!(
                "* {what} `{}`: {} {} values{}, {}",
                text(&tensor.name),
                tensor.shape.elements(),
                tensor.element.name(),
                order(&tensor.shape),
                quantisation(quant),
            ));
        }
        let details = if what == "Input" {
            &provenance.inputs
        } else {
            &provenance.classes
        };
        for (index, detail) in details.iter().enumerate() {
            let role = if what == "Input" { "channel" } else { "output" };
            lines.push(format!("  * {role} {index}: {}", text(detail)));
        }
    }
    if let Some(scoring) = anomaly::scoring(planned, provenance) {
        lines.push(anomaly::documentation(scoring));
    }
    lines
}

/// The widest type of a network's activations.
pub(super) fn integers(graph: &Graph) -> &'static str {
    let elements = graph.tensors.iter().map(|tensor| tensor.element);
    elements.max().unwrap_or_default().name()
}

/// In which order the values lie.
fn order(shape: &Shape) -> String {
    match shape.hwc() {
        Some([h, w, c]) => format!(" ({h} rows of {w} columns of {c} channels)"),
        None => String::new(),
    }
}

/// How a value q stands for a real number.
fn quantisation(Quant { scale, zero_point }: Quant) -> String {
    match zero_point {
        0 => format!("real = q * {scale:?}"),
        1.. => format!("real = (q - {zero_point}) * {scale:?}"),
        _ => format!("real = (q + {}) * {scale:?}", zero_point.unsigned_abs()),
    }
}

/// Where the model comes from, one fact per line.
pub(super) fn origin(provenance: &Provenance) -> Vec<String> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            facts.push(format!("* {name}: {value}"));
        }
    };
    for (name, value) in &provenance.figures {
        fact(&text(name), text(value));
    }
    fact(
        "model",
        provenance.source.as_deref().map(text).unwrap_or_default(),
    );
    fact(
        "data",
        provenance.data.as_deref().map(text).unwrap_or_default(),
    );
    fact(
        "configuration",
        provenance
            .config_hash
            .as_deref()
            .map(text)
            .unwrap_or_default(),
    );
    fact(
        "seed",
        provenance
            .seed
            .map(|seed| seed.to_string())
            .unwrap_or_default(),
    );
    fact(
        "made by",
        format!("emberc {}", text(&provenance.tool_version))
            .trim()
            .to_owned(),
    );
    facts
}
