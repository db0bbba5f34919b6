//! The slope of the expected score where no supernet can be trained: a ridge regression (Hoerl and Kennard
//! 1970) of the scores told so far on the options that were drawn. In a sum of gains per option the slope with
//! regard to a gate is the option's gain, and all results so far tell of it, whatever the logits were when
//! they were drawn. Cost per result: O(m³) for m options in all.

use crate::supernet::Gates;

/// Weight of the belief that all options are alike.
const RIDGE: f64 = 1.0;

/// Draws and what became of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Scores {
    seen: Vec<(Vec<usize>, f64)>,
}

impl Scores {
    /// Learns that this draw scored `accuracy`.
    pub fn learn(&mut self, chosen: Vec<usize>, accuracy: f64) {
        self.seen.push((chosen, accuracy));
    }

    /// The loss an option adds, in standard deviations of the scores; zero while nothing is known.
    pub fn slope(&self, options: &[usize]) -> Gates {
        let mut slope = Gates::filled(options, 0.0);
        let n = self.seen.len() as f64;
        let mean = self.seen.iter().map(|(_, score)| score).sum::<f64>() / n.max(1.0);
        let squares = self.seen.iter().map(|(_, score)| (score - mean).powi(2));
        let deviation = (squares.sum::<f64>() / n.max(1.0)).sqrt();
        if deviation <= 1e-12 {
            return slope;
        }
        let starts: Vec<usize> = options
            .iter()
            .scan(0, |end, &n| {
                let start = *end;
                *end += n;
                Some(start)
            })
            .collect();
        let size = options.iter().sum();
        let mut matrix = vec![vec![0.0; size]; size];
        let mut right = vec![0.0; size];
        for (i, row) in matrix.iter_mut().enumerate() {
            row[i] = RIDGE;
        }
        for (chosen, score) in &self.seen {
            let places: Vec<usize> = starts.iter().zip(chosen).map(|(s, c)| s + c).collect();
            for &i in &places {
                right[i] += (score - mean) / deviation;
                for &j in &places {
                    matrix[i][j] += 1.0;
                }
            }
        }
        let gains = solve(matrix, right);
        for (slope, start) in slope.0.iter_mut().zip(starts) {
            for (slope, gain) in slope.iter_mut().zip(&gains[start..]) {
                *slope = -gain;
            }
        }
        slope
    }
}

/// Solves a positive definite system by elimination without pivots.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for k in 0..n {
        let pivot = matrix[k].clone();
        let head = right[k];
        for i in k + 1..n {
            let factor = matrix[i][k] / pivot[k];
            if factor == 0.0 {
                continue;
            }
            for (x, p) in matrix[i][k..].iter_mut().zip(&pivot[k..]) {
                *x -= factor * p;
            }
            right[i] -= factor * head;
        }
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| matrix[k][j] * right[j]).sum();
        right[k] = (right[k] - known) / matrix[k][k];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_of_options_are_told_apart() {
        let mut scores = Scores::default();
        assert_eq!(scores.slope(&[2, 3]), Gates::filled(&[2, 3], 0.0));
        for (first, second) in [(0, 0), (0, 1), (1, 2), (1, 1), (0, 2), (1, 0)] {
            let gain = [0.0, 0.03][first] + [0.01, 0.0, 0.05][second];
            scores.learn(vec![first, second], 0.6 + gain);
        }
        let slope = scores.slope(&[2, 3]).0;
        assert!(slope[0][1] < 0.0 && slope[0][0] > 0.0, "{slope:?}");
        assert!(
            slope[1][2] < slope[1][0] && slope[1][0] < slope[1][1],
            "{slope:?}"
        );
    }

    #[test]
    fn a_system_is_solved() {
        let matrix = vec![
            vec![4.0, 1.0, 0.0],
            vec![1.0, 3.0, 1.0],
            vec![0.0, 1.0, 2.0],
        ];
        let solution = solve(matrix, vec![6.0, 10.0, 8.0]);
        for (x, expected) in solution.into_iter().zip([1.0, 2.0, 3.0]) {
            assert!((x - expected).abs() < 1e-12);
        }
    }
}
