//! What a layer computes, as plain data: the same structs drive the reference kernels (built at run
//! time by the host's interpreter) and the fast kernels (associated constants of an emitted layer).
//!
//! `bias` is folded: `bias[c] − input_zero·Σ weights[c]`. A kernel then sums plain `w·x`, and a padded
//! tap reads `x = input_zero` (real zero). All sums wrap in i32; the host proves that the true
//! accumulator fits. Shapes are `[height, width, channels]`, pairs are `[height, width]`.

mod binary;
mod copy;
mod darts_cell;
mod dot;
mod int16;
mod matmul;
mod recurrent;
mod reduce;
mod resize_bilinear;
mod rows;
mod svdf;
mod transpose_conv2d;

pub use binary::{BinaryAxis, BinaryFunction, BinaryParams};
pub use copy::{CopyParams, PIECE_AXES, PIECE_WORDS, Piece, PieceAxis};
pub use darts_cell::{
    CellFunction, CellNode, CellNodes, DartsCellParams, MAX_CELL_NODES, darts_cell_scratch,
};
pub use dot::{DotParams, Steps};
pub use int16::{
    ADD_SHIFT, AddS16Params, Conv2dS16Params, DenseS16Params, DepthwiseConv2dS16Params,
    Pool2dS16Params, QuantizeParams, Sums, Width,
};
pub use matmul::{MatmulParams, matmul_scratch};
pub use recurrent::{RecurrentCell, RecurrentParams, recurrent_scratch};
pub use reduce::{ArgMaxParams, ReduceAxis, ReduceParams, SumParams};
pub use resize_bilinear::ResizeBilinearParams;
pub(crate) use resize_bilinear::{BILINEAR_BITS, between, rounded};
pub use rows::{EmbeddingParams, L2NormParams, LogSoftmaxParams, SoftmaxParams};
pub use svdf::SvdfParams;
pub use transpose_conv2d::{PHASE_WORDS, Phase, TransposeConv2dParams};

use crate::requant::{Rounding, Scale};

/// A 2-D convolution. Weights are OHWI.
#[derive(Clone, Copy, Debug)]
pub struct Conv2dParams<'a> {
    /// Input shape.
    pub input: [usize; 3],
    /// Output shape.
    pub output: [usize; 3],
    /// Taps.
    pub kernel: [usize; 2],
    /// Step.
    pub stride: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
    /// Padding before: top, left.
    pub pad: [usize; 2],
    /// Value of a padded tap.
    pub input_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How outputs are rounded.
    pub rounding: Rounding,
    /// O·KH·KW·I bytes.
    pub weights: &'a [i8],
    /// One folded bias per output channel.
    pub bias: &'a [i32],
    /// Multiplier mantissas, one per output channel.
    pub mantissas: &'a [i32],
    /// Multiplier exponents, one per output channel.
    pub exponents: &'a [i8],
}

/// A depthwise 2-D convolution. Weights are `[KH, KW, C_out]`; C_out is a multiple of C_in, and output
/// channel `c·multiplier + k` reads input channel `c`.
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseConv2dParams<'a> {
    /// Input shape.
    pub input: [usize; 3],
    /// Output shape.
    pub output: [usize; 3],
    /// Taps.
    pub kernel: [usize; 2],
    /// Step.
    pub stride: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
    /// Padding before: top, left.
    pub pad: [usize; 2],
    /// Value of a padded tap.
    pub input_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How outputs are rounded.
    pub rounding: Rounding,
    /// KH·KW·C_out bytes.
    pub weights: &'a [i8],
    /// One folded bias per output channel.
    pub bias: &'a [i32],
    /// Multiplier mantissas, one per output channel.
    pub mantissas: &'a [i32],
    /// Multiplier exponents, one per output channel.
    pub exponents: &'a [i8],
}

/// A fully connected layer. Weights are `[outputs, inputs]`.
#[derive(Clone, Copy, Debug)]
pub struct DenseParams<'a> {
    /// Elements read.
    pub inputs: usize,
    /// Elements written.
    pub outputs: usize,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How outputs are rounded.
    pub rounding: Rounding,
    /// outputs·inputs bytes.
    pub weights: &'a [i8],
    /// One folded bias per output.
    pub bias: &'a [i32],
    /// One mantissa per output, or a single one for all.
    pub mantissas: &'a [i32],
    /// As many exponents as mantissas.
    pub exponents: &'a [i8],
}

/// An element-wise addition: both inputs are shifted left by 20 and scaled to a common scale first.
#[derive(Clone, Copy, Debug)]
pub struct AddParams {
    /// Number of elements.
    pub len: usize,
    /// Zero point of the left input.
    pub left_zero: i8,
    /// Zero point of the right input.
    pub right_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// Factor of the left input.
    pub left: Scale,
    /// Factor of the right input.
    pub right: Scale,
    /// Factor of the sum.
    pub output: Scale,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How all three factors round.
    pub rounding: Rounding,
}

/// Average or maximum pooling; padded taps do not take part.
#[derive(Clone, Copy, Debug)]
pub struct Pool2dParams {
    /// Input shape.
    pub input: [usize; 3],
    /// Output shape.
    pub output: [usize; 3],
    /// Taps.
    pub kernel: [usize; 2],
    /// Step.
    pub stride: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
    /// Padding before: top, left.
    pub pad: [usize; 2],
    /// Lowest and highest output.
    pub clamp: [i8; 2],
}

