//! The independent checker: it executes the plan symbolically and shares no code with the planner.
//!
//! Every tensor's bytes are followed: a write spoils whatever it overlaps, and a node that reads a
//! spoilt tensor is a violation. Scratch is written while its node runs, and spoils like an output.
//! Some overlaps between a node's input and its output are harmless: a reshape (which moves nothing
//! and must lie exactly on its input), an addition whose output lies exactly on one of its inputs, a
//! depthwise convolution exactly on its input and a convolution anywhere, if no byte of the input is
//! written before it was read (`overlap` follows them). O(nodes · tensors), and the taps of layers that
//! overlap.

mod chain;
pub(super) mod overlap;
mod places;
mod violation;

pub use violation::PlanViolation;

use ember_ir::{Graph, Node, Op, TensorId, Window2d};
use ember_runtime::scratch::Isa;

use self::overlap::Sliding;
use super::{Plan, Region};
use crate::convolution::{self, Shapes};
use crate::dot;

/// Who wrote over a tensor, or that nobody has written it yet.
#[derive(Clone, PartialEq, Eq)]
enum Content {
    Unwritten,
    Valid,
    /// What was written over it.
    Spoilt(String),
}

/// All violations of a plan for a verified graph and kernels that use `isa`; empty if the plan is right.
pub fn check(graph: &Graph, plan: &Plan, isa: Isa) -> Vec<PlanViolation> {
    let mut violations = places::counts(graph, plan);
    if let Some(chain) = &plan.chain {
        violations.extend(places::chain(plan, chain));
    }
    if !violations.is_empty() {
        return violations;
    }
    places::bounds(graph, plan, &mut violations);
    places::scratch(graph, plan, isa, &mut violations);
    // The bytes of a chain are followed one by one: they have to be there.
    if plan.chain.is_some() && !violations.is_empty() {
        return violations;
    }
    let mut run = Run {
        graph,
        plan,
        contents: vec![Content::Unwritten; graph.tensors.len()],
        violations,
    };
    let chain = plan.chain.as_ref();
    for &input in &graph.inputs {
        if !plan.is_fed() {
            run.write(input);
        }
    }
    for &index in &plan.order {
        match chain.filter(|chain| chain.stage(index).is_some()) {
            None => run.execute(index),
            Some(chain) if chain.stages[0].node == index => run.execute_chain(chain),
            Some(_) => {}
        }
    }
    for &output in &graph.outputs {
        run.read("the caller", output);
    }
    run.violations
}

struct Run<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    contents: Vec<Content>,
    violations: Vec<PlanViolation>,
}

