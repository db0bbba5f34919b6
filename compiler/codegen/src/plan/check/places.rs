//! What a plan has to get right before it is executed: how many nodes and regions there are, how large
//! these are, and that they lie in the arena.

use ember_ir::{Graph, Node, Op, Window2d};
use ember_runtime::scratch::{Geometry, Isa};

use super::super::{ALIGN, Plan, Region};
use super::PlanViolation;

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
    for (tensor, region) in graph.tensors.iter().zip(&plan.regions) {
        let elements = tensor.shape.elements();
        if region.bytes != elements {
            violations.push(PlanViolation::Size {
                tensor: tensor.name.clone(),
                elements,
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
    for (node, region) in graph.nodes.iter().zip(&plan.scratch) {
        let needed = match &node.op {
            Op::Conv2d(conv) => geometry(graph, node, &conv.window)
                .map_or(usize::MAX, |geometry| isa.conv2d_scratch(&geometry)),
            Op::DepthwiseConv2d(conv) => geometry(graph, node, &conv.window)
                .map_or(usize::MAX, |geometry| isa.depthwise_scratch(&geometry)),
            Op::Dense(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_) => 0,
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

/// The shapes and the window of a layer; `None` if its tensors are no images.
fn geometry(graph: &Graph, node: &Node, window: &Window2d) -> Option<Geometry> {
    let shapes = (
        graph.input_shape(node).hwc()?,
        graph.output_shape(node).hwc()?,
    );
    Some(crate::geometry::geometry(window, shapes))
}
