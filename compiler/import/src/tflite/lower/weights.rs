//! The constants of convolutions and fully connected layers.

use ember_ir::Rounding;

use super::activations::INT8;
use super::numbers::{Biases, Numbers, real};
use super::scales::{damaged, is_symmetric, scales};
use super::site::{EXPORT_AGAIN, Site};

/// `TensorType.INT32` and `INT64`.
const INT32: i8 = 2;
const INT64: i8 = 4;

/// When the sums of int16 inputs have 64 bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WideSums {
    /// Whatever the bias; one of 32 bits is refused.
    Always,
    /// Unless the bias has 32.
    UnlessInt32,
}

/// Weights in the file's layout, which is the IR's.
pub(super) struct Weights<const RANK: usize> {
    pub shape: [usize; RANK],
    pub numbers: Numbers,
}

impl Site<'_, '_> {
    /// The weights of input 1 with output channels along `axis`.
    pub fn weights<const RANK: usize>(&mut self, axis: usize) -> Option<Weights<RANK>> {
        self.weights_of(1, axis)
    }

    /// The weights of an input with output channels along `axis`.
    pub fn weights_of<const RANK: usize>(
        &mut self,
        slot: usize,
        axis: usize,
    ) -> Option<Weights<RANK>> {
        let (index, tensor) = self.required(slot)?;
        let Some(data) = tensor.data else {
            self.problem(
                "its weights are not constant",
                "freeze the model before converting",
            );
            return None;
        };
        let reals = real(tensor).filter(|_| self.is_real() && !tensor.is_sparse);
        if reals.is_none() && (tensor.element != INT8 || tensor.is_sparse) {
            self.problem(
                format!(
                    "its weights are {}{}",
                    if tensor.is_sparse { "sparse " } else { "" },
                    tensor.type_name()
                ),
                "convert the model with dense int8 weights, or float32 throughout",
            );
            return None;
        }
        let sizes: Vec<usize> = tensor
            .shape
            .iter()
            .filter_map(|&dim| usize::try_from(dim).ok().filter(|&dim| dim > 0))
            .collect();
        let elements = sizes
            .iter()
            .try_fold(1usize, |product, &dim| product.checked_mul(dim));
        let count = reals.as_ref().map_or(data.len(), Vec::len);
        let shape: Option<[usize; RANK]> = sizes.as_slice().try_into().ok();
        let Some(shape) = shape.filter(|_| tensor.shape.len() == RANK && elements == Some(count))
        else {
            self.problem(
                format!(
                    "its weights (tensor {index}) have shape {:?} and {} bytes",
                    tensor.shape,
                    data.len()
                ),
                EXPORT_AGAIN,
            );
            return None;
        };
        if let Some(values) = reals {
            let numbers = Numbers::Real(values);
            return Some(Weights { shape, numbers });
        }
        let symmetric = tensor.quantization.as_ref().map_or(Ok(true), is_symmetric);
        let checked = symmetric
            .map_err(damaged)
            .and_then(|symmetric| match symmetric {
                true => scales(tensor, shape[axis], axis),
                false => Err((
                    "it has a zero point other than 0".into(),
                    "convert the model with symmetric weights",
                )),
            });
        let scales = match checked {
            Ok(scales) => scales,
            Err((what, help)) => {
                self.problem(
                    format!("its weights are refused (tensor {index}: {what})"),
                    help,
                );
                return None;
            }
        };
        let values: Vec<i8> = data.iter().map(|&byte| byte as i8).collect();
        if values.contains(&i8::MIN) {
            self.problem(
                format!("its weights (tensor {index}) contain −128"),
                "int8 weights lie in −127…127, convert the model again",
            );
            return None;
        }
        if !self.is_real() {
            let numbers = Numbers::Int { values, scales };
            return Some(Weights { shape, numbers });
        }
        // Integers that the file's own interpreter turns into real numbers.
        let inner: usize = shape.iter().skip(axis + 1).product();
        let channel = |at: usize| at / inner % shape[axis];
        let scale = |at: usize| scales[if scales.len() == 1 { 0 } else { channel(at) }];
        let steps = values.iter().enumerate();
        let numbers = Numbers::Real(steps.map(|(at, &q)| f32::from(q) * scale(at)).collect());
        Some(Weights { shape, numbers })
    }

    /// The bias of input 2, one per channel; zeros where there is none. Also how the sums round that begin
    /// with it: `sums` says what TensorFlow Lite Micro does for int16 inputs.
    pub fn bias(&mut self, channels: usize, sums: WideSums) -> Option<(Biases, Rounding)> {
        let is_int16 = self.is_int16(0);
        let element = self.optional(2).map(|(_, tensor)| tensor.element);
        let rounding = match (is_int16, sums, element) {
            (false, _, _) | (true, WideSums::UnlessInt32, Some(INT32)) => Rounding::TfLite,
            (true, _, _) => Rounding::Wide,
        };
        let expected = match rounding {
            Rounding::Wide => INT64,
            Rounding::Single | Rounding::TfLite => INT32,
        };
        Some((self.bias_as(2, channels, expected)?, rounding))
    }

    /// The bias of an input, of 32 bits if it is an integer, one per channel; zeros where there is none.
    pub fn bias_of(&mut self, slot: usize, channels: usize) -> Option<Biases> {
        self.bias_as(slot, channels, INT32)
    }

    fn bias_as(&mut self, slot: usize, channels: usize, expected: i8) -> Option<Biases> {
        let is_real = self.is_real();
        let Some((index, tensor)) = self.optional(slot) else {
            return Some(match is_real {
                true => Biases::Real(vec![0.0; channels]),
                false => Biases::Int(vec![0; channels]),
            });
        };
        let Some(data) = tensor.data else {
            self.problem(
                "its bias is not constant",
                "freeze the model before converting",
            );
            return None;
        };
        if let Some(values) = real(tensor).filter(|values| is_real && values.len() == channels) {
            return Some(Biases::Real(values));
        }
        if is_real || tensor.element != expected {
            self.problem(
                format!("its bias (tensor {index}) is {}", tensor.type_name()),
                match expected {
                    INT64 => "convert the model with int64 biases for int16 activations",
                    _ => "convert the model with an int32 bias per channel, or float32 throughout",
                },
            );
            return None;
        }
        let values = integers(data, expected == INT64);
        let Some(values) = values.filter(|values| values.len() == channels) else {
            let bytes = data.len();
            self.problem(
                format!("its bias (tensor {index}) has {bytes} bytes for {channels} channels"),
                EXPORT_AGAIN,
            );
            return None;
        };
        Some(Biases::Int(values))
    }
}

/// Little-endian numbers of four bytes, or eight; `None` if the last one is not whole.
fn integers(data: &[u8], long: bool) -> Option<Vec<i64>> {
    match long {
        true => {
            let (values, rest) = data.as_chunks();
            let values = values.iter().copied().map(i64::from_le_bytes);
            rest.is_empty().then(|| values.collect())
        }
        false => {
            let (values, rest) = data.as_chunks();
            let values = values.iter().copied().map(i32::from_le_bytes);
            rest.is_empty().then(|| values.map(i64::from).collect())
        }
    }
}
