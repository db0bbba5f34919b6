//! Where a model comes from and what it means: what the emitter writes down but does not compute.

/// Facts about a model for the documentation of its crate. Every field may be left empty; what is
/// empty is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Version of emberc.
    pub tool_version: String,
    /// One sentence: what the model does.
    pub task: String,
    /// One line per input channel: unit, and how a raw value becomes the real value that the input's
    /// scale and zero point quantise, e.g. `acc_x in g: real = (raw - 0.02) / 0.98`.
    pub inputs: Vec<String>,
    /// Class names in the order of the outputs.
    pub classes: Vec<String>,
    /// Of a network that rebuilds its input: samples whose anomaly score is above it are anomalies.
    pub threshold: Option<u32>,
    /// Figures in print form: (`int8 accuracy, test set`, `97.8 % of 500 samples`).
    pub figures: Vec<(String, String)>,
    /// The model file that it was compiled from, with its hash.
    pub source: Option<String>,
    /// Hash of the configuration that the model was made from.
    pub config_hash: Option<String>,
    /// Seed of the search and of the training.
    pub seed: Option<u64>,
    /// Where the training data come from and under which terms.
    pub data: Option<String>,
}
