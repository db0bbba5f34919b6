//! Short forms against the definition.

use super::*;
use proptest::prelude::*;

const HALF: i32 = 1 << 30;

fn by_definition(acc: i32, scale: Scale, rounding: Rounding, zero: i8, clamp: [i8; 2]) -> i8 {
    let y = requantize(acc, scale, rounding).wrapping_add(i32::from(zero));
    y.min(i32::from(clamp[1])).max(i32::from(clamp[0])) as i8
}

fn method(rounding: Rounding, bits: u32, exponents: &[i8]) -> Method {
    let mantissas = [HALF; 4];
    Requant::new(
        rounding,
        0,
        [-128, 127],
        bits,
        (&mantissas[..exponents.len()], exponents),
    )
    .method
}

#[test]
fn short_forms_are_chosen_where_they_hold() {
    assert_eq!(
        method(Rounding::Single, 24, &[-8, -2]),
        Method::Single { pre: 0 }
    );
    assert_eq!(
        method(Rounding::Single, 24, &[-8, 1]),
        Method::Single { pre: 3 }
    );
    assert_eq!(method(Rounding::Single, 30, &[-8, 1]), Method::General);
    assert_eq!(method(Rounding::Single, 24, &[-31]), Method::General);
    assert_eq!(method(Rounding::TfLite, 24, &[-8, -1]), Method::TfLite);
    assert_eq!(method(Rounding::TfLite, 24, &[-8, 0]), Method::General);
    assert_eq!(method(Rounding::TfLite, 31, &[-8]), Method::General);
}

#[test]
fn accumulator_bits_bound_the_sum() {
    assert_eq!(accumulator_bits(1, &[0]), 15);
    assert_eq!(accumulator_bits(0, &[-7, 8, 3]), 4);
    assert_eq!(accumulator_bits(9, &[i32::MIN]), 32);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8192))]

    #[test]
    fn finish_equals_the_definition(
        bits in 8u32..=31,
        acc: i32,
        mantissa in prop_oneof![1 => Just(0), 9 => HALF..=i32::MAX],
        exponent in prop_oneof![4 => -14i8..=2, 1 => -31i8..=4],
        other in -14i8..=0,
        zero: i8,
        low in -128i8..=0,
        tflite: bool,
    ) {
        let rounding = if tflite { Rounding::TfLite } else { Rounding::Single };
        let acc = acc >> (32 - bits);
        let clamp = [low.max(zero.min(0)), 127];
        let scales = ([mantissa, HALF], [exponent, other]);
        let requant = Requant::new(rounding, zero, clamp, bits, (&scales.0, &scales.1));
        prop_assert_eq!(
            requant.finish(acc, requant.channel(mantissa, exponent)),
            by_definition(acc, Scale { mantissa, exponent }, rounding, zero, clamp),
            "{:?}", requant
        );
    }
}