impl Run<'_> {
    fn execute(&mut self, index: usize) {
        let node = &self.graph.nodes[index];
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
        self.use_scratch(index);
        let overlapped: Vec<TensorId> = node
            .inputs
            .iter()
            .copied()
            .filter(|&input| share(self.region(input), output))
            .collect();
        if !self.harmless(node, &overlapped) {
            for input in overlapped {
                self.violations.push(PlanViolation::Clash {
                    node: name.to_owned(),
                    input: self.graph.tensor(input).name.clone(),
                });
            }
        }
        self.write(node.output);
    }

    /// Whether the kernel reads what it should, though its output overlaps these of its inputs.
    fn harmless(&self, node: &Node, overlapped: &[TensorId]) -> bool {
        let &[input] = overlapped else {
            return overlapped.is_empty();
        };
        let exactly = self.region(input).offset == self.region(node.output).offset;
        if self.graph.has_int16(node) {
            return exactly && self.is_elementwise_int16(node);
        }
        match &node.op {
            Op::Unary(_) => exactly,
            // An element of an input that is not repeated is read before it is written.
            Op::Add(_) | Op::Binary(_) => {
                let shape = &self.graph.tensor(input).shape;
                exactly && shape.elements() == self.graph.output_shape(node).elements()
            }
            Op::Conv2d(conv) => self
                .sliding(node, &conv.window)
                .is_some_and(|sliding| sliding.convolution_is_right()),
            Op::Dense(dense) if dense.over_rows => {
                let (window, shapes) = convolution::of_rows(self.graph, node, dense);
                self.sliding_over(node, &window, shapes)
                    .convolution_is_right()
            }
            Op::DepthwiseConv2d(conv) => {
                let channels = match dot::is(self.graph, node) {
                    true => 1,
                    false => overlap::CHANNELS,
                };
                exactly
                    && self
                        .sliding(node, &conv.window)
                        .is_some_and(|sliding| sliding.depthwise_is_right(channels))
            }
            Op::Dense(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
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
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_)
            | Op::TransposeConv2d(_)
            | Op::Constant(_) => false,
        }
    }

    /// Whether a kernel of int16 reads each element before it writes one of the same bytes.
    fn is_elementwise_int16(&self, node: &Node) -> bool {
        let bytes = |id: TensorId| {
            let tensor = self.graph.tensor(id);
            (tensor.shape.elements(), tensor.element)
        };
        matches!(node.op, Op::Add(_) | Op::Unary(_))
            && node
                .inputs
                .iter()
                .all(|&id| bytes(id) == bytes(node.output))
    }

    fn sliding<'b>(&self, node: &Node, window: &'b Window2d) -> Option<Sliding<'b>> {
        let input = self.graph.input_shape(node).hwc()?;
        let output = self.graph.output_shape(node).hwc()?;
        Some(self.sliding_over(node, window, (input, output)))
    }

    fn sliding_over<'b>(
        &self,
        node: &Node,
        window: &'b Window2d,
        (input_shape, output_shape): Shapes,
    ) -> Sliding<'b> {
        Sliding {
            window,
            input: self.region(node.inputs[0]),
            input_shape,
            output: self.region(node.output),
            output_shape,
        }
    }

    /// The kernel writes its scratch before it has read its input and after it wrote some output.
    fn use_scratch(&mut self, index: usize) {
        let node = &self.graph.nodes[index];
        let scratch = self.plan.scratch[index];
        let inputs = node.inputs.iter().map(|&input| ("input", input));
        for (what, tensor) in inputs.chain([("output", node.output)]) {
            if share(scratch, self.region(tensor)) {
                self.violations.push(PlanViolation::ScratchClash {
                    node: self.graph.node_name(node).to_owned(),
                    what,
                    tensor: self.graph.tensor(tensor).name.clone(),
                });
            }
        }
        let by = format!("the scratch of `{}`", self.graph.node_name(node));
        self.spoil(scratch, &by);
    }

    fn read(&mut self, reader: &str, tensor: TensorId) {
        let cause = match &self.contents[tensor.0] {
            Content::Valid => return,
            Content::Unwritten => "nobody has written yet".to_owned(),
            Content::Spoilt(by) => format!("{by} was written over"),
        };
        self.violations.push(PlanViolation::Spoilt {
            reader: reader.to_owned(),
            tensor: self.graph.tensor(tensor).name.clone(),
            cause,
        });
    }

    fn write(&mut self, tensor: TensorId) {
        let by = format!("`{}`", self.graph.tensor(tensor).name);
        self.spoil(self.region(tensor), &by);
        self.contents[tensor.0] = Content::Valid;
    }

    fn spoil(&mut self, written: Region, by: &str) {
        for (other, content) in self.contents.iter_mut().enumerate() {
            if *content == Content::Valid && share(self.plan.regions[other], written) {
                *content = Content::Spoilt(by.to_owned());
            }
        }
    }

    fn region(&self, tensor: TensorId) -> Region {
        self.plan.regions[tensor.0]
    }
}

/// Whether two regions have a byte in common.
fn share(one: Region, other: Region) -> bool {
    one.offset.max(other.offset) < (one.offset + one.bytes).min(other.offset + other.bytes)
}
