//! A chain, executed tick by tick over bytes that know which element they hold.
//!
//! What a stage reads is derived from its operator anew: row j of its output needs the input's rows
//! j·stride − above and on, or padding where there are none. A stage spoils its scratch and the place of
//! its new row before it reads, because its kernel may.

use ember_ir::{Graph, Op, TensorId};

use super::super::{Chain, Lines, Makes, Region, Stage, Timing};
use super::{PlanViolation, Run};

/// What a byte holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Byte {
    Junk,
    /// An element of a tensor.
    Element(TensorId, usize),
    /// The zero point of a tensor, above or below its rows.
    Padding(TensorId),
    /// Sums of the node's input up to a row.
    Sums(usize, usize),
}

/// Rows that a node needs for one of its own.
struct Window {
    stride: usize,
    above: usize,
    extent: usize,
}

impl Run<'_> {
    pub(super) fn execute_chain(&mut self, chain: &Chain) {
        let input = chain.input.tensor;
        if !chain.fed {
            self.read("a chain", input);
        }
        let mut ticks = Ticks {
            graph: self.graph,
            regions: &self.plan.regions,
            scratch: &self.plan.scratch,
            memory: vec![Byte::Junk; self.plan.arena_bytes],
            violations: Vec::new(),
        };
        if !chain.fed {
            ticks.put(self.region(input), |byte| Byte::Element(input, byte));
        }
        for tick in 0..chain.ticks {
            ticks.tick(chain, tick);
        }
        let output = chain
            .stages
            .iter()
            .map(|stage| self.graph.nodes[stage.node].output);
        let inside = |tensor: TensorId| {
            let stages = chain
                .stages
                .iter()
                .map(|stage| &self.graph.nodes[stage.node]);
            stages.into_iter().any(|node| node.inputs.contains(&tensor))
        };
        let outputs: Vec<TensorId> = output.filter(|&tensor| !inside(tensor)).collect();
        for &output in &outputs {
            ticks.expect("who comes behind the chain", output, self.region(output), 0);
        }
        self.violations.append(&mut ticks.violations);
        // Other tensors that it wrote over are gone.
        let sums = chain.stages.iter().filter_map(|stage| match stage.makes {
            Makes::Sums { region, .. } => Some(region),
            Makes::Rows(_) => None,
        });
        let scratch = chain
            .stages
            .iter()
            .map(|stage| self.plan.scratch[stage.node]);
        let written: Vec<Region> = chain
            .lines()
            .map(|lines| lines.region)
            .chain(sums)
            .chain(scratch)
            .collect();
        for region in written {
            self.spoil(region, "a chain's memory");
        }
        for output in outputs {
            self.write(output);
        }
    }
}

struct Ticks<'a> {
    graph: &'a Graph,
    regions: &'a [Region],
    scratch: &'a [Region],
    memory: Vec<Byte>,
    violations: Vec<PlanViolation>,
}

