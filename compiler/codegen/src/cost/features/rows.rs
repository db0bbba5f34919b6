//! Layers that run row by row: how often lines move, and the layers' own counts for one row.

use ember_ir::{Graph, Node, Op, Shape, Tensor, TensorId};
use ember_runtime::scratch::Isa;

use super::{Features, Kernel, Rescale, features_of_own, numbers};
use crate::lower::Layer;
use crate::plan::{Chain, Lines, Makes, Plan, Stage};

/// What runs for a stage beside its kernel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowPart {
    /// The chain's input is copied.
    Feed,
    /// Its lines move.
    Next,
    /// Its rows are collected.
    Store,
    /// Rows are added up.
    Sums,
}

/// All counts of a stage, and how often they come: its kernel's once per row.
pub fn row_parts(
    graph: &Graph,
    plan: &Plan,
    (chain, stage): (&Chain, &Stage),
    integers: Option<&Layer>,
    isa: Isa,
) -> Vec<(Features, u64)> {
    let mut parts = Vec::new();
    let node = &graph.nodes[stage.node];
    let mut add = |part| parts.push((row_features(graph, (chain, stage), part, integers, isa), 1));
    if chain.stages.first() == Some(stage) {
        add(RowPart::Feed);
    }
    match &stage.makes {
        Makes::Sums { .. } => add(RowPart::Sums),
        Makes::Rows(lines) => {
            add(RowPart::Next);
            if plan.collects(lines) {
                add(RowPart::Store);
            }
            let row = row_graph(graph, node);
            // The other layers of the operator are not in that graph.
            let whole = crate::whole::of(graph, &node.op);
            let of_row = features_of_own(&row, &row.nodes[0], integers, isa, whole);
            parts.extend(of_row.map(|of_row| (of_row, lines.timing.count as u64)));
        }
    }
    parts
}

/// The counts of what runs for a stage beside its kernel, over all ticks.
pub fn row_features(
    graph: &Graph,
    (chain, stage): (&Chain, &Stage),
    part: RowPart,
    integers: Option<&Layer>,
    isa: Isa,
) -> Features {
    let ticks = chain.ticks;
    let rescale = integers.map_or(Rescale::USUAL, Rescale::of);
    let counted = |kernel, instructions| Features {
        kernel,
        rescale,
        whole: false,
        part: Some(part),
        instructions,
    };
    let lines = match &stage.makes {
        _ if part == RowPart::Feed => &chain.input,
        Makes::Rows(lines) => lines,
        Makes::Sums { timing, .. } => {
            let node = &graph.nodes[stage.node];
            let channels = graph.output_shape(node).elements();
            let columns = stage.reads[0].bytes / channels;
            // Four channels at a time, where they are a word.
            let [words, others] = match channels.is_multiple_of(4) {
                true => [timing.count * channels / 4, 0],
                false => [0, timing.count * channels],
            };
            let counts = numbers(&[
                &[ticks, timing.count],
                &[words, words * columns, others, others * columns],
                &rescale.counts(channels),
                &[channels * rescale.clamped()],
            ]);
            let kernel = match node.op {
                Op::Mean(_) => Kernel::MeanRow,
                _ => Kernel::AverageRow,
            };
            return counted(kernel, counts);
        }
    };
    let moved = match part {
        RowPart::Feed | RowPart::Next => moves(lines, ticks, isa),
        RowPart::Store | RowPart::Sums => [0; 9],
    };
    let copied = match part {
        RowPart::Feed | RowPart::Store => copies(lines.timing.count, lines.row, lines.row, isa),
        RowPart::Next | RowPart::Sums => [0; 5],
    };
    let call = |of: RowPart| if of == part { ticks } else { 0 };
    let counts = numbers(&[
        &[
            call(RowPart::Feed),
            call(RowPart::Next),
            call(RowPart::Store),
        ],
        &[0, 1, 2, 3, 4].map(|count| moved[count] + copied[count]),
        &moved[5..],
    ]);
    counted(Kernel::Rows, counts)
}

