//! Where a chain's lines, scratch and sums lie in its own memory, and what the chain as one node wants of
//! the arena.

use ember_ir::{Graph, Node, Op};
use ember_runtime::scratch::{Geometry, Isa};

use super::schedule::{Draft, Step};
use super::segment::Segment;
use crate::convolution;
use crate::plan::in_place::Buffer;
use crate::plan::sharing::{Sharing, Wants, align_up};
use crate::plan::{ALIGN, Region, offsets};

/// Places in the chain's memory.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Lines, per entry of [`Draft::rows`].
    pub lines: Vec<Region>,
    /// Scratch per step.
    pub scratch: Vec<Region>,
    /// Sums per step.
    pub sums: Vec<Option<Region>>,
    /// The row that comes from outside, if rows do.
    pub fed: Option<Region>,
    /// All of it.
    pub bytes: usize,
}

impl Layout {
    /// What lasts lies apart; what is done with within a tick lies where there is room.
    pub fn new(graph: &Graph, isa: Isa, draft: &Draft, fed: bool) -> Self {
        let end = draft.steps.len();
        let mut buffers = Vec::new();
        let mut add = |bytes: usize, [first, last]: [usize; 2]| {
            buffers.push(Buffer {
                bytes: bytes.next_multiple_of(ALIGN),
                first,
                last,
                over: None,
            });
            (buffers.len() - 1, bytes)
        };
        let lines: Vec<_> = draft
            .rows
            .iter()
            .map(|rows| {
                let lives = if rows.lasting { [0, end] } else { rows.lives };
                add(rows.lines * rows.bytes, lives)
            })
            .collect();
        let fed = fed.then(|| add(draft.rows[0].bytes, [0, 0]));
        let mut scratch = Vec::new();
        let mut sums = Vec::new();
        for (index, step) in draft.steps.iter().enumerate() {
            let position = index + 1;
            let bytes =
                row_geometry(graph, step).map_or(0, |geometry| match &graph.nodes[step.node] {
                    Node {
                        op: Op::DepthwiseConv2d(_),
                        ..
                    } => isa.depthwise_scratch(&geometry),
                    node => convolution::scratch(node, &geometry, isa),
                });
            scratch.push((bytes > 0).then(|| add(bytes, [position, position])));
            sums.push(step.rows.is_none().then(|| {
                let output = graph.output_shape(&graph.nodes[step.node]);
                add(output.elements() * size_of::<i32>(), [0, end])
            }));
        }
        let placement = offsets::place(&buffers);
        let region = |(buffer, bytes): (usize, usize)| Region {
            offset: placement.offsets[buffer],
            bytes,
        };
        Self {
            lines: lines.into_iter().map(region).collect(),
            scratch: scratch
                .into_iter()
                .map(|place| place.map_or(Region::EMPTY, region))
                .collect(),
            sums: sums.into_iter().map(|place| place.map(region)).collect(),
            fed: fed.map(region),
            bytes: placement.arena_bytes,
        }
    }

    /// What the chain wants as one node.
    ///
    /// Proof of the distance: the input's row t is copied at the beginning of tick t and not read again;
    /// the output's row j is stored at the end of its tick t(j), when the rows up to t(j) were copied. So
    /// nothing is lost if out + (j + 1)·R_out ≤ in + (t(j) + 1)·R_in for every j whose tick is not behind
    /// the input's last row.
    pub fn wants(&self, graph: &Graph, segment: &Segment, draft: &Draft, fed: bool) -> Wants {
        let input = &draft.rows[0];
        let whole = (input.bytes * input.timing.count).next_multiple_of(ALIGN) as isize;
        let output = draft
            .steps
            .iter()
            .find(|step| graph.nodes[step.node].output == segment.output)
            .and_then(|step| step.rows)
            .map(|rows| draft.rows[rows]);
        let mut distance = -whole;
        if let Some(output) = output {
            for row in 0..output.timing.count {
                let tick = output.timing.first + row * output.timing.every;
                if tick + 1 < input.timing.count {
                    let written = ((row + 1) * output.bytes) as isize;
                    distance = distance.max(written - ((tick + 1) * input.bytes) as isize);
                }
            }
        }
        Wants {
            scratch: self.bytes,
            sharing: if fed {
                Sharing::Never
            } else {
                Sharing::Below(align_up(distance).max(-whole))
            },
        }
    }
}

/// The geometry of one row of a step with a window and scratch.
fn row_geometry(graph: &Graph, step: &Step) -> Option<Geometry> {
    let node = &graph.nodes[step.node];
    let window = match &node.op {
        Op::Conv2d(conv) => &conv.window,
        Op::DepthwiseConv2d(conv) => &conv.window,
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
        | Op::Constant(_) => return None,
    };
    Some(crate::geometry::row_geometry(graph, node, window))
}
