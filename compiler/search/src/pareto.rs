//! The non-dominated networks over accuracy, flash, RAM and instructions, and how much a front is
//! worth.

use crate::constraint::{Constraints, Cost};

/// What a network is judged by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Objectives {
    /// More is better.
    pub accuracy: f32,
    /// Flash, RAM and instructions: less is better.
    pub cost: Cost,
}

impl Objectives {
    /// Whether this is nowhere worse than `other` and somewhere better.
    pub fn dominates(&self, other: &Self) -> bool {
        let costs = |o: &Self| {
            [
                o.cost.flash_bytes as u64,
                o.cost.ram_bytes as u64,
                o.cost.instructions,
            ]
        };
        let (ours, theirs) = (costs(self), costs(other));
        let no_worse = self.accuracy >= other.accuracy
            && ours
                .iter()
                .zip(&theirs)
                .all(|(ours, theirs)| ours <= theirs);
        no_worse && (self.accuracy > other.accuracy || ours != theirs)
    }
}

/// Indices of the non-dominated ones, ascending. Of several equal ones all are kept.
/// Cost: O(n²).
pub fn front(all: &[Objectives]) -> Vec<usize> {
    (0..all.len())
        .filter(|&i| !all.iter().any(|other| other.dominates(&all[i])))
        .collect()
}

/// The volume that networks dominate in the unit cube of accuracy and free shares of flash and RAM.
/// It grows exactly when a network extends the front of these three. Exact: the cube is cut into
/// slices between consecutive accuracies, and each slice's area is a staircase. Cost: O(n² log n).
pub fn hypervolume(all: &[Objectives], constraints: &Constraints) -> f64 {
    let free = |used: usize, limit: usize| (1.0 - used as f64 / limit.max(1) as f64).max(0.0);
    let mut points: Vec<[f64; 3]> = all
        .iter()
        .map(|o| {
            [
                f64::from(o.accuracy).clamp(0.0, 1.0),
                free(o.cost.flash_bytes, constraints.flash_bytes),
                free(o.cost.ram_bytes, constraints.ram_bytes),
            ]
        })
        .collect();
    points.sort_by(|a, b| b[0].total_cmp(&a[0]));
    let mut volume = 0.0;
    for i in 0..points.len() {
        let below = points.get(i + 1).map_or(0.0, |next| next[0]);
        volume += (points[i][0] - below) * staircase(&points[..=i]);
    }
    volume
}

/// Area that the points dominate in their last two coordinates.
fn staircase(points: &[[f64; 3]]) -> f64 {
    let mut corners: Vec<(f64, f64)> = points.iter().map(|p| (p[1], p[2])).collect();
    corners.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
    let (mut area, mut height) = (0.0, 0.0);
    for (x, y) in corners {
        if y > height {
            area += x * (y - height);
            height = y;
        }
    }
    area
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{Strategy, prop_assert, proptest};

    fn point(accuracy: f32, flash_bytes: usize, ram_bytes: usize) -> Objectives {
        Objectives {
            accuracy,
            cost: Cost {
                flash_bytes,
                ram_bytes,
                arena_bytes: 0,
                instructions: 1,
                macs: 0,
            },
        }
    }

    const LIMITS: Constraints = Constraints {
        flash_bytes: 100,
        ram_bytes: 100,
        instructions: None,
        macs: None,
    };

    #[test]
    fn the_front_keeps_trade_offs_and_equals() {
        let all = [
            point(0.9, 50, 50),
            point(0.8, 40, 50),
            point(0.8, 60, 60),
            point(0.9, 50, 50),
        ];
        assert_eq!(front(&all), [0, 1, 3]);
    }

    #[test]
    fn volumes_are_those_of_boxes() {
        assert!((hypervolume(&[point(0.5, 50, 50)], &LIMITS) - 0.125).abs() < 1e-12);
        // Two boxes that share a quarter.
        let two = [point(0.5, 50, 75), point(0.5, 75, 50)];
        assert!((hypervolume(&two, &LIMITS) - 0.5 * 0.1875).abs() < 1e-12);
        // A smaller one on top.
        let tower = [point(0.5, 50, 50), point(1.0, 90, 90)];
        assert!((hypervolume(&tower, &LIMITS) - (0.125 + 0.005)).abs() < 1e-9);
        assert_eq!(hypervolume(&[], &LIMITS), 0.0);
    }

    fn points() -> impl Strategy<Value = Vec<Objectives>> {
        let one = (0u8..=20, 0usize..110, 0usize..110)
            .prop_map(|(accuracy, flash, ram)| point(f32::from(accuracy) / 20.0, flash, ram));
        proptest::collection::vec(one, 1..12)
    }

    proptest! {
        #[test]
        fn the_front_dominates_the_rest(all in points()) {
            let front = front(&all);
            prop_assert!(!front.is_empty());
            for (i, o) in all.iter().enumerate() {
                let dominated = front.iter().any(|&j| all[j].dominates(o));
                prop_assert!(front.contains(&i) != dominated);
            }
        }

        #[test]
        fn the_front_holds_the_whole_volume(all in points()) {
            let members: Vec<Objectives> = front(&all).into_iter().map(|i| all[i]).collect();
            let (whole, of_front) = (hypervolume(&all, &LIMITS), hypervolume(&members, &LIMITS));
            prop_assert!((whole - of_front).abs() < 1e-9);
            prop_assert!(hypervolume(&all[1..], &LIMITS) <= whole + 1e-9);
        }
    }
}
