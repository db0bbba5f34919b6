//! The layers under test: every path of every kernel, and the sizes where one path ends and the next
//! begins.

use super::declare::{
    add, conv2d, darts_cell, dense, depthwise, embedding, l2_norm, log_softmax, lookup, lstm, mean,
    pool2d, recurrent, softmax, svdf, unary,
};
use super::dot::{dot_of_dense, dot_of_depthwise};
use super::int4::{conv2d_s4, dense_s4};

const FULL: [i8; 2] = [-128, 127];
const HALF: i32 = 1 << 30;

conv2d! {
    // Pointwise, depths around multiples of 4 and 16, odd pixels, odd filters.
    Point8: [4, 4, 8] -> [4, 4, 16], [1, 1], [1, 1], [1, 1], [0, 0], [-3, -128], FULL, Single, 0;
    Point16: [3, 5, 16] -> [3, 5, 6], [1, 1], [1, 1], [1, 1], [0, 0], [5, 9], FULL, Single, 0;
    Point20: [3, 3, 20] -> [3, 3, 5], [1, 1], [1, 1], [1, 1], [0, 0], [-128, 0], [0, 127], TfLite, 0;
    Point32: [4, 3, 32] -> [4, 3, 4], [1, 1], [1, 1], [1, 1], [0, 0], [-128, -128], FULL, Single, 0;
    Point7: [2, 5, 7] -> [2, 5, 3], [1, 1], [1, 1], [1, 1], [0, 0], [17, -128], [-128, 90], Single, 0;
    Point1: [3, 3, 1] -> [3, 3, 1], [1, 1], [1, 1], [1, 1], [0, 0], [0, 3], FULL, Single, 0;
    Point50: [2, 3, 50] -> [2, 3, 2], [1, 1], [1, 1], [1, 1], [0, 0], [1, 3], FULL, TfLite, 0;
    PointOne: [1, 1, 24] -> [1, 1, 10], [1, 1], [1, 1], [1, 1], [0, 0], [-7, 3], FULL, Single, 0;
    PointStrided: [7, 7, 12] -> [4, 4, 6], [1, 1], [2, 2], [1, 1], [0, 0], [11, 0], FULL, Single, 0;
    // 3×3: SAME and VALID, stride 1 and 2, one and three channels.
    First1: [8, 8, 1] -> [8, 8, 8], [3, 3], [1, 1], [1, 1], [1, 1], [-128, -128], FULL, Single, 0;
    First3: [10, 10, 3] -> [5, 5, 8], [3, 3], [2, 2], [1, 1], [0, 0], [-1, -128], FULL, Single, 0;
    Same4: [6, 6, 4] -> [6, 6, 4], [3, 3], [1, 1], [1, 1], [1, 1], [127, -128], FULL, TfLite, 0;
    Same16: [5, 7, 16] -> [5, 7, 6], [3, 3], [1, 1], [1, 1], [1, 1], [-5, 4], FULL, Single, 0;
    Same5: [5, 4, 5] -> [5, 4, 7], [3, 3], [1, 1], [1, 1], [1, 1], [-128, 4], [4, 100], Single, 0;
    Valid4: [6, 7, 4] -> [4, 5, 2], [3, 3], [1, 1], [1, 1], [0, 0], [6, -9], FULL, Single, 0;
    Stride2: [9, 9, 8] -> [5, 5, 4], [3, 3], [2, 2], [1, 1], [1, 1], [-20, -128], FULL, TfLite, 0;
    Tall: [12, 10, 1] -> [6, 5, 4], [10, 4], [2, 2], [1, 1], [4, 1], [33, -128], FULL, Single, 0;
    Five: [7, 7, 2] -> [7, 7, 3], [5, 5], [1, 1], [1, 1], [2, 2], [-33, 0], FULL, Single, 0;
    // The kernel is as wide as the image, as large, or larger.
    Wide: [6, 3, 4] -> [4, 1, 4], [3, 3], [1, 1], [1, 1], [0, 0], [3, 0], FULL, Single, 0;
    Whole: [4, 4, 6] -> [1, 1, 8], [4, 4], [1, 1], [1, 1], [0, 0], [3, -128], FULL, Single, 0;
    Large: [2, 2, 3] -> [2, 2, 2], [5, 5], [1, 1], [1, 1], [2, 2], [-100, 0], FULL, Single, 0;
    OneColumn: [8, 1, 4] -> [8, 1, 4], [3, 1], [1, 1], [1, 1], [1, 0], [-100, 0], FULL, Single, 0;
    // One-dimensional: height 1.
    Row: [1, 25, 6] -> [1, 25, 8], [1, 5], [1, 1], [1, 1], [0, 2], [-4, -128], FULL, Single, 0;
    RowStride: [1, 50, 6] -> [1, 23, 4], [1, 6], [1, 2], [1, 1], [0, 0], [-4, -128], FULL, Single, 0;
    // Dilated, uneven strides, padding beyond the kernel.
    RowDilated: [1, 20, 4] -> [1, 20, 4], [1, 3], [1, 1], [1, 3], [0, 3], [9, 1], FULL, Single, 0;
    Dilated: [9, 9, 3] -> [9, 9, 2], [3, 3], [1, 1], [2, 2], [2, 2], [9, 1], FULL, Single, 0;
    DilatedValid: [9, 8, 4] -> [5, 2, 4], [3, 3], [1, 1], [2, 3], [0, 0], [9, 1], FULL, TfLite, 0;
    DilatedRows: [9, 4, 4] -> [5, 4, 2], [3, 2], [1, 1], [2, 1], [0, 0], [9, 1], FULL, Single, 0;
    Uneven: [8, 9, 3] -> [8, 3, 2], [2, 3], [1, 3], [1, 1], [1, 1], [-9, 1], FULL, Single, 0;
    Beyond: [4, 4, 2] -> [10, 10, 2], [3, 3], [1, 1], [1, 1], [4, 4], [-9, 1], FULL, Single, 0;
    // Factors near and above one: the accumulator is shifted first, or the definition is used.
    Raised: [3, 4, 4] -> [3, 4, 6], [1, 1], [1, 1], [1, 1], [0, 0], [0, 0], FULL, Single, 8;
    RaisedTfLite: [3, 4, 4] -> [3, 4, 6], [1, 1], [1, 1], [1, 1], [0, 0], [0, 0], FULL, TfLite, 9;
    Tiny: [3, 4, 4] -> [3, 4, 6], [1, 1], [1, 1], [1, 1], [0, 0], [0, 3], FULL, Single, -20;
}

