//! From a trained f32 network to int8: post-training quantisation with the better of several range
//! methods, quantisation-aware fine-tuning, and the outputs of the integer network.

use ember_codegen::interpret::Interpreter;
use ember_codegen::lower::LowerError;
use ember_codegen::quantize::{
    QuantizeError, Range, RangeMethod, calibrate, quantize, quantize_sample,
};
use ember_ir::{FloatGraph, QuantGraph, Rounding};

use crate::dataset::Dataset;
use crate::fake_quant::FakeQuant;
use crate::net::{Batch, Leaves, Net, NetError, to_vec};
use crate::predict::BATCH;
use crate::task::Task;
use crate::trainer::{Session, TrainError, train_with};
use crate::weights::{Weights, export};

/// How ranges are tried, in this order: the first of the best wins.
pub const METHODS: [RangeMethod; 3] = [
    RangeMethod::MinMax,
    RangeMethod::Percentile(99.99),
    RangeMethod::Percentile(99.9),
];

/// Samples that ranges are calibrated on, and on which range methods are compared.
const ENOUGH: usize = 384;

/// Part of the fine-tuning in which ranges still follow the activations.
const OBSERVED: f32 = 0.67;

/// Why a trained network has no int8 form.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum QuantizedError {
    /// Quantisation refused it.
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    /// Lowering refused it.
    #[error(transparent)]
    Lower(#[from] LowerError),
}

/// A network in int8 beside the f32 network and the ranges that it was made from.
#[derive(Clone, PartialEq, Debug)]
pub struct Quantized {
    /// Batch norms folded.
    pub float: FloatGraph,
    /// One per tensor.
    pub ranges: Vec<Range>,
    /// What the device computes.
    pub network: QuantGraph,
}

impl Quantized {
    /// Quantises with these ranges.
    pub fn new(float: FloatGraph, ranges: Vec<Range>) -> Result<Self, QuantizedError> {
        let network = quantize(&float, &ranges, Rounding::Single)?;
        Ok(Self {
            float,
            ranges,
            network,
        })
    }

    /// Post-training quantisation: of [`METHODS`], the one with the best figure on `judge`. Both
    /// sets are normalised, in the network's shape.
    pub fn calibrated(
        float: &FloatGraph,
        calibration: &Dataset,
        judge: &Dataset,
    ) -> Result<Self, QuantizedError> {
        let (calibration, judge) = (thin(calibration), thin(judge));
        let mut best: Option<(f32, Self)> = None;
        for method in METHODS {
            let ranges = calibrate(float, calibration.iter(), method);
            let candidate = Self::new(float.clone(), ranges)?;
            let score = judge.int8_figure(&candidate.network)?;
            if best.as_ref().is_none_or(|(top, _)| score > *top) {
                best = Some((score, candidate));
            }
        }
        Ok(best.map_or_else(
            || unreachable!("BUG: no range methods"),
            |(_, network)| network,
        ))
    }

    /// Quantisation-aware fine-tuning: `session` trains the folded network on, on the grid of its int8
    /// form. The ranges follow for two thirds of the training and stand still for the last.
    pub fn tuned(&self, session: Session<'_>) -> Result<Result<Self, QuantizedError>, TrainError> {
        let mut numerics = FakeQuant::new(session.graph, self.ranges.clone());
        let start = Weights::from_float(&self.float);
        let mut advance =
            |numerics: &mut FakeQuant<'_>, progress: f32| numerics.observe(progress < OBSERVED);
        let weights = train_with(session, start, &mut numerics, &mut advance)?;
        Ok(Self::new(
            export(session.graph, &weights),
            numerics.ranges().to_vec(),
        ))
    }
}

/// Scores of every sample of a normalised dataset by the int8 interpreter, classes per sample.
pub fn int8_scores(network: &QuantGraph, data: &Dataset) -> Result<Vec<i8>, LowerError> {
    let interpreter = Interpreter::new(network)?;
    Ok(data
        .iter()
        .flat_map(|sample| interpreter.run(&quantize_sample(network, sample)))
        .collect())
}

/// Scores by fake quantisation: f32 on the int8 grid. A check on the trained numbers; what counts is
/// [`int8_scores`].
pub fn fake_quant_scores(quantized: &Quantized, data: &Dataset) -> Result<Vec<f32>, NetError> {
    let graph = &quantized.float.graph;
    let net = Net::new(graph)?;
    let device = burn::tensor::Device::flex();
    let leaves = Leaves::new(graph, &Weights::from_float(&quantized.float), &device);
    let mut numerics = FakeQuant::new(graph, quantized.ranges.clone());
    let mut scores = Vec::new();
    for samples in data.samples.chunks(BATCH * data.shape.elements()) {
        let forward = net.forward(
            &leaves,
            Batch::new(&data.shape, samples, &device),
            &mut numerics,
        );
        scores.extend(to_vec(forward.logits));
    }
    Ok(scores)
}

/// At most [`ENOUGH`] samples, evenly spread.
fn thin(data: &Dataset) -> Dataset {
    let every = |samples: Vec<usize>, enough: usize| {
        let step = samples.len().div_ceil(enough).max(1);
        samples.into_iter().step_by(step)
    };
    let kept: Vec<usize> = match data.task {
        Task::Classification => every((0..data.len()).collect(), ENOUGH).collect(),
        // Anomalies may be rare, or all together: half of the room is theirs.
        Task::Anomaly => (0..data.classes.len())
            .flat_map(|label| {
                let of_label = (0..data.len()).filter(|&i| data.labels[i] == label);
                every(of_label.collect(), ENOUGH / 2)
            })
            .collect(),
    };
    data.subset(&kept)
}
