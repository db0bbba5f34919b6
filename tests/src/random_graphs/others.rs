//! Operators that the search does not use: element-wise functions with repetition and constants, reductions,
//! and all that moves elements.

use ember_ir::{
    Activation, Add, ArgMax, Binary, BinaryFunction, Concat, Constant, Coordinates, Dense,
    DepthToSpace, Gather, Graph, GraphBuilder, L2Norm, LogSoftmax, Matmul, MirrorPad, Move, Op,
    Pad, Real, Reduce, ReduceFunction, ResizeBilinear, ResizeNearest, Shape, Slice, SpaceToDepth,
    Svdf, TensorId, Transpose, TransposeConv2d,
};

use super::Random;

/// An operator on `input` and perhaps others; what it needs beside them is added to the graph.
pub(super) fn operator(
    random: &mut Random,
    builder: &mut GraphBuilder,
    tensors: &mut Vec<TensorId>,
    input: TensorId,
    is_last: bool,
) -> (Op, Vec<TensorId>) {
    let shape = builder.shape(input).clone();
    match random.below(15) {
        0..=3 => {
            let right = match random.below(2) {
                0 => constant(random, builder, tensors, &shape),
                _ => random.pick(tensors),
            };
            let inputs = match random.below(2) {
                0 => vec![input, right],
                _ => vec![right, input],
            };
            (elementwise(random), inputs)
        }
        4..=5 => {
            let function = random.pick(&[
                ReduceFunction::Mean,
                ReduceFunction::Sum,
                ReduceFunction::Max,
            ]);
            let axes = (0..shape.dims().len()).filter(|_| random.below(2) == 0);
            let axes = axes.collect();
            let keep_dims = random.below(2) == 0;
            let op = Reduce {
                function,
                axes,
                keep_dims,
            };
            (Op::Reduce(op), vec![input])
        }
        7 => match random.below(3) {
            0 => (Op::LogSoftmax(LogSoftmax {}), vec![input]),
            1 => (Op::L2Norm(L2Norm {}), vec![input]),
            _ => {
                let op = Svdf {
                    units: random.between(1, 6),
                    rank: random.between(1, 3),
                    memory: random.between(1, 5),
                    state_bits: random.pick(&[8, 16]),
                    state_scale: random.pick(&[Real::new(0.02), Real::new(0.0007)]),
                    activation: random.pick(&[Activation::None, Activation::Relu]),
                };
                (Op::Svdf(op), vec![input])
            }
        },
        8..=9 => {
            let channels = random.between(1, 6);
            let op = transposed(random, &shape, channels);
            (Op::TransposeConv2d(op), vec![input])
        }
        11 => {
            // With itself, another tensor or a constant.
            let right = random.pick(tensors);
            let flags = [random.below(2) == 0, random.below(2) == 0];
            let op = Op::Matmul(Matmul {
                transpose_left: flags[0],
                transpose_right: flags[1],
            });
            match random.below(2) {
                0 => product(random, builder, &shape)
                    .map(|(op, right)| {
                        tensors.push(right);
                        (op, vec![input, right])
                    })
                    .unwrap_or((op.clone(), vec![input, right])),
                _ => (op, vec![input, right]),
            }
        }
        10 => {
            let op = bilinear(random);
            (Op::ResizeBilinear(op), vec![input])
        }
        // Its output's fixed parameters are for no one else.
        6 if is_last => {
            let axis = random.below(shape.dims().len());
            (Op::ArgMax(ArgMax { axis }), vec![input])
        }
        _ => {
            let mut inputs = vec![input];
            let op = movement(random, &shape);
            if let Move::Concat(_) = op {
                for _ in 0..random.below(3) {
                    inputs.push(random.pick(tensors));
                }
            }
            (Op::Move(op), inputs)
        }
    }
}

/// A network of a transposed convolution, a bilinear resize, a dense layer over rows and a product.
pub(super) fn products(random: &mut Random) -> Option<Graph> {
    let mut builder = GraphBuilder::new("products");
    let image = [
        random.between(1, 6),
        random.between(1, 6),
        random.between(1, 9),
    ];
    let input = builder.input("input", image);
    let filters = random.pick(&[1, 2, 3, 4, 5, 8, 9]);
    let op = transposed(random, &Shape::from(image), filters);
    let wide = builder
        .node("wide", Op::TransposeConv2d(op), &[input])
        .ok()?;
    let op = Op::ResizeBilinear(bilinear(random));
    let resized = builder.node("resized", op, &[wide]).ok()?;
    let rows = Op::Dense(Dense {
        out_features: random.between(1, 9),
        over_rows: true,
        activation: Activation::None,
    });
    let rows = builder.node("rows", rows, &[resized]).ok()?;
    let (op, right) = match random.below(2) {
        0 => {
            let shape = builder.shape(rows).clone();
            product(random, &mut builder, &shape)?
        }
        // The matrices with themselves.
        _ => {
            let transpose_left = random.below(2) == 0;
            let op = Matmul {
                transpose_left,
                transpose_right: !transpose_left,
            };
            (Op::Matmul(op), rows)
        }
    };
    let output = builder.node("product", op, &[rows, right]).ok()?;
    Some(builder.finish(&[output]))
}

/// A product with a constant, as large at most as a few times the input; `None` for vectors.
pub(crate) fn product(
    random: &mut Random,
    builder: &mut GraphBuilder,
    left: &Shape,
) -> Option<(Op, TensorId)> {
    let (batches, &[height, width]) = left.dims().split_last_chunk::<2>()?;
    let op = Matmul {
        transpose_left: random.below(3) == 0,
        transpose_right: random.below(2) == 0,
    };
    let depth = if op.transpose_left { height } else { width };
    let columns = random.between(1, 9);
    let mut dims = batches.to_vec();
    for dim in &mut dims {
        if random.below(2) == 0 {
            *dim = 1;
        }
    }
    dims.extend(match op.transpose_right {
        false => [depth, columns],
        true => [columns, depth],
    });
    let constant = Op::Constant(Constant {
        shape: Shape::new(dims),
    });
    let name = format!("constant_of_{}", random.below(1 << 30));
    let right = builder.node(name, constant, &[]).ok()?;
    Some((Op::Matmul(op), right))
}

