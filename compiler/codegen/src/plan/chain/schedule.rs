//! When each row of a chain is made, and how many lines that takes.
//!
//! A consumer whose window is `extent` rows high and `above` rows padded can make its first row when row
//! `extent − 1 − above` of its input is there; from then on it makes one row per `stride` of them. Where two
//! paths meet, the faster one waits: its rows are kept, or the node before the meeting is delayed and reads
//! older lines of its own input, which are often there anyway; and if it runs behind the meeting within the
//! tick, its row of the tick before is still there. All delays of such nodes are tried, one node after the
//! other, and the smallest chain wins.

use ember_ir::{Graph, Op, TensorId};
use ember_runtime::kernels::MOST_TICKS;

use super::layout::Layout;
use super::segment::{RowWindow, Segment, row_window, sums};
use crate::plan::ALIGN;

/// When the rows of a tensor are made: row r at tick `first + r·every`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// Tick of the first row.
    pub first: usize,
    /// Ticks from row to row.
    pub every: usize,
    /// Rows.
    pub count: usize,
}

/// The rows of one tensor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rows {
    pub tensor: TensorId,
    /// Bytes of a row.
    pub bytes: usize,
    pub timing: Timing,
    /// Rows that are kept.
    pub lines: usize,
    /// Whether they outlive the tick.
    pub lasting: bool,
    /// Positions at which they are written and last read within a tick: the input is position 0, the n-th
    /// stage n + 1.
    pub lives: [usize; 2],
}

/// A node of the chain, in the order within a tick.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub node: usize,
    /// Per input: index into [`Draft::rows`], first line, number of lines.
    pub reads: Vec<(usize, usize, usize)>,
    pub makes: Timing,
    /// Index into [`Draft::rows`]; `None` for sums.
    pub rows: Option<usize>,
}

/// A chain before it has places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Draft {
    pub ticks: usize,
    /// The input's rows first.
    pub rows: Vec<Rows>,
    pub steps: Vec<Step>,
}

/// What may be chosen for a node.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Choice {
    /// Ticks that it waits longer than it must.
    delay: usize,
    /// Whether it runs behind its reader within a tick, which then reads the row before.
    behind: bool,
}

/// The smallest schedule found; `None` if rows cannot be aligned or there are too many ticks.
pub(super) fn best(
    graph: &Graph,
    segment: &Segment,
    layout: impl Fn(&Draft) -> Layout,
) -> Option<Draft> {
    let mut choices = vec![Choice::default(); segment.nodes.len()];
    let usual = draft(graph, segment, &choices)?;
    let mut best = (layout(&usual).bytes, usual);
    for index in 0..choices.len() {
        let Some((step, slack)) = slack(graph, segment, &best.1, index) else {
            continue;
        };
        let mut chosen = choices[index];
        for delay in (0..=slack).step_by(step) {
            for behind in [false, true] {
                choices[index] = Choice { delay, behind };
                if let Some(draft) = draft(graph, segment, &choices) {
                    let bytes = layout(&draft).bytes;
                    if bytes < best.0 {
                        (best, chosen) = ((bytes, draft), choices[index]);
                    }
                }
            }
        }
        choices[index] = chosen;
    }
    Some(best.1)
}

/// By how much a node may be delayed, and in which steps: its one reader is an addition whose other input
/// comes later.
fn slack(graph: &Graph, segment: &Segment, draft: &Draft, index: usize) -> Option<(usize, usize)> {
    let output = graph.nodes[segment.nodes.start + index].output;
    let mut readers = graph.nodes[segment.nodes.clone()]
        .iter()
        .filter(|node| node.inputs.contains(&output));
    let reader = readers.next()?;
    if readers.next().is_some() || !matches!(reader.op, Op::Add(_)) {
        return None;
    }
    let rows = |tensor: TensorId| draft.rows.iter().find(|rows| rows.tensor == tensor);
    let own = rows(output)?.timing;
    let sum = draft
        .steps
        .iter()
        .find(|step| graph.nodes[step.node].output == reader.output)?;
    let source = rows(*graph.nodes[segment.nodes.start + index].inputs.first()?)?.timing;
    let slack = sum.makes.first.checked_sub(own.first)?;
    (slack > 0).then_some((source.every, slack))
}

