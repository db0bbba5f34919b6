//! Samples without labels: what `compile` calibrates and compares with, and what `infer` runs.

use std::path::{Path, PathBuf};

use ember_import::Layout;
use ember_ir::Shape;

use super::array::Element;
use super::bytes::read;
use super::error::{DataError, Reason};
use super::table::Kind;
use super::{idx, npy, npz};

/// The arrays of an npz file that hold samples, in the order in which they are looked for.
const NAMES: [&str; 4] = ["x", "X", "input", "arr_0"];

/// An array whose first axis counts samples.
#[derive(Clone, PartialEq, Debug)]
pub struct Samples {
    path: PathBuf,
    /// Number of samples.
    pub rows: usize,
    /// Shape of one.
    row_shape: Vec<usize>,
    values: Vec<f32>,
    /// What the file holds, if that may be a network's own input values and not real numbers.
    integers: Option<ember_ir::Element>,
}

impl Samples {
    /// Reads an npy, npz or idx file.
    ///
    /// # Errors
    /// It is none of these, is damaged or empty.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let parse = || -> Result<_, Reason> {
            let bytes = read(path)?;
            match Kind::of(path)? {
                Kind::Npy => npy::parse_typed(&bytes),
                Kind::Idx => Ok((idx::parse(&bytes)?, Element::U8)),
                Kind::Npz => {
                    let mut archive = npz::Archive::open(&bytes)?;
                    let name = NAMES.into_iter().find(|name| archive.has(name));
                    archive.array_typed(name.unwrap_or(NAMES[0]))
                }
                Kind::Csv => Err(Reason::Samples),
            }
        };
        let (array, element) = parse().map_err(|reason| reason.of(path))?;
        let rows = array.rows();
        if array.values.is_empty() {
            return Err(Reason::Empty.of(path));
        }
        Ok(Self {
            path: path.to_path_buf(),
            rows,
            row_shape: array.shape[1..].to_vec(),
            values: array.values,
            integers: match element {
                Element::I8 => Some(ember_ir::Element::Int8),
                Element::I16 => Some(ember_ir::Element::Int16),
                Element::U8
                | Element::U16
                | Element::U32
                | Element::I32
                | Element::U64
                | Element::I64
                | Element::F32
                | Element::F64 => None,
            },
        })
    }

    /// Whether the file holds the values of an input of this type, not real numbers.
    pub fn are_raw(&self, input: ember_ir::Element) -> bool {
        self.integers == Some(input)
    }

    /// All values, in the order in which an input of this shape and layout takes them. Axes may be in
    /// the model file's order or in the device's; where both fit, the file's is meant.
    ///
    /// # Errors
    /// Samples of another shape.
    pub fn values_for(&self, layout: &Layout, shape: &Shape) -> Result<Vec<f32>, DataError> {
        let own = without_ones(&self.row_shape);
        let in_file = own == without_ones(&layout.dims);
        // A flat row of the right length says nothing of axes: it is the device's.
        let on_device = own == without_ones(shape.dims()) || own == [shape.elements()];
        if !in_file && !on_device {
            let reason = Reason::Shape {
                expected: layout.dims.clone(),
                actual: self.row_shape.clone(),
            };
            return Err(reason.of(&self.path));
        }
        let rows = self.values.chunks_exact(shape.elements());
        Ok(match in_file {
            true => rows.flat_map(|row| layout.to_device(row)).collect(),
            false => self.values.clone(),
        })
    }
}

fn without_ones(dims: &[usize]) -> Vec<usize> {
    dims.iter().copied().filter(|&dim| dim != 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(shape: &[usize]) -> Samples {
        Samples {
            path: "x.npy".into(),
            rows: shape[0],
            row_shape: shape[1..].to_vec(),
            values: (0..shape.iter().product::<usize>())
                .map(|value| value as f32)
                .collect(),
            integers: None,
        }
    }

    #[test]
    fn axes_of_the_file_are_turned_and_those_of_the_device_are_not() {
        let layout = Layout {
            dims: vec![2, 1, 3],
            order: vec![1, 2, 0],
        };
        let shape = Shape::from([1, 3, 2]);
        let turned = samples(&[1, 2, 1, 3]).values_for(&layout, &shape).ok();
        assert_eq!(turned, Some(vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        for same in [&[1, 1, 3, 2][..], &[1, 6]] {
            let values = samples(same).values_for(&layout, &shape).ok();
            assert_eq!(values, Some(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
        }
        let error = samples(&[3, 2, 2]).values_for(&layout, &shape);
        let error = error.expect_err("another shape").to_string();
        assert!(
            error.contains("[2, 1, 3]") && error.contains("[2, 2]"),
            "{error}"
        );
    }
}
