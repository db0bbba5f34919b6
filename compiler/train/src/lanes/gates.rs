//! The gates of one recurrent unit, and their gradients; see [`super::recurrent`]. Plain loops over lanes, which
//! become vector instructions where they are inlined.

use super::{LANES, Lanes};

/// What the gradient of a unit's step needs. GRU: update, reset, candidate, the candidate's weighted hidden
/// values, hidden value before. LSTM: input, forget, candidate, output, cell before, tanh of the cell.
pub(super) type Past = [Lanes; 6];

/// A step of a gated recurrent unit from its weighted inputs, its weighted hidden values and its own one.
#[inline(always)]
pub(super) fn gru(x: [&Lanes; 3], weighted: [&Lanes; 3], hidden: &Lanes) -> (Lanes, Past) {
    let update = logistic(&sum(x[0], weighted[0]));
    let reset = logistic(&sum(x[1], weighted[1]));
    let mut candidate = [0.0; LANES];
    for i in 0..LANES {
        candidate[i] = x[2][i] + reset[i] * weighted[2][i];
    }
    let candidate = tanh(&candidate);
    let mut next = [0.0; LANES];
    for i in 0..LANES {
        next[i] = candidate[i] + update[i] * (hidden[i] - candidate[i]);
    }
    let past = [
        update,
        reset,
        candidate,
        *weighted[2],
        *hidden,
        [0.0; LANES],
    ];
    (next, past)
}

/// Gradients of a unit's sums and of the hidden value that it keeps.
pub(super) struct GruGradient {
    pub update: Lanes,
    pub reset: Lanes,
    /// Of the candidate's weighted inputs.
    pub candidate: Lanes,
    /// Of the candidate's weighted hidden values.
    pub weighted: Lanes,
    pub hidden: Lanes,
}

#[inline(always)]
pub(super) fn gru_gradient(past: &Past, dh: &Lanes) -> GruGradient {
    let [update, reset, candidate, weighted, hidden, _] = past;
    let zero = [0.0; LANES];
    let mut back = GruGradient {
        update: zero,
        reset: zero,
        candidate: zero,
        weighted: zero,
        hidden: zero,
    };
    for i in 0..LANES {
        let (z, r, n) = (update[i], reset[i], candidate[i]);
        back.candidate[i] = dh[i] * (1.0 - z) * (1.0 - n * n);
        back.weighted[i] = back.candidate[i] * r;
        back.reset[i] = back.candidate[i] * weighted[i] * r * (1.0 - r);
        back.update[i] = dh[i] * (hidden[i] - n) * z * (1.0 - z);
        back.hidden[i] = dh[i] * z;
    }
    back
}

/// A step of a long short-term memory from its weighted inputs and hidden values; the cell moves on.
#[inline(always)]
pub(super) fn lstm(x: [&Lanes; 4], weighted: [&Lanes; 4], cell: &mut Lanes) -> (Lanes, Past) {
    let input = logistic(&sum(x[0], weighted[0]));
    let forget = logistic(&sum(x[1], weighted[1]));
    let candidate = tanh(&sum(x[2], weighted[2]));
    let output = logistic(&sum(x[3], weighted[3]));
    let before = *cell;
    for i in 0..LANES {
        cell[i] = forget[i] * before[i] + input[i] * candidate[i];
    }
    let bent = tanh(cell);
    let mut next = [0.0; LANES];
    for i in 0..LANES {
        next[i] = output[i] * bent[i];
    }
    (next, [input, forget, candidate, output, before, bent])
}

/// Gradients of the four sums; that of the cell moves to the step before.
#[inline(always)]
pub(super) fn lstm_gradient(past: &Past, dh: &Lanes, of_cell: &mut Lanes) -> [Lanes; 4] {
    let [input, forget, candidate, output, before, bent] = past;
    let mut back = [[0.0; LANES]; 4];
    for i in 0..LANES {
        let (p, f, g, o) = (input[i], forget[i], candidate[i], output[i]);
        let dc = of_cell[i] + dh[i] * o * (1.0 - bent[i] * bent[i]);
        back[0][i] = dc * g * p * (1.0 - p);
        back[1][i] = dc * before[i] * f * (1.0 - f);
        back[2][i] = dc * p * (1.0 - g * g);
        back[3][i] = dh[i] * bent[i] * o * (1.0 - o);
        of_cell[i] = dc * f;
    }
    back
}

#[inline(always)]
pub(super) fn sum(a: &Lanes, b: &Lanes) -> Lanes {
    let mut sum = *a;
    for i in 0..LANES {
        sum[i] += b[i];
    }
    sum
}

#[inline(always)]
pub(super) fn logistic(x: &Lanes) -> Lanes {
    let mut y = [0.0; LANES];
    for i in 0..LANES {
        y[i] = 1.0 / (1.0 + exp(-x[i]));
    }
    y
}

/// 1 − 2 / (e^2x + 1): exact to 1e-7, which is absolute near zero.
#[inline(always)]
pub(super) fn tanh(x: &Lanes) -> Lanes {
    let mut y = [0.0; LANES];
    for i in 0..LANES {
        y[i] = 1.0 - 2.0 / (exp(2.0 * x[i]) + 1.0);
    }
    y
}

/// e^x to 3e-7 of its value, without a branch, so that it runs on vectors: 2^k · e^r with |r| ≤ ln 2 / 2 and e^r
/// by its Taylor series. Beyond ±80, where gates are 0 or 1 to f32's last bit, x is clamped.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding 1.5·2^23 leaves no bits behind the point.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts: the first has so few bits that its product with k is exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = x.clamp(-80.0, 80.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = x - k * LN_2[0] - k * LN_2[1];
    let mut series = 1.0 + r / 7.0;
    for n in [6.0f32, 5.0, 4.0, 3.0, 2.0, 1.0] {
        series = 1.0 + r * (1.0 / n) * series;
    }
    let power = f32::from_bits(((k as i32 + 127) << 23) as u32);
    power * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_exact_enough() {
        for i in -200_000..=200_000i32 {
            let x = i as f32 * 5e-4;
            let (e, wanted) = (exp(x), f64::from(x.clamp(-80.0, 80.0)).exp());
            assert!((f64::from(e) / wanted - 1.0).abs() < 4e-7, "exp {x}");
            let [y, t] = [logistic(&[x; LANES])[0], tanh(&[x; LANES])[0]];
            let wide = f64::from(x);
            assert!(
                (f64::from(y) - 1.0 / (1.0 + (-wide).exp())).abs() < 2e-7,
                "{x}"
            );
            assert!((f64::from(t) - wide.tanh()).abs() < 3e-7, "{x}");
        }
    }
}
