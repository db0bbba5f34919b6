//! Least squares with relative errors, and the table's text.

/// Pulls factors of features that never vary towards zero; small against any real count.
const RIDGE: f64 = 1e-4;

/// The factors that predict `targets` from rows of `features` with the least squared error relative to
/// the target plus `slack`: normal equations of columns scaled to one length.
pub fn least_squares(features: &[Vec<f64>], targets: &[f64], slack: f64) -> Vec<f64> {
    let columns = features.first().map_or(0, Vec::len);
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for (row, target) in features.iter().zip(targets) {
        rows.push(row.iter().map(|x| x / (target + slack)).collect());
    }
    let right: Vec<f64> = targets
        .iter()
        .map(|target| target / (target + slack))
        .collect();
    let norms: Vec<f64> = (0..columns)
        .map(|c| {
            rows.iter()
                .map(|row| row[c] * row[c])
                .sum::<f64>()
                .sqrt()
                .max(1e-12)
        })
        .collect();
    let product = |a: &dyn Fn(usize) -> f64, b: &dyn Fn(usize) -> f64| -> f64 {
        (0..rows.len()).map(|row| a(row) * b(row)).sum()
    };
    let mut system: Vec<Vec<f64>> = Vec::new();
    for i in 0..columns {
        let scaled = |c: usize| {
            let (rows, norms) = (&rows, &norms);
            move |row: usize| rows[row][c] / norms[c]
        };
        let mut equation: Vec<f64> = (0..columns)
            .map(|j| product(&scaled(i), &scaled(j)))
            .collect();
        equation[i] += RIDGE;
        equation.push(product(&scaled(i), &|row| right[row]));
        system.push(equation);
    }
    let solution = solve(system);
    (0..columns).map(|c| solution[c] / norms[c]).collect()
}

/// Gaussian elimination of a positive definite system, right side last.
fn solve(mut system: Vec<Vec<f64>>) -> Vec<f64> {
    let n = system.len();
    for pivot in 0..n {
        let head = system[pivot].clone();
        for row in system.iter_mut().skip(pivot + 1) {
            let factor = row[pivot] / head[pivot];
            for (x, h) in row.iter_mut().zip(&head) {
                *x -= factor * h;
            }
        }
    }
    let mut solution = vec![0.0; n];
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|c| system[row][c] * solution[c]).sum();
        solution[row] = (system[row][n] - known) / system[row][row];
    }
    solution
}

/// Errors relative to the target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Errors {
    sum: f64,
    count: usize,
    most: f64,
    worst: usize,
}

impl Errors {
    /// The row with the largest error.
    pub fn worst(&self) -> usize {
        self.worst
    }

    fn add(&mut self, index: usize, row: &[f64], target: f64, factors: &[f64]) {
        let predicted: f64 = row.iter().zip(factors).map(|(x, f)| x * f).sum();
        let error = (predicted - target).abs() / target.max(1.0);
        self.sum += error;
        self.count += 1;
        if error > self.most {
            (self.most, self.worst) = (error, index);
        }
    }
}

/// `3.2/14.0 %`: mean and largest.
impl std::fmt::Display for Errors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mean = 100.0 * self.sum / self.count.max(1) as f64;
        write!(f, "{mean:.1}/{:.1} %", 100.0 * self.most)
    }
}

/// Errors of factors.
pub fn errors(features: &[Vec<f64>], targets: &[f64], factors: &[f64]) -> Errors {
    let mut errors = Errors::default();
    for (index, (row, &target)) in features.iter().zip(targets).enumerate() {
        errors.add(index, row, target, factors);
    }
    errors
}

/// Errors on every fifth row of factors that were fitted to the others, for each fifth in turn.
pub fn held_out(features: &[Vec<f64>], targets: &[f64], slack: f64) -> Errors {
    let mut errors = Errors::default();
    for turn in 0..5 {
        let (mut rows, mut values) = (Vec::new(), Vec::new());
        for (index, (row, &target)) in features.iter().zip(targets).enumerate() {
            if index % 5 != turn {
                rows.push(row.clone());
                values.push(target);
            }
        }
        let factors = least_squares(&rows, &values, slack);
        for (index, (row, &target)) in features.iter().zip(targets).enumerate() {
            if index % 5 == turn {
                errors.add(index, row, target, &factors);
            }
        }
    }
    errors
}

/// A list of factors as TOML, three digits after the point.
pub fn list(factors: &[f64]) -> String {
    let factors: Vec<String> = factors
        .iter()
        .map(|factor| format!("{factor:.3}"))
        .collect();
    format!("[{}]", factors.join(", "))
}
