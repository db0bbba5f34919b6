//! An array of numbers as npy, npz and idx files hold it, and the words that its elements make when
//! they are labels.

use super::error::Reason;

/// A dense array, row-major.
#[derive(Clone, PartialEq, Debug)]
pub struct Array {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its elements.
    pub values: Vec<f32>,
}

/// Type of the elements in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Element {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl Element {
    pub fn bytes(self) -> usize {
        match self {
            Element::U8 | Element::I8 => 1,
            Element::U16 | Element::I16 => 2,
            Element::U32 | Element::I32 | Element::F32 => 4,
            Element::U64 | Element::I64 | Element::F64 => 8,
        }
    }

    /// The element in `bytes`, which are as many as [`Element::bytes`] says, little-endian. Integers
    /// beyond 2²⁴ lose digits.
    fn value(self, bytes: &[u8]) -> f32 {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(word);
        match self {
            Element::U8 | Element::U16 | Element::U32 | Element::U64 => bits as f32,
            Element::I8 => bits as u8 as i8 as f32,
            Element::I16 => bits as u16 as i16 as f32,
            Element::I32 => bits as u32 as i32 as f32,
            Element::I64 => bits as i64 as f32,
            Element::F32 => f32::from_bits(bits as u32),
            Element::F64 => f64::from_bits(bits) as f32,
        }
    }
}

/// Refuses data that are not as many elements of so many bytes as the shape says.
pub(crate) fn check_length(
    format: &'static str,
    shape: &[usize],
    bytes: usize,
    data: &[u8],
) -> Result<(), Reason> {
    let expected = shape
        .iter()
        .try_fold(bytes, |product, &dim| product.checked_mul(dim));
    if expected == Some(data.len()) {
        return Ok(());
    }
    let size = expected.map_or("more than any memory".to_string(), |size| size.to_string());
    Err(Reason::format(
        format,
        format!(
            "its shape {shape:?} needs {size} bytes of data, it has {}",
            data.len()
        ),
    ))
}

/// An array out of raw bytes. The shape is checked against the bytes before anything is allocated.
pub(crate) fn decode(
    format: &'static str,
    shape: Vec<usize>,
    element: Element,
    big_endian: bool,
    data: &[u8],
) -> Result<Array, Reason> {
    check_length(format, &shape, element.bytes(), data)?;
    let mut reversed = [0; 8];
    let values = data
        .chunks_exact(element.bytes())
        .map(|chunk| {
            if !big_endian {
                return element.value(chunk);
            }
            let word = &mut reversed[..chunk.len()];
            word.copy_from_slice(chunk);
            word.reverse();
            element.value(word)
        })
        .collect();
    Ok(Array { shape, values })
}

impl Array {
    /// Number of samples: the first dimension.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    /// The elements as words: whole numbers without a point.
    pub fn words(&self) -> Vec<String> {
        self.values.iter().map(|value| value.to_string()).collect()
    }
}
