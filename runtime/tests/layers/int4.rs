//! Layers with int4 weights: those of `cases`, less the lower half of each weight.

/// Weights as multiples of 16; −128, which int4 does not have, as −112.
pub const fn int4<const N: usize>(weights: &[i8]) -> [i8; N] {
    let mut values = [0; N];
    let mut i = 0;
    while i < N {
        let high = weights[i] & !15;
        values[i] = if high < -112 { -112 } else { high };
        i += 1;
    }
    values
}

/// `name: the layer with int8 weights`.
macro_rules! conv2d_s4 {
    ($($name:ident: $of:ident;)*) => {$(
        pub struct $name;
        impl ember_runtime::layer::Unary for $name {
            const INPUT: ember_runtime::Region = <$of as ember_runtime::layer::Unary>::INPUT;
            const OUTPUT: ember_runtime::Region = <$of as ember_runtime::layer::Unary>::OUTPUT;
        }
        impl ember_runtime::layer::Conv2d for $name {
            const SCRATCH: ember_runtime::Region = ember_runtime::Region::new(
                <$of as ember_runtime::layer::Conv2d>::SCRATCH.offset,
                ember_runtime::scratch::Isa::Any.conv2d_s4_scratch(&Self::PARAMS.geometry()),
            );
            $crate::layers::int4::halved!($of, Conv2d, Conv2dParams, conv2d_s4, conv2d_s4_words);
        }
    )*};
}

/// `name: the layer with int8 weights`.
macro_rules! dense_s4 {
    ($($name:ident: $of:ident;)*) => {$(
        pub struct $name;
        impl ember_runtime::layer::Unary for $name {
            const INPUT: ember_runtime::Region = <$of as ember_runtime::layer::Unary>::INPUT;
            const OUTPUT: ember_runtime::Region = <$of as ember_runtime::layer::Unary>::OUTPUT;
        }
        impl ember_runtime::layer::DenseS4 for $name {
            const SCRATCH: ember_runtime::Region = ember_runtime::Region::new(
                <$of as ember_runtime::layer::Unary>::OUTPUT.end().next_multiple_of(4) + 4,
                ember_runtime::scratch::Isa::Any
                    .dense_s4_scratch(Self::PARAMS.inputs, Self::PARAMS.outputs),
            );
            $crate::layers::int4::halved!($of, Dense, DenseParams, dense_s4, dense_s4_words);
        }
    )*};
}

/// The parameters of a layer with int4 weights, and its stream.
macro_rules! halved {
    ($of:ident, $role:ident, $params:ident, $packing:ident, $words:ident) => {
        const PARAMS: ember_runtime::params::$params<'static> = {
            const OF: ember_runtime::params::$params<'static> =
                <$of as ember_runtime::layer::$role>::PARAMS;
            static WEIGHTS: [i8; OF.weights.len()] = $crate::layers::int4::int4(OF.weights);
            ember_runtime::params::$params {
                weights: &WEIGHTS,
                ..OF
            }
        };
        const PACKED: &'static [i32] = {
            const OF: ember_runtime::params::$params<'static> =
                <$of as ember_runtime::layer::$role>::PARAMS;
            const WEIGHTS: [i8; OF.weights.len()] = $crate::layers::int4::int4(OF.weights);
            const PARAMS: ember_runtime::params::$params<'static> =
                ember_runtime::params::$params {
                    weights: &WEIGHTS,
                    ..OF
                };
            static PACKED: [i32; ember_runtime::packing::$words(&PARAMS)] =
                ember_runtime::packing::$packing(&PARAMS);
            &PACKED
        };
    };
}

pub(crate) use {conv2d_s4, dense_s4, halved};
