//! How a value of the file lies in a tensor of the graph.
//!
//! ONNX keeps channels first, Ember keeps them last. Instead of moving data at every border, a value is a
//! view: its tensor's axes are cut into *atoms*, in the order in which they are stored, and each dimension of
//! the value is a list of atoms. Transposing a value permutes lists, reshaping it cuts and joins them; neither
//! costs anything on the device. Data move only where an operator asks for an order that is not the stored
//! one, so transposes that undo each other never exist, and even the reshape-transpose-reshape of a channel
//! shuffle is one transpose.

use ember_ir::TensorId;

/// A value in a tensor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct View {
    pub tensor: TensorId,
    /// Sizes of the atoms in the order in which they are stored, outermost first. None is 1.
    atoms: Vec<usize>,
    /// The atoms of each dimension, outermost first; a dimension of 1 has none.
    dims: Vec<Vec<usize>>,
}

impl View {
    /// Dimensions that are stored in this order, outermost first.
    pub fn stored(tensor: TensorId, dims: &[usize], order: &[usize]) -> Self {
        let mut view = Self {
            tensor,
            atoms: Vec::new(),
            dims: vec![Vec::new(); dims.len()],
        };
        for &axis in order {
            if dims[axis] != 1 {
                view.dims[axis].push(view.atoms.len());
                view.atoms.push(dims[axis]);
            }
        }
        view
    }

    /// Dimensions that are stored as they are.
    pub fn plain(tensor: TensorId, dims: &[usize]) -> Self {
        let order: Vec<usize> = (0..dims.len()).collect();
        Self::stored(tensor, dims, &order)
    }

    /// The same view of another tensor, which is stored as this one.
    pub fn of(&self, tensor: TensorId) -> Self {
        Self {
            tensor,
            ..self.clone()
        }
    }

