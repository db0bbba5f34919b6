//! Which outputs are placed in place under one execution order: one policy for all, then exceptions.
//!
//! In place is best at the node's own step, but it ties the places of two storages together: where a
//! convolution's output lies a little below its input, a depthwise convolution that moves it out of the
//! way can save more than it costs. So the best policy is improved by one exception after the other,
//! the largest outputs first, as long as the arena is above the live bytes at the peak.

use ember_ir::Graph;

use super::in_place::{Buffer, Buffers, InPlace};
use super::sharing::Sharing;
use super::storage::Storages;
use super::{Plan, assemble, live, offsets};

/// Exceptions that are tried: the search plans thousands of candidates, and small tensors have room.
const EXCEPTIONS: usize = 8;

/// The best plan found under an order.
pub(super) fn plan(graph: &Graph, storages: &Storages, order: &[usize]) -> Plan {
    let mut search = Search {
        graph,
        storages,
        order,
        tried: Vec::new(),
        best: None,
    };
    let least = live::peak_bytes(graph, storages, order);
    let mut policies = vec![InPlace::ALL[0]; order.len()];
    for policy in InPlace::ALL {
        let uniform = vec![policy; order.len()];
        if search.improves(&uniform) {
            policies = uniform;
        }
        if search.arena_bytes() <= least {
            break;
        }
    }
    let mut nodes: Vec<usize> = (0..order.len())
        .filter(|&node| storages.wants[node].sharing == Sharing::Exactly)
        .collect();
    let written = |node: usize| storages.all[storages.of_tensor[graph.nodes[node].output.0]].bytes;
    nodes.sort_by_key(|&node| std::cmp::Reverse(written(node)));
    for node in nodes.into_iter().take(EXCEPTIONS) {
        if search.arena_bytes() <= least {
            break;
        }
        let usual = policies[node];
        policies[node] = match usual {
            InPlace::Never => InPlace::Oldest,
            InPlace::Oldest | InPlace::Youngest => InPlace::Never,
        };
        if !search.improves(&policies) {
            policies[node] = usual;
        }
    }
    search
        .best
        .unwrap_or_else(|| panic!("BUG: no policy was tried"))
}

struct Search<'a> {
    graph: &'a Graph,
    storages: &'a Storages,
    order: &'a [usize],
    /// Policies often lead to the same buffers.
    tried: Vec<Vec<Buffer>>,
    best: Option<Plan>,
}

impl Search<'_> {
    /// Whether these policies are better than all before.
    fn improves(&mut self, policies: &[InPlace]) -> bool {
        let buffers = Buffers::new(self.graph, self.storages, self.order, policies);
        // They take at least so much.
        if offsets::lower_bound(&buffers.all) >= self.arena_bytes()
            || self.tried.contains(&buffers.all)
        {
            return false;
        }
        let placement = offsets::place(&buffers.all);
        let better = placement.arena_bytes < self.arena_bytes();
        if better {
            let (graph, storages) = (self.graph, self.storages);
            self.best = Some(assemble(graph, storages, self.order, &buffers, &placement));
        }
        self.tried.push(buffers.all);
        better
    }

    fn arena_bytes(&self) -> usize {
        let best = self.best.as_ref();
        best.map_or(usize::MAX, |plan| plan.arena_bytes)
    }
}
