//! The nodes of DARTS' recurrent cell as genes: drawn, and changed by one. Cells are small, since microcontrollers
//! pay for each node with two square matrices.

use ember_ir::{CellFunction, CellNode, CellNodes};
use rand::RngExt as _;

use super::decide::{Decide, Gene, What};
use crate::SearchRng;

/// Most nodes that are drawn; the original has eight.
const MOST: usize = 4;

/// The nodes of a cell at `place`.
pub(super) fn drawn(place: usize, decide: &mut dyn Decide) -> CellNodes {
    let count = 1 + decide.pick(
        Gene {
            place,
            what: What::Nodes,
        },
        MOST,
    );
    let nodes: Vec<CellNode> = (0..count).map(|at| node(place, at, decide)).collect();
    valid(&nodes)
}

fn node(place: usize, at: usize, decide: &mut dyn Decide) -> CellNode {
    let mut pick = |what, options| decide.pick(Gene { place, what }, options);
    CellNode {
        from: pick(What::Reads(at), at + 1),
        function: CellFunction::ALL[pick(What::Function(at), CellFunction::ALL.len())],
    }
}

/// The cell with one node more, less, or another one.
pub(super) fn changed(nodes: &CellNodes, rng: &mut SearchRng) -> CellNodes {
    let mut nodes = nodes.as_slice().to_vec();
    let count = nodes.len();
    match rng.random_range(0..4) {
        0 if count < MOST => nodes.push(node(0, count, rng)),
        // Nobody reads the last one.
        1 if count > 1 => drop(nodes.pop()),
        _ => {
            let at = rng.random_range(0..count);
            nodes[at] = node(0, at, rng);
        }
    }
    valid(&nodes)
}

fn valid(nodes: &[CellNode]) -> CellNodes {
    CellNodes::new(nodes).unwrap_or_else(|| panic!("BUG: {nodes:?} are no cell"))
}
