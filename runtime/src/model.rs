//! What every emitted model offers, so that firmware can be written once for all of them.

/// An integer network with its arena, whatever the types of its input and outputs: an int16 is two bytes,
/// the lower one first (as all supported cores have it). Write the sample to `input_mut`, call `infer`, read
/// `output`; where a sample has several parts, write and call for each of them, in order.
pub trait Model {
    /// Bytes of one part of an input sample.
    const INPUT_LEN: usize;
    /// Parts of a sample: its rows, where layers run row by row as they come; its steps, where a stream that is
    /// fed by steps is tested on pieces of it.
    const PARTS: usize = 1;
    /// Bytes of all outputs of a sample.
    const OUTPUT_LEN: usize;
    /// How many outputs there are.
    const OUTPUTS: usize = 1;
    /// Where to write the next part; its content is spent by `infer`.
    fn input_mut(&mut self) -> &mut [i8];
    /// Runs all layers on the part.
    fn infer(&mut self);
    /// The result of the last part, until the next `input_mut`; of several, the first.
    fn output(&self) -> &[i8];
    /// A result by its number, which is below [`OUTPUTS`](Self::OUTPUTS).
    #[inline(always)]
    fn output_at(&self, number: usize) -> &[i8] {
        let _ = number;
        self.output()
    }
    /// Comes before the first part of every sample: forgets those before, where a sample is a stream of its own.
    #[inline(always)]
    fn begin(&mut self) {}
    /// Forgets what is kept from sample to sample, if something is: the next one is the first.
    #[inline(always)]
    fn reset(&mut self) {}
    /// Overwrites all activations; no result may depend on it (tests do it before every sample).
    fn poison(&mut self, byte: i8);
}