impl Ticks<'_> {
    fn tick(&mut self, chain: &Chain, tick: usize) {
        let Lines { tensor, row, .. } = chain.input;
        let rows = self.graph.tensor(tensor).shape.elements() / row;
        let whole = self.regions[tensor.0];
        if chain.fed && tick < rows {
            self.put(whole, |byte| Byte::Element(tensor, tick * row + byte));
        }
        if let Some(index) = self.make_room(&chain.input, tick) {
            let at = whole.offset + if chain.fed { 0 } else { index * row };
            let newest = chain.input.newest();
            for byte in 0..row {
                self.memory[newest.offset + byte] = self.memory[at + byte];
            }
        }
        for stage in &chain.stages {
            self.stage(stage, tick);
        }
    }

    fn stage(&mut self, stage: &Stage, tick: usize) {
        let node = &self.graph.nodes[stage.node];
        let name = self.graph.node_name(node).to_owned();
        let output = self.regions[node.output.0];
        match &stage.makes {
            Makes::Sums { region, timing } => {
                let Some(row) = due(timing, tick).filter(|&row| row < timing.count) else {
                    return;
                };
                self.expect(
                    &name,
                    node.inputs[0],
                    stage.reads[0],
                    row * stage.reads[0].bytes,
                );
                let sums = |row| move |_: usize| Byte::Sums(stage.node, row);
                let kept = row.checked_sub(1).map(sums);
                if kept.is_some_and(|kept| !self.holds(*region, kept)) {
                    self.spoilt(&name, node.output, row);
                }
                self.put(*region, sums(row));
                if row + 1 == timing.count {
                    self.put(output, |byte| Byte::Element(node.output, byte));
                }
            }
            Makes::Rows(lines) => {
                let Some(row) = self.make_room(lines, tick) else {
                    return;
                };
                let newest = lines.newest();
                self.put(self.scratch[stage.node], |_| Byte::Junk);
                self.put(newest, |_| Byte::Junk);
                for (&input, &window) in node.inputs.iter().zip(&stage.reads) {
                    self.window(&name, &node.op, input, window, row);
                }
                let made = |byte| Byte::Element(node.output, row * lines.row + byte);
                self.put(newest, made);
                // Lines of a chain's last layer are no region of a tensor: its rows are collected.
                if output != lines.region {
                    let at = Region {
                        offset: output.offset + row * lines.row,
                        bytes: lines.row,
                    };
                    self.put(at, made);
                }
            }
        }
    }

    /// The rows under a window, from its top.
    fn window(&mut self, name: &str, op: &Op, input: TensorId, place: Region, row: usize) {
        let window = match op {
            Op::Conv2d(conv) => Window::of(&conv.window),
            Op::DepthwiseConv2d(conv) => Window::of(&conv.window),
            Op::AveragePool2d(pool) => Window::of(&pool.window),
            Op::MaxPool2d(pool) => Window::of(&pool.window),
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
            | Op::Constant(_) => Window {
                stride: 1,
                above: 0,
                extent: 1,
            },
        };
        let bytes = place.bytes / window.extent;
        let rows = self.graph.tensor(input).shape.elements() / bytes;
        for line in 0..window.extent {
            let line_place = Region {
                offset: place.offset + line * bytes,
                bytes,
            };
            match (row * window.stride + line).checked_sub(window.above) {
                Some(y) if y < rows => self.expect(name, input, line_place, y * bytes),
                _ => {
                    if !self.holds(line_place, |_| Byte::Padding(input)) {
                        self.spoilt(name, input, row);
                    }
                }
            }
        }
    }

    /// Moves lines down if a row is due, and returns it if it is one of the tensor's.
    fn make_room(&mut self, lines: &Lines, tick: usize) -> Option<usize> {
        let row = due(&lines.timing, tick)?;
        let Region { offset, bytes } = lines.region;
        let newest = lines.newest();
        if bytes > lines.row {
            if row == 0 {
                self.put(lines.region, |_| Byte::Padding(lines.tensor));
            } else {
                let end = offset + bytes;
                self.memory.copy_within(offset + lines.row..end, offset);
                self.put(newest, |_| Byte::Padding(lines.tensor));
            }
        }
        (row < lines.timing.count).then_some(row)
    }

    fn expect(&mut self, reader: &str, tensor: TensorId, place: Region, first: usize) {
        if !self.holds(place, |byte| Byte::Element(tensor, first + byte)) {
            self.spoilt(reader, tensor, first / place.bytes.max(1));
        }
    }

    fn holds(&self, place: Region, content: impl Fn(usize) -> Byte) -> bool {
        let bytes = self.memory.get(place.offset..place.end());
        bytes.is_some_and(|bytes| {
            (0..)
                .zip(bytes)
                .all(|(index, &byte)| byte == content(index))
        })
    }

    fn put(&mut self, place: Region, content: impl Fn(usize) -> Byte) {
        let bytes = self.memory.get_mut(place.offset..place.end());
        for (index, byte) in bytes.into_iter().flatten().enumerate() {
            *byte = content(index);
        }
    }

    fn spoilt(&mut self, reader: &str, tensor: TensorId, row: usize) {
        self.violations.push(PlanViolation::Row {
            reader: reader.to_owned(),
            tensor: self.graph.tensor(tensor).name.clone(),
            row,
        });
    }
}

impl Window {
    fn of(window: &ember_ir::Window2d) -> Self {
        Self {
            stride: window.stride[0],
            above: window.padding.top,
            extent: window.extent(0),
        }
    }
}

/// The row that is due at a tick, which may be below the last.
fn due(timing: &Timing, tick: usize) -> Option<usize> {
    let since = tick.checked_sub(timing.first)?;
    (since % timing.every == 0).then_some(since / timing.every)
}
