//! Where the numbers lie that nodes keep from call to call: behind the arena's activations, which tests poison
//! between samples, in the order of the nodes.

use ember_ir::Graph;
use ember_runtime::arena::ALIGN;

use crate::plan::Region;

/// Bytes that nodes keep.
pub fn bytes(graph: &Graph) -> usize {
    let nodes = graph.nodes.iter().map(|node| of(node.op.state()));
    nodes.fold(0, usize::saturating_add)
}

/// What a node keeps, behind so many bytes of activations.
pub fn region(graph: &Graph, node: usize, activations: usize) -> Region {
    let before = graph.nodes[..node].iter().map(|node| of(node.op.state()));
    Region {
        offset: activations + before.sum::<usize>(),
        bytes: 2 * graph.nodes[node].op.state(),
    }
}

/// The bytes of so many numbers.
fn of(numbers: usize) -> usize {
    numbers.saturating_mul(2).next_multiple_of(ALIGN)
}
