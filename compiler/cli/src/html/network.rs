//! The network as a drawing: nodes from top to bottom in the order in which they run, an arrow from each
//! output to its readers; arrows that pass nodes by lie to the right.

use std::fmt::Write as _;

use ember_codegen::plan::Plan;
use ember_ir::{Graph, Op, TensorId, Window2d};

use super::markup::escaped;

const LEFT: f64 = 8.0;
const BOX_WIDTH: f64 = 330.0;
const BOX_HEIGHT: f64 = 26.0;
const PITCH: f64 = 42.0;
/// Distance of two arrows that pass nodes by.
const LANE: f64 = 14.0;

/// The drawing.
pub(super) fn draw(graph: &Graph, plan: &Plan) -> String {
    let names = boxes(graph, plan);
    let arrows = arrows(graph, plan);
    let lanes = arrows.iter().filter(|[from, to]| to - from > 1).count();
    let width = LEFT + BOX_WIDTH + 20.0 + LANE * lanes as f64;
    let height = names.len() as f64 * PITCH;
    // Writing to a string cannot fail.
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg class=\"fixed\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"the network\">"
    );
    let middle = LEFT + 0.5 * BOX_WIDTH;
    let mut lane = 0;
    for &[from, to] in &arrows {
        let [leaves, arrives] = [
            from as f64 * PITCH + 4.0 + BOX_HEIGHT,
            to as f64 * PITCH + 4.0,
        ];
        if to - from == 1 {
            let _ = writeln!(
                svg,
                "<path class=\"edge\" d=\"M{middle} {leaves} V{arrives} m-3 -5 l3 5 l3 -5\"/>"
            );
            continue;
        }
        lane += 1;
        let side = LEFT + BOX_WIDTH;
        let far = side + 6.0 + LANE * f64::from(lane);
        let [leaves, arrives] = [leaves - BOX_HEIGHT / 2.0, arrives + BOX_HEIGHT / 2.0];
        let _ = writeln!(
            svg,
            "<path class=\"edge\" d=\"M{side} {leaves} H{:.1} Q{far:.1} {leaves} {far:.1} {:.1} \
             V{:.1} Q{far:.1} {arrives} {:.1} {arrives} H{side} m5 -3 l-5 3 l5 3\"/>",
            far - 6.0,
            leaves + 6.0,
            arrives - 6.0,
            far - 6.0
        );
    }
    for (index, node) in names.iter().enumerate() {
        let top = index as f64 * PITCH + 4.0;
        let _ = writeln!(
            svg,
            "<g><title>{}</title>\
             <rect class=\"node\" x=\"{LEFT}\" y=\"{top}\" width=\"{BOX_WIDTH}\" \
             height=\"{BOX_HEIGHT}\" rx=\"4\"/>\
             <rect x=\"{LEFT}\" y=\"{top}\" width=\"5\" height=\"{BOX_HEIGHT}\" rx=\"2\" \
             style=\"fill: var(--c{})\"/>\
             <text class=\"label\" x=\"{:.0}\" y=\"{:.0}\">{}</text>\
             <text x=\"{:.0}\" y=\"{:.0}\">{}</text>\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{}</text></g>",
            escaped(&format!("{}: {}, {}", node.name, node.op, node.shape)),
            node.color,
            LEFT + 14.0,
            top + 17.0,
            escaped(&clipped(&node.name)),
            LEFT + 130.0,
            top + 17.0,
            escaped(&node.op),
            LEFT + BOX_WIDTH - 8.0,
            top + 17.0,
            escaped(&node.shape)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

struct Box {
    name: String,
    op: String,
    shape: String,
    /// Number of a colour of the style sheet.
    color: usize,
}

/// The inputs, then the nodes in the order in which they run.
fn boxes(graph: &Graph, plan: &Plan) -> Vec<Box> {
    let mut colors: Vec<&str> = Vec::new();
    let inputs = graph.inputs.iter().map(|&id| {
        let tensor = graph.tensor(id);
        (tensor.name.clone(), "input", tensor.shape.to_string(), None)
    });
    let nodes = plan.order.iter().map(|&index| {
        let node = &graph.nodes[index];
        let window = window(&node.op).map(|window| window.kernel);
        let shape = graph.output_shape(node).to_string();
        (
            graph.node_name(node).to_string(),
            node.op.name(),
            shape,
            window,
        )
    });
    let mut boxes = Vec::new();
    for (name, op, shape, window) in inputs.chain(nodes) {
        let known = colors.iter().position(|&known| known == op);
        let color = known.unwrap_or_else(|| {
            colors.push(op);
            colors.len() - 1
        });
        boxes.push(Box {
            name,
            op: match window {
                Some([height, width]) => format!("{op} {height}×{width}"),
                None => op.to_string(),
            },
            shape,
            color: color % 6,
        });
    }
    boxes
}

/// From which box to which, by number.
fn arrows(graph: &Graph, plan: &Plan) -> Vec<[usize; 2]> {
    let inputs = graph.inputs.len();
    let made_by = |id: TensorId| {
        let input = graph.inputs.iter().position(|&input| input == id);
        let node = || {
            let outputs = plan.order.iter();
            let position = outputs
                .into_iter()
                .position(|&n| graph.nodes[n].output == id);
            position.map(|position| inputs + position)
        };
        input.or_else(node)
    };
    let mut arrows = Vec::new();
    for (position, &node) in plan.order.iter().enumerate() {
        let reads = graph.nodes[node].inputs.iter();
        arrows.extend(reads.filter_map(|&id| Some([made_by(id)?, inputs + position])));
    }
    arrows.sort_unstable();
    arrows.dedup();
    arrows
}

fn window(op: &Op) -> Option<Window2d> {
    match op {
        Op::Conv2d(op) => Some(op.window),
        Op::DepthwiseConv2d(op) => Some(op.window),
        Op::AveragePool2d(op) => Some(op.window),
        Op::MaxPool2d(op) => Some(op.window),
        Op::Dense(_)
        | Op::Add(_)
        | Op::Mean(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::TransposeConv2d(_)
        | Op::ResizeBilinear(_)
        | Op::Matmul(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Svdf(_)
        | Op::Unary(_)
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Constant(_) => None,
    }
}

fn clipped(name: &str) -> String {
    match name.char_indices().nth(16) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_string(),
    }
}
