//! Constants: weights, and the small integers that shapes and axes are made of.

use super::schema::TensorProto;

/// Most axes of a tensor.
pub(super) const MAX_RANK: usize = 8;

/// A dense constant, row-major.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Constant {
    pub dims: Vec<usize>,
    pub values: Values,
    /// What integers they were before DequantizeLinear: scales, and the axis along which they change.
    pub scales: Option<Scales>,
}

/// The elements.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Values {
    Float(Vec<f32>),
    Int(Vec<i64>, IntType),
}

/// What range integers have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IntType {
    Int8,
    Uint8,
    Int32,
    Other,
}

impl IntType {
    /// The least and the greatest number of 8 bits; `None` for other types.
    pub fn range(self) -> Option<(i64, i64)> {
        match self {
            IntType::Int8 => Some((-128, 127)),
            IntType::Uint8 => Some((0, 255)),
            IntType::Int32 | IntType::Other => None,
        }
    }

    /// A number of 8 bits as int8; unsigned ones are moved down by 128.
    pub fn to_int8(self, value: i64) -> Option<i8> {
        let (low, _) = self.range()?;
        i8::try_from(value.checked_sub(low + 128)?).ok()
    }
}

/// Steps of quantised weights.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Scales {
    /// One, or one per index of `axis`.
    pub values: Vec<f32>,
    pub axis: usize,
}

impl Constant {
    /// Real numbers of these dimensions.
    pub fn floats(dims: Vec<usize>, values: Vec<f32>) -> Self {
        Self {
            dims,
            values: Values::Float(values),
            scales: None,
        }
    }

    /// Integers along one axis.
    pub fn ints(values: Vec<i64>) -> Self {
        Self {
            dims: vec![values.len()],
            values: Values::Int(values, IntType::Other),
            scales: None,
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Float(values) => values.len(),
            Values::Int(values, _) => values.len(),
        }
    }

    /// The elements as real numbers.
    pub fn to_floats(&self) -> Vec<f32> {
        match &self.values {
            Values::Float(values) => values.clone(),
            Values::Int(values, _) => values.iter().map(|&value| value as f32).collect(),
        }
    }

    /// The elements as integers; `None` if they are real numbers.
    pub fn to_ints(&self) -> Option<Vec<i64>> {
        match &self.values {
            Values::Float(_) => None,
            Values::Int(values, _) => Some(values.clone()),
        }
    }

    /// The only element.
    pub fn scalar(&self) -> Option<f32> {
        match self.to_floats().as_slice() {
            [value] => Some(*value),
            _ => None,
        }
    }

    /// The elements at these positions, under new dimensions.
    pub fn gather(&self, dims: Vec<usize>, positions: &[usize]) -> Self {
        let values = match &self.values {
            Values::Float(values) => {
                Values::Float(positions.iter().map(|&at| values[at]).collect())
            }
            Values::Int(values, kind) => {
                Values::Int(positions.iter().map(|&at| values[at]).collect(), *kind)
            }
        };
        Self {
            dims,
            values,
            scales: None,
        }
    }

    /// Reads a tensor of the file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(tensor: &TensorProto) -> Result<Self, String> {
        if tensor.data_location != 0 {
            return Err("its data lie in another file; save the model as one file".into());
        }
        if tensor.dims.len() > MAX_RANK {
            return Err(format!(
                "it has {} axes, at most {MAX_RANK}",
                tensor.dims.len()
            ));
        }
        let dims: Vec<usize> = tensor
            .dims
            .iter()
            .map(|&dim| usize::try_from(dim).map_err(|_| format!("it has a dimension of {dim}")))
            .collect::<Result<_, _>>()?;
        let values = elements(tensor)?;
        let constant = Self {
            dims,
            values,
            scales: None,
        };
        let expected = constant
            .dims
            .iter()
            .try_fold(1usize, |product, &dim| product.checked_mul(dim));
        if expected != Some(constant.len()) {
            return Err(format!(
                "its shape {:?} does not have the {} elements of its data",
                constant.dims,
                constant.len()
            ));
        }
        Ok(constant)
    }
}

