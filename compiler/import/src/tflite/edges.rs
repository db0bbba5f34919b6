//! Float edges: a QUANTIZE behind a float input and a DEQUANTIZE before a float output are the caller's
//! business. The model then takes and gives int8, whose scales its crate states.

use super::schema::Model;

/// `TensorType.FLOAT32`.
const FLOAT32: i8 = 0;
/// `TensorType.FLOAT16`.
const FLOAT16: i8 = 1;
/// `BuiltinOperator.DEQUANTIZE`.
const DEQUANTIZE: i32 = 6;
/// `BuiltinOperator.QUANTIZE`.
const QUANTIZE: i32 = 114;

/// Moves the model's inputs behind a QUANTIZE and its outputs before a DEQUANTIZE, where that is the
/// only operator that reads, or writes, them. The int8 tensor takes over the float tensor's name.
pub(super) fn to_int8(model: &mut Model<'_>) {
    for end in 0..model.inputs.len() {
        let float = model.inputs[end];
        let reads = |operator: &super::schema::Operator<'_>| operator.inputs.contains(&Some(float));
        let mut readers = (0..model.operators.len()).filter(|&at| reads(&model.operators[at]));
        let (Some(reader), None) = (readers.next(), readers.next()) else {
            continue;
        };
        if let Some(int8) = other_end(model, float, reader, QUANTIZE) {
            model.inputs[end] = int8;
        }
    }
    for end in 0..model.outputs.len() {
        let float = model.outputs[end];
        let writes = |operator: &super::schema::Operator<'_>| operator.outputs.contains(&float);
        let Some(writer) = model.operators.iter().position(writes) else {
            continue;
        };
        if let Some(int8) = other_end(model, float, writer, DEQUANTIZE) {
            model.outputs[end] = int8;
        }
    }
}

/// Reads constants that a DEQUANTIZE turns into real numbers (as files with float16 weights have them) where
/// they are: the operator goes.
pub(super) fn fold_constants(model: &mut Model<'_>) {
    let mut instead: Vec<usize> = (0..model.tensors.len()).collect();
    let tensors = &model.tensors;
    model.operators.retain(|operator| {
        let ([Some(input)], [output]) = (operator.inputs.as_slice(), operator.outputs.as_slice())
        else {
            return true;
        };
        let source = instead[*input];
        let folds = operator.code == DEQUANTIZE
            && tensors[source].data.is_some()
            && tensors[source].element == FLOAT16
            && !model.outputs.contains(output);
        if folds {
            instead[*output] = source;
        }
        !folds
    });
    for input in model.operators.iter_mut().flat_map(|op| &mut op.inputs) {
        *input = input.map(|tensor| instead[tensor]);
    }
}

/// Removes the operator, if it is one of `code` on the float tensor, and returns its other tensor.
fn other_end(model: &mut Model<'_>, float: usize, operator: usize, code: i32) -> Option<usize> {
    let found = &model.operators[operator];
    let ([Some(input)], [output]) = (found.inputs.as_slice(), found.outputs.as_slice()) else {
        return None;
    };
    let int8 = if code == QUANTIZE { *output } else { *input };
    if found.code != code || model.tensors[float].element != FLOAT32 || int8 == float {
        return None;
    }
    model.tensors[int8].name = model.tensors[float].name;
    model.operators.remove(operator);
    Some(int8)
}
