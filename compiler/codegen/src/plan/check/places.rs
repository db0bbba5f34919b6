//! What a plan has to get right before it is executed: how many nodes and regions there are, how large
//! these are, and that they lie in the arena.

use ember_ir::{Cell, Graph, Node, Op, TensorId, WeightType, Window2d};
use ember_runtime::scratch::{Geometry, Isa};

use super::super::{ALIGN, Chain, Makes, Plan, Region};
use super::PlanViolation;
use crate::convolution;
use crate::dot;
use crate::elementwise;

pub(super) fn counts(graph: &Graph, plan: &Plan) -> Vec<PlanViolation> {
    let mut violations = Vec::new();
    let pairs = [
        ("nodes", graph.nodes.len(), plan.order.len()),
        ("regions", graph.tensors.len(), plan.regions.len()),
        ("scratch regions", graph.nodes.len(), plan.scratch.len()),
    ];
    for (what, expected, actual) in pairs {
        if expected != actual {
            violations.push(PlanViolation::Count {
                what,
                expected,
                actual,
            });
        }
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        let times = plan.order.iter().filter(|&&other| other == index).count();
        if times != 1 {
            violations.push(PlanViolation::Runs {
                node: graph.node_name(node).to_owned(),
                times,
            });
        }
    }
    violations
}

pub(super) fn bounds(graph: &Graph, plan: &Plan, violations: &mut Vec<PlanViolation>) {
    let rows = rows(graph, plan);
    for (index, (tensor, region)) in graph.tensors.iter().zip(&plan.regions).enumerate() {
        let expected = match elementwise::in_flash(graph, TensorId(index)) {
            true => 0,
            false => rows[index].unwrap_or(tensor.shape.elements() * tensor.element.bytes()),
        };
        if region.bytes != expected {
            violations.push(PlanViolation::Size {
                tensor: tensor.name.clone(),
                expected,
                bytes: region.bytes,
            });
        }
        place(
            plan,
            *region,
            &format!("tensor `{}`", tensor.name),
            violations,
        );
    }
    if !plan.arena_bytes.is_multiple_of(ALIGN) {
        violations.push(PlanViolation::Alignment {
            what: "the arena's size".to_owned(),
            value: plan.arena_bytes,
        });
    }
}

