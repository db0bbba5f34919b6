//! One look-up per element: any function of one int8.

use crate::params::LookupParams;

/// Reads `len` elements, writes `len`.
pub fn lookup_s8(params: &LookupParams, input: &[i8], output: &mut [i8]) {
    for (y, &x) in output.iter_mut().zip(&input[..params.len]) {
        *y = params.table[usize::from(x.cast_unsigned())];
    }
}
