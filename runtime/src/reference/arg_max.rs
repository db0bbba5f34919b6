//! Index of the largest element along an axis; the first one wins.

use crate::params::ArgMaxParams;

/// Reads outer·len·inner elements, writes outer·inner.
pub fn arg_max_s8(params: &ArgMaxParams, input: &[i8], output: &mut [i8]) {
    let ArgMaxParams { outer, len, inner } = *params;
    for o in 0..outer {
        for i in 0..inner {
            let at = |k: usize| input[(o * len + k) * inner + i];
            let best = (1..len).fold(0, |best, k| if at(k) > at(best) { k } else { best });
            output[o * inner + i] = best as i8;
        }
    }
}
