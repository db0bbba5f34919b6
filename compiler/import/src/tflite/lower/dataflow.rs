//! The flow of data between operators: each activation is written once, before it is read. TensorFlow
//! Lite stores operators in execution order, so that a cycle shows as a read before the write.

use super::MAX_PROBLEMS;
use super::site::{EXPORT_AGAIN, place};
use crate::Problem;
use crate::tflite::schema::Model;

/// Reports reads before writes, second writes, and outputs that nothing writes.
pub(super) fn check(model: &Model<'_>, problems: &mut Vec<Problem>) {
    let mut written = vec![false; model.tensors.len()];
    for &input in &model.inputs {
        written[input] = true;
    }
    for operator in &model.operators {
        if problems.len() >= MAX_PROBLEMS {
            return;
        }
        let mut problem = |what: String| {
            problems.push(Problem {
                place: place(model, operator),
                what,
                help: EXPORT_AGAIN.into(),
            });
        };
        for &index in operator.inputs.iter().flatten() {
            let tensor = &model.tensors[index];
            let given = tensor.data.is_some() || tensor.is_variable;
            // An empty constant (the shape of a scalar) has no bytes either.
            if !given && !written[index] && !tensor.shape.contains(&0) {
                problem(format!(
                    "it reads tensor {index} before any operator writes it"
                ));
            }
        }
        for &index in &operator.outputs {
            if written[index] {
                problem(format!(
                    "it writes tensor {index}, which already has a value"
                ));
            }
            written[index] = true;
        }
    }
    for &output in &model.outputs {
        if !written[output] {
            problems.push(Problem {
                place: "the model".into(),
                what: format!("its output, tensor {output}, is written by no operator"),
                help: EXPORT_AGAIN.into(),
            });
        }
    }
}
