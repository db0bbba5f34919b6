//! Recurrent layers behind each other, also those that keep their state.

use ember_ir::{
    Cell, CellFunction, CellNode, CellNodes, DartsCell, Graph, GraphBuilder, Lstm, Op, Real,
    Recurrent,
};

use super::Random;

/// Kinds of recurrent layers.
const KINDS: usize = Cell::ALL.len() + 2;
const LSTM: usize = Cell::ALL.len();

/// Two recurrent layers, the first of each kind in turn; every other time all are stateful.
pub fn recurrent(seed: u64) -> Graph {
    let mut random = Random::new(seed);
    let kind = seed as usize % KINDS;
    let stateful = (seed as usize / KINDS) % 2 == 1;
    let steps = random.between(1, 5);
    let mut builder = GraphBuilder::new("recurrent");
    let mut tensor = builder.input("input", [steps, random.between(1, 9)]);
    for (index, kind) in [kind, random.below(KINDS)].into_iter().enumerate() {
        let hidden = random.between(1, 9);
        let op = match Cell::ALL.get(kind) {
            Some(&cell) => Op::Recurrent(Recurrent {
                cell,
                hidden,
                stateful,
            }),
            None if kind == LSTM => Op::Lstm(Lstm {
                hidden,
                cell_bits: 12,
                clip: Real::new(f32::INFINITY),
                stateful,
            }),
            None => Op::DartsCell(DartsCell {
                nodes: nodes(&mut random, 8),
                hidden,
                stateful,
            }),
        };
        tensor = builder
            .node(format!("{}_{index}", op.name()), op, &[tensor])
            .unwrap_or_else(|error| panic!("BUG: {error}"));
    }
    builder.finish(&[tensor])
}

/// Up to `most` nodes of DARTS' cell.
pub fn nodes(random: &mut Random, most: usize) -> CellNodes {
    let count = random.between(1, most);
    let nodes: Vec<CellNode> = (0..count)
        .map(|at| CellNode {
            from: random.below(at + 1),
            function: random.pick(&CellFunction::ALL),
        })
        .collect();
    CellNodes::new(&nodes).unwrap_or_else(|| panic!("BUG: {nodes:?} are no cell"))
}
