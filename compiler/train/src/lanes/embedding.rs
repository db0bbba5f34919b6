//! Rows of a table by their number. The gradient of a row is the sum of those of all places where it was read;
//! numbers have none.

use super::{LANES, Lanes};

/// How much is read from which table.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    /// Blocks of samples.
    pub blocks: usize,
    /// Height and width of the map of numbers.
    pub size: [usize; 2],
    /// The table.
    pub table: ember_ir::Embedding,
}

/// `[block, height, width, element of a row]`.
pub(super) fn forward(lookup: &Lookup, x: &[Lanes], table: &[f32]) -> Vec<Lanes> {
    let width = lookup.table.width;
    let mut y = vec![[0.0; LANES]; x.len() * width];
    for (numbers, to) in x.iter().zip(y.chunks_exact_mut(width)) {
        for (lane, &number) in numbers.iter().enumerate() {
            let row = &table[lookup.table.row(number) * width..][..width];
            for (to, &value) in to.iter_mut().zip(row) {
                to[lane] = value;
            }
        }
    }
    y
}

/// The gradient of the table.
pub(super) fn table_gradient(lookup: &Lookup, x: &[Lanes], dy: &[Lanes]) -> Vec<f32> {
    let width = lookup.table.width;
    let mut table = vec![0.0; lookup.table.rows * width];
    for (numbers, dy) in x.iter().zip(dy.chunks_exact(width)) {
        for (lane, &number) in numbers.iter().enumerate() {
            let row = &mut table[lookup.table.row(number) * width..][..width];
            for (to, dy) in row.iter_mut().zip(dy) {
                *to += dy[lane];
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup() -> Lookup {
        Lookup {
            blocks: 1,
            size: [1, 3],
            table: ember_ir::Embedding { rows: 4, width: 2 },
        }
    }

    #[test]
    fn every_lane_reads_its_own_rows() {
        let table = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5];
        let mut x = [[1.0; LANES]; 3];
        x[2][5] = 9.0;
        x[2][6] = -1.0;
        let y = forward(&lookup(), &x, &table);
        assert_eq!(y.len(), 6);
        assert_eq!((y[0][0], y[1][0]), (1.0, 1.5));
        assert_eq!(
            (y[4][5], y[5][5]),
            (3.0, 3.5),
            "behind the table is its last row"
        );
        assert_eq!((y[4][6], y[5][6]), (0.0, 0.5), "before it is its first one");
    }

    /// The sum over dy·y is linear in the table: its gradient is that sum of each entry alone.
    #[test]
    fn the_gradient_is_that_of_the_sum() {
        let mut x = [[0.0; LANES]; 3];
        for (i, number) in x.iter_mut().flatten().enumerate() {
            *number = (i * 7 % 5) as f32;
        }
        let mut dy = [[0.0; LANES]; 6];
        for (i, dy) in dy.iter_mut().flatten().enumerate() {
            *dy = (i * 13 % 11) as f32 - 5.0;
        }
        let gradient = table_gradient(&lookup(), &x, &dy);
        for entry in 0..8 {
            let mut table = [0.0; 8];
            table[entry] = 1.0;
            let y = forward(&lookup(), &x, &table);
            let products = y.iter().flatten().zip(dy.iter().flatten());
            let sum: f32 = products.map(|(y, dy)| y * dy).sum();
            assert_eq!(gradient[entry], sum, "entry {entry}");
        }
    }
}
