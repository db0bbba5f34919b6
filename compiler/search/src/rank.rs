//! Ranks and their correlation.

/// Ranks scaled to mean 0 and variance 1 (if all differ); equals share theirs.
pub(crate) fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |value: f64| values.iter().filter(|&&other| other < value).count();
    let above = |value: f64| values.iter().filter(|&&other| other > value).count();
    let scale = 3f64.sqrt() / values.len().max(1) as f64;
    values
        .iter()
        .map(|&value| scale * (below(value) as f64 - above(value) as f64))
        .collect()
}

/// Spearman's correlation: Pearson's of the ranks; zero where one side does not vary.
pub(crate) fn spearman(pairs: &[(f64, f64)]) -> f64 {
    let (left, right): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let pairs: Vec<(f64, f64)> = ranks(&left).into_iter().zip(ranks(&right)).collect();
    correlation(&pairs)
}

/// Pearson's correlation; zero where one side does not vary.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len().max(1) as f64;
    let mean_x = pairs.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = pairs.iter().map(|(_, y)| y).sum::<f64>() / n;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mean_x) * (y - mean_y);
        xx += (x - mean_x).powi(2);
        yy += (y - mean_y).powi(2);
    }
    if xx * yy <= 0.0 {
        0.0
    } else {
        xy / (xx * yy).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_all_that_counts() {
        let pairs = [(1.0, 10.0), (2.0, 11.0), (3.0, 400.0), (9.0, 500.0)];
        assert!((spearman(&pairs) - 1.0).abs() < 1e-12);
        let turned = pairs.map(|(x, y)| (-x, y));
        assert!((spearman(&turned) + 1.0).abs() < 1e-12);
        assert_eq!(spearman(&[(1.0, 2.0), (1.0, 3.0)]), 0.0);
        assert_eq!(spearman(&[]), 0.0);
    }
}