/// Mean over height and width; 1/(H·W) is folded into `scale`.
#[derive(Clone, Copy, Debug)]
pub struct MeanParams {
    /// Input shape.
    pub input: [usize; 3],
    /// Input zero point.
    pub input_zero: i8,
    /// Output zero point.
    pub output_zero: i8,
    /// Factor from the sum to the output.
    pub scale: Scale,
    /// Lowest and highest output.
    pub clamp: [i8; 2],
    /// How outputs are rounded.
    pub rounding: Rounding,
}

/// A long short-term memory. Its state, cells and hidden values, is zero before the first step. Gates are in the order input,
/// forget, candidate, output; sums before their functions are Q3.12, gates Q0.15, cells i16.
#[derive(Clone, Copy, Debug)]
pub struct LstmParams<'a> {
    /// Steps of the sequence.
    pub steps: usize,
    /// Elements read per step.
    pub inputs: usize,
    /// Units: elements written per step.
    pub hidden: usize,
    /// Output zero point.
    pub output_zero: i8,
    /// Lowest and highest cell.
    pub clamp: [i16; 2],
    /// How all factors round.
    pub rounding: Rounding,
    /// Per gate, from the sum over inputs and from that over hidden values.
    pub scales: [[Scale; 2]; 4],
    /// From forget gate · cell to cell.
    pub kept: Scale,
    /// From input gate · candidate to cell.
    pub new: Scale,
    /// From tanh(cell) · output gate to output.
    pub output: Scale,
    /// Bits behind the point of a cell.
    pub cell_bits: i32,
    /// Whether the state is kept from call to call: cells, then hidden values less their zero point.
    pub stateful: bool,
    /// Per gate and unit, those of inputs, then those of hidden values.
    pub weights: &'a [i8],
    /// One folded bias per gate and unit.
    pub bias: &'a [i32],
    /// −output_zero·Σ weights of hidden values, per gate and unit.
    pub recurrent_bias: &'a [i32],
    /// [`crate::lstm_math::SIGMOID`].
    pub sigmoid: &'a [u16; 256],
}

impl LstmParams<'_> {
    /// Bytes of scratch.
    pub const fn scratch(&self) -> usize {
        lstm_scratch(self.hidden, self.stateful)
    }
}

/// Bytes of scratch of a long short-term memory of so many units: their cells or, where these are kept, their
/// hidden values before the first step.
pub const fn lstm_scratch(hidden: usize, stateful: bool) -> usize {
    hidden.saturating_mul(if stateful { 1 } else { 2 })
}

/// A function of one int8, applied to each element.
#[derive(Clone, Copy, Debug)]
pub struct LookupParams<'a> {
    /// Number of elements.
    pub len: usize,
    /// The output for each input byte: negative inputs are the upper half.
    pub table: &'a [i8; 256],
}

/// Values that are the same for every sample, where a layer needs them in the arena.
#[derive(Clone, Copy, Debug)]
pub struct ConstantParams<'a> {
    /// The values.
    pub values: &'a [i8],
}

/// When a layer that runs row by row makes its rows: row r at tick `first + r·every`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// Bytes of a row.
    pub row: usize,
    /// Tick of the first row.
    pub first: usize,
    /// Ticks from row to row.
    pub every: usize,
    /// Rows.
    pub count: usize,
    /// What the rows above the first and below the last are full of: the zero point.
    pub padding: i8,
}

/// The numbers of a file of int8 values, for statics that are included as bytes.
pub const fn from_bytes<const N: usize>(bytes: &[u8; N]) -> [i8; N] {
    let mut values = [0; N];
    let mut i = 0;
    while i < N {
        values[i] = i8::from_le_bytes([bytes[i]]);
        i += 1;
    }
    values
}

/// The numbers of a file of little-endian u16 values; a file of another length does not compile.
pub const fn halves_from_bytes<const BYTES: usize, const N: usize>(
    bytes: &[u8; BYTES],
) -> [u16; N] {
    const {
        assert!(
            BYTES == 2 * N,
            "the file's length is not that of the constant"
        )
    };
    let mut values = [0; N];
    let mut i = 0;
    while i < N {
        values[i] = u16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]]);
        i += 1;
    }
    values
}

/// The numbers of a file of little-endian i32 values; a file of another length does not compile.
pub const fn words_from_bytes<const BYTES: usize, const N: usize>(bytes: &[u8; BYTES]) -> [i32; N] {
    const {
        assert!(
            BYTES == 4 * N,
            "the file's length is not that of the constant"
        )
    };
    let mut values = [0; N];
    let mut i = 0;
    while i < N {
        let at = 4 * i;
        values[i] = i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        i += 1;
    }
    values
}

/// The numbers of a file of little-endian i64 values; a file of another length does not compile.
pub const fn longs_from_bytes<const BYTES: usize, const N: usize>(bytes: &[u8; BYTES]) -> [i64; N] {
    const {
        assert!(
            BYTES == 8 * N,
            "the file's length is not that of the constant"
        )
    };
    let mut values = [0; N];
    let mut i = 0;
    while i < N {
        let mut long = [0; 8];
        let mut at = 0;
        while at < 8 {
            long[at] = bytes[8 * i + at];
            at += 1;
        }
        values[i] = i64::from_le_bytes(long);
        i += 1;
    }
    values
}
