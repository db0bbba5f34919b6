//! The geometry of a sliding window along one axis: which taps of an output are inside.

/// One spatial axis of a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    /// Elements of the input.
    pub(crate) len: usize,
    /// Elements of the output.
    pub(crate) out: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) pad: usize,
}

impl Axis {
    /// Whether every output has at least one tap inside.
    pub(crate) const fn never_empty(self) -> bool {
        let mut o = 0;
        while o < self.out {
            let (first, end) = self.taps(o);
            if first >= end {
                return false;
            }
            o += 1;
        }
        true
    }

    /// The taps `first..end` of output `o` that are inside; `first >= end` if none is. Counted, because a
    /// division by the dilation would be long on small cores and could panic.
    #[inline(always)]
    pub(crate) const fn taps(self, o: usize) -> (usize, usize) {
        let mut at = o * self.stride;
        let mut first = 0;
        while first < self.kernel && at < self.pad {
            (at, first) = (at + self.dilation, first + 1);
        }
        let mut end = first;
        while end < self.kernel && at < self.len + self.pad {
            (at, end) = (at + self.dilation, end + 1);
        }
        (first, end)
    }

    /// The input element under tap `tap` of output `o`, if it is inside.
    #[inline(always)]
    pub(crate) const fn at(self, o: usize, tap: usize) -> usize {
        (o * self.stride + tap * self.dilation).wrapping_sub(self.pad)
    }

    /// Whether the sums above stay far from overflow.
    pub(crate) const fn is_valid(self) -> bool {
        const MOST: usize = 1 << 24;
        self.len > 0
            && self.out > 0
            && self.kernel > 0
            && self.stride > 0
            && self.dilation > 0
            && self.len < MOST
            && self.out < MOST
            && self.kernel <= MOST / self.dilation
            && self.stride <= MOST
            && self.pad < MOST
            && self.out as u64 * (self.stride as u64) < MOST as u64
    }
}

/// Vertical and horizontal axis of params that slide a window.
macro_rules! axes {
    ($params:expr) => {{
        let params = $params;
        (
            $crate::kernels::sliding::axes!(params, 0),
            $crate::kernels::sliding::axes!(params, 1),
        )
    }};
    ($params:ident, $i:literal) => {
        $crate::kernels::sliding::Axis {
            len: $params.input[$i],
            out: $params.output[$i],
            kernel: $params.kernel[$i],
            stride: $params.stride[$i],
            dilation: $params.dilation[$i],
            pad: $params.pad[$i],
        }
    };
}
pub(crate) use axes;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inside(axis: Axis, o: usize, tap: usize) -> bool {
        (o * axis.stride + tap * axis.dilation)
            .checked_sub(axis.pad)
            .is_some_and(|at| at < axis.len)
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(
            len in 1usize..20, out in 1usize..20, kernel in 1usize..7,
            stride in 1usize..4, dilation in 1usize..4, pad in 0usize..8,
        ) {
            let axis = Axis { len, out, kernel, stride, dilation, pad };
            prop_assert!(axis.is_valid());
            for o in 0..out {
                let (first, end) = axis.taps(o);
                for tap in 0..kernel {
                    prop_assert_eq!(inside(axis, o, tap), (first..end).contains(&tap));
                }
            }
            prop_assert_eq!(axis.never_empty(), (0..out).all(|o| (0..kernel).any(|t| inside(axis, o, t))));
        }
    }
}
