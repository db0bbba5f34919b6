//! Softmax over one vector, shifted by its maximum against overflow.

pub(super) fn run(input: &[f32]) -> Vec<f32> {
    let top = input.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f32> = input.iter().map(|x| (x - top).exp()).collect();
    let sum: f32 = exps.iter().sum();
    exps.iter().map(|exp| exp / sum).collect()
}
