//! The graph every room of Ember speaks about.
//!
//! Owns: tensors' shapes, the closed set of operators with their shape inference, the three graph
//! stages (topology [`Graph`], trained [`FloatGraph`], integer [`QuantGraph`]), the verifier and the
//! text form (`*.ember`). Must not know: burn, syn, files, boards.
//!
//! Reading order: [`shape`], [`element`], [`weight_type`], [`op`],
//! [`graph`], [`quant`], [`float_graph`], [`quant_graph`], [`verify`], [`text`].
#![forbid(unsafe_code)]

pub mod element;
pub mod float_graph;
pub mod graph;
pub mod op;
pub mod quant;
pub mod quant_graph;
pub mod shape;
pub mod text;
pub mod verify;
pub mod weight_type;

pub use element::Element;
pub use float_graph::{FloatGraph, FloatParams};
pub use graph::{Graph, GraphBuilder, Node, Tensor, TensorId};
pub use op::{
    Activation, Add, ArgMax, AveragePool2d, Binary, BinaryFunction, Block, BlockAxis, Cell,
    CellFunction, CellNode, CellNodes, Concat, Constant, Conv2d, Coordinates, DartsCell, Dense,
    DepthToSpace, DepthwiseConv2d, Embedding, Function, GATES, Gather, L2Norm, LogSoftmax, Lstm,
    MAX_CELL_NODES, Matmul, MaxPool2d, Mean, MirrorPad, Move, Op, Pad, Padding, Real, Recurrent,
    Reduce, ReduceFunction, Reshape, ResizeBilinear, ResizeNearest, ShapeError, Slice, Softmax,
    SpaceToDepth, Svdf, Transpose, TransposeConv2d, Unary, Window2d, broadcast_strides,
};
pub use quant::{Multiplier, Quant, Rounding};
pub use quant_graph::{QuantGraph, QuantParams};
pub use shape::Shape;
pub use verify::{Violation, verify_float, verify_graph, verify_quant};
pub use weight_type::{INT4_STEP, WeightType};
