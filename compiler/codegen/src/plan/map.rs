//! A drawing of the arena over time, for the emitted crate's documentation and for `inspect`.

use std::fmt::Write;

use ember_ir::{Element, Graph, TensorId};

use super::{Makes, Plan, Region};

/// Columns of the drawing.
const COLUMNS: usize = 64;

/// The arena over time: one line per step, addresses from left to right. A step shows the tensors
/// that are live while it runs, its output in upper case, and its scratch as `#`. Letters are given in
/// order of birth and come again after `z`; the legend gives each tensor's bytes. Of layers that run row
/// by row all lines are live in all their steps.
pub fn map(graph: &Graph, plan: &Plan) -> String {
    let columns = plan.arena_bytes.clamp(1, COLUMNS);
    let lives = lives(graph, plan);
    let labels: Vec<&str> = std::iter::once("(input)")
        .chain(
            plan.order
                .iter()
                .map(|&node| graph.node_name(&graph.nodes[node])),
        )
        .collect();
    let width = labels
        .iter()
        .map(|label| label.chars().count())
        .max()
        .unwrap_or(0);

    // Writing to a string cannot fail.
    let mut text = String::new();
    let _ = writeln!(text, "{:width$} 0{:>columns$}", "", plan.arena_bytes);
    for (step, label) in labels.iter().enumerate() {
        let mut line = vec!['.'; columns];
        let columns_of = |region: Region| {
            let from = region.offset * columns / plan.arena_bytes.max(1);
            let to = (region.end() * columns).div_ceil(plan.arena_bytes.max(1));
            from..to
        };
        // Tensors go over scratch that ends in the same column.
        let node = step.checked_sub(1).map(|position| plan.order[position]);
        for scratch in node.into_iter().flat_map(|node| scratch(plan, node)) {
            line[columns_of(scratch)].fill('#');
        }
        for life in lives
            .iter()
            .filter(|life| life.first <= step && step <= life.last)
        {
            let region = plan.regions[life.tensor.0];
            line[columns_of(region)].fill(if life.born == step {
                life.letter.to_ascii_uppercase()
            } else {
                life.letter
            });
        }
        let line: String = line.into_iter().collect();
        let _ = writeln!(text, "{label:width$} |{line}|");
    }
    text.push('\n');
    for life in &lives {
        let region = plan.regions[life.tensor.0];
        let tensor = graph.tensor(life.tensor);
        let _ = writeln!(
            text,
            "{} {}..{}: {} {}{}",
            life.letter,
            region.offset,
            region.end(),
            tensor.name,
            tensor.shape,
            match tensor.element {
                Element::Int8 => "",
                Element::Int16 => " int16",
            }
        );
    }
    text
}

/// When a tensor is live, in steps: 0 is the input, others the nodes in the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Life {
    /// The tensor.
    pub tensor: TensorId,
    letter: char,
    /// The step that makes it.
    pub born: usize,
    /// First step in which its bytes are taken.
    pub first: usize,
    /// Last one.
    pub last: usize,
}

/// Scratch of a node, and its sums if its input comes row by row.
pub fn scratch(plan: &Plan, node: usize) -> impl Iterator<Item = Region> {
    let sums = plan.stage(node).and_then(|stage| match stage.makes {
        Makes::Sums { region, .. } => Some(region),
        Makes::Rows(_) => None,
    });
    let regions = [Some(plan.scratch[node]), sums];
    let regions = regions.into_iter().flatten();
    regions.filter(|region| region.bytes > 0)
}

/// First and last step of the nodes that run row by row.
fn chain_steps(plan: &Plan) -> Option<(usize, usize)> {
    let chain = plan.chain.as_ref()?;
    let first = plan
        .order
        .iter()
        .position(|&node| chain.stage(node).is_some())?;
    Some((first + 1, first + chain.stages.len()))
}

/// The tensors in order of birth.
pub fn lives(graph: &Graph, plan: &Plan) -> Vec<Life> {
    let outputs = plan.order.iter().map(|&node| graph.nodes[node].output);
    let births = graph.inputs.iter().map(|&input| (0, input));
    let births = births.chain(
        outputs
            .enumerate()
            .map(|(position, output)| (position + 1, output)),
    );
    births
        .zip(('a'..='z').cycle())
        .map(|((first, tensor), letter)| {
            let reads = (1..)
                .zip(&plan.order)
                .filter(|&(_, &node)| graph.nodes[node].inputs.contains(&tensor));
            let read = reads.map(|(step, _)| step).max().unwrap_or(first);
            let mut life = Life {
                tensor,
                letter,
                born: first,
                first,
                last: if graph.outputs.contains(&tensor) {
                    plan.order.len()
                } else {
                    read
                },
            };
            if let Some((start, end)) = chain_steps(plan) {
                if (start..=end).contains(&life.first) {
                    life.first = start;
                }
                if (start..=end).contains(&life.last) {
                    life.last = end;
                }
            }
            life
        })
        .collect()
}
