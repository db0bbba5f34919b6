//! Tables against the real functions; `tests/tests/import_tflm.rs` holds them to TensorFlow Lite Micro.

use ember_ir::{Function, Quant, Real};

use super::table;

const FUNCTIONS: [Function; 30] = [
    Function::Logistic,
    Function::Tanh,
    Function::RELU6,
    Function::LeakyRelu {
        alpha: Real::new(-0.3),
    },
    Function::HardSwish,
    Function::HardSigmoid {
        alpha: Real::new(0.2),
        beta: Real::new(0.5),
    },
    Function::Elu,
    Function::Abs,
    Function::Neg,
    Function::Exp,
    Function::Log,
    Function::Sqrt,
    Function::Rsqrt,
    Function::Square,
    Function::Erf,
    Function::Gelu,
    Function::GeluTanh,
    Function::Softplus,
    Function::Softsign,
    Function::Selu {
        alpha: Real::new(1.5),
        gamma: Real::new(1.1),
    },
    Function::Celu {
        alpha: Real::new(0.7),
    },
    Function::Mish,
    Function::Sin,
    Function::Cos,
    Function::Reciprocal,
    Function::Floor,
    Function::Ceil,
    Function::Round,
    Function::Sign,
    Function::Quantize,
];

#[test]
fn every_entry_is_close_to_the_real_function() {
    let input = Quant {
        scale: 0.03,
        zero_point: -20,
    };
    for function in FUNCTIONS {
        let output = function.fixed_output().unwrap_or(Quant {
            scale: 0.06,
            zero_point: -11,
        });
        let table = table(function, input, output);
        for x in i8::MIN..=i8::MAX {
            let real = function.apply(input.dequantize(x));
            // Where it is not defined there is nothing to compare with.
            if real.is_nan() {
                continue;
            }
            let (actual, expected) = (table[usize::from(x.cast_unsigned())], output.quantize(real));
            assert!(
                actual.abs_diff(expected) <= 1,
                "{function:?} of {x}: {actual}, not {expected}"
            );
        }
    }
}

#[test]
fn no_quantisation_is_out_of_reach() {
    let scales = [f32::MIN_POSITIVE, 1e-12, 1e-3, 1.0, 1e6, f32::MAX];
    let quants = scales
        .iter()
        .flat_map(|&scale| [-128, 0, 127].map(|zero_point| Quant { scale, zero_point }));
    let quants: Vec<Quant> = quants.collect();
    for function in FUNCTIONS {
        for &input in &quants {
            for &output in &quants {
                table(function, input, function.fixed_output().unwrap_or(output));
            }
        }
    }
}
