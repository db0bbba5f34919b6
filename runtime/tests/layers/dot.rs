//! Layers of `cases` as dot products.

/// `name: the fully connected layer`.
macro_rules! dot_of_dense {
    ($($name:ident: $of:ident;)*) => {$(
        $crate::layers::dot::dot! { $name: $of, Dense, DenseParams, dense_s8, |of| (
            [of.inputs, of.inputs],
            ember_runtime::params::Steps { output: 0, tap: 1 },
            ember_runtime::params::Steps { output: of.inputs, tap: 1 },
        ) }
    )*};
}

/// `name: the depthwise convolution`, whose window is its whole input.
macro_rules! dot_of_depthwise {
    ($($name:ident: $of:ident;)*) => {$(
        $crate::layers::dot::dot! {
            $name: $of, DepthwiseConv2d, DepthwiseConv2dParams, depthwise_conv2d_s8, |of| (
                [of.kernel[0] * of.kernel[1], of.kernel[0] * of.kernel[1] * of.input[2]],
                ember_runtime::params::Steps { output: 1, tap: of.input[2] },
                ember_runtime::params::Steps { output: 1, tap: of.input[2] },
            )
        }
    )*};
}

/// A layer whose taps, inputs and steps follow from those of another.
macro_rules! dot {
    ($name:ident: $of:ident, $role:ident, $params:ident, $reference:ident, |$p:ident| $shape:expr) => {
        pub struct $name;
        impl ember_runtime::layer::Unary for $name {
            const INPUT: ember_runtime::Region = <$of as ember_runtime::layer::Unary>::INPUT;
            const OUTPUT: ember_runtime::Region = <$of as ember_runtime::layer::Unary>::OUTPUT;
        }
        impl ember_runtime::layer::Dot for $name {
            const PARAMS: ember_runtime::params::DotParams<'static> = {
                let $p = <$of as ember_runtime::layer::$role>::PARAMS;
                let ([taps, inputs], x, w) = $shape;
                ember_runtime::params::DotParams {
                    taps,
                    outputs: <$of as ember_runtime::layer::Unary>::OUTPUT.len,
                    inputs,
                    x,
                    w,
                    output_zero: $p.output_zero,
                    clamp: $p.clamp,
                    rounding: $p.rounding,
                    weights: $p.weights,
                    bias: $p.bias,
                    mantissas: $p.mantissas,
                    exponents: $p.exponents,
                }
            };
            const PACKED: &'static [i32] = {
                const PARAMS: ember_runtime::params::DotParams<'static> =
                    <$name as ember_runtime::layer::Dot>::PARAMS;
                static PACKED: [i32; ember_runtime::packing::dot_words(&PARAMS)] =
                    ember_runtime::packing::dot(&PARAMS);
                &PACKED
            };
        }
        impl $crate::layers::check::Original for $name {
            fn original(x: &[i8], y: &mut [i8]) {
                ember_runtime::reference::$reference(
                    &<$of as ember_runtime::layer::$role>::PARAMS,
                    x,
                    y,
                );
            }
        }
    };
}

pub(crate) use {dot, dot_of_dense, dot_of_depthwise};
