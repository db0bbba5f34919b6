//! How well int8 follows f32.

use ember_codegen::interpret::{Interpreter, run_float};
use ember_codegen::quantize::{dequantize_output, output_values};
use ember_train::predict::argmax;
use serde::Serialize;

use super::imported::Imported;
use crate::Error;
use crate::data::Samples;

/// The outputs of the int8 network against those of the real one.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Agreement {
    /// Samples that were compared.
    pub samples: usize,
    /// Samples whose largest output is the same one; `None` for networks of one value, or of several
    /// outputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_largest: Option<usize>,
    /// Mean of the outputs' absolute differences.
    pub mean_error: f32,
    /// The largest of them.
    pub largest_error: f32,
    /// Real size of one step of an int8 output, of several the largest.
    pub output_scale: f32,
}

/// Runs both on all samples.
///
/// # Errors
/// Samples of another shape.
pub fn compare(imported: &Imported, samples: &Samples) -> Result<Agreement, Error> {
    let Imported { network, real, .. } = imported;
    let interpreter = Interpreter::new(network).map_err(Error::usage_of)?;
    let int8_inputs = imported.inputs(samples)?;
    let real_inputs = imported.real_inputs(samples)?;
    let (len, bytes) = (imported.input_len(), imported.input_bytes());
    let (mut same, mut sum, mut largest, mut values) = (0, 0.0_f64, 0.0_f32, 0);
    let pairs = int8_inputs
        .chunks_exact(bytes)
        .zip(real_inputs.chunks_exact(len));
    for (int8, f32) in pairs {
        let raw = interpreter.run(int8);
        let tensors = run_float(real, f32);
        let outputs = real.graph.outputs.iter();
        let exact: Vec<f32> = outputs.flat_map(|&id| tensors[id.0].clone()).collect();
        same += usize::from(argmax(&output_values(network, &raw)) == argmax(&exact));
        for (a, b) in dequantize_output(network, &raw).iter().zip(&exact) {
            let error = (a - b).abs();
            sum += f64::from(error);
            largest = largest.max(error);
            values += 1;
        }
    }
    let outputs = network.graph.outputs.as_slice();
    let scales = outputs.iter().map(|&id| network.quants[id.0].scale);
    let decides = match outputs {
        &[output] => network.graph.tensor(output).shape.elements() > 1,
        _ => false,
    };
    Ok(Agreement {
        samples: samples.rows,
        same_largest: decides.then_some(same),
        mean_error: (sum / f64::from(values.max(1))) as f32,
        largest_error: largest,
        output_scale: scales.fold(0.0, f32::max),
    })
}

impl Agreement {
    /// A line per figure: name and value.
    pub fn rows(&self) -> Vec<(String, String)> {
        let mut rows = Vec::new();
        if let Some(same) = self.same_largest {
            let percent = 100.0 * same as f64 / self.samples.max(1) as f64;
            rows.push((
                "int8 and f32, same largest output".into(),
                format!("{same} of {} samples ({percent:.2} %)", self.samples),
            ));
        }
        rows.push((
            "int8 and f32, difference".into(),
            format!(
                "{:.6} on average, {:.6} at most, over {} samples; one step is {:.6}",
                self.mean_error, self.largest_error, self.samples, self.output_scale
            ),
        ));
        rows
    }
}
