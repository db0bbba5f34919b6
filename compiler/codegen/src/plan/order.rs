//! Execution order: the one with the least live bytes at its fullest step.
//!
//! A dynamic program over the sets of executed nodes: live bytes depend on the set alone, so for each
//! set only the best way to reach it counts. Chains and most residual networks have one order or few;
//! the number of sets is bounded, and beyond the bound a greedy order (the ready node with the lowest
//! step, then the fewest live bytes) competes with the given one.
//! Source: the schedule search of Liberis and Lane, "Neural networks on microcontrollers: saving
//! memory at inference via operator reordering" (2019), with scratch and outputs over dying inputs counted.

use std::collections::BTreeMap;

use ember_ir::Graph;

use super::live::{Step, live_after_start, peak_bytes, start_bytes, unavoidable_bytes};
use super::storage::Storages;

/// Sets of executed nodes that the dynamic program may hold in all.
const SETS: usize = 10_000;
/// Nodes that fit its bit set.
const NODES: usize = 128;

/// Orders worth placing, the one with the least peak first.
pub(super) fn candidates(graph: &Graph, storages: &Storages) -> Vec<Vec<usize>> {
    let given: Vec<usize> = (0..graph.nodes.len()).collect();
    let before = predecessors(graph);
    let one_order = (1..given.len()).all(|node| before[node].contains(&(node - 1)));
    let given_peak = peak_bytes(graph, storages, &given);
    if one_order || given_peak == unavoidable_bytes(graph, storages) {
        return vec![given];
    }
    let found = if given.len() <= NODES {
        least_peak(graph, storages, &before, given_peak)
    } else {
        Outcome::TooMany
    };
    let other = match found {
        Outcome::GivenIsBest => None,
        Outcome::Better(order) => Some(order),
        Outcome::TooMany => {
            let order = greedy(graph, storages, &before);
            (peak_bytes(graph, storages, &order) < given_peak).then_some(order)
        }
    };
    other.into_iter().chain([given]).collect()
}

/// All orders of a graph, or `None` if there are more than `limit`.
pub(super) fn all(graph: &Graph, limit: usize) -> Option<Vec<Vec<usize>>> {
    let before = predecessors(graph);
    let mut found = Vec::new();
    let mut done = vec![false; graph.nodes.len()];
    extend(&before, &mut Vec::new(), &mut done, limit, &mut found).then_some(found)
}

fn extend(
    before: &[Vec<usize>],
    order: &mut Vec<usize>,
    done: &mut [bool],
    limit: usize,
    found: &mut Vec<Vec<usize>>,
) -> bool {
    if order.len() == before.len() {
        found.push(order.clone());
        return found.len() <= limit;
    }
    for node in 0..before.len() {
        if done[node] || before[node].iter().any(|&other| !done[other]) {
            continue;
        }
        order.push(node);
        done[node] = true;
        let within = extend(before, order, done, limit, found);
        order.pop();
        done[node] = false;
        if !within {
            return false;
        }
    }
    true
}

/// The nodes that write what each node reads.
fn predecessors(graph: &Graph) -> Vec<Vec<usize>> {
    let mut producer = vec![None; graph.tensors.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        producer[node.output.0] = Some(index);
    }
    graph
        .nodes
        .iter()
        .map(|node| {
            node.inputs
                .iter()
                .filter_map(|input| producer[input.0])
                .collect()
        })
        .collect()
}

/// What the dynamic program says.
enum Outcome {
    GivenIsBest,
    Better(Vec<usize>),
    TooMany,
}

/// The best way to have executed a set of nodes.
#[derive(Clone, Copy)]
struct Reached {
    peak: usize,
    live: usize,
    /// The node executed last.
    last: usize,
}

fn least_peak(
    graph: &Graph,
    storages: &Storages,
    before: &[Vec<usize>],
    given_peak: usize,
) -> Outcome {
    let masks: Vec<u128> = before
        .iter()
        .map(|nodes| nodes.iter().fold(0, |mask, &node| mask | (1 << node)))
        .collect();
    let start = Reached {
        peak: start_bytes(storages),
        live: live_after_start(storages),
        last: usize::MAX,
    };
    // One map per number of executed nodes; ordered maps keep the result deterministic.
    let mut levels: Vec<BTreeMap<u128, Reached>> = vec![BTreeMap::from([(0, start)])];
    let mut sets = 1;
    for level in 0..before.len() {
        let mut next: BTreeMap<u128, Reached> = BTreeMap::new();
        for (&set, &reached) in &levels[level] {
            for (node, &mask) in masks.iter().enumerate() {
                if set & (1 << node) != 0 || mask & !set != 0 {
                    continue;
                }
                let done = |other: usize| set & (1 << other) != 0;
                let step = Step::new(graph, storages, reached.live, node, done);
                let peak = reached.peak.max(step.bytes);
                // Only what beats the given order is of interest.
                if peak >= given_peak {
                    continue;
                }
                let entry = next.entry(set | (1 << node)).or_insert(Reached {
                    peak: usize::MAX,
                    live: step.live_after,
                    last: node,
                });
                if peak < entry.peak {
                    entry.peak = peak;
                    entry.last = node;
                }
            }
        }
        sets += next.len();
        if sets > SETS {
            return Outcome::TooMany;
        }
        if next.is_empty() {
            return Outcome::GivenIsBest;
        }
        levels.push(next);
    }
    let mut order = Vec::with_capacity(before.len());
    let mut set = levels
        .last()
        .and_then(|level| level.keys().next().copied())
        .unwrap_or(0);
    for level in levels.iter().skip(1).rev() {
        let last = level[&set].last;
        order.push(last);
        set &= !(1 << last);
    }
    order.reverse();
    Outcome::Better(order)
}

fn greedy(graph: &Graph, storages: &Storages, before: &[Vec<usize>]) -> Vec<usize> {
    let mut done = vec![false; before.len()];
    let mut order = Vec::with_capacity(before.len());
    let mut live = live_after_start(storages);
    while order.len() < before.len() {
        let ready = (0..before.len())
            .filter(|&node| !done[node] && before[node].iter().all(|&other| done[other]));
        let next = ready
            .map(|node| {
                (
                    Step::new(graph, storages, live, node, |other| done[other]),
                    node,
                )
            })
            .min_by_key(|(step, node)| (step.bytes, step.live_after, *node));
        let Some((step, node)) = next else {
            panic!("BUG: the graph has a cycle; the verifier refuses it");
        };
        done[node] = true;
        live = step.live_after;
        order.push(node);
    }
    order
}
