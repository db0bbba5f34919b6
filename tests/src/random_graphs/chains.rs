//! Chains of what passes look for: transpositions with element by element operators between them, padding
//! before convolutions, one function of one number behind another.

use ember_ir::{
    Activation, Add, Conv2d, Function, Graph, GraphBuilder, Move, Op, Pad, Real, TensorId,
    Transpose, Unary, Window2d,
};

use super::Random;

/// A chain of so many links.
pub fn chain(seed: u64, links: usize) -> Graph {
    let mut random = Random::new(seed);
    let mut chain = Chain {
        builder: GraphBuilder::new("chain"),
        nodes: 0,
    };
    let dims = [0; 3].map(|_| random.between(1, 4));
    let mut at = chain.builder.input("input", dims);
    for _ in 0..links {
        at = match random.below(8) {
            0..=2 => {
                let turn = transpose(&mut random);
                chain.node(turn, &[at])
            }
            3..=4 => {
                let function = unary(&mut random);
                chain.node(function, &[at])
            }
            5..=6 => {
                let turn = transpose(&mut random);
                let left = chain.node(turn.clone(), &[at]);
                let right = chain.node(turn, &[at]);
                let right = chain.node(unary(&mut random), &[right]);
                let activation = random.pick(&[Activation::None, Activation::Relu]);
                chain.node(Op::Add(Add { activation }), &[left, right])
            }
            _ => {
                let mut side = || vec![random.below(2), random.below(3), 0];
                let pad = Pad {
                    before: side(),
                    after: side(),
                    fill: Real::new(0.0),
                };
                let at = chain.node(Op::Move(Move::Pad(pad)), &[at]);
                let shape = chain.builder.shape(at).dims();
                let kernel = [
                    random.between(1, shape[0].min(3)),
                    random.between(1, shape[1].min(3)),
                ];
                let conv = Conv2d {
                    window: Window2d::valid(kernel, [1, 1]),
                    out_channels: random.between(1, 4),
                    activation: Activation::None,
                };
                chain.node(Op::Conv2d(conv), &[at])
            }
        };
    }
    chain.builder.finish(&[at])
}

struct Chain {
    builder: GraphBuilder,
    nodes: usize,
}

impl Chain {
    fn node(&mut self, op: Op, inputs: &[TensorId]) -> TensorId {
        self.nodes += 1;
        let name = format!("{}_{}", op.name(), self.nodes);
        let added = self.builder.node(name, op, inputs);
        added.unwrap_or_else(|error| panic!("{error}"))
    }
}

fn transpose(random: &mut Random) -> Op {
    let all = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let permutation = random.pick(&all).to_vec();
    Op::Move(Move::Transpose(Transpose { permutation }))
}

fn unary(random: &mut Random) -> Op {
    let all = [
        Function::RELU,
        Function::RELU6,
        Function::Quantize,
        Function::HardSwish,
        Function::Abs,
    ];
    Op::Unary(Unary {
        function: random.pick(&all),
    })
}
