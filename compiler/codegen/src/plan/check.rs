//! The independent checker: it executes the plan symbolically and shares no code with the planner.
//!
//! Every tensor's bytes are followed: a write spoils whatever it overlaps, and a node that reads a
//! spoilt tensor is a violation. Only two overlaps between a node's input and its output are
//! harmless: a reshape (which moves nothing and must lie exactly on its input) and an addition whose
//! output lies exactly on one of its inputs. O(nodes · tensors).

use ember_ir::{Graph, Node, Op, TensorId};

use super::{ALIGN, Plan, Region};

/// What is wrong with a plan. Sizes and offsets are bytes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanViolation {
    /// The order is not a permutation of the nodes, or regions do not match tensors in number.
    #[error("the plan has {actual} {what}, the graph has {expected}")]
    Count {
        /// `nodes` or `regions`.
        what: &'static str,
        /// How many the graph has.
        expected: usize,
        /// How many the plan has.
        actual: usize,
    },
    /// A node is missing or occurs twice.
    #[error("node `{node}` runs {times} times; it must run once")]
    Runs {
        /// The node.
        node: String,
        /// How often it is in the order.
        times: usize,
    },
    /// The region's size is not the tensor's.
    #[error("tensor `{tensor}` has {elements} elements and a region of {bytes} bytes")]
    Size {
        /// The tensor.
        tensor: String,
        /// Its elements.
        elements: usize,
        /// Its region's size.
        bytes: usize,
    },
    /// An offset, or the arena's size, is not a multiple of the alignment.
    #[error("{what} is {value}, not a multiple of {ALIGN}")]
    Alignment {
        /// What is misaligned.
        what: String,
        /// Its value.
        value: usize,
    },
    /// A region ends behind the arena.
    #[error("tensor `{tensor}` ends at byte {end} of an arena of {arena_bytes}")]
    Outside {
        /// The tensor.
        tensor: String,
        /// One past its last byte.
        end: usize,
        /// The arena's size.
        arena_bytes: usize,
    },
    /// A tensor is read after something else was written over it, or before it was written.
    #[error("{reader} reads tensor `{tensor}`, which {cause}")]
    Spoilt {
        /// Who reads.
        reader: String,
        /// What is read.
        tensor: String,
        /// What became of it.
        cause: String,
    },
    /// A node's output overlaps one of its inputs in a way its kernel does not allow.
    #[error("node `{node}` writes over its input `{input}` while it reads it")]
    Clash {
        /// The node.
        node: String,
        /// The input.
        input: String,
    },
    /// A reshape's output does not lie on its input.
    #[error("reshape `{node}` lies at byte {output}, its input at byte {input}; it moves nothing")]
    Moved {
        /// The node.
        node: String,
        /// Offset of its output.
        output: usize,
        /// Offset of its input.
        input: usize,
    },
}

/// Who wrote over a tensor, or that nobody has written it yet.
#[derive(Clone, PartialEq, Eq)]
enum Content {
    Unwritten,
    Valid,
    Spoilt(TensorId),
}

/// All violations of a plan for a verified graph; empty if the plan is right.
pub fn check(graph: &Graph, plan: &Plan) -> Vec<PlanViolation> {
    let mut violations = counts(graph, plan);
    if !violations.is_empty() {
        return violations;
    }
    bounds(graph, plan, &mut violations);
    let mut run = Run {
        graph,
        plan,
        contents: vec![Content::Unwritten; graph.tensors.len()],
        violations,
    };
    for &input in &graph.inputs {
        run.write(input);
    }
    for &index in &plan.order {
        run.execute(&graph.nodes[index]);
    }
    for &output in &graph.outputs {
        run.read("the caller", output);
    }
    run.violations
}

fn counts(graph: &Graph, plan: &Plan) -> Vec<PlanViolation> {
    let mut violations = Vec::new();
    let pairs = [
        ("nodes", graph.nodes.len(), plan.order.len()),
        ("regions", graph.tensors.len(), plan.regions.len()),
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

fn bounds(graph: &Graph, plan: &Plan, violations: &mut Vec<PlanViolation>) {
    for (tensor, region) in graph.tensors.iter().zip(&plan.regions) {
        let elements = tensor.shape.elements();
        if region.bytes != elements {
            violations.push(PlanViolation::Size {
                tensor: tensor.name.clone(),
                elements,
                bytes: region.bytes,
            });
        }
        if !region.offset.is_multiple_of(ALIGN) {
            violations.push(PlanViolation::Alignment {
                what: format!("the offset of tensor `{}`", tensor.name),
                value: region.offset,
            });
        }
        if region.offset + region.bytes > plan.arena_bytes {
            violations.push(PlanViolation::Outside {
                tensor: tensor.name.clone(),
                end: region.offset + region.bytes,
                arena_bytes: plan.arena_bytes,
            });
        }
    }
    if !plan.arena_bytes.is_multiple_of(ALIGN) {
        violations.push(PlanViolation::Alignment {
            what: "the arena's size".to_owned(),
            value: plan.arena_bytes,
        });
    }
}

struct Run<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    contents: Vec<Content>,
    violations: Vec<PlanViolation>,
}

impl Run<'_> {
    fn execute(&mut self, node: &Node) {
        let name = self.graph.node_name(node);
        for &input in &node.inputs {
            self.read(&format!("node `{name}`"), input);
        }
        let output = self.region(node.output);
        if let Op::Reshape(_) = node.op {
            let input = self.region(node.inputs[0]);
            if input.offset != output.offset {
                self.violations.push(PlanViolation::Moved {
                    node: name.to_owned(),
                    output: output.offset,
                    input: input.offset,
                });
            }
            // Nothing is written: what else lies on these bytes stays as it is.
            self.contents[node.output.0] = Content::Valid;
            return;
        }
        let overlapped = node
            .inputs
            .iter()
            .filter(|&&input| share(self.region(input), output));
        let overlapped: Vec<TensorId> = overlapped.copied().collect();
        let allowed = matches!(node.op, Op::Add(_))
            && overlapped.len() == 1
            && self.region(overlapped[0]) == output;
        if !allowed {
            for input in overlapped {
                self.violations.push(PlanViolation::Clash {
                    node: name.to_owned(),
                    input: self.graph.tensor(input).name.clone(),
                });
            }
        }
        self.write(node.output);
    }

    fn read(&mut self, reader: &str, tensor: TensorId) {
        let cause = match &self.contents[tensor.0] {
            Content::Valid => return,
            Content::Unwritten => "nobody has written yet".to_owned(),
            Content::Spoilt(by) => format!("`{}` was written over", self.graph.tensor(*by).name),
        };
        self.violations.push(PlanViolation::Spoilt {
            reader: reader.to_owned(),
            tensor: self.graph.tensor(tensor).name.clone(),
            cause,
        });
    }

    fn write(&mut self, tensor: TensorId) {
        let written = self.region(tensor);
        for (other, content) in self.contents.iter_mut().enumerate() {
            if *content == Content::Valid && share(self.plan.regions[other], written) {
                *content = Content::Spoilt(tensor);
            }
        }
        self.contents[tensor.0] = Content::Valid;
    }

    fn region(&self, tensor: TensorId) -> Region {
        self.plan.regions[tensor.0]
    }
}

/// Whether two regions have a byte in common.
fn share(one: Region, other: Region) -> bool {
    one.offset.max(other.offset) < (one.offset + one.bytes).min(other.offset + other.bytes)
}
