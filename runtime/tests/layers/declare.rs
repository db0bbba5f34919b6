//! Macros that turn one line into a layer type.

/// Bytes of every test's arena.
pub const ARENA: usize = 16 * 1024;

/// One step of a 64-bit linear congruential generator (Knuth's MMIX constants); the upper half is good.
pub const fn step(state: u64) -> u64 {
    state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
}

/// Weights in −127..=127.
pub const fn weights<const N: usize>(seed: u64) -> [i8; N] {
    let mut values = [0; N];
    let mut state = step(seed);
    let mut i = 0;
    while i < N {
        state = step(state);
        values[i] = ((state >> 33) % 255) as i32 as i8;
        if values[i] == i8::MIN {
            values[i] = 127;
        }
        i += 1;
    }
    values
}

/// Biases in ±2¹³.
pub const fn biases<const N: usize>(seed: u64) -> [i32; N] {
    let mut values = [0; N];
    let mut state = step(seed + 1000);
    let mut i = 0;
    while i < N {
        state = step(state);
        values[i] = ((state >> 33) % (1 << 14)) as i32 - (1 << 13);
        i += 1;
    }
    values
}

/// Mantissas in [2³⁰, 2³¹), and one dead channel in sixteen or so.
pub const fn mantissas<const N: usize>(seed: u64) -> [i32; N] {
    let mut values = [0; N];
    let mut state = step(seed + 2000);
    let mut i = 0;
    while i < N {
        state = step(state);
        if !(state >> 40).is_multiple_of(16) {
            values[i] = (1 << 30) + ((state >> 33) % (1 << 30)) as i32;
        }
        i += 1;
    }
    values
}

/// Exponents around one that brings sums of `taps` products into eight bits, plus `raise`; 0 where the
/// mantissa is.
pub const fn exponents<const N: usize>(seed: u64, taps: usize, raise: i8) -> [i8; N] {
    let mut values = [0; N];
    let mut state = step(seed + 3000);
    let of = mantissas::<N>(seed);
    let mut i = 0;
    while i < N {
        state = step(state);
        if of[i] != 0 {
            values[i] = raise - 7 - (taps.ilog2() / 2) as i8 - ((state >> 33) % 3) as i8;
        }
        i += 1;
    }
    values
}

/// The regions of a layer with one input: the output follows after a gap of four bytes or more.
macro_rules! unary {
    ($name:ident, $input:expr, $output:expr) => {
        pub struct $name;
        impl ember_runtime::layer::Unary for $name {
            const INPUT: ember_runtime::Region = ember_runtime::Region::new(8, $input);
            const OUTPUT: ember_runtime::Region =
                ember_runtime::Region::new(($input + 8usize).next_multiple_of(4) + 4, $output);
        }
    };
}

/// `name: [h, w, c] -> [oh, ow, o], kernel, stride, dilation, pad, zeros, clamp, rounding, raise`.
macro_rules! conv2d {
    ($($name:ident: [$h:literal, $w:literal, $c:literal] -> [$oh:literal, $ow:literal, $o:literal],
       $kernel:expr, $stride:expr, $dilation:expr, $pad:expr, $zeros:expr, $clamp:expr, $rounding:ident,
       $raise:literal;)*) => {$(
        unary!($name, $h * $w * $c, $oh * $ow * $o);
        impl ember_runtime::layer::Conv2d for $name {
            const SCRATCH: ember_runtime::Region = ember_runtime::Region::new(
                <Self as ember_runtime::layer::Unary>::OUTPUT.end().next_multiple_of(4) + 4,
                ember_runtime::scratch::Isa::Any.conv2d_scratch(&Self::PARAMS.geometry()),
            );
            const PACKED: &'static [i32] = {
                const PARAMS: ember_runtime::params::Conv2dParams<'static> =
                    <$name as ember_runtime::layer::Conv2d>::PARAMS;
                static PACKED: [i32; ember_runtime::packing::conv2d_words(&PARAMS)] =
                    ember_runtime::packing::conv2d(&PARAMS);
                &PACKED
            };
            const PARAMS: ember_runtime::params::Conv2dParams<'static> = {
                const TAPS: usize = $kernel[0] * $kernel[1] * $c;
                const SEED: u64 = ($h + 3 * $w + 5 * $c + 7 * $o + 11 * TAPS) as u64;
                static WEIGHTS: [i8; $o * TAPS] = $crate::layers::declare::weights(SEED);
                static BIAS: [i32; $o] = $crate::layers::declare::biases(SEED);
                static MANTISSAS: [i32; $o] = $crate::layers::declare::mantissas(SEED);
                static EXPONENTS: [i8; $o] = $crate::layers::declare::exponents(SEED, TAPS, $raise);
                let zeros: [i8; 2] = $zeros;
                ember_runtime::params::Conv2dParams {
                    input: [$h, $w, $c],
                    output: [$oh, $ow, $o],
                    kernel: $kernel,
                    stride: $stride,
                    dilation: $dilation,
                    pad: $pad,
                    input_zero: zeros[0],
                    output_zero: zeros[1],
                    clamp: $clamp,
                    rounding: ember_runtime::Rounding::$rounding,
                    weights: &WEIGHTS,
                    bias: &BIAS,
                    mantissas: &MANTISSAS,
                    exponents: &EXPONENTS,
                }
            };
        }
    )*};
}

