//! Reductions: three loops over the outputs, three over what each is computed from.

use ember_runtime::params::ReduceAxis;

use super::numbers;
use super::rescale::Rescale;

pub(super) fn counts([kept, reduced]: [[ReduceAxis; 3]; 2], rescale: Rescale) -> Vec<f64> {
    let [a, b, c] = kept.map(|axis| axis.count);
    let [d, e, f] = reduced.map(|axis| axis.count);
    let outputs = a * b * c;
    numbers(&[
        &[1, a, a * b],
        &rescale.counts(outputs),
        &[outputs * d, outputs * d * e, outputs * d * e * f],
    ])
}
