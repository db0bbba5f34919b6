//! A layer of an emitted model is a zero-sized type with associated constants: where its inputs and
//! output lie in the arena and what it computes. All of it is checked, and turned into the constant that
//! the kernel reads, when the firmware is compiled.

use crate::arena::Region;
use crate::params::{
    AddParams, AddS16Params, ArgMaxParams, BinaryParams, ConstantParams, Conv2dParams,
    Conv2dS16Params, CopyParams, DartsCellParams, DenseParams, DenseS16Params,
    DepthwiseConv2dParams, DepthwiseConv2dS16Params, DotParams, EmbeddingParams, L2NormParams,
    LogSoftmaxParams, LookupParams, LstmParams, MatmulParams, MeanParams, Pool2dParams,
    Pool2dS16Params, QuantizeParams, RecurrentParams, ReduceParams, ResizeBilinearParams, Schedule,
    SoftmaxParams, SvdfParams, TransposeConv2dParams,
};

/// A layer with one input.
pub trait Unary {
    /// What is read.
    const INPUT: Region;
    /// What is written; disjoint from the input unless the kernel says otherwise
    /// ([`crate::scratch`]).
    const OUTPUT: Region;
}

/// A layer with two inputs.
pub trait Binary {
    /// First input.
    const LEFT: Region;
    /// Second input.
    const RIGHT: Region;
    /// What is written; may be exactly one of the inputs.
    const OUTPUT: Region;
}

/// Input of [`crate::kernels::conv2d_s8`] and [`crate::kernels::conv2d_s4`].
///
/// `WHOLE`, here and below, is for all layers of the operator in a model alike: their channels come in
/// groups that the kernel computes together, so that code for the last few is not needed.
pub trait Conv2d: Unary {
    /// Whether filters come in whole groups of [`crate::scratch::CHANNELS`].
    const WHOLE: bool = false;
    /// Where patches of the input are gathered, and int4 weights unpacked.
    const SCRATCH: Region;
    /// Shapes, constants, weights.
    const PARAMS: Conv2dParams<'static>;
    /// The weights and constants of `PARAMS`, by [`crate::packing::conv2d`] or, of int4 weights,
    /// [`crate::packing::conv2d_s4`].
    const PACKED: &'static [i32];
}

/// Input of [`crate::kernels::transpose_conv2d_s8`].
pub trait TransposeConv2d: Unary {
    /// Where patches of the input are gathered.
    const SCRATCH: Region;
    /// Shapes, phases, constants, weights.
    const PARAMS: TransposeConv2dParams<'static>;
    /// The weights and constants of `PARAMS`, by [`crate::packing::transpose_conv2d`].
    const PACKED: &'static [i32];
}

/// Input of [`crate::kernels::depthwise_conv2d_s8`].
pub trait DepthwiseConv2d: Unary {
    /// Whether channels come in whole groups of [`crate::scratch::CHANNELS`], each output's its own input's.
    const WHOLE: bool = false;
    /// Where bands of the input are copied.
    const SCRATCH: Region;
    /// Shapes, constants, weights.
    const PARAMS: DepthwiseConv2dParams<'static>;
    /// The weights and constants of `PARAMS`, by [`crate::packing::depthwise_conv2d`].
    const PACKED: &'static [i32];
}

/// Input of [`crate::kernels::dense_s8`].
pub trait Dense: Unary {
    /// Whether outputs come in whole groups of [`crate::packing::ROWS`].
    const WHOLE: bool = false;
    /// Shapes, constants, weights.
    const PARAMS: DenseParams<'static>;
    /// The weights and constants of `PARAMS`, by [`crate::packing::dense`].
    const PACKED: &'static [i32];
}

/// Input of [`crate::kernels::dot_s8`].
pub trait Dot: Unary {
    /// Steps, constants, weights.
    const PARAMS: DotParams<'static>;
    /// The weights and constants of `PARAMS`, by [`crate::packing::dot`].
    const PACKED: &'static [i32];
}

