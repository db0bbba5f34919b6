//! Networks over numbers: an embedding, then a convolution or a recurrent layer.

use ember_ir::{
    Activation, Cell, Conv2d, Embedding, Graph, GraphBuilder, Op, Recurrent, Reshape, Shape,
    Window2d,
};

use super::Random;

/// A topology whose input are numbers, some of them behind the table.
pub fn tokens(seed: u64) -> Graph {
    let mut random = Random::new(seed);
    let steps = random.between(1, 12);
    let width = random.between(1, 9);
    let op = Embedding {
        rows: random.pick(&[1, 7, 40, 90, 256]),
        width,
    };
    let mut builder = GraphBuilder::new("tokens");
    let input = builder.input("input", [1, steps, 1]);
    let mut tail = vec![("embedding", Op::Embedding(op))];
    if random.below(2) == 0 {
        tail.push((
            "conv",
            Op::Conv2d(Conv2d {
                window: Window2d::same([1, steps], [1, random.between(1, steps)], [1, 1]),
                out_channels: random.between(1, 7),
                activation: Activation::Relu,
            }),
        ));
    } else {
        let shape = Shape::from([steps, width]);
        tail.push(("sequence", Op::Reshape(Reshape { shape })));
        tail.push((
            "gru",
            Op::Recurrent(Recurrent {
                cell: Cell::GruResetAfter,
                hidden: random.between(1, 6),
                stateful: false,
            }),
        ));
    }
    let output = tail.into_iter().fold(input, |tensor, (name, op)| {
        builder
            .node(name, op, &[tensor])
            .unwrap_or_else(|error| panic!("BUG: {error}"))
    });
    builder.finish(&[output])
}
