//! The kernels that the cost model tells apart.

use serde::Deserialize;

/// A kernel of `ember_runtime`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// `conv2d_s8`.
    Conv2d,
    /// `depthwise_conv2d_s8`.
    DepthwiseConv2d,
    /// `dense_s8`.
    Dense,
    /// `add_s8`.
    Add,
    /// `average_pool2d_s8`.
    AveragePool2d,
    /// `max_pool2d_s8`.
    MaxPool2d,
    /// `mean_s8`.
    Mean,
    /// `softmax_s8`.
    Softmax,
    /// `lookup_s8`.
    Lookup,
    /// `lstm_s8`.
    Lstm,
    /// `next_row`, `feed_row`, `store_row`.
    Rows,
    /// `mean_row_s8`.
    MeanRow,
    /// `average_row_s8`.
    AverageRow,
    /// Sums and differences of `binary_s8`.
    BinarySum,
    /// Products of `binary_s8`.
    BinaryProduct,
    /// Maxima and minima of `binary_s8`.
    BinaryPick,
    /// `copy_s8`.
    Copy,
    /// Sums and means of `reduce_s8`.
    ReduceSum,
    /// Maxima of `reduce_s8`.
    ReduceMax,
    /// `arg_max_s8`.
    ArgMax,
    /// `constant_s8`.
    Constant,
    /// Slopes of `binary_s8`.
    BinaryPrelu,
    /// `log_softmax_s8`.
    LogSoftmax,
    /// `l2_norm_s8`.
    L2Norm,
    /// `embedding_s8`.
    Embedding,
    /// `transpose_conv2d_s8`.
    TransposeConv2d,
    /// `resize_bilinear_s8`.
    ResizeBilinear,
    /// `matmul_s8`.
    Matmul,
    /// `svdf_s8`.
    Svdf,
    /// Plain layers of `recurrent_s8`.
    Rnn,
    /// Gated units of `recurrent_s8`.
    Gru,
    /// `darts_cell_s8`.
    DartsCell,
    /// `conv2d_s16`.
    Conv2dS16,
    /// `depthwise_conv2d_s16`.
    DepthwiseConv2dS16,
    /// `dense_s16`.
    DenseS16,
    /// `add_s16`.
    AddS16,
    /// `average_pool2d_s16`.
    AveragePool2dS16,
    /// `max_pool2d_s16`.
    MaxPool2dS16,
    /// `quantize_s16`.
    QuantizeS16,
    /// `conv2d_s4`.
    Conv2dS4,
    /// `dense_s4`.
    DenseS4,
    /// `dot_s8`.
    Dot,
}

impl Kernel {
    /// All kernels, in the order of their numbers.
    pub const ALL: [Kernel; 42] = [
        Kernel::Conv2d,
        Kernel::DepthwiseConv2d,
        Kernel::Dense,
        Kernel::Add,
        Kernel::AveragePool2d,
        Kernel::MaxPool2d,
        Kernel::Mean,
        Kernel::Softmax,
        Kernel::Lookup,
        Kernel::Lstm,
        Kernel::Rows,
        Kernel::MeanRow,
        Kernel::AverageRow,
        Kernel::BinarySum,
        Kernel::BinaryProduct,
        Kernel::BinaryPick,
        Kernel::Copy,
        Kernel::ReduceSum,
        Kernel::ReduceMax,
        Kernel::ArgMax,
        Kernel::Constant,
        Kernel::BinaryPrelu,
        Kernel::LogSoftmax,
        Kernel::L2Norm,
        Kernel::Embedding,
        Kernel::TransposeConv2d,
        Kernel::ResizeBilinear,
        Kernel::Matmul,
        Kernel::Svdf,
        Kernel::Rnn,
        Kernel::Gru,
        Kernel::DartsCell,
        Kernel::Conv2dS16,
        Kernel::DepthwiseConv2dS16,
        Kernel::DenseS16,
        Kernel::AddS16,
        Kernel::AveragePool2dS16,
        Kernel::MaxPool2dS16,
        Kernel::QuantizeS16,
        Kernel::Conv2dS4,
        Kernel::DenseS4,
        Kernel::Dot,
    ];

    /// The name in `table.toml`, which is that of the operator.
    pub const fn name(self) -> &'static str {
        match self {
            Kernel::Conv2d => "conv2d",
            Kernel::DepthwiseConv2d => "depthwise_conv2d",
            Kernel::Dense => "dense",
            Kernel::Add => "add",
            Kernel::AveragePool2d => "average_pool2d",
            Kernel::MaxPool2d => "max_pool2d",
            Kernel::Mean => "mean",
            Kernel::Softmax => "softmax",
            Kernel::Lookup => "lookup",
            Kernel::Lstm => "lstm",
            Kernel::Rows => "rows",
            Kernel::MeanRow => "mean_row",
            Kernel::AverageRow => "average_row",
            Kernel::BinarySum => "binary_sum",
            Kernel::BinaryProduct => "binary_product",
            Kernel::BinaryPick => "binary_pick",
            Kernel::Copy => "copy",
            Kernel::ReduceSum => "reduce_sum",
            Kernel::ReduceMax => "reduce_max",
            Kernel::ArgMax => "arg_max",
            Kernel::Constant => "constant",
            Kernel::BinaryPrelu => "binary_prelu",
            Kernel::LogSoftmax => "log_softmax",
            Kernel::L2Norm => "l2_norm",
            Kernel::Embedding => "embedding",
            Kernel::TransposeConv2d => "transpose_conv2d",
            Kernel::ResizeBilinear => "resize_bilinear",
            Kernel::Matmul => "matmul",
            Kernel::Svdf => "svdf",
            Kernel::Rnn => "rnn",
            Kernel::Gru => "gru",
            Kernel::DartsCell => "darts_cell",
            Kernel::Conv2dS16 => "conv2d_s16",
            Kernel::DepthwiseConv2dS16 => "depthwise_conv2d_s16",
            Kernel::DenseS16 => "dense_s16",
            Kernel::AddS16 => "add_s16",
            Kernel::AveragePool2dS16 => "average_pool2d_s16",
            Kernel::MaxPool2dS16 => "max_pool2d_s16",
            Kernel::QuantizeS16 => "quantize_s16",
            Kernel::Conv2dS4 => "conv2d_s4",
            Kernel::DenseS4 => "dense_s4",
            Kernel::Dot => "dot",
        }
    }
}