/// As `conv2d`; the sizes are those of a depthwise convolution.
macro_rules! depthwise {
    ($($name:ident: [$h:literal, $w:literal, $c:literal] -> [$oh:literal, $ow:literal, $o:literal],
       $kernel:expr, $stride:expr, $dilation:expr, $pad:expr, $zeros:expr, $clamp:expr, $rounding:ident,
       $raise:literal;)*) => {$(
        unary!($name, $h * $w * $c, $oh * $ow * $o);
        impl ember_runtime::layer::DepthwiseConv2d for $name {
            const SCRATCH: ember_runtime::Region = ember_runtime::Region::new(
                <Self as ember_runtime::layer::Unary>::OUTPUT.end().next_multiple_of(4) + 4,
                ember_runtime::scratch::Isa::Any.depthwise_scratch(&Self::PARAMS.geometry()),
            );
            const PACKED: &'static [i32] = {
                const PARAMS: ember_runtime::params::DepthwiseConv2dParams<'static> =
                    <$name as ember_runtime::layer::DepthwiseConv2d>::PARAMS;
                static PACKED: [i32; ember_runtime::packing::depthwise_conv2d_words(&PARAMS)] =
                    ember_runtime::packing::depthwise_conv2d(&PARAMS);
                &PACKED
            };
            const PARAMS: ember_runtime::params::DepthwiseConv2dParams<'static> = {
                const TAPS: usize = $kernel[0] * $kernel[1];
                const SEED: u64 = ($h + 3 * $w + 5 * $c + 7 * $o + 11 * TAPS) as u64;
                static WEIGHTS: [i8; $o * TAPS] = $crate::layers::declare::weights(SEED);
                static BIAS: [i32; $o] = $crate::layers::declare::biases(SEED);
                static MANTISSAS: [i32; $o] = $crate::layers::declare::mantissas(SEED);
                static EXPONENTS: [i8; $o] = $crate::layers::declare::exponents(SEED, TAPS, $raise);
                let zeros: [i8; 2] = $zeros;
                ember_runtime::params::DepthwiseConv2dParams {
                    input: [$h, $w, $c],
                    output: [$oh, $ow, $o],
                    kernel: $kernel,
                    stride: $stride,
                    dilation: $dilation,
                    pad: $pad,
                    input_zero: zeros[0],
                    output_zero: zeros[1],
                    clamp: $clamp,
                    rounding: ember_runtime::Rounding::$rounding,
                    weights: &WEIGHTS,
                    bias: &BIAS,
                    mantissas: &MANTISSAS,
                    exponents: &EXPONENTS,
                }
            };
        }
    )*};
}

