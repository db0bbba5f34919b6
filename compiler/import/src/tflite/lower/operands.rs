//! Operands of the operators that move, combine and reduce: constant integers, axes, and tensors that may be
//! constant.

use super::activations::Activation;
use super::site::{EXPORT_AGAIN, Site};

/// `TensorType.INT32` and `INT64`.
const INT32: i8 = 2;
const INT64: i8 = 4;

/// Most numbers that are read from a constant.
const MOST: usize = 1 << 16;

impl<'m> Site<'m, '_> {
    /// The numbers of a constant int32 or int64 tensor.
    pub fn integers(&mut self, slot: usize) -> Option<Vec<i64>> {
        let (index, tensor) = self.required(slot)?;
        let Some(data) = tensor.data else {
            self.problem(
                format!("its input {slot} (tensor {index}) is computed by the model"),
                "convert the model so that shapes, axes and indices are constants",
            );
            return None;
        };
        let numbers: Vec<i64> = match tensor.element {
            INT32 => {
                let (numbers, _) = data.as_chunks();
                let numbers = numbers.iter().take(MOST);
                numbers.map(|&x| i64::from(i32::from_le_bytes(x))).collect()
            }
            INT64 => {
                let (numbers, _) = data.as_chunks();
                let numbers = numbers.iter().take(MOST);
                numbers.map(|&x| i64::from_le_bytes(x)).collect()
            }
            _ => {
                self.problem(
                    format!(
                        "its input {slot} (tensor {index}) is {}",
                        tensor.type_name()
                    ),
                    EXPORT_AGAIN,
                );
                return None;
            }
        };
        if data.len() / if tensor.element == INT32 { 4 } else { 8 } > MOST {
            self.problem(
                format!("its input {slot} (tensor {index}) has more than {MOST} numbers"),
                "reduce the model",
            );
            return None;
        }
        Some(numbers)
    }

    /// As [`Self::integers`], one for each axis of a tensor, the batch axis included.
    pub fn per_axis(&mut self, slot: usize, rank: usize) -> Option<Vec<i64>> {
        let numbers = self.integers(slot)?;
        if numbers.len() != rank {
            self.problem(
                format!(
                    "its input {slot} has {} numbers for {rank} axes",
                    numbers.len()
                ),
                EXPORT_AGAIN,
            );
            return None;
        }
        Some(numbers)
    }

    /// An axis of a tensor whose rank counts the batch axis, without that: axes count from either end.
    pub fn axis(&mut self, axis: i64, rank: usize) -> Option<usize> {
        let signed = i64::try_from(rank).unwrap_or(i64::MAX);
        let from_start = if axis < 0 {
            axis.saturating_add(signed)
        } else {
            axis
        };
        match usize::try_from(from_start) {
            Ok(axis) if (1..rank).contains(&axis) => Some(axis - 1),
            Ok(0) => {
                self.batch();
                None
            }
            _ => {
                self.problem(
                    format!("axis {axis} of a tensor with {rank} axes"),
                    EXPORT_AGAIN,
                );
                None
            }
        }
    }

    /// Reports work along the batch axis, which a device has not.
    pub fn batch(&mut self) {
        self.problem(
            "it works along the batch axis",
            "convert the model so that the first axis is left alone",
        );
    }

    /// A tensor with its rank, the batch axis counted.
    pub fn tensor(&mut self, slot: usize) -> Option<(usize, &'m Activation, usize)> {
        let (index, tensor) = self.required(slot)?;
        let (_, activation) = self.activation(slot)?;
        // A vector may have lost its batch axis.
        Some((index, activation, tensor.shape.len().max(2)))
    }

    /// A tensor that changes from sample to sample, or a constant.
    pub fn operand(&mut self, slot: usize) -> Option<(usize, &'m Activation)> {
        let (index, _) = self.required(slot)?;
        let found = self.activations().get(index);
        if found.is_none() {
            self.problem(
                format!("its input {slot} (tensor {index}) is no tensor of the model's kind"),
                "convert the model with full-integer int8 quantisation, or float32 throughout",
            );
        }
        Some((index, found?))
    }
}
