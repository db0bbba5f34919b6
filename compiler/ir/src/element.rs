//! What the elements of a tensor are.

use serde::{Deserialize, Serialize};

/// The type of a tensor's elements. Weights are int8 in any case.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    /// One byte.
    #[default]
    Int8,
    /// Two bytes, the lower one first; the zero point is 0.
    Int16,
}

impl Element {
    /// Bytes of an element.
    pub const fn bytes(self) -> usize {
        match self {
            Element::Int8 => 1,
            Element::Int16 => 2,
        }
    }

    /// The name in the text form.
    pub const fn name(self) -> &'static str {
        match self {
            Element::Int8 => "int8",
            Element::Int16 => "int16",
        }
    }

    /// Least and greatest value.
    pub const fn range(self) -> [i32; 2] {
        match self {
            Element::Int8 => [-128, 127],
            Element::Int16 => [-32_768, 32_767],
        }
    }

    /// Whether it is the usual one, which is written nowhere.
    pub const fn is_int8(&self) -> bool {
        matches!(self, Element::Int8)
    }

    /// The values in these bytes; what is left of an element at the end counts as none.
    pub fn values(self, bytes: &[i8]) -> Vec<i32> {
        match self {
            Element::Int8 => bytes.iter().map(|&value| value.into()).collect(),
            Element::Int16 => {
                let (pairs, _) = bytes.as_chunks();
                let value = |pair: &[i8; 2]| i16::from_le_bytes(pair.map(i8::cast_unsigned));
                pairs.iter().map(|pair| value(pair).into()).collect()
            }
        }
    }

    /// The bytes of values in [`Self::range`].
    pub fn bytes_of(self, values: impl IntoIterator<Item = i32>) -> Vec<i8> {
        let values = values.into_iter();
        match self {
            Element::Int8 => values.map(|value| value as i8).collect(),
            Element::Int16 => values
                .flat_map(|value| (value as i16).to_le_bytes().map(u8::cast_signed))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Element;

    #[test]
    fn bytes_become_values_and_bytes_again() {
        for element in [Element::Int8, Element::Int16] {
            let [low, high] = element.range();
            let values = [0, 1, -1, low, high];
            let bytes = element.bytes_of(values);
            assert_eq!(bytes.len(), values.len() * element.bytes());
            assert_eq!(element.values(&bytes), values);
        }
        assert_eq!(Element::Int16.bytes_of([0x0102]), [2, 1]);
        assert_eq!(Element::Int16.values(&[2, 1, 7]), [0x0102]);
    }
}
