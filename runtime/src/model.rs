//! What every emitted model offers, so that firmware can be written once for all of them.

/// An int8 network with its arena. Write the sample to `input_mut`, call `infer`, read `output`.
pub trait Model {
    /// Bytes of one input sample.
    const INPUT_LEN: usize;
    /// Bytes of one output.
    const OUTPUT_LEN: usize;
    /// Where to write the next sample; its content is spent by `infer`.
    fn input_mut(&mut self) -> &mut [i8];
    /// Runs all layers.
    fn infer(&mut self);
    /// The last result, until the next `input_mut`.
    fn output(&self) -> &[i8];
    /// Overwrites all activations; no result may depend on it (tests do it before every run).
    fn poison(&mut self, byte: i8);
}
