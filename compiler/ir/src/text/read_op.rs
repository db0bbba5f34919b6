//! Attributes → operator; `write_op` is the way back.

use super::attributes::{Attributes, parse_shape};
use super::moves;
use crate::{
    Activation, Add, ArgMax, AveragePool2d, Binary, BinaryFunction, Cell, CellFunction, CellNode,
    CellNodes, Constant, Conv2d, DartsCell, Dense, DepthwiseConv2d, Embedding, Function, L2Norm,
    LogSoftmax, Lstm, MAX_CELL_NODES, Matmul, MaxPool2d, Mean, Op, Padding, Real, Recurrent,
    Reduce, ReduceFunction, Reshape, ResizeBilinear, Shape, Softmax, Svdf, TransposeConv2d, Unary,
    Window2d,
};

impl Attributes<'_> {
    /// Builds the operator called `name` for an input of this shape (needed by `pad=same`).
    pub(super) fn op(&mut self, name: &str, input: Option<&Shape>) -> Result<Op, String> {
        Ok(match name {
            "conv2d" => Op::Conv2d(Conv2d {
                window: self.window(input)?,
                out_channels: self.required("channels")?,
                activation: self.activation()?,
            }),
            "depthwise_conv2d" => Op::DepthwiseConv2d(DepthwiseConv2d {
                window: self.window(input)?,
                multiplier: self.number("multiplier")?.unwrap_or(1),
                activation: self.activation()?,
            }),
            "dense" => Op::Dense(Dense {
                out_features: self.required("features")?,
                over_rows: self.flag("over_rows")?,
                activation: self.activation()?,
            }),
            "transpose_conv2d" => Op::TransposeConv2d(TransposeConv2d {
                kernel: self.pair("kernel")?.ok_or("kernel=… is missing")?,
                stride: self.pair("stride")?.unwrap_or([1, 1]),
                before: self.pair("before")?.unwrap_or([0, 0]),
                size: self.pair("size")?.ok_or("size=HEIGHTxWIDTH is missing")?,
                out_channels: self.required("channels")?,
                activation: self.activation()?,
            }),
            "resize_bilinear" => Op::ResizeBilinear(ResizeBilinear {
                size: self.pair("size")?.ok_or("size=HEIGHTxWIDTH is missing")?,
                coordinates: moves::parse_coordinates(self)?,
                step: match self.optional_list("step")?.as_deref() {
                    None => None,
                    Some(&[height, width]) => Some([height, width].map(Real::new)),
                    Some(_) => return Err("step must be two numbers, as in 0.5,0.5".into()),
                },
            }),
            "matmul" => Op::Matmul(Matmul {
                transpose_left: self.flag("transpose_left")?,
                transpose_right: self.flag("transpose_right")?,
            }),
            "add" => Op::Add(Add {
                activation: self.activation()?,
            }),
            "average_pool2d" => Op::AveragePool2d(AveragePool2d {
                window: self.window(input)?,
                activation: self.activation()?,
            }),
            "max_pool2d" => Op::MaxPool2d(MaxPool2d {
                window: self.window(input)?,
                activation: self.activation()?,
            }),
            "mean" => Op::Mean(Mean {}),
            "reshape" => {
                let text = self.take("shape").ok_or("reshape needs shape=…")?;
                Op::Reshape(Reshape {
                    shape: parse_shape(text)?,
                })
            }
            "softmax" => Op::Softmax(Softmax {}),
            "log_softmax" => Op::LogSoftmax(LogSoftmax {}),
            "l2_norm" => Op::L2Norm(L2Norm {}),
            "embedding" => Op::Embedding(Embedding {
                rows: self.required("rows")?,
                width: self.required("width")?,
            }),
            "lstm" => Op::Lstm(Lstm {
                hidden: self.required("hidden")?,
                cell_bits: self.required("cell_bits")?,
                clip: Real::new(self.number("clip")?.unwrap_or(f32::INFINITY)),
                stateful: self.flag("stateful")?,
            }),
            "rnn_tanh" => self.recurrent(Cell::RnnTanh)?,
            "rnn_relu" => self.recurrent(Cell::RnnRelu)?,
            "gru" => self.recurrent(Cell::Gru)?,
            "gru_reset_after" => self.recurrent(Cell::GruResetAfter)?,
            "darts_cell" => Op::DartsCell(DartsCell {
                nodes: self.nodes()?,
                hidden: self.required("hidden")?,
                stateful: self.flag("stateful")?,
            }),
            "svdf" => Op::Svdf(Svdf {
                units: self.required("units")?,
                rank: self.required("rank")?,
                memory: self.required("memory")?,
                state_bits: self.required("state_bits")?,
                state_scale: self.real("state_scale")?,
                activation: self.activation()?,
            }),
            "unary" => Op::Unary(Unary {
                function: self.function()?,
            }),
            "sub" => self.binary(BinaryFunction::Sub)?,
            "mul" => self.binary(BinaryFunction::Mul)?,
            "maximum" => self.binary(BinaryFunction::Maximum)?,
            "minimum" => self.binary(BinaryFunction::Minimum)?,
            "prelu" => self.binary(BinaryFunction::Prelu)?,
            "reduce_mean" => self.reduce(ReduceFunction::Mean)?,
            "reduce_sum" => self.reduce(ReduceFunction::Sum)?,
            "reduce_max" => self.reduce(ReduceFunction::Max)?,
            "arg_max" => Op::ArgMax(ArgMax {
                axis: self.required("axis")?,
            }),
            "constant" => {
                let text = self.take("shape").ok_or("constant needs shape=…")?;
                Op::Constant(Constant {
                    shape: parse_shape(text)?,
                })
            }
            _ => match moves::parse(name, self)? {
                Some(op) => Op::Move(op),
                None => {
                    return Err(format!(
                        "there is no operator '{name}'; the operators are conv2d, depthwise_conv2d, \
                         transpose_conv2d, dense, add, sub, mul, maximum, minimum, prelu, average_pool2d, max_pool2d, \
                         mean, reduce_mean, reduce_sum, reduce_max, arg_max, reshape, softmax, \
                         log_softmax, l2_norm, embedding, constant, pad, \
                         mirror_pad, transpose, slice, concat, gather, space_to_depth, depth_to_space, \
                         resize_nearest, resize_bilinear, matmul, lstm, rnn_tanh, rnn_relu, gru, \
                         gru_reset_after, darts_cell, svdf, unary"
                    ));
                }
            },
        })
    }

    fn binary(&mut self, function: BinaryFunction) -> Result<Op, String> {
        Ok(Op::Binary(Binary {
            function,
            activation: self.activation()?,
        }))
    }

    fn recurrent(&mut self, cell: Cell) -> Result<Op, String> {
        Ok(Op::Recurrent(Recurrent {
            cell,
            hidden: self.required("hidden")?,
            stateful: self.flag("stateful")?,
        }))
    }

    fn nodes(&mut self) -> Result<CellNodes, String> {
        let text = self
            .take("nodes")
            .ok_or("nodes=… is missing, as in 0:tanh,1:relu")?;
        let node = |text: &str| {
            let (from, name) = text.split_once(':')?;
            let named = |function: &CellFunction| function.name() == name;
            Some(CellNode {
                from: from.parse().ok()?,
                function: CellFunction::ALL.into_iter().find(named)?,
            })
        };
        let nodes: Option<Vec<CellNode>> = text.split(',').map(node).collect();
        nodes
            .and_then(|nodes| CellNodes::new(&nodes))
            .ok_or_else(|| {
                format!(
                    "nodes={text}; it must be up to {MAX_CELL_NODES} of a number and a function (tanh, relu, \
                     sigmoid, identity), as in 0:tanh,1:relu; node k, from 1, reads a number below k"
                )
            })
    }

    fn reduce(&mut self, function: ReduceFunction) -> Result<Op, String> {
        Ok(Op::Reduce(Reduce {
            function,
            axes: self.list("axes")?,
            keep_dims: self.flag("keep_dims")?,
        }))
    }

    fn activation(&mut self) -> Result<Activation, String> {
        match self.take("act") {
            None | Some("none") => Ok(Activation::None),
            Some("relu") => Ok(Activation::Relu),
            Some("relu6") => Ok(Activation::Relu6),
            Some(other) => Err(format!("act={other}; it must be none, relu or relu6")),
        }
    }

    fn function(&mut self) -> Result<Function, String> {
        let name = self.take("function").ok_or("unary needs function=…")?;
        Ok(match name {
            "logistic" => Function::Logistic,
            "tanh" => Function::Tanh,
            "clip" => Function::Clip {
                low: self.real("low")?,
                high: self.real("high")?,
            },
            "leaky_relu" => Function::LeakyRelu {
                alpha: self.real("alpha")?,
            },
            "hard_swish" => Function::HardSwish,
            "hard_sigmoid" => Function::HardSigmoid {
                alpha: self.real("alpha")?,
                beta: self.real("beta")?,
            },
            "elu" => Function::Elu,
            "abs" => Function::Abs,
            "neg" => Function::Neg,
            "exp" => Function::Exp,
            "log" => Function::Log,
            "sqrt" => Function::Sqrt,
            "rsqrt" => Function::Rsqrt,
            "square" => Function::Square,
            "erf" => Function::Erf,
            "gelu" => Function::Gelu,
            "gelu_tanh" => Function::GeluTanh,
            "softplus" => Function::Softplus,
            "softsign" => Function::Softsign,
            "selu" => Function::Selu {
                alpha: self.real("alpha")?,
                gamma: self.real("gamma")?,
            },
            "celu" => Function::Celu {
                alpha: self.real("alpha")?,
            },
            "mish" => Function::Mish,
            "sin" => Function::Sin,
            "cos" => Function::Cos,
            "reciprocal" => Function::Reciprocal,
            "floor" => Function::Floor,
            "ceil" => Function::Ceil,
            "round" => Function::Round,
            "sign" => Function::Sign,
            "quantize" => Function::Quantize,
            "table" => Function::Table,
            _ => {
                return Err(format!(
                    "there is no function '{name}'; the functions are logistic, tanh, clip, leaky_relu, \
                     hard_swish, hard_sigmoid, elu, abs, neg, exp, log, sqrt, rsqrt, square, erf, gelu, \
                     gelu_tanh, softplus, softsign, selu, celu, mish, sin, cos, reciprocal, floor, ceil, \
                     round, sign, quantize, table"
                ));
            }
        })
    }

    fn window(&mut self, input: Option<&Shape>) -> Result<Window2d, String> {
        let kernel = self.pair("kernel")?.ok_or("kernel=… is missing")?;
        let mut window = Window2d::valid(kernel, self.pair("stride")?.unwrap_or([1, 1]));
        window.dilation = self.pair("dilation")?.unwrap_or([1, 1]);
        match self.take("pad") {
            None => {}
            Some("same") => {
                let [h, w, _] = input
                    .and_then(Shape::hwc)
                    .ok_or("pad=same needs an input of shape HxWxC")?;
                window = window.with_same_padding([h, w]);
            }
            Some(text) => window.padding = parse_padding(text)?,
        }
        Ok(window)
    }
}

fn parse_padding(text: &str) -> Result<Padding, String> {
    let sides: Option<Vec<usize>> = text.split(',').map(|side| side.parse().ok()).collect();
    match sides.as_deref() {
        Some(&[top, bottom, left, right]) => Ok(Padding {
            top,
            bottom,
            left,
            right,
        }),
        _ => Err(format!(
            "pad={text}; it must be same or TOP,BOTTOM,LEFT,RIGHT"
        )),
    }
}
