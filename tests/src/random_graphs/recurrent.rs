//! Recurrent layers behind each other, also those that keep their state.

use ember_ir::{Cell, Graph, GraphBuilder, Lstm, Op, Real, Recurrent};

use super::Random;

/// Kinds of recurrent layers.
const KINDS: usize = Cell::ALL.len() + 1;

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
            None => Op::Lstm(Lstm {
                hidden,
                cell_bits: 12,
                clip: Real::new(f32::INFINITY),
                stateful,
            }),
        };
        tensor = builder
            .node(format!("{}_{index}", op.name()), op, &[tensor])
            .unwrap_or_else(|error| panic!("BUG: {error}"));
    }
    builder.finish(&[tensor])
}