depthwise! {
    Deep8: [6, 6, 8] -> [6, 6, 8], [3, 3], [1, 1], [1, 1], [1, 1], [-128, -128], FULL, Single, 0;
    Deep16: [5, 5, 16] -> [5, 5, 16], [3, 3], [1, 1], [1, 1], [1, 1], [4, -128], FULL, TfLite, 0;
    Deep20: [5, 4, 20] -> [3, 2, 20], [3, 3], [2, 2], [1, 1], [1, 1], [4, -7], FULL, Single, 0;
    Deep4: [7, 7, 4] -> [5, 5, 4], [3, 3], [1, 1], [1, 1], [0, 0], [4, -7], [-7, 40], Single, 0;
    Deep6: [6, 6, 6] -> [3, 3, 6], [3, 3], [2, 2], [1, 1], [0, 0], [9, 0], FULL, Single, 0;
    Deep3: [6, 6, 3] -> [6, 6, 3], [3, 3], [1, 1], [1, 1], [1, 1], [9, 0], FULL, Single, 0;
    Deep1: [6, 6, 1] -> [6, 6, 1], [3, 3], [1, 1], [1, 1], [1, 1], [9, 0], FULL, Single, 0;
    Deep5x5: [7, 7, 8] -> [7, 7, 8], [5, 5], [1, 1], [1, 1], [2, 2], [-9, 0], FULL, Single, 0;
    DeepRow: [1, 30, 8] -> [1, 30, 8], [1, 9], [1, 1], [1, 1], [0, 4], [-9, 0], FULL, Single, 0;
    DeepRow3: [1, 30, 12] -> [1, 15, 12], [1, 3], [1, 2], [1, 1], [0, 0], [-9, 0], FULL, Single, 0;
    DeepDilated: [9, 9, 7] -> [9, 9, 7], [3, 3], [1, 1], [2, 2], [2, 2], [-9, 0], FULL, Single, 0;
    DeepOnes: [4, 4, 9] -> [4, 4, 9], [1, 1], [1, 1], [1, 1], [0, 0], [-9, 0], FULL, Single, 0;
    DeepWhole: [5, 5, 8] -> [1, 1, 8], [5, 5], [1, 1], [1, 1], [0, 0], [-9, 0], FULL, Single, 0;
    DeepLarge: [2, 3, 8] -> [2, 3, 8], [5, 5], [1, 1], [1, 1], [2, 2], [-9, 0], FULL, Single, 0;
    Multiplied: [5, 5, 1] -> [5, 5, 8], [3, 3], [1, 1], [1, 1], [1, 1], [-9, 0], FULL, Single, 0;
    Multiplied2: [5, 6, 3] -> [3, 3, 6], [3, 3], [2, 2], [1, 1], [1, 1], [-9, 0], FULL, TfLite, 0;
    DeepWhole6: [1, 13, 6] -> [1, 1, 6], [1, 13], [1, 1], [1, 1], [0, 0], [7, -128], [-100, 90], TfLite, 0;
    DeepWholeRaised: [3, 2, 4] -> [1, 1, 4], [3, 2], [1, 1], [1, 1], [0, 0], [0, 3], FULL, Single, 9;
    DeepRaised: [4, 4, 8] -> [4, 4, 8], [1, 1], [1, 1], [1, 1], [0, 0], [0, 0], FULL, TfLite, 9;
}