/// `name: inputs -> outputs, number of multipliers, output zero, clamp, rounding, raise`.
macro_rules! dense {
    ($($name:ident: $i:literal -> $o:literal, $multipliers:literal, $zero:literal, $clamp:expr,
       $rounding:ident, $raise:literal;)*) => {$(
        unary!($name, $i, $o);
        impl ember_runtime::layer::Dense for $name {
            const PACKED: &'static [i32] = {
                const PARAMS: ember_runtime::params::DenseParams<'static> =
                    <$name as ember_runtime::layer::Dense>::PARAMS;
                static PACKED: [i32; ember_runtime::packing::dense_words(&PARAMS)] =
                    ember_runtime::packing::dense(&PARAMS);
                &PACKED
            };
            const PARAMS: ember_runtime::params::DenseParams<'static> = {
                const SEED: u64 = ($i + 31 * $o + $multipliers) as u64;
                static WEIGHTS: [i8; $o * $i] = $crate::layers::declare::weights(SEED);
                static BIAS: [i32; $o] = $crate::layers::declare::biases(SEED);
                static MANTISSAS: [i32; $multipliers] = $crate::layers::declare::mantissas(SEED);
                static EXPONENTS: [i8; $multipliers] =
                    $crate::layers::declare::exponents(SEED, $i, $raise);
                ember_runtime::params::DenseParams {
                    inputs: $i,
                    outputs: $o,
                    output_zero: $zero,
                    clamp: $clamp,
                    rounding: ember_runtime::Rounding::$rounding,
                    weights: &WEIGHTS,
                    bias: &BIAS,
                    mantissas: &MANTISSAS,
                    exponents: &EXPONENTS,
                }
            };
        }
    )*};
}

/// `name: length, offsets of left, right and output, zeros, scales, clamp, rounding`.
macro_rules! add {
    ($($name:ident: $len:literal, $offsets:expr, $zeros:expr, $scales:expr, $clamp:expr,
       $rounding:ident;)*) => {$(
        pub struct $name;
        impl ember_runtime::layer::Binary for $name {
            const LEFT: ember_runtime::Region = ember_runtime::Region::new($offsets[0], $len);
            const RIGHT: ember_runtime::Region = ember_runtime::Region::new($offsets[1], $len);
            const OUTPUT: ember_runtime::Region = ember_runtime::Region::new($offsets[2], $len);
        }
        impl ember_runtime::layer::Add for $name {
            const PARAMS: ember_runtime::params::AddParams = {
                let zeros: [i8; 3] = $zeros;
                let scales: [(i32, i8); 3] = $scales;
                ember_runtime::params::AddParams {
                    len: $len,
                    left_zero: zeros[0],
                    right_zero: zeros[1],
                    output_zero: zeros[2],
                    left: ember_runtime::Scale { mantissa: scales[0].0, exponent: scales[0].1 },
                    right: ember_runtime::Scale { mantissa: scales[1].0, exponent: scales[1].1 },
                    output: ember_runtime::Scale { mantissa: scales[2].0, exponent: scales[2].1 },
                    clamp: $clamp,
                    rounding: ember_runtime::Rounding::$rounding,
                }
            };
        }
    )*};
}

/// `name: [h, w, c] -> [oh, ow], kernel, stride, dilation, pad, clamp`.
macro_rules! pool2d {
    ($($name:ident: [$h:literal, $w:literal, $c:literal] -> [$oh:literal, $ow:literal],
       $kernel:expr, $stride:expr, $dilation:expr, $pad:expr, $clamp:expr;)*) => {$(
        unary!($name, $h * $w * $c, $oh * $ow * $c);
        impl ember_runtime::layer::Pool2d for $name {
            const PARAMS: ember_runtime::params::Pool2dParams = ember_runtime::params::Pool2dParams {
                input: [$h, $w, $c],
                output: [$oh, $ow, $c],
                kernel: $kernel,
                stride: $stride,
                dilation: $dilation,
                pad: $pad,
                clamp: $clamp,
            };
        }
    )*};
}

/// `name: [h, w, c], zeros, scale, clamp, rounding`.
macro_rules! mean {
    ($($name:ident: [$h:literal, $w:literal, $c:literal], $zeros:expr, $scale:expr, $clamp:expr,
       $rounding:ident;)*) => {$(
        unary!($name, $h * $w * $c, $c);
        impl ember_runtime::layer::Mean for $name {
            const PARAMS: ember_runtime::params::MeanParams = {
                let zeros: [i8; 2] = $zeros;
                let scale: (i32, i8) = $scale;
                ember_runtime::params::MeanParams {
                    input: [$h, $w, $c],
                    input_zero: zeros[0],
                    output_zero: zeros[1],
                    scale: ember_runtime::Scale { mantissa: scale.0, exponent: scale.1 },
                    clamp: $clamp,
                    rounding: ember_runtime::Rounding::$rounding,
                }
            };
        }
    )*};
}