/// Input of [`crate::kernels::dense_s4`].
pub trait DenseS4: Unary {
    /// Whether outputs come in whole groups of [`crate::packing::ROWS`].
    const WHOLE: bool = false;
    /// Where weights are unpacked.
    const SCRATCH: Region;
    /// Shapes, constants, weights: multiples of 16.
    const PARAMS: DenseParams<'static>;
    /// The weights and constants of `PARAMS`, by [`crate::packing::dense_s4`].
    const PACKED: &'static [i32];
}

/// Input of [`crate::kernels::add_s8`].
pub trait Add: Binary {
    /// Shapes and constants.
    const PARAMS: AddParams;
}

/// Input of [`crate::kernels::average_pool2d_s8`] and [`crate::kernels::max_pool2d_s8`].
pub trait Pool2d: Unary {
    /// Shapes and constants.
    const PARAMS: Pool2dParams;
}

/// Input of [`crate::kernels::mean_s8`].
pub trait Mean: Unary {
    /// Shapes and constants.
    const PARAMS: MeanParams;
}

/// Input of [`crate::kernels::softmax_s8`].
pub trait Softmax: Unary {
    /// Shapes and constants.
    const PARAMS: SoftmaxParams<'static>;
}

/// Input of [`crate::kernels::log_softmax_s8`].
pub trait LogSoftmax: Unary {
    /// Shapes and constants.
    const PARAMS: LogSoftmaxParams<'static>;
}

/// Input of [`crate::kernels::l2_norm_s8`].
pub trait L2Norm: Unary {
    /// Shapes and constants.
    const PARAMS: L2NormParams;
}

/// Input of [`crate::kernels::embedding_s8`].
pub trait Embedding: Unary {
    /// Shapes and the table.
    const PARAMS: EmbeddingParams<'static>;
}

/// Input of [`crate::kernels::svdf_s8`].
pub trait Svdf: Unary {
    /// What is kept from call to call: behind all that lives during one.
    const STATE: Region;
    /// Shapes, constants, weights.
    const PARAMS: SvdfParams<'static>;
}

/// Input of [`crate::kernels::lstm_s8`].
pub trait Lstm: Unary {
    /// Where the cells lie unless they are kept, or else hidden values.
    const SCRATCH: Region;
    /// What is kept from call to call: behind all that lives during one.
    const STATE: Option<Region>;
    /// Shapes, constants, weights.
    const PARAMS: LstmParams<'static>;
}

/// Input of [`crate::kernels::recurrent_s8`].
pub trait Recurrent: Unary {
    /// Where its states lie unless they are kept, and hidden values.
    const SCRATCH: Region;
    /// What is kept from call to call: behind all that lives during one.
    const STATE: Option<Region>;
    /// Shapes, constants, weights.
    const PARAMS: RecurrentParams<'static>;
}

/// Input of [`crate::kernels::darts_cell_s8`].
pub trait DartsCell: Unary {
    /// Where hidden values lie unless they are kept, and states.
    const SCRATCH: Region;
    /// What is kept from call to call: behind all that lives during one.
    const STATE: Option<Region>;
    /// Shapes, constants, weights.
    const PARAMS: DartsCellParams<'static>;
}

/// Input of [`crate::kernels::lookup_s8`].
pub trait Lookup: Unary {
    /// Length and table.
    const PARAMS: LookupParams<'static>;
}

/// Input of [`crate::kernels::binary_s8`].
pub trait Elementwise {
    /// First operand.
    const LEFT: Operand;
    /// Second operand.
    const RIGHT: Operand;
    /// What is written; may be exactly an operand that is not repeated along an axis.
    const OUTPUT: Region;
    /// Axes and constants.
    const PARAMS: BinaryParams;
}