dense! {
    Dense64: 64 -> 10, 10, 0, FULL, Single, 0;
    Dense63: 63 -> 7, 7, -128, FULL, Single, 0;
    Dense66: 66 -> 5, 1, 3, [3, 127], TfLite, 0;
    Dense17: 17 -> 4, 4, 3, FULL, Single, 0;
    Dense3: 3 -> 9, 9, 3, FULL, Single, 0;
    Dense1: 1 -> 1, 1, 3, FULL, Single, 0;
    DenseTwo: 40 -> 2, 2, 3, FULL, Single, 0;
    DenseThree: 33 -> 3, 3, 3, FULL, TfLite, 0;
    DenseRaised: 6 -> 6, 6, -20, FULL, Single, 7;
    Dense200: 200 -> 16, 16, -128, FULL, Single, 0;
}

add! {
    AddApart: 37, [0, 40, 80], [3, -7, 0], [(HALF, 0), (1_234_567_890, -1), (1_500_000_000, -18)], FULL, Single;
    AddTfLite: 37, [0, 40, 80], [3, -7, 0], [(HALF, 0), (1_234_567_890, -1), (1_500_000_000, -18)], FULL, TfLite;
    AddIntoLeft: 50, [8, 60, 8], [-128, -128, -128], [(1_900_000_001, -2), (HALF, 0), (2_000_000_000, -19)], FULL, Single;
    AddIntoRight: 50, [8, 60, 60], [-128, 5, -128], [(1_900_000_001, -2), (HALF, 0), (2_000_000_000, -19)], [-128, 60], TfLite;
    AddTwice: 16, [4, 4, 4], [1, 1, 0], [(HALF, 0), (HALF, 0), (2_000_000_000, -19)], FULL, Single;
    AddFar: 29, [0, 40, 80], [0, 0, 0], [(HALF, 0), (1_100_000_000, -25), (2_000_000_000, -19)], FULL, Single;
}

pool2d! {
    Pool2: [6, 6, 5] -> [3, 3], [2, 2], [2, 2], [1, 1], [0, 0], FULL;
    Pool3Same: [7, 7, 4] -> [7, 7], [3, 3], [1, 1], [1, 1], [1, 1], FULL;
    Pool3Stride: [7, 6, 3] -> [4, 3], [3, 3], [2, 2], [1, 1], [1, 0], [-50, 60];
    PoolRow: [1, 21, 6] -> [1, 10], [1, 2], [1, 2], [1, 1], [0, 0], FULL;
    PoolWhole: [4, 4, 8] -> [1, 1], [4, 4], [1, 1], [1, 1], [0, 0], [0, 127];
    PoolDilated: [8, 8, 2] -> [8, 8], [3, 2], [1, 1], [2, 2], [2, 1], FULL;
}

