//! Rows of a table by their number.

use crate::params::EmbeddingParams;

/// Reads `len` numbers, writes a row for each: the byte −128 is row 0, and what is behind the table its last row.
pub fn embedding_s8(params: &EmbeddingParams, input: &[i8], output: &mut [i8]) {
    let last = params.values.len() / params.width - 1;
    let rows = output.chunks_exact_mut(params.width);
    for (to, &number) in rows.zip(&input[..params.len]) {
        let row = usize::try_from(i32::from(number) + 128)
            .unwrap_or(0)
            .min(last);
        to.copy_from_slice(&params.values[row * params.width..][..params.width]);
    }
}