pub(super) fn scratch(graph: &Graph, plan: &Plan, isa: Isa, violations: &mut Vec<PlanViolation>) {
    for (index, (node, region)) in graph.nodes.iter().zip(&plan.scratch).enumerate() {
        let by_rows = plan
            .chain
            .as_ref()
            .is_some_and(|chain| chain.stage(index).is_some());
        let needed = match &node.op {
            // Kernels of int16 have none.
            Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::Dense(_) if graph.has_int16(node) => 0,
            Op::DepthwiseConv2d(_) if dot::is(graph, node) => 0,
            Op::Conv2d(conv) => geometry(graph, node, &conv.window, by_rows)
                .map_or(usize::MAX, |geometry| {
                    convolution::scratch(node, &geometry, isa)
                }),
            Op::Dense(dense) if dense.over_rows => {
                let (window, shapes) = convolution::of_rows(graph, node, dense);
                convolution::scratch(node, &crate::geometry::geometry(&window, shapes), isa)
            }
            Op::Dense(dense) if node.weights == WeightType::Int4 => {
                isa.dense_s4_scratch(graph.input_shape(node).elements(), dense.out_features)
            }
            Op::DepthwiseConv2d(conv) => geometry(graph, node, &conv.window, by_rows)
                .map_or(usize::MAX, |geometry| isa.depthwise_scratch(&geometry)),
            Op::TransposeConv2d(conv) => {
                // A phase has the taps that are a stride apart.
                let taps = [0, 1].map(|axis| conv.kernel[axis].div_ceil(conv.stride[axis]));
                geometry(graph, node, &Window2d::valid(taps, [1, 1]), false)
                    .map_or(usize::MAX, |geometry| isa.conv2d_scratch(&geometry))
            }
            // A row of the left matrices as half-words.
            Op::Matmul(product) => 2 * product.depth(graph.input_shape(node)),
            // A 16-bit cell per unit, or a hidden value where cells are kept.
            Op::Lstm(lstm) => lstm.hidden * if lstm.stateful { 1 } else { 2 },
            // A 16-bit state that nobody keeps, an 8-bit hidden value, one of what a reset leaves.
            Op::Recurrent(op) => {
                let of_unit = if op.stateful { 1 } else { 3 };
                op.hidden * (of_unit + usize::from(op.cell == Cell::Gru))
            }
            // 16-bit states of all gated steps, hidden values that nobody keeps.
            Op::DartsCell(op) => 2 * op.hidden * (op.stages() + usize::from(!op.stateful)),
            Op::Dense(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Svdf(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::ResizeBilinear(_)
            | Op::Constant(_) => 0,
        };
        let node = graph.node_name(node).to_owned();
        place(
            plan,
            *region,
            &format!("the scratch of `{node}`"),
            violations,
        );
        if region.bytes != needed {
            violations.push(PlanViolation::Scratch {
                node,
                needed,
                bytes: region.bytes,
            });
        }
    }
}

/// What a chain must be like before it is executed: its nodes follow each other, and what they read and
/// write lies in the arena.
pub(super) fn chain(plan: &Plan, chain: &Chain) -> Vec<PlanViolation> {
    let mut violations = Vec::new();
    let nodes: Vec<usize> = chain.stages.iter().map(|stage| stage.node).collect();
    if nodes.is_empty()
        || !plan
            .order
            .windows(nodes.len())
            .any(|window| window == nodes)
    {
        violations.push(PlanViolation::Torn);
    }
    let reads = chain.stages.iter().flat_map(|stage| &stage.reads).copied();
    let sums = chain.stages.iter().filter_map(|stage| match stage.makes {
        Makes::Sums { region, .. } => Some(region),
        Makes::Rows(_) => None,
    });
    let regions = reads
        .chain(sums)
        .chain(chain.lines().map(|lines| lines.region));
    for region in regions {
        place(plan, region, "rows", &mut violations);
    }
    violations
}

/// Alignment and end of a region.
fn place(plan: &Plan, region: Region, what: &str, violations: &mut Vec<PlanViolation>) {
    if !region.offset.is_multiple_of(ALIGN) {
        violations.push(PlanViolation::Alignment {
            what: format!("the offset of {what}"),
            value: region.offset,
        });
    }
    if region.end() > plan.arena_bytes {
        violations.push(PlanViolation::Outside {
            what: what.to_owned(),
            end: region.end(),
            arena_bytes: plan.arena_bytes,
        });
    }
}

/// Bytes of the tensors of which only lines, or a row that is fed, lie in the arena.
fn rows(graph: &Graph, plan: &Plan) -> Vec<Option<usize>> {
    let mut rows = vec![None; graph.tensors.len()];
    let Some(chain) = &plan.chain else {
        return rows;
    };
    for stage in &chain.stages {
        let node = &graph.nodes[stage.node];
        for (input, read) in node.inputs.iter().zip(&stage.reads) {
            let row = graph
                .tensor(*input)
                .shape
                .hwc()
                .map_or(0, |[_, w, c]| w * c);
            // At least the rows that are read.
            let whole = plan.regions[input.0].bytes;
            if *input != chain.input.tensor {
                let lines = whole.is_multiple_of(row.max(1)) && whole >= read.bytes;
                rows[input.0] = Some(if lines { whole } else { read.bytes });
            } else if chain.fed {
                rows[input.0] = Some(row);
            }
        }
    }
    rows
}

/// The shapes and the window of a layer, or of one row of it; `None` if its tensors are no images.
fn geometry(graph: &Graph, node: &Node, window: &Window2d, by_rows: bool) -> Option<Geometry> {
    if by_rows {
        return Some(crate::geometry::row_geometry(graph, node, window));
    }
    let shapes = (
        graph.input_shape(node).hwc()?,
        graph.output_shape(node).hwc()?,
    );
    Some(crate::geometry::geometry(window, shapes))
}