mean! {
    Mean16: [4, 4, 7], [3, -128], (1_100_000_000, -3), FULL, Single;
    MeanTfLite: [3, 5, 8], [-128, 6], (1_900_000_000, -4), [6, 127], TfLite;
    MeanOne: [1, 1, 6], [0, 0], (HALF, 1), FULL, Single;
    MeanRow: [1, 50, 3], [-9, 0], (1_400_000_000, -5), FULL, Single;
}

softmax! {
    Softmax10: 1, 10, (HALF, 24, -31);
    Softmax4: 1, 4, (1_717_986_918, 22, -124);
    Softmax1: 3, 1, (1_500_000_000, 23, -62);
    Softmax100: 2, 100, (1_288_490_189, 20, -496);
}

log_softmax! {
    LogSoftmax10: 1, 10, (HALF, 24, -31), 31;
    LogSoftmax4: 3, 4, (1_717_986_918, 22, -124), 124;
    LogSoftmax1: 3, 1, (1_500_000_000, 23, -62), 62;
    LogSoftmax100: 2, 100, (1_288_490_189, 20, -496), 255;
}

embedding! {
    EmbeddingOfTokens: 40, 30, 12, 41;
    EmbeddingOfBytes: 9, 256, 5, 42;
    EmbeddingOfOne: 3, 1, 1, 43;
}

l2_norm! {
    L2Norm12: 1, 12, 3;
    L2NormRows: 7, 5, -128;
    L2Norm1: 4, 1, 127;
    L2Norm300: 2, 300, 0;
}

svdf! {
    Svdf6: 6, 5, 1, 6, -3, [-128, 127], Single;
    SvdfRank: 9, 4, 3, 5, 17, [-32768, 32767], TfLite;
    SvdfOne: 1, 1, 1, 1, -128, [-128, 127], TfLite;
    SvdfLong: 40, 3, 2, 12, 0, [-32768, 32767], Single;
}

lstm! {
    Lstm20: 5, 28, 20, -3, 11, 20480, false, TfLite;
    LstmSingle: 7, 6, 5, 0, 12, 32767, false, Single;
    LstmOne: 1, 1, 1, -128, 9, 32767, false, TfLite;
    LstmFine: 9, 3, 4, 10, 14, 3000, false, TfLite;
    LstmKept: 4, 7, 6, 33, 11, 32767, true, Single;
    LstmStep: 1, 3, 8, -128, 12, 20480, true, TfLite;
}

recurrent! {
    RnnTanh: RnnTanh, 6, 5, 7, -3, false, Single;
    RnnRelu: RnnRelu, 5, 9, 4, -128, false, TfLite;
    RnnOne: RnnTanh, 1, 1, 1, 127, true, TfLite;
    RnnKept: RnnRelu, 3, 4, 6, 0, true, Single;
    GruSingle: Gru, 7, 6, 5, 0, false, Single;
    Gru20: Gru, 5, 28, 20, -3, false, TfLite;
    GruKept: Gru, 3, 3, 9, 40, true, TfLite;
    GruAfter: GruResetAfter, 7, 6, 11, 5, false, Single;
    GruAfterOne: GruResetAfter, 1, 1, 1, -128, false, TfLite;
    GruAfterKept: GruResetAfter, 4, 10, 8, -60, true, Single;
}

darts_cell! {
    DartsChain: [0 Tanh, 1 Relu, 2 Sigmoid], 5, 6, 7, -3, false, Single;
    DartsStar: [0 Relu, 0 Identity, 1 Tanh, 1 Sigmoid], 4, 9, 12, 20, false, TfLite;
    DartsOne: [0 Identity], 1, 1, 1, -128, false, TfLite;
    DartsKept: [0 Sigmoid, 0 Tanh], 3, 5, 8, 0, true, Single;
    DartsEight: [0 Tanh, 1 Relu, 1 Identity, 2 Tanh, 4 Relu, 0 Sigmoid, 5 Tanh, 7 Identity], 2, 3, 5, 0, true, TfLite;
}

lookup! {
    LookupApart: 37, [0, 40], 1;
    LookupInPlace: 64, [8, 8], 2;
    LookupOne: 1, [4, 0], 3;
}