/// A bilinear resize to a few rows and columns.
pub(crate) fn bilinear(random: &mut Random) -> ResizeBilinear {
    ResizeBilinear {
        size: [random.between(1, 9), random.between(1, 9)],
        coordinates: random.pick(&[
            Coordinates::Asymmetric,
            Coordinates::HalfPixel,
            Coordinates::AlignCorners,
        ]),
        step: match random.below(4) {
            0 => Some([0.6, 0.4].map(Real::new)),
            _ => None,
        },
    }
}

/// A transposed convolution of an image, of any size that it may have.
pub(crate) fn transposed(random: &mut Random, shape: &Shape, channels: usize) -> TransposeConv2d {
    let image = shape.hwc().unwrap_or([1, 1, 1]);
    let pair = |random: &mut Random, from: &[usize]| [random.pick(from), random.pick(from)];
    let kernel = pair(random, &[1, 2, 3, 3, 4, 5]);
    let stride = pair(random, &[1, 2, 2, 2, 3]);
    let (mut before, mut size) = ([0; 2], [0; 2]);
    for axis in 0..2 {
        before[axis] = random.below(kernel[axis]);
        let most = (image[axis] * stride[axis] + kernel[axis] - 1 - before[axis]).min(16);
        size[axis] = random.between(most.saturating_sub(kernel[axis]).max(1), most);
    }
    TransposeConv2d {
        kernel,
        stride,
        before,
        size,
        out_channels: channels,
        activation: random.pick(&[Activation::None, Activation::Relu, Activation::Relu6]),
    }
}

fn elementwise(random: &mut Random) -> Op {
    let activation = random.pick(&[Activation::None, Activation::Relu, Activation::Relu6]);
    let (function, activation) = match random.below(6) {
        0 => return Op::Add(Add { activation }),
        1 => (BinaryFunction::Sub, activation),
        2 => (BinaryFunction::Mul, activation),
        3 => (BinaryFunction::Maximum, Activation::None),
        4 => (BinaryFunction::Prelu, Activation::None),
        _ => (BinaryFunction::Minimum, Activation::None),
    };
    Op::Binary(Binary {
        function,
        activation,
    })
}

/// A constant that is repeated along some of the axes.
fn constant(
    random: &mut Random,
    builder: &mut GraphBuilder,
    tensors: &mut Vec<TensorId>,
    like: &Shape,
) -> TensorId {
    let mut dims = like.dims().to_vec();
    dims.drain(..random.below(dims.len()));
    for dim in &mut dims {
        if random.below(2) == 0 {
            *dim = 1;
        }
    }
    let op = Op::Constant(Constant {
        shape: Shape::new(dims),
    });
    let constant = builder.node(format!("constant_{}", tensors.len()), op, &[]);
    let constant = constant.unwrap_or_else(|error| panic!("{error}"));
    tensors.push(constant);
    constant
}

/// An operator that moves elements, as large at most as a few times its input; not all fit it.
pub(crate) fn movement(random: &mut Random, shape: &Shape) -> Move {
    let dims = shape.dims().to_vec();
    let per_axis = |random: &mut Random, most: usize| -> Vec<usize> {
        dims.iter().map(|_| random.between(0, most)).collect()
    };
    let axis = random.below(dims.len());
    match random.below(9) {
        0 => Move::Pad(Pad {
            before: per_axis(random, 2),
            after: per_axis(random, 2),
            fill: Real::new(random.pick(&[0.0, 0.0, 0.7, -1.5])),
        }),
        1 => Move::MirrorPad(MirrorPad {
            before: per_axis(random, 1),
            after: per_axis(random, 1),
            symmetric: random.below(2) == 0,
        }),
        2 => {
            let mut permutation: Vec<usize> = (0..dims.len()).collect();
            for place in (1..permutation.len()).rev() {
                permutation.swap(place, random.below(place + 1));
            }
            Move::Transpose(Transpose { permutation })
        }
        3..=4 => {
            let (mut begin, mut size, mut step) = (Vec::new(), Vec::new(), Vec::new());
            for &dim in &dims {
                let stride = random.pick(&[1, 1, 1, 2, 3]);
                let count = random.between(1, (dim - 1) / stride + 1);
                let span = (count - 1) * stride;
                let first = random.below(dim - span);
                let backwards = random.below(3) == 0;
                begin.push(if backwards { first + span } else { first });
                size.push(count);
                let stride = stride.cast_signed();
                step.push(if backwards { -stride } else { stride });
            }
            Move::Slice(Slice { begin, size, step })
        }
        5 => Move::Concat(Concat { axis }),
        6 => Move::Gather(Gather {
            axis,
            indices: (0..random.between(1, 6))
                .map(|_| random.below(dims[axis]))
                .collect(),
        }),
        7 => match random.below(2) {
            0 => Move::SpaceToDepth(SpaceToDepth {
                block: random.between(1, 3),
            }),
            _ => Move::DepthToSpace(DepthToSpace {
                block: random.between(1, 2),
            }),
        },
        _ => Move::ResizeNearest(ResizeNearest {
            size: [random.between(1, 9), random.between(1, 9)],
            coordinates: random.pick(&[
                Coordinates::Asymmetric,
                Coordinates::HalfPixel,
                Coordinates::AlignCorners,
            ]),
        }),
    }
}
