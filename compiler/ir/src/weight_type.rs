//! What the weights of a node are in flash.

use serde::{Deserialize, Serialize};

use crate::Op;

/// The type of a node's weights.
///
/// An int4 weight is an int8 weight that is a multiple of [`INT4_STEP`], so everything that computes with
/// int8 weights computes with it, to the same bits. What differs is how it lies in flash: two a byte.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum WeightType {
    /// One byte, −127 to 127.
    #[default]
    Int8,
    /// Half a byte: −7 to 7 times [`INT4_STEP`].
    Int4,
}

/// An int8 weight is int4 if it is a multiple of this.
pub const INT4_STEP: i8 = 16;

impl WeightType {
    /// The name in the text form.
    pub const fn name(self) -> &'static str {
        match self {
            WeightType::Int8 => "int8",
            WeightType::Int4 => "int4",
        }
    }

    /// The largest weight, as int8.
    pub const fn top(self) -> i8 {
        match self {
            WeightType::Int8 => 127,
            WeightType::Int4 => 7 * INT4_STEP,
        }
    }

    /// The distance from a weight to the next, as int8.
    pub const fn step(self) -> i8 {
        match self {
            WeightType::Int8 => 1,
            WeightType::Int4 => INT4_STEP,
        }
    }

    /// Whether a weight is one of this type.
    pub const fn contains(self, weight: i8) -> bool {
        weight.unsigned_abs() <= self.top().unsigned_abs() && weight % self.step() == 0
    }

    /// Whether it is the usual one, which is written nowhere.
    pub const fn is_int8(&self) -> bool {
        matches!(self, WeightType::Int8)
    }
}

impl Op {
    /// Whether there is a kernel for int4 weights: that of a fully connected layer, or of a convolution with
    /// one tap.
    pub fn has_int4(&self) -> bool {
        match self {
            Op::Dense(_) => true,
            Op::Conv2d(conv) => conv.window.kernel == [1, 1],
            Op::DepthwiseConv2d(_)
            | Op::Add(_)
            | Op::Binary(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Svdf(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Unary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_)
            | Op::TransposeConv2d(_)
            | Op::Constant(_) => false,
        }
    }

    /// What it cannot do with weights of this type.
    pub(crate) fn weight_type_problem(
        &self,
        weights: WeightType,
        has_int16: bool,
    ) -> Option<&'static str> {
        match weights {
            WeightType::Int8 => None,
            WeightType::Int4 if !self.has_int4() => Some(
                "only fully connected layers and convolutions with a kernel of 1x1 have int4 weights",
            ),
            WeightType::Int4 if has_int16 => {
                Some("int4 weights and int16 activations have no kernel")
            }
            WeightType::Int4 => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WeightType::{Int4, Int8};

    #[test]
    fn an_int4_weight_is_a_multiple_of_sixteen() {
        let of = |kind: super::WeightType| (-128..=127).filter(move |&w| kind.contains(w));
        assert_eq!(of(Int8).count(), 255);
        let int4: Vec<i8> = of(Int4).collect();
        assert_eq!(int4, (-7..=7).map(|w| 16 * w).collect::<Vec<i8>>());
    }
}
