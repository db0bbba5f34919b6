//! How wrong the answers of a network are: a finer figure than how many of them are.

/// Values of the logarithm of the inverse temperature that are looked at.
const INVERSE: [f64; 2] = [-3.0, 3.0];
/// Halvings, or nearly: the golden section keeps 0.618 of its interval.
const SECTIONS: usize = 30;
const GOLDEN: f64 = 0.618_033_988_749_895;

/// Mean of a loss over samples.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Loss {
    /// The mean.
    pub mean: f32,
    /// Its standard error, as of independent samples.
    pub error: f32,
}

impl Loss {
    /// Of the losses of samples.
    pub fn over(losses: &[f64]) -> Self {
        let count = losses.len() as f64;
        let mean = losses.iter().sum::<f64>() / count.max(1.0);
        let squares = losses.iter().map(|loss| (loss - mean).powi(2));
        let variance = squares.sum::<f64>() / (count - 1.0).max(1.0);
        Self {
            mean: mean as f32,
            error: (variance / count.max(1.0)).sqrt() as f32,
        }
    }
}

/// Cross-entropy of scores against labels at the temperature that suits these scores best. Label smoothing and short
/// training leave scores too small, by another factor in every network, which hides how well they tell classes apart.
///
/// Source: temperature scaling, Guo et al. 2017 (arXiv 1706.04599); with a standard normal prior on the logarithm of
/// the temperature, which keeps it finite where no answer is wrong.
pub fn cross_entropy(scores: &[f32], labels: &[usize]) -> Loss {
    let objective = |inverse: f64| {
        let total: f64 = losses(scores, labels, inverse.exp()).iter().sum();
        total + inverse.powi(2) / 2.0
    };
    let [mut low, mut high] = INVERSE;
    for _ in 0..SECTIONS {
        let section = GOLDEN * (high - low);
        if objective(high - section) < objective(low + section) {
            high = low + section;
        } else {
            low = high - section;
        }
    }
    let inverse = f64::midpoint(low, high).exp();
    Loss::over(&losses(scores, labels, inverse))
}

/// Cross-entropy of each sample whose scores are multiplied by `inverse`.
fn losses(scores: &[f32], labels: &[usize], inverse: f64) -> Vec<f64> {
    let classes = scores.len() / labels.len().max(1);
    let samples = scores.chunks_exact(classes.max(1)).zip(labels);
    let loss = |(scores, &label): (&[f32], &usize)| {
        let score = |score: f32| inverse * f64::from(score);
        let max = scores.iter().map(|s| score(*s)).fold(f64::MIN, f64::max);
        let sum: f64 = scores.iter().map(|s| (score(*s) - max).exp()).sum();
        sum.ln() + max - score(scores[label])
    };
    samples.map(loss).collect()
}

#[cfg(test)]
mod tests {
    use std::f32::consts::FRAC_1_SQRT_2;

    use super::*;

    #[test]
    fn losses_have_a_mean_and_its_error() {
        // Their deviation is 1, that of the mean of two 1 / √2.
        let loss = Loss::over(&[1.0, 1.0 + 2.0f64.sqrt()]);
        assert!((loss.mean - 1.0 - FRAC_1_SQRT_2).abs() < 1e-6, "{loss:?}");
        assert!((loss.error - FRAC_1_SQRT_2).abs() < 1e-6, "{loss:?}");
        assert_eq!(Loss::over(&[]), Loss::default());
        assert_eq!(Loss::over(&[3.0]).error, 0.0);
    }

    /// Three of four right, by the same margin.
    const LABELS: [usize; 4] = [0, 1, 0, 0];

    fn scores(margin: f32) -> Vec<f32> {
        [0, 1, 0, 1]
            .into_iter()
            .flat_map(|answer| [1 - answer, answer].map(|sure| margin * sure as f32))
            .collect()
    }

    #[test]
    fn how_large_scores_are_does_not_matter() {
        // A quarter of wrong answers is worth the entropy of a coin that shows heads three times in four; the prior
        // moves it a little.
        let entropy = 0.75 * (4.0f32 / 3.0).ln() + 0.25 * 4.0f32.ln();
        for margin in [0.5, 1.0, 3.0, 8.0] {
            let many: Vec<f32> = scores(margin).repeat(500);
            let loss = cross_entropy(&many, &LABELS.repeat(500));
            assert!((loss.mean - entropy).abs() < 3e-3, "{margin}: {loss:?}");
        }
    }

    #[test]
    fn where_all_is_right_the_larger_margin_is_better() {
        let right = |margin: f32| {
            let scores: Vec<f32> = [[margin, 0.0], [5.0, 0.0]].concat();
            cross_entropy(&scores, &[0, 0])
        };
        assert!(right(4.0).mean < right(1.0).mean);
        assert!(right(1.0).mean > 0.0 && right(1.0).mean.is_finite());
        assert_eq!(cross_entropy(&[], &[]), Loss::default());
        assert!(cross_entropy(&[f32::NAN; 4], &[0, 1]).mean.is_nan());
    }
}
