//! The idx format of MNIST: two zeros, the type of the elements, the number of dimensions, the
//! dimensions as big-endian u32, the elements.

use super::array::{Array, Element, decode};
use super::error::Reason;

/// Reads an array.
pub(crate) fn parse(bytes: &[u8]) -> Result<Array, Reason> {
    let bad = |what: &str| Reason::format("idx", what);
    let (&[zero, zero2, kind, rank], rest) = bytes
        .split_first_chunk()
        .ok_or_else(|| bad("it is shorter than its header"))?;
    if (zero, zero2) != (0, 0) {
        return Err(bad("it does not begin with two zeros"));
    }
    let element = match kind {
        0x08 => Element::U8,
        0x09 => Element::I8,
        0x0b => Element::I16,
        0x0c => Element::I32,
        0x0d => Element::F32,
        0x0e => Element::F64,
        other => {
            return Err(bad(&format!(
                "its elements have the unknown type {other:#04x}"
            )));
        }
    };
    let (dims, data) = rest
        .split_at_checked(4 * usize::from(rank))
        .ok_or_else(|| bad("its dimensions are cut short"))?;
    let shape = dims
        .as_chunks::<4>()
        .0
        .iter()
        .map(|dim| u32::from_be_bytes(*dim) as usize)
        .collect();
    decode("idx", shape, element, true, data)
}