/// Bytes that are copied at once.
pub(super) fn step(isa: Isa) -> usize {
    match isa {
        Isa::Thumb1 => 16,
        Isa::Thumb2 | Isa::Dsp | Isa::Mve | Isa::Any => 32,
    }
}

/// Copies of so many bytes: their number, steps, words behind them; words that are not aligned, which some
/// cores copy by bytes, and bytes behind those.
fn copies(times: usize, bytes: usize, row: usize, isa: Isa) -> [usize; 5] {
    let step = step(isa);
    match row.is_multiple_of(4) {
        true => [
            times,
            times * (bytes / step),
            times * (bytes % step / 4),
            0,
            0,
        ],
        false => [times, 0, 0, times * (bytes / 4), times * (bytes % 4)],
    }
}

/// What making room takes: copies as above, turns, fills, their words and bytes.
fn moves(lines: &Lines, ticks: usize, isa: Isa) -> [usize; 9] {
    let timing = lines.timing;
    let turns = ticks.saturating_sub(timing.first).div_ceil(timing.every);
    let kept = lines.region.bytes - lines.row;
    if kept == 0 {
        return [0, 0, 0, 0, 0, turns, 0, 0, 0];
    }
    let [copies, chunks, words, unaligned, bytes] =
        copies(turns.saturating_sub(1), kept, lines.row, isa);
    let below = turns.saturating_sub(timing.count);
    let filled = kept + below * lines.row;
    let fill = match lines.row.is_multiple_of(4) {
        true => [filled / 4, 0],
        false => [0, filled],
    };
    [
        copies,
        chunks,
        words,
        unaligned,
        bytes,
        turns,
        1 + below,
        fill[0],
        fill[1],
    ]
}

/// A graph of the one node, which makes one row of its output.
fn row_graph(graph: &Graph, node: &Node) -> Graph {
    let mut op = node.op.clone();
    let extent = match &mut op {
        Op::Conv2d(conv) => Some(&mut conv.window),
        Op::DepthwiseConv2d(conv) => Some(&mut conv.window),
        Op::AveragePool2d(pool) => Some(&mut pool.window),
        Op::MaxPool2d(pool) => Some(&mut pool.window),
        Op::Add(_)
        | Op::Dense(_)
        | Op::Mean(_)
        | Op::Reshape(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::L2Norm(_)
        | Op::Embedding(_)
        | Op::Svdf(_)
        | Op::Lstm(_)
        | Op::Recurrent(_)
        | Op::DartsCell(_)
        | Op::Unary(_)
        | Op::Binary(_)
        | Op::Move(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Matmul(_)
        | Op::ResizeBilinear(_)
        | Op::TransposeConv2d(_)
        | Op::Constant(_) => None,
    }
    .map_or(1, |window| {
        (window.padding.top, window.padding.bottom) = (0, 0);
        window.extent(0)
    });
    let rows = |tensor: TensorId, rows: usize| {
        let tensor = graph.tensor(tensor);
        let [_, width, channels] = tensor.shape.hwc().unwrap_or_default();
        Tensor {
            name: tensor.name.clone(),
            shape: Shape::new(vec![rows, width, channels]),
            element: tensor.element,
        }
    };
    let inputs = node.inputs.iter().map(|&input| rows(input, extent));
    let tensors: Vec<Tensor> = inputs.chain([rows(node.output, 1)]).collect();
    let output = TensorId(tensors.len() - 1);
    let inputs: Vec<TensorId> = (0..output.0).map(TensorId).collect();
    Graph {
        name: graph.name.clone(),
        tensors,
        nodes: vec![Node {
            op,
            inputs: inputs.clone(),
            output,
            weights: node.weights,
        }],
        inputs,
        outputs: vec![output],
    }
}