/// The elements, from whichever field holds them.
fn elements(tensor: &TensorProto) -> Result<Values, String> {
    let raw = tensor.raw_data.as_deref();
    let int32 = || tensor.int32_data.iter().map(|&value| i64::from(value));
    let ints = |kind, from: Vec<i64>| Ok(Values::Int(from, kind));
    match tensor.data_type {
        1 => Ok(Values::Float(match raw {
            Some(raw) => words(raw, f32::from_le_bytes)?,
            None => tensor.float_data.clone(),
        })),
        11 => Ok(Values::Float(match raw {
            Some(raw) => words(raw, |bytes| f64::from_le_bytes(bytes) as f32)?,
            None => tensor
                .double_data
                .iter()
                .map(|&value| value as f32)
                .collect(),
        })),
        10 => Ok(Values::Float(match raw {
            Some(raw) => words(raw, |bytes| half(u16::from_le_bytes(bytes)))?,
            None => int32().map(|bits| half(bits as u16)).collect(),
        })),
        2 | 9 => ints(
            IntType::Uint8,
            match raw {
                Some(raw) => raw.iter().map(|&byte| i64::from(byte)).collect(),
                None => int32().map(|value| i64::from(value as u8)).collect(),
            },
        ),
        3 => ints(
            IntType::Int8,
            match raw {
                Some(raw) => raw.iter().map(|&byte| i64::from(byte as i8)).collect(),
                None => int32().map(|value| i64::from(value as i8)).collect(),
            },
        ),
        4 => ints(
            IntType::Other,
            match raw {
                Some(raw) => words(raw, |bytes| i64::from(u16::from_le_bytes(bytes)))?,
                None => int32().collect(),
            },
        ),
        5 => ints(
            IntType::Other,
            match raw {
                Some(raw) => words(raw, |bytes| i64::from(i16::from_le_bytes(bytes)))?,
                None => int32().collect(),
            },
        ),
        6 => ints(
            IntType::Int32,
            match raw {
                Some(raw) => words(raw, |bytes| i64::from(i32::from_le_bytes(bytes)))?,
                None => int32().collect(),
            },
        ),
        7 => ints(
            IntType::Other,
            match raw {
                Some(raw) => words(raw, i64::from_le_bytes)?,
                None => tensor.int64_data.clone(),
            },
        ),
        12 | 13 => Err("unsigned integers of more than 16 bits are not supported".into()),
        other => Err(format!(
            "elements of type {} are not supported",
            type_name(other)
        )),
    }
}

/// The words of raw data.
fn words<const N: usize, T>(raw: &[u8], value: impl Fn([u8; N]) -> T) -> Result<Vec<T>, String> {
    let (words, rest) = raw.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(format!("its {} bytes are no whole elements", raw.len()));
    }
    Ok(words.iter().map(|&bytes| value(bytes)).collect())
}

/// A number of IEEE 754's binary16.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = ((bits >> 10) & 31, f32::from(bits & 1023));
    match exponent {
        0 => sign * fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f32.powi(i32::from(exponent) - 15),
    }
}

/// The name of an element type.
pub(super) fn type_name(code: i32) -> String {
    const NAMES: [&str; 23] = [
        "undefined",
        "float32",
        "uint8",
        "int8",
        "uint16",
        "int16",
        "int32",
        "int64",
        "string",
        "bool",
        "float16",
        "float64",
        "uint32",
        "uint64",
        "complex64",
        "complex128",
        "bfloat16",
        "float8e4m3fn",
        "float8e4m3fnuz",
        "float8e5m2",
        "float8e5m2fnuz",
        "uint4",
        "int4",
    ];
    let name = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    name.map_or(format!("number {code}"), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn halves_are_those_of_ieee_754() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x0001, 2f32.powi(-24)),
            (0x7bff, 65504.0),
            (0x7c00, f32::INFINITY),
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7e00).is_nan());
    }
}
