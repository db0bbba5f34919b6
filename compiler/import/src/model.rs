//! What comes out of a model file, whatever its format.

use ember_ir::{FloatGraph, Graph, QuantGraph};

/// Most bytes of a model file: no microcontroller's flash holds the weights of a larger one.
pub const MAX_BYTES: usize = 32 << 20;

/// A model of another tool in Ember's terms.
#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    /// The graph.
    pub network: Network,
    /// How the file's inputs lie in the graph's, in order.
    pub inputs: Vec<Layout>,
    /// How the file's outputs lie in the graph's, in order.
    pub outputs: Vec<Layout>,
}

/// A graph with its weights.
#[derive(Clone, PartialEq, Debug)]
pub enum Network {
    /// The file says how to compute in integers.
    Int8(QuantGraph),
    /// The file has real weights: to be calibrated and quantised.
    Float(FloatGraph),
}

impl Network {
    /// The topology.
    pub fn graph(&self) -> &Graph {
        match self {
            Network::Int8(network) => &network.graph,
            Network::Float(network) => &network.graph,
        }
    }
}

/// The axes of a tensor in the file against those on the device, the batch axis left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// Sizes in the file's order.
    pub dims: Vec<usize>,
    /// Axis `i` on the device is axis `order[i]` of the file; axes of size 1 may be missing in the graph's
    /// shape, or be there in addition.
    pub order: Vec<usize>,
}

impl Layout {
    /// The same order on both sides.
    pub fn same(dims: &[usize]) -> Self {
        Self {
            dims: dims.to_vec(),
            order: (0..dims.len()).collect(),
        }
    }

    /// The values of the file's order in the device's.
    pub fn to_device<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let mut strides = vec![1; self.dims.len()];
        for axis in (1..self.dims.len()).rev() {
            strides[axis - 1] = strides[axis] * self.dims[axis];
        }
        let mut from = vec![0];
        for &axis in &self.order {
            let steps = (0..self.dims[axis]).map(|index| index * strides[axis]);
            from = from
                .iter()
                .flat_map(|start| steps.clone().map(move |step| start + step))
                .collect();
        }
        from.into_iter().map(|at| values[at]).collect()
    }

    /// The values of the device's order in the file's.
    pub fn to_file<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let places: Vec<usize> = (0..values.len()).collect();
        let mut result = values.to_vec();
        for (&value, place) in values.iter().zip(self.to_device(&places)) {
            result[place] = value;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::Layout;

    #[test]
    fn orders_are_turned_there_and_back() {
        let layout = Layout {
            dims: vec![2, 1, 3],
            order: vec![1, 2, 0],
        };
        let planes = [1, 2, 3, 10, 20, 30];
        let pixels = layout.to_device(&planes);
        assert_eq!(pixels, [1, 10, 2, 20, 3, 30]);
        assert_eq!(layout.to_file(&pixels), planes);
    }
}