conv2d_s4! {
    Point8S4: Point8;
    Point16S4: Point16;
    Point20S4: Point20;
    Point32S4: Point32;
    Point7S4: Point7;
    Point1S4: Point1;
    Point50S4: Point50;
    PointOneS4: PointOne;
    PointStridedS4: PointStrided;
}

dense_s4! {
    Dense64S4: Dense64;
    Dense63S4: Dense63;
    Dense66S4: Dense66;
    Dense17S4: Dense17;
    Dense3S4: Dense3;
    Dense1S4: Dense1;
    DenseTwoS4: DenseTwo;
    DenseThreeS4: DenseThree;
    DenseRaisedS4: DenseRaised;
    Dense200S4: Dense200;
}

dot_of_dense! {
    Dot64: Dense64;
    Dot66: Dense66;
    Dot17: Dense17;
    Dot3: Dense3;
    Dot1: Dense1;
    DotRaised: DenseRaised;
}

dot_of_depthwise! {
    DotWhole: DeepWhole;
    DotWhole6: DeepWhole6;
    DotWholeRaised: DeepWholeRaised;
}

/// Runs `$run!(kernel: Layer)` for every layer above.
macro_rules! for_each_layer {
    ($run:ident) => {
        $run!(conv2d: Point8, Point16, Point20, Point32, Point7, Point1, Point50, PointOne, PointStrided,
            First1, First3, Same4, Same16, Same5, Valid4, Stride2, Tall, Five, Wide, Whole, Large,
            OneColumn, Row, RowStride, RowDilated, Dilated, DilatedValid, DilatedRows, Uneven, Beyond,
            Raised, RaisedTfLite, Tiny);
        $run!(depthwise_conv2d: Deep8, Deep16, Deep20, Deep4, Deep6, Deep3, Deep1, Deep5x5, DeepRow,
            DeepRow3, DeepDilated, DeepOnes, DeepWhole, DeepWhole6, DeepWholeRaised, DeepLarge, Multiplied, Multiplied2, DeepRaised);
        $run!(dot: Dot64, Dot66, Dot17, Dot3, Dot1, DotRaised, DotWhole, DotWhole6, DotWholeRaised);
        $run!(dense: Dense64, Dense63, Dense66, Dense17, Dense3, Dense1, DenseTwo, DenseThree,
            DenseRaised, Dense200);
        $run!(conv2d_s4: Point8S4, Point16S4, Point20S4, Point32S4, Point7S4, Point1S4, Point50S4, PointOneS4,
            PointStridedS4);
        $run!(dense_s4: Dense64S4, Dense63S4, Dense66S4, Dense17S4, Dense3S4, Dense1S4, DenseTwoS4,
            DenseThreeS4, DenseRaisedS4, Dense200S4);
        $run!(add: AddApart, AddTfLite, AddIntoLeft, AddIntoRight, AddTwice, AddFar);
        $run!(average_pool2d: Pool2, Pool3Same, Pool3Stride, PoolRow, PoolWhole, PoolDilated);
        $run!(max_pool2d: Pool2, Pool3Same, Pool3Stride, PoolRow, PoolWhole, PoolDilated);
        $run!(mean: Mean16, MeanTfLite, MeanOne, MeanRow);
        $run!(lstm: Lstm20, LstmSingle, LstmOne, LstmFine, LstmKept, LstmStep);
        $run!(recurrent: RnnTanh, RnnRelu, RnnOne, RnnKept, GruSingle, Gru20, GruKept, GruAfter, GruAfterOne,
            GruAfterKept);
        $run!(darts_cell: DartsChain, DartsStar, DartsOne, DartsKept, DartsEight);
        $run!(lookup: LookupApart, LookupInPlace, LookupOne);
        $run!(log_softmax: LogSoftmax10, LogSoftmax4, LogSoftmax1, LogSoftmax100);
        $run!(embedding: EmbeddingOfTokens, EmbeddingOfBytes, EmbeddingOfOne);
        $run!(l2_norm: L2Norm12, L2NormRows, L2Norm1, L2Norm300);
        $run!(svdf: Svdf6, SvdfRank, SvdfOne, SvdfLong);
        $run!(softmax: Softmax10, Softmax4, Softmax1, Softmax100);
    };
}
pub(crate) use for_each_layer;
