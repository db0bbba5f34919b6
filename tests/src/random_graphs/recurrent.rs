//! Recurrent layers behind each other, also those that keep their state.

use ember_ir::{Cell, Graph, GraphBuilder, Op, Recurrent};

use super::Random;

/// Two recurrent layers, the first of each kind in turn, both stateful in every other four.
pub fn recurrent(seed: u64) -> Graph {
    let mut random = Random::new(seed);
    let stateful = seed / 4 % 2 == 1;
    let steps = random.between(1, 5);
    let mut builder = GraphBuilder::new("recurrent");
    let mut tensor = builder.input("input", [steps, random.between(1, 9)]);
    let first = Cell::ALL[seed as usize % Cell::ALL.len()];
    for (index, cell) in [first, random.pick(&Cell::ALL)].into_iter().enumerate() {
        let hidden = random.between(1, 9);
        let op = Op::Recurrent(Recurrent {
            cell,
            hidden,
            stateful,
        });
        tensor = builder
            .node(format!("{}_{index}", cell.name()), op, &[tensor])
            .unwrap_or_else(|error| panic!("BUG: {error}"));
    }
    builder.finish(&[tensor])
}
