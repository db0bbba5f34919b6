//! Least squares with relative errors, and the table's text.

use nalgebra::{DMatrix, DVector};

/// Pulls factors of features that never vary towards zero; small against any real count.
const RIDGE: f64 = 1e-6;

/// The factors that predict `targets` from rows of `features` with the least squared error relative to
/// the target plus `slack`.
pub fn least_squares(features: &[Vec<f64>], targets: &[f64], slack: f64) -> Vec<f64> {
    let columns = features.first().map_or(0, Vec::len);
    let weight: Vec<f64> = targets.iter().map(|target| 1.0 / (target + slack)).collect();
    let a = DMatrix::from_fn(features.len(), columns, |row, column| {
        features[row][column] * weight[row]
    });
    let b = DVector::from_fn(targets.len(), |row, _| targets[row] * weight[row]);
    // Columns of very different size: scale them before the ridge means the same to all.
    let norms: Vec<f64> = (0..columns).map(|column| a.column(column).norm().max(1e-12)).collect();
    let scaled = DMatrix::from_fn(a.nrows(), columns, |row, column| a[(row, column)] / norms[column]);
    let normal = scaled.transpose() * &scaled + DMatrix::identity(columns, columns) * RIDGE;
    let right = scaled.transpose() * b;
    let solution = normal.lu().solve(&right).unwrap_or_else(|| DVector::zeros(columns));
    (0..columns).map(|column| solution[column] / norms[column]).collect()
}

/// Mean and largest error relative to the target, in percent.
pub fn errors(features: &[Vec<f64>], targets: &[f64], factors: &[f64]) -> (f64, f64) {
    let mut sum = 0.0;
    let mut most = 0.0f64;
    for (row, target) in features.iter().zip(targets) {
        let predicted: f64 = row.iter().zip(factors).map(|(x, f)| x * f).sum();
        let error = 100.0 * (predicted - target).abs() / target.max(1.0);
        sum += error;
        most = most.max(error);
    }
    (sum / targets.len().max(1) as f64, most)
}

/// A list of factors as TOML, three digits after the point.
pub fn list(factors: &[f64]) -> String {
    let factors: Vec<String> = factors.iter().map(|factor| format!("{factor:.3}")).collect();
    format!("[{}]", factors.join(", "))
}