/// Where an operand of [`crate::kernels::binary_s8`] or [`crate::kernels::matmul_s8`] lies.
#[derive(Clone, Copy, Debug)]
pub enum Operand {
    /// In the arena.
    Arena(Region),
    /// In flash: a constant of the model.
    Flash(&'static [i8]),
}

/// Input of [`crate::kernels::matmul_s8`].
pub trait Matmul {
    /// Left matrices.
    const LEFT: Operand;
    /// Right matrices.
    const RIGHT: Operand;
    /// What is written; disjoint from both.
    const OUTPUT: Region;
    /// Where a row of the left matrices is spread.
    const SCRATCH: Region;
    /// Axes and constants.
    const PARAMS: MatmulParams;
}

/// Input of [`crate::kernels::copy_s8`].
pub trait Copy {
    /// What is read, by number.
    const INPUTS: &'static [Region];
    /// What is written; disjoint from all inputs.
    const OUTPUT: Region;
    /// What goes where.
    const PARAMS: CopyParams<'static>;
}

/// Input of [`crate::kernels::reduce_s8`].
pub trait Reduce: Unary {
    /// Axes and constants.
    const PARAMS: ReduceParams;
}

/// Input of [`crate::kernels::resize_bilinear_s8`].
pub trait ResizeBilinear: Unary {
    /// Shapes and positions.
    const PARAMS: ResizeBilinearParams;
}

/// Input of [`crate::kernels::arg_max_s8`].
pub trait ArgMax: Unary {
    /// Shape.
    const PARAMS: ArgMaxParams;
}

/// Input of [`crate::kernels::constant_s8`].
pub trait Constant {
    /// What is written.
    const OUTPUT: Region;
    /// The values.
    const PARAMS: ConstantParams<'static>;
}

/// Input of [`crate::kernels::conv2d_s16`].
pub trait Conv2dS16: Unary {
    /// Shapes, constants, weights.
    const PARAMS: Conv2dS16Params<'static>;
}

/// Input of [`crate::kernels::depthwise_conv2d_s16`].
pub trait DepthwiseConv2dS16: Unary {
    /// Shapes, constants, weights.
    const PARAMS: DepthwiseConv2dS16Params<'static>;
}

/// Input of [`crate::kernels::dense_s16`].
pub trait DenseS16: Unary {
    /// Shapes, constants, weights.
    const PARAMS: DenseS16Params<'static>;
}

/// Input of [`crate::kernels::add_s16`].
pub trait AddS16: Binary {
    /// Length and constants.
    const PARAMS: AddS16Params;
}

/// Input of [`crate::kernels::average_pool2d_s16`] and [`crate::kernels::max_pool2d_s16`].
pub trait Pool2dS16: Unary {
    /// Shapes and constants.
    const PARAMS: Pool2dS16Params;
}

/// Input of [`crate::kernels::quantize_s16`].
pub trait Quantize: Unary {
    /// Types and constants.
    const PARAMS: QuantizeParams;
}

/// A layer of a chain that runs row by row, or the chain's input; see [`crate::kernels::next_row`].
pub trait Rows {
    /// The youngest rows, one after the other; the next is written to the end.
    const LINES: Region;
    /// When rows are due.
    const SCHEDULE: Schedule;
}

/// Input of [`crate::kernels::feed_row`]: the input of a chain.
pub trait FedRows: Rows {
    /// All rows, or one that is written anew for each tick.
    const SOURCE: Region;
}

/// Input of [`crate::kernels::store_row`]: the last layer of a chain whose output exists in full.
pub trait StoredRows: Rows {
    /// All rows.
    const IMAGE: Region;
}

/// Input of [`crate::kernels::mean_row_s8`] and [`crate::kernels::average_row_s8`]: a layer that reduces all
/// rows to one pixel, and whose `INPUT` is the youngest of them.
pub trait SummedRows {
    /// Four bytes per channel.
    const SUMS: Region;
    /// When rows come.
    const SCHEDULE: Schedule;
}
