//! The back end from end to end, as one function.

use ember_ir::{FloatGraph, Rounding};
use ember_runtime::scratch::Isa;

use crate::lower::LowerError;
use crate::passes;
use crate::plan::Planned;
use crate::quantize::{QuantizeError, RangeMethod, calibrate, quantize};

/// Why a trained network cannot be compiled.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum CompileError {
    /// It cannot be quantised, or it was not valid in the first place.
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    /// It has no integer form.
    #[error(transparent)]
    Lower(#[from] LowerError),
}

/// From a trained network and samples of its inputs (each as `interpret::run_float` takes it) to what
/// the emitter writes, for kernels that use `isa`.
///
/// # Errors
/// A network that the verifier refuses, no samples or samples that lead to NaN or infinity, layers
/// whose accumulators may overflow.
pub fn compile<'a>(
    network: FloatGraph,
    samples: impl Iterator<Item = &'a [f32]>,
    method: RangeMethod,
    rounding: Rounding,
    isa: Isa,
) -> Result<Planned, CompileError> {
    let network = passes::run(network).map_err(QuantizeError::Invalid)?;
    let ranges = calibrate(&network, samples, method);
    let network = quantize(&network, &ranges, rounding)?;
    Ok(Planned::new(network, isa)?)
}