/// `name: rows, length, (mantissa, left shift, diff_min) of the table`.
macro_rules! softmax {
    ($($name:ident: $rows:literal, $len:literal, $table:expr;)*) => {$(
        unary!($name, $rows * $len, $rows * $len);
        impl ember_runtime::layer::Softmax for $name {
            const PARAMS: ember_runtime::params::SoftmaxParams<'static> = {
                static EXPS: [i32; 256] = {
                    let (mantissa, left_shift, diff_min) = $table;
                    ember_runtime::softmax_math::exps_table(mantissa, left_shift, diff_min)
                };
                ember_runtime::params::SoftmaxParams { rows: $rows, len: $len, exps: &EXPS }
            };
        }
    )*};
}

/// `name: rows, length, (mantissa, left shift, diff_min) of the table, farthest distance`.
macro_rules! log_softmax {
    ($($name:ident: $rows:literal, $len:literal, $table:expr, $farthest:literal;)*) => {$(
        unary!($name, $rows * $len, $rows * $len);
        impl ember_runtime::layer::LogSoftmax for $name {
            const PARAMS: ember_runtime::params::LogSoftmaxParams<'static> = {
                const TABLE: (i32, u32, i32) = $table;
                static EXPS: [i32; 256] =
                    ember_runtime::softmax_math::exps_table(TABLE.0, TABLE.1, TABLE.2);
                ember_runtime::params::LogSoftmaxParams {
                    rows: $rows,
                    len: $len,
                    exps: &EXPS,
                    scale: ember_runtime::Scale { mantissa: TABLE.0, exponent: TABLE.1 as i8 },
                    farthest: $farthest,
                }
            };
        }
    )*};
}

/// `name: rows, length, zero point`.
macro_rules! l2_norm {
    ($($name:ident: $rows:literal, $len:literal, $zero:literal;)*) => {$(
        unary!($name, $rows * $len, $rows * $len);
        impl ember_runtime::layer::L2Norm for $name {
            const PARAMS: ember_runtime::params::L2NormParams = ember_runtime::params::L2NormParams {
                rows: $rows,
                len: $len,
                input_zero: $zero,
            };
        }
    )*};
}

/// `name: numbers, rows, width, seed`.
macro_rules! embedding {
    ($($name:ident: $len:literal, $rows:literal, $width:literal, $seed:literal;)*) => {$(
        unary!($name, $len, $len * $width);
        impl ember_runtime::layer::Embedding for $name {
            const PARAMS: ember_runtime::params::EmbeddingParams<'static> = {
                static ROWS: [i8; $rows * $width] = crate::layers::declare::weights($seed);
                ember_runtime::params::EmbeddingParams { len: $len, width: $width, values: &ROWS }
            };
        }
    )*};
}

/// `name: inputs, units, rank, memory, output zero point, lowest and highest number kept, rounding`.
macro_rules! svdf {
    ($($name:ident: $inputs:literal, $units:literal, $rank:literal, $memory:literal, $zero:literal,
       $kept:expr, $rounding:ident;)*) => {$(
        unary!($name, $inputs, $units);
        impl ember_runtime::layer::Svdf for $name {
            const STATE: ember_runtime::Region =
                ember_runtime::Region::new(8192, 2 * $units * $rank * $memory);
            const PARAMS: ember_runtime::params::SvdfParams<'static> = {
                use crate::layers::declare::{biases, weights};
                const TAPS: usize = $units * $rank * $memory;
                static WEIGHTS: [i8; $units * $rank * $inputs] = weights($units);
                static OFFSETS: [i32; $units * $rank] = biases($inputs);
                static BIAS: [i32; $units] = biases($rank);
                static TIME: [u16; TAPS] = {
                    let bytes: [i8; TAPS] = weights($memory);
                    let mut time = [0; TAPS];
                    let mut i = 0;
                    while i < TAPS {
                        time[i] = (bytes[i] as i16).cast_unsigned();
                        i += 1;
                    }
                    time
                };
                ember_runtime::params::SvdfParams {
                    inputs: $inputs,
                    units: $units,
                    rank: $rank,
                    memory: $memory,
                    output_zero: $zero,
                    clamp: [-128, 127],
                    kept: $kept,
                    rounding: ember_runtime::Rounding::$rounding,
                    feature: ember_runtime::Scale { mantissa: 1_500_000_000, exponent: -3 },
                    output: ember_runtime::Scale { mantissa: 1_300_000_000, exponent: -8 },
                    weights: &WEIGHTS,
                    offsets: &OFFSETS,
                    time: &TIME,
                    bias: &BIAS,
                }
            };
        }
    )*};
}

