//! Bilinear resizing.

/// Enlarges or shrinks an image. Positions are in steps of 2⁻¹⁰ of an input element.
#[derive(Clone, Copy, Debug)]
pub struct ResizeBilinearParams {
    /// Input shape.
    pub input: [usize; 3],
    /// `[height, width]` of the output.
    pub size: [usize; 2],
    /// Positions of the first row and column.
    pub start: [i32; 2],
    /// From one row or column to the next.
    pub step: [i32; 2],
}

/// Bits behind the point of a position.
pub(crate) const BILINEAR_BITS: u32 = 10;

/// The two elements that a position lies between, and the second's weight; the first's is 2¹⁰ less that. A
/// position beyond an end of the axis is that end.
#[inline(always)]
pub(crate) const fn between(position: i32, len: usize) -> ([usize; 2], i32) {
    let last = (len as i32 - 1) << BILINEAR_BITS;
    let position = if position > last { last } else { position };
    let position = if position < 0 { 0 } else { position };
    let first = position >> BILINEAR_BITS;
    // The same one where it has all the weight.
    let second = (position + (1 << BILINEAR_BITS) - 1) >> BILINEAR_BITS;
    let weight = position - (first << BILINEAR_BITS);
    ([first as usize, second as usize], weight)
}

/// The sum of four elements by their weights, with 2·10 bits behind the point, rounded half away from zero.
#[inline(always)]
pub(crate) const fn rounded(sum: i32) -> i8 {
    ((sum + (1 << (2 * BILINEAR_BITS - 1)) + (sum >> 31)) >> (2 * BILINEAR_BITS)) as i8
}