    /// Sizes of the dimensions.
    pub fn sizes(&self) -> Vec<usize> {
        let size = |atoms: &Vec<usize>| atoms.iter().map(|&atom| self.atoms[atom]).product();
        self.dims.iter().map(size).collect()
    }

    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.atoms.iter().product()
    }

    /// Whether the dimensions are stored in this order.
    pub fn is_stored_as(&self, order: &[usize]) -> bool {
        let atoms = order.iter().flat_map(|&axis| &self.dims[axis]);
        atoms.copied().eq(0..self.atoms.len())
    }

    /// The order in which whole dimensions are stored, if none is torn apart. Dimensions of 1 come first.
    pub fn order(&self) -> Option<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.dims.len()).collect();
        order.sort_by_key(|&axis| self.dims[axis].first().map_or(0, |&atom| atom + 1));
        self.is_stored_as(&order).then_some(order)
    }

    /// Dimension `i` is what dimension `permutation[i]` was.
    pub fn transposed(&self, permutation: &[usize]) -> Self {
        Self {
            dims: permutation
                .iter()
                .map(|&axis| self.dims[axis].clone())
                .collect(),
            ..self.clone()
        }
    }

    /// The same elements under other dimensions; `None` if a dimension would have to be cut where no atom can
    /// be, which takes a value that is stored in its own order.
    pub fn reshaped(&self, sizes: &[usize]) -> Option<Self> {
        // A value that is stored in its own order can be cut anywhere.
        let own: Vec<usize> = (0..self.dims.len()).collect();
        if self.is_stored_as(&own) {
            return Some(Self::plain(self.tensor, sizes));
        }
        // The atoms in the order of the value, cut as the new dimensions want it: pieces are (atom, size).
        let mut queue: Vec<(usize, usize)> = self
            .dims
            .iter()
            .flatten()
            .rev()
            .map(|&atom| (atom, self.atoms[atom]))
            .collect();
        let mut dims = Vec::with_capacity(sizes.len());
        for &size in sizes {
            let (mut wanted, mut pieces) = (size, Vec::new());
            while wanted > 1 {
                let (atom, there) = queue.pop()?;
                if wanted.is_multiple_of(there) {
                    wanted /= there;
                    pieces.push((atom, there));
                } else if there.is_multiple_of(wanted) {
                    pieces.push((atom, wanted));
                    queue.push((atom, there / wanted));
                    wanted = 1;
                } else {
                    return None;
                }
            }
            dims.push(pieces);
        }
        Some(self.cut(&dims))
    }

    /// A view whose dimensions are pieces of this view's atoms, the outer pieces of an atom before its inner
    /// ones.
    fn cut(&self, dims: &[Vec<(usize, usize)>]) -> Self {
        let mut atoms = Vec::new();
        let mut first = Vec::with_capacity(self.atoms.len());
        for atom in 0..self.atoms.len() {
            first.push(atoms.len());
            let pieces = dims.iter().flatten().filter(|(of, _)| *of == atom);
            atoms.extend(pieces.map(|(_, size)| *size));
        }
        let mut place = |&(atom, _): &(usize, usize)| {
            first[atom] += 1;
            first[atom] - 1
        };
        Self {
            tensor: self.tensor,
            dims: dims
                .iter()
                .map(|pieces| pieces.iter().map(&mut place).collect())
                .collect(),
            atoms,
        }
    }

    /// For each stored element, its number in the order of the value.
    pub fn numbers(&self) -> Vec<usize> {
        let mut strides = vec![0; self.atoms.len()];
        let mut stride = 1;
        for &atom in self.dims.iter().flatten().rev() {
            strides[atom] = stride;
            stride *= self.atoms[atom];
        }
        let mut numbers = vec![0];
        for (size, stride) in self.atoms.iter().zip(strides) {
            numbers = numbers
                .iter()
                .flat_map(|start| (0..*size).map(move |step| start + step * stride))
                .collect();
        }
        numbers
    }

    /// The shape of the stored atoms and the permutation that brings them into an order of dimensions: axis
    /// `i` of the result is axis `permutation[i]` of the shape.
    pub fn permutation(&self, order: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let atoms = order.iter().flat_map(|&axis| self.dims[axis].clone());
        (self.atoms.clone(), atoms.collect())
    }

    /// With dimensions of 1 in front, up to a rank.
    pub fn with_rank(&self, rank: usize) -> Self {
        let missing = rank.saturating_sub(self.dims.len());
        Self {
            dims: [vec![Vec::new(); missing], self.dims.clone()].concat(),
            ..self.clone()
        }
    }

    /// Without the dimensions of 1 at these places.
    pub fn without(&self, axes: &[usize]) -> Self {
        let dims = self.dims.iter().enumerate();
        Self {
            dims: dims
                .filter(|(axis, _)| !axes.contains(axis))
                .map(|(_, atoms)| atoms.clone())
                .collect(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: TensorId = TensorId(0);

    #[test]
    fn transposes_cancel_and_flattening_remembers_the_order() {
        // 1×2×3×4 with channels last.
        let image = View::stored(T, &[1, 2, 3, 4], &[0, 2, 3, 1]);
        let turned = image.transposed(&[0, 2, 3, 1]);
        assert!(turned.is_stored_as(&[0, 1, 2, 3]));
        assert_eq!(turned.transposed(&[0, 3, 1, 2]), image);
        assert_eq!(image.order(), Some(vec![0, 2, 3, 1]));
        let flat = image.reshaped(&[1, 24]).expect("flat");
        assert_eq!(flat.sizes(), [1, 24]);
        assert_eq!(flat.order(), None);
        // The first stored elements are the two channels of the first pixel.
        assert_eq!(flat.numbers()[..4], [0, 12, 1, 13]);
    }

    #[test]
    fn a_channel_shuffle_is_one_permutation() {
        let image = View::stored(T, &[1, 6, 2, 2], &[0, 2, 3, 1]);
        let shuffled = image
            .reshaped(&[1, 2, 3, 2, 2])
            .map(|view| view.transposed(&[0, 2, 1, 3, 4]))
            .and_then(|view| view.reshaped(&[1, 6, 2, 2]))
            .expect("a shuffle");
        assert_eq!(shuffled.sizes(), [1, 6, 2, 2]);
        // Height, width, then the channels 0, 3, 1, 4, 2, 5 of the value in the tensor's own order.
        assert_eq!(shuffled.atoms, [2, 2, 2, 3]);
        assert_eq!(shuffled.dims, [vec![], vec![3, 2], vec![0], vec![1]]);
    }

    #[test]
    fn dimensions_that_do_not_divide_need_another_order() {
        let image = View::stored(T, &[1, 4, 6], &[0, 2, 1]);
        assert_eq!(image.reshaped(&[1, 3, 8]), None);
        assert!(View::plain(T, &[1, 4, 6]).reshaped(&[1, 3, 8]).is_some());
    }
}