/// `name: steps, inputs, hidden, zeros, cell fraction bits, clip, whether states are kept, rounding`.
macro_rules! lstm {
    ($($name:ident: $steps:literal, $inputs:literal, $hidden:literal, $zero:literal, $fraction:literal,
       $clip:literal, $stateful:literal, $rounding:ident;)*) => {$(
        unary!($name, $steps * $inputs, $steps * $hidden);
        impl ember_runtime::layer::Lstm for $name {
            const SCRATCH: ember_runtime::Region =
                ember_runtime::Region::new(8448, Self::PARAMS.scratch());
            const STATE: Option<ember_runtime::Region> = if $stateful {
                Some(ember_runtime::Region::new(8192, 4 * $hidden))
            } else {
                None
            };
            const PARAMS: ember_runtime::params::LstmParams<'static> = {
                use crate::layers::declare::{biases, weights};
                use ember_runtime::lstm_math::SIGMOID;
                static SIGMOIDS: [u16; 256] = SIGMOID;
                static WEIGHTS: [i8; 4 * $hidden * ($inputs + $hidden)] = weights($steps);
                static BIAS: [i32; 4 * $hidden] = biases($inputs);
                static RECURRENT: [i32; 4 * $hidden] = biases($hidden);
                const fn scale(mantissa: i32, exponent: i8) -> ember_runtime::Scale {
                    ember_runtime::Scale { mantissa, exponent }
                }
                let gate = [scale(1_300_000_000, -1), scale(1_700_000_000, -2)];
                let loud = [scale(1_900_000_000, 1), scale(1_100_000_000, 0)];
                ember_runtime::params::LstmParams {
                    steps: $steps,
                    inputs: $inputs,
                    hidden: $hidden,
                    output_zero: $zero,
                    clamp: [-$clip - 1, $clip],
                    rounding: ember_runtime::Rounding::$rounding,
                    scales: [gate, gate, loud, gate],
                    kept: scale(1 << 30, -14),
                    new: scale(1 << 30, $fraction - 29),
                    output: scale(1_800_000_000, -22),
                    cell_bits: $fraction,
                    stateful: $stateful,
                    weights: &WEIGHTS,
                    bias: &BIAS,
                    recurrent_bias: &RECURRENT,
                    sigmoid: &SIGMOIDS,
                }
            };
        }
    )*};
}

/// `name: cell, steps, inputs, hidden, zero, whether states are kept, rounding`.
macro_rules! recurrent {
    ($($name:ident: $cell:ident, $steps:literal, $inputs:literal, $hidden:literal, $zero:literal,
       $stateful:literal, $rounding:ident;)*) => {$(
        unary!($name, $steps * $inputs, $steps * $hidden);
        impl ember_runtime::layer::Recurrent for $name {
            const SCRATCH: ember_runtime::Region =
                ember_runtime::Region::new(8448, Self::PARAMS.scratch());
            const STATE: Option<ember_runtime::Region> = if $stateful {
                Some(ember_runtime::Region::new(8192, 2 * $hidden))
            } else {
                None
            };
            const PARAMS: ember_runtime::params::RecurrentParams<'static> = {
                use crate::layers::declare::{biases, mantissas, weights};
                use ember_runtime::{lstm_math::SIGMOID, params::RecurrentCell};
                const CELL: RecurrentCell = RecurrentCell::$cell;
                const ROWS: usize = CELL.gates() * $hidden;
                static SIGMOIDS: [u16; 256] = SIGMOID;
                static WEIGHTS: [i8; ROWS * ($inputs + $hidden)] = weights($steps);
                static BIAS: [i32; 2 * ROWS] = biases($inputs);
                static MANTISSAS: [i32; 2 * ROWS] = mantissas($hidden);
                static EXPONENTS: [i8; 2 * ROWS] = {
                    let mut exponents = [0; 2 * ROWS];
                    let mut i = 0;
                    while i < exponents.len() {
                        // Of inputs and hidden values, some loud.
                        exponents[i] = [-2, -1, 1, 0, -1][i % 5];
                        i += 1;
                    }
                    exponents
                };
                ember_runtime::params::RecurrentParams {
                    cell: CELL,
                    steps: $steps,
                    inputs: $inputs,
                    hidden: $hidden,
                    output_zero: $zero,
                    stateful: $stateful,
                    rounding: ember_runtime::Rounding::$rounding,
                    output: ember_runtime::Scale { mantissa: 1_800_000_000, exponent: -7 },
                    weights: &WEIGHTS,
                    bias: &BIAS,
                    mantissas: &MANTISSAS,
                    exponents: &EXPONENTS,
                    sigmoid: match CELL {
                        RecurrentCell::RnnRelu => None,
                        _ => Some(&SIGMOIDS),
                    },
                }
            };
        }
    )*};
}