fn draft(graph: &Graph, segment: &Segment, choices: &[Choice]) -> Option<Draft> {
    let order = order(graph, segment, choices);
    let [count, width, channels] = graph.tensor(segment.input).shape.hwc()?;
    let mut draft = Draft {
        ticks: count,
        rows: vec![Rows {
            tensor: segment.input,
            bytes: width * channels,
            timing: Timing {
                first: 0,
                every: 1,
                count,
            },
            lines: 1,
            lasting: false,
            lives: [0, 0],
        }],
        steps: Vec::new(),
    };
    // Timings first, in the graph's order: a node may run behind its reader within a tick.
    for (index, choice) in segment.nodes.clone().zip(choices) {
        let node = &graph.nodes[index];
        let window = row_window(graph, node)?;
        let position = 1 + order.iter().position(|&other| other == index)?;
        let mut timing = Timing {
            first: 0,
            every: 0,
            count: graph.output_shape(node).hwc().map_or(1, |[rows, ..]| rows),
        };
        for input in &node.inputs {
            let source = draft.rows.iter().find(|rows| rows.tensor == *input)?;
            let every = source.timing.every.checked_mul(window.stride)?;
            if timing.every != 0 && timing.every != every {
                return None;
            }
            timing.every = every;
            let ready = (window.extent - 1 - window.above).checked_mul(source.timing.every)?;
            // Who runs behind its reader is read a row later.
            let later = if source.lives[0] > position { every } else { 0 };
            timing.first = timing.first.max(source.timing.first + ready + later);
            if sums(graph, node) {
                timing.count = source.timing.count;
            }
        }
        timing.first += choice.delay;
        draft.ticks = draft
            .ticks
            .max(timing.first + timing.every.checked_mul(timing.count - 1)? + 1);
        if draft.ticks.checked_mul(timing.every)? >= MOST_TICKS {
            return None;
        }
        let rows = (!sums(graph, node)).then_some(draft.rows.len());
        draft.steps.push(Step {
            node: index,
            reads: Vec::new(),
            makes: timing,
            rows,
        });
        if rows.is_some() {
            let [_, width, channels] = graph.output_shape(node).hwc()?;
            draft.rows.push(Rows {
                tensor: node.output,
                bytes: width * channels,
                timing,
                lines: 1,
                // Who runs behind its reader is read in the next tick.
                lasting: choice.behind,
                lives: [position, position],
            });
        }
    }
    reads(graph, &mut draft, &order)?;
    Some(draft)
}

/// What is read of whom; the longest reader decides how many lines there are.
fn reads(graph: &Graph, draft: &mut Draft, order: &[usize]) -> Option<()> {
    let mut reads: Vec<Vec<(usize, usize, usize)>> = Vec::new();
    for step in &draft.steps {
        let node = &graph.nodes[step.node];
        let window = row_window(graph, node)?;
        let position = 1 + order.iter().position(|&other| other == step.node)?;
        let mut of_step = Vec::new();
        for input in &node.inputs {
            let source = draft.rows.iter().position(|rows| rows.tensor == *input)?;
            let rows = &mut draft.rows[source];
            let lag = lag(rows, &step.makes, window, position)?;
            rows.lines = rows.lines.max(window.extent + lag);
            let same_tick =
                (step.makes.first - rows.timing.first).is_multiple_of(rows.timing.every);
            rows.lasting |= !same_tick;
            rows.lives[1] = rows.lives[1].max(position);
            of_step.push((source, lag, window.extent));
        }
        reads.push(of_step);
    }
    for rows in &mut draft.rows {
        rows.lasting |= rows.lines > 1;
    }
    let input = draft.rows[0].tensor;
    for (step, reads) in draft.steps.iter_mut().zip(reads) {
        for (source, lag, extent) in reads {
            let rows = &draft.rows[source];
            let first = rows.lines - lag - extent;
            // The input's rows are copied byte by byte where they must.
            let written = (rows.lines - 1) * rows.bytes;
            let aligned = rows.tensor == input || written.is_multiple_of(ALIGN);
            if !aligned || !(first * rows.bytes).is_multiple_of(ALIGN) {
                return None;
            }
            step.reads.push((source, first, extent));
        }
    }
    draft
        .steps
        .sort_by_key(|step| order.iter().position(|&node| node == step.node));
    Some(())
}

/// How many rows younger than those it reads a node finds in the lines.
fn lag(source: &Rows, makes: &Timing, window: RowWindow, position: usize) -> Option<usize> {
    let since = makes.first.checked_sub(source.timing.first)?;
    let mut made = since / source.timing.every;
    if source.lives[0] > position && since.is_multiple_of(source.timing.every) {
        made = made.checked_sub(1)?;
    }
    made.checked_sub(window.extent - 1 - window.above)
}

/// The order within a tick: the graph's, but who was chosen to runs right behind its reader.
fn order(graph: &Graph, segment: &Segment, choices: &[Choice]) -> Vec<usize> {
    let behind = |index: &usize| choices[*index - segment.nodes.start].behind;
    let mut order: Vec<usize> = segment.nodes.clone().filter(|node| !behind(node)).collect();
    for node in segment.nodes.clone().filter(behind) {
        let output = graph.nodes[node].output;
        let reader = order
            .iter()
            .position(|&other| graph.nodes[other].inputs.contains(&output));
        order.insert(reader.map_or(order.len(), |reader| reader + 1), node);
    }
    order
}
