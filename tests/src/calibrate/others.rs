//! Random layers that move, combine and reduce, each the last node of a network of its own.

use ember_ir::{
    Activation, Add, ArgMax, Binary, BinaryFunction, Constant, DepthwiseConv2d, Embedding, Graph,
    GraphBuilder, L2Norm, LogSoftmax, Move, Op, Real, Reduce, ReduceFunction, Shape, Svdf,
    TensorId, Window2d,
};

use crate::random_graphs::{Random, bilinear, movement, product, transposed};

/// How many layers of each kind are measured.
const COUNTS: [(Kind, usize); 16] = [
    (Kind::Sum, 48),
    (Kind::Product, 48),
    (Kind::Pick, 24),
    (Kind::Move, 90),
    (Kind::ReduceSum, 40),
    (Kind::ReduceMax, 24),
    (Kind::ArgMax, 20),
    (Kind::Constant, 8),
    (Kind::Prelu, 32),
    (Kind::LogSoftmax, 16),
    (Kind::L2Norm, 16),
    (Kind::TransposeConv2d, 120),
    (Kind::ResizeBilinear, 12),
    (Kind::Matmul, 24),
    (Kind::Svdf, 32),
    (Kind::Embedding, 16),
];

#[derive(Clone, Copy)]
enum Kind {
    Sum,
    Product,
    Pick,
    Move,
    ReduceSum,
    ReduceMax,
    ArgMax,
    Constant,
    Prelu,
    LogSoftmax,
    L2Norm,
    TransposeConv2d,
    ResizeBilinear,
    Matmul,
    Svdf,
    Embedding,
}

/// Networks like those of [`super::layers`], whose names count on from `first`.
pub(super) fn single_layers(random: &mut Random, first: usize) -> Vec<Graph> {
    let mut graphs = Vec::new();
    for (kind, count) in COUNTS {
        let mut drawn = 0;
        while drawn < count {
            if let Some(graph) = draw(random, kind, first + graphs.len()) {
                graphs.push(graph);
                drawn += 1;
            }
        }
    }
    graphs
}

fn draw(random: &mut Random, kind: Kind, index: usize) -> Option<Graph> {
    let mut builder = GraphBuilder::new(format!("l{index}"));
    let sides = [1, 2, 3, 4, 5, 6, 8, 10];
    let channels = [1, 2, 3, 4, 6, 8, 12, 16, 20];
    let shape = Shape::from([
        random.pick(&sides),
        random.pick(&sides),
        random.pick(&channels),
    ]);
    let input = builder.input("input", shape.clone());
    let activation = random.pick(&[Activation::None, Activation::Relu, Activation::Relu6]);
    let (op, inputs) = match kind {
        Kind::Sum if random.below(2) == 0 => {
            // Never a plain addition, which has a kernel of its own.
            let other = other(random, &mut builder, input, false)?;
            (Op::Add(Add { activation }), vec![input, other])
        }
        Kind::Sum | Kind::Product => {
            let function = match kind {
                Kind::Sum => BinaryFunction::Sub,
                _ => BinaryFunction::Mul,
            };
            let other = other(random, &mut builder, input, true)?;
            let op = Binary {
                function,
                activation,
            };
            (Op::Binary(op), vec![input, other])
        }
        Kind::Pick => {
            let op = Binary {
                function: random.pick(&[BinaryFunction::Maximum, BinaryFunction::Minimum]),
                activation: Activation::None,
            };
            let other = other(random, &mut builder, input, true)?;
            (Op::Binary(op), vec![input, other])
        }
        Kind::Move => {
            let op = movement(random, &shape);
            let inputs = match op {
                Move::Concat(_) => vec![input; random.between(1, 3)],
                _ => vec![input],
            };
            (Op::Move(op), inputs)
        }
        Kind::ReduceSum | Kind::ReduceMax => {
            let function = match kind {
                Kind::ReduceMax => ReduceFunction::Max,
                _ => random.pick(&[ReduceFunction::Mean, ReduceFunction::Sum]),
            };
            let axes = (0..3).filter(|_| random.below(2) == 0).collect();
            let op = Reduce {
                function,
                axes,
                keep_dims: false,
            };
            (Op::Reduce(op), vec![input])
        }
        Kind::ArgMax => {
            let axis = random.below(3);
            (Op::ArgMax(ArgMax { axis }), vec![input])
        }
        Kind::TransposeConv2d => {
            let channels = random.pick(&[1, 2, 3, 4, 6, 8, 12, 16, 20, 24]);
            let op = transposed(random, &shape, channels);
            (Op::TransposeConv2d(op), vec![input])
        }
        Kind::ResizeBilinear => {
            let op = bilinear(random);
            (Op::ResizeBilinear(op), vec![input])
        }
        Kind::Matmul => {
            let (op, right) = product(random, &mut builder, &shape)?;
            (op, vec![input, right])
        }
        Kind::Constant => (Op::Constant(Constant { shape }), Vec::new()),
        Kind::Prelu => {
            let op = Binary {
                function: BinaryFunction::Prelu,
                activation: Activation::None,
            };
            let other = other(random, &mut builder, input, true)?;
            (Op::Binary(op), vec![input, other])
        }
        Kind::LogSoftmax => (Op::LogSoftmax(LogSoftmax {}), vec![input]),
        Kind::Svdf => {
            let op = Svdf {
                units: random.between(1, 24),
                rank: random.between(1, 3),
                memory: random.between(1, 12),
                state_bits: 8,
                state_scale: Real::new(0.02),
                activation: Activation::None,
            };
            (Op::Svdf(op), vec![input])
        }
        Kind::L2Norm => (Op::L2Norm(L2Norm {}), vec![input]),
        Kind::Embedding => {
            let op = Embedding {
                rows: random.between(2, 80),
                width: random.pick(&[1, 2, 3, 4, 6, 8, 12, 16, 24, 32]),
            };
            let mut builder = GraphBuilder::new(format!("l{index}"));
            let input = builder.input("input", [1, random.between(1, 80), 1]);
            let output = builder.node("layer", Op::Embedding(op), &[input]).ok()?;
            return Some(builder.finish(&[output]));
        }
    };
    let output = builder.node("layer", op, &inputs).ok()?;
    Some(builder.finish(&[output]))
}

/// Another operand: repeated, in flash, or of the same shape and another scale, if `plain` allows that.
fn other(
    random: &mut Random,
    builder: &mut GraphBuilder,
    input: TensorId,
    plain: bool,
) -> Option<TensorId> {
    let mut dims = builder.shape(input).dims().to_vec();
    match random.below(3) {
        0 if plain => {
            let branch = Op::DepthwiseConv2d(DepthwiseConv2d {
                window: Window2d::valid([1, 1], [1, 1]),
                multiplier: 1,
                activation: Activation::None,
            });
            builder.node("branch", branch, &[input]).ok()
        }
        1 => {
            let op = Reduce {
                function: ReduceFunction::Mean,
                axes: match random.below(2) {
                    0 => vec![0, 1],
                    _ => vec![2],
                },
                keep_dims: true,
            };
            builder.node("branch", Op::Reduce(op), &[input]).ok()
        }
        _ => {
            for dim in &mut dims {
                if random.below(2) == 0 {
                    *dim = 1;
                }
            }
            let op = Op::Constant(Constant {
                shape: Shape::new(dims),
            });
            builder.node("branch", op, &[]).ok()
        }
    }
}