/// `name: nodes, steps, inputs, hidden, zero, whether hidden values are kept, rounding`.
macro_rules! darts_cell {
    ($($name:ident: [$($from:literal $function:ident),*], $steps:literal, $inputs:literal, $hidden:literal,
       $zero:literal, $stateful:literal, $rounding:ident;)*) => {$(
        unary!($name, $steps * $inputs, $steps * $hidden);
        impl ember_runtime::layer::DartsCell for $name {
            const SCRATCH: ember_runtime::Region =
                ember_runtime::Region::new(8448, Self::PARAMS.scratch());
            const STATE: Option<ember_runtime::Region> = if $stateful {
                Some(ember_runtime::Region::new(8192, 2 * $hidden))
            } else {
                None
            };
            const PARAMS: ember_runtime::params::DartsCellParams<'static> = {
                use crate::layers::declare::{biases, mantissas, weights};
                use ember_runtime::params::{CellFunction, CellNode, CellNodes};
                const NODES: CellNodes = CellNodes::new(&[
                    $(CellNode { from: $from, function: CellFunction::$function }),*
                ]);
                const ROWS: usize = 2 * $hidden;
                const STAGES: usize = 1 + NODES.count();
                const FACTORS: usize = ROWS * (STAGES + 1);
                static SIGMOID: [u16; 256] = ember_runtime::lstm_math::SIGMOID;
                static WEIGHTS: [i8; ROWS * ($inputs + STAGES * $hidden)] = weights($steps);
                static BIAS: [i32; ROWS * STAGES] = biases($inputs);
                static MANTISSAS: [i32; FACTORS] = mantissas($hidden);
                static EXPONENTS: [i8; FACTORS] = {
                    let mut exponents = [0; FACTORS];
                    let mut i = 0;
                    while i < exponents.len() {
                        // Of inputs and states, some loud.
                        exponents[i] = if i % (STAGES + 1) == 0 {
                            [-2, -1, 0][i % 3]
                        } else {
                            [-9, -8, -7, -5][i % 4]
                        };
                        i += 1;
                    }
                    exponents
                };
                ember_runtime::params::DartsCellParams {
                    nodes: NODES,
                    steps: $steps,
                    inputs: $inputs,
                    hidden: $hidden,
                    output_zero: $zero,
                    stateful: $stateful,
                    rounding: ember_runtime::Rounding::$rounding,
                    output: ember_runtime::Scale { mantissa: 1_800_000_000, exponent: -7 },
                    weights: &WEIGHTS,
                    bias: &BIAS,
                    mantissas: &MANTISSAS,
                    exponents: &EXPONENTS,
                    sigmoid: &SIGMOID,
                }
            };
        }
    )*};
}

/// `name: length, [offset of the input, of the output], seed of the table`.
macro_rules! lookup {
    ($($name:ident: $len:literal, $offsets:expr, $seed:literal;)*) => {$(
        pub struct $name;
        impl ember_runtime::layer::Unary for $name {
            const INPUT: ember_runtime::Region = ember_runtime::Region::new($offsets[0], $len);
            const OUTPUT: ember_runtime::Region = ember_runtime::Region::new($offsets[1], $len);
        }
        impl ember_runtime::layer::Lookup for $name {
            const PARAMS: ember_runtime::params::LookupParams<'static> = {
                static TABLE: [i8; 256] = crate::layers::declare::weights($seed);
                ember_runtime::params::LookupParams { len: $len, table: &TABLE }
            };
        }
    )*};
}

pub(crate) use {
    add, conv2d, darts_cell, dense, depthwise, embedding, l2_norm, log_softmax, lookup, lstm, mean,
    pool2d, recurrent, softmax, svdf, unary,
};
