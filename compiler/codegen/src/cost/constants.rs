//! What a node's constants take in flash.

use ember_ir::{Cell, Graph, Node, Op, Shape, WeightType};
use ember_runtime::packing::{self, Isa};
use ember_runtime::params::PIECE_WORDS;

use crate::convolution;
use crate::dot;
use crate::lower::{copy, transpose_conv2d};

/// Words of a softmax's table.
const SOFTMAX_TABLE_WORDS: usize = 256;

/// Bias, mantissa and exponent of an output channel of int16.
const CHANNEL_BYTES_INT16: usize = 8 + 4 + 1;

/// Bytes of the table of the logistic function.
const SIGMOID_BYTES: usize = 512;
/// Of a bias, a mantissa and an exponent.
const FACTOR_BYTES: usize = 2 * size_of::<i32>() + 1;

/// Words of the table of a unary function.
const LOOKUP_TABLE_WORDS: usize = 64;

/// Bytes of weights, biases, multipliers and tables of one node, packed for an instruction set.
pub fn constant_bytes(graph: &Graph, node: &Node, isa: Isa) -> usize {
    let input = graph.input_shape(node);
    let weights = node.op.weight_shape(input);
    let weights = weights.map_or(0, |shape| shape.elements());
    let channels = node.op.weight_channels(input).unwrap_or(0);
    let taps = weights / channels.max(1);
    let words = match &node.op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::Dense(_) if graph.has_int16(node) => {
            return weights.saturating_add(channels.saturating_mul(CHANNEL_BYTES_INT16));
        }
        // It computes where int8 looks up.
        Op::Unary(_) if graph.has_int16(node) => 0,
        // Bytes as they are, two biases per gate and unit, the table.
        Op::Lstm(_) => {
            let biases = channels.saturating_mul(2 * size_of::<i32>());
            return weights.saturating_add(biases).saturating_add(SIGMOID_BYTES);
        }
        // Per row and part a bias and a factor; rectified units have no table.
        Op::Recurrent(op) => {
            let of_rows = op.rows().saturating_mul(2 * FACTOR_BYTES);
            let table = match op.cell {
                Cell::RnnRelu => 0,
                Cell::RnnTanh | Cell::Gru | Cell::GruResetAfter => SIGMOID_BYTES,
            };
            return weights.saturating_add(of_rows).saturating_add(table);
        }
        Op::DartsCell(op) => {
            let biases = channels.saturating_mul(size_of::<i32>());
            let factors = op.rows().saturating_mul(op.parts());
            let factors = factors.saturating_mul(size_of::<i32>() + 1);
            return weights
                .saturating_add(biases)
                .saturating_add(factors)
                .saturating_add(SIGMOID_BYTES);
        }
        // Bytes as they are, an addend per filter, halves over time, a bias per unit.
        Op::Svdf(op) => {
            let words = op.filters().saturating_add(op.units).saturating_mul(4);
            let time = op.state().saturating_mul(2);
            return weights.saturating_add(words).saturating_add(time);
        }
        Op::DepthwiseConv2d(_) | Op::Dense(_) if dot::is(graph, node) => {
            channels.saturating_mul(packing::dot_record_words(taps))
        }
        Op::Conv2d(_) | Op::Dense(_) => {
            let group = match convolution::is(&node.op) {
                true => packing::filters(isa),
                false => packing::ROWS,
            };
            match node.weights {
                WeightType::Int8 => packing::matrix_words(isa, group, channels, taps),
                WeightType::Int4 => packing::matrix_words_s4(isa, group, channels, taps),
            }
        }
        Op::DepthwiseConv2d(_) => {
            let record = packing::depthwise_record_words(isa, taps);
            channels.div_ceil(packing::CHANNELS).saturating_mul(record)
        }
        Op::TransposeConv2d(op) => transpose_conv2d::words(op, input, isa),
        Op::Softmax(_) | Op::LogSoftmax(_) => SOFTMAX_TABLE_WORDS,
        Op::Unary(_) => LOOKUP_TABLE_WORDS,
        Op::Move(op) => {
            let shapes = node.inputs.iter();
            let shapes: Vec<&Shape> = shapes.map(|&id| &graph.tensor(id).shape).collect();
            let element = graph.tensor(node.output).element;
            copy::pieces(op, &shapes, element)
                .len()
                .saturating_mul(PIECE_WORDS)
        }
        Op::Constant(_) | Op::Embedding(_) => return weights,
        Op::Add(_)
        | Op::Binary(_)
        | Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::Mean(_)
        | Op::Reshape(_)
        | Op::L2Norm(_)
        | Op::Reduce(_)
        | Op::ArgMax(_)
        | Op::Matmul(_)
        | Op::ResizeBilinear(_) => 0,
    };
    words.saturating_mul(4)
}
