//! Mixup (Zhang et al., arXiv 1710.09412): each sample of a batch is blended with another one, and so
//! are their targets; the share is Beta(α, α).

use crate::random::Random;

/// Blends every sample with a random partner of the batch. `samples` holds `elements` values per
/// sample, `targets` holds `classes`.
pub(crate) fn mixup(
    samples: &mut [f32],
    targets: &mut [f32],
    batch: usize,
    alpha: f32,
    random: &mut Random,
) {
    let (elements, classes) = (samples.len() / batch, targets.len() / batch);
    let mut partners: Vec<usize> = (0..batch).collect();
    random.shuffle(&mut partners);
    let (plain_samples, plain_targets) = (samples.to_vec(), targets.to_vec());
    for (own, &partner) in partners.iter().enumerate() {
        // The larger share stays with the sample itself: otherwise pairs would be drawn twice.
        let share = random.beta(alpha);
        let share = share.max(1.0 - share);
        blend(
            &mut samples[own * elements..][..elements],
            &plain_samples[partner * elements..][..elements],
            share,
        );
        blend(
            &mut targets[own * classes..][..classes],
            &plain_targets[partner * classes..][..classes],
            share,
        );
    }
}

fn blend(own: &mut [f32], other: &[f32], share: f32) {
    for (own, other) in own.iter_mut().zip(other) {
        *own = share * *own + (1.0 - share) * other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_and_targets_are_blended_alike() {
        let mut samples = vec![0.0, 1.0, 2.0, 3.0];
        let mut targets = samples.clone();
        mixup(&mut samples, &mut targets, 4, 0.4, &mut Random::new(1, 0));
        assert_eq!(samples, targets);
        assert_ne!(samples, [0.0, 1.0, 2.0, 3.0]);
        assert!(samples.iter().all(|x| (0.0..=3.0).contains(x)));
    }
}
