//! The integers of an autoencoder's anomaly score, and what a score means; the score itself is
//! [`ember_runtime::anomaly`]'s, on the host as on the device.

use ember_ir::{Quant, QuantGraph};
use ember_runtime::anomaly::{Comparison, DIFFERENCE_BITS, MULTIPLIER_BITS, Side};

/// How the scores of a network are computed, and their unit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Scoring {
    /// The integers.
    pub comparison: Comparison,
    /// A score of 1 as a mean squared error, in the units of the network's input.
    pub unit: f64,
}

impl Scoring {
    /// Of a network with one int8 input and one int8 output of as many elements; `None` for any other.
    pub fn of(network: &QuantGraph) -> Option<Self> {
        let graph = &network.graph;
        let (&[input], &[output]) = (graph.inputs.as_slice(), graph.outputs.as_slice()) else {
            return None;
        };
        let elements = graph.tensor(input).shape.elements();
        let is_int8 = |id| graph.tensor(id).bytes() == elements;
        if elements == 0 || !is_int8(input) || !is_int8(output) {
            return None;
        }
        let quants = [network.quants[input.0], network.quants[output.0]];
        let coarser = quants
            .map(|quant| quant.scale)
            .into_iter()
            .fold(0.0, f32::max);
        let shift = elements.next_power_of_two().trailing_zeros();
        let step = f64::from(coarser) / f64::from(1u32 << DIFFERENCE_BITS);
        let [input, output] = quants.map(|quant| side(quant, coarser));
        Some(Self {
            comparison: Comparison {
                input,
                output,
                shift,
            },
            unit: step * step * 2f64.powi(shift as i32) / elements as f64,
        })
    }
}

/// A quotient of at most 1, so it is at most 2¹⁵.
fn side(quant: Quant, coarser: f32) -> Side {
    let share = f64::from(quant.scale) / f64::from(coarser);
    Side {
        zero_point: quant.zero_point,
        multiplier: (share * f64::from(1u32 << MULTIPLIER_BITS)).round() as u16,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;
    use ember_ir::{GraphBuilder, Op, Reshape, Rounding, Shape};
    use proptest::prelude::{any, prop_assert, proptest};

    /// Input and output of these scales; what lies between does not matter.
    fn network(elements: usize, input: Quant, output: Quant) -> QuantGraph {
        let mut builder = GraphBuilder::new("net");
        let x = builder.input("input", Shape::from([elements]));
        let shape = Shape::from([1, elements, 1]);
        let y = builder
            .node("output", Op::Reshape(Reshape { shape }), &[x])
            .unwrap();
        QuantGraph {
            graph: builder.finish(&[y]),
            quants: vec![input, output],
            params: vec![None],
            roundings: vec![Rounding::Single],
        }
    }

    proptest! {
        /// The integer score against the mean squared error in real arithmetic: each difference is off by at
        /// most 1.5 of 128ths of the coarser step.
        #[test]
        fn a_score_is_the_mean_squared_error(
            values in proptest::collection::vec(any::<(i8, i8)>(), 1..100),
            scales in (0.001f32..2.0, 0.001f32..2.0), zeros in any::<(i8, i8)>(),
        ) {
            let quant = |scale, zero_point: i8| Quant { scale, zero_point };
            let (input, output) = (quant(scales.0, zeros.0), quant(scales.1, zeros.1));
            let network = network(values.len(), input, output);
            let scoring = Scoring::of(&network).unwrap();
            let [sample, rebuilt]: [Vec<i8>; 2] =
                [values.iter().map(|v| v.0).collect(), values.iter().map(|v| v.1).collect()];
            let score = f64::from(scoring.comparison.score(&sample, &rebuilt)) * scoring.unit;
            let off = 1.5 / 128.0 * f64::from(scales.0.max(scales.1));
            let real = |quant: Quant, q: i8| {
                f64::from(quant.scale) * (f64::from(q) - f64::from(quant.zero_point))
            };
            let differences = values.iter().map(|&(x, y)| (real(input, x) - real(output, y)).abs());
            let differences: Vec<f64> = differences.collect();
            let mean = |of: &dyn Fn(f64) -> f64| {
                differences.iter().map(|&d| of(d)).sum::<f64>() / values.len() as f64
            };
            let least = mean(&|d| (d - off).max(0.0).powi(2));
            let most = mean(&|d| (d + off).powi(2));
            // What the shift cuts off is below 1.
            prop_assert!(score <= most * 1.0001, "{score} above {most}");
            prop_assert!(score + scoring.unit >= least * 0.9999, "{score} below {least}");
        }
    }

    #[test]
    fn other_networks_have_no_score() {
        let quant = Quant {
            scale: 0.1,
            zero_point: 0,
        };
        let mut network = network(4, quant, quant);
        network.graph.tensors[1].shape = Shape::from([3]);
        assert_eq!(Scoring::of(&network), None);
    }
}
