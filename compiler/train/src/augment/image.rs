//! Pictures: a random affine map and a smooth random displacement, sampled bilinearly in one go, then
//! noise. What comes from outside the picture is 0 (black). The displacement field is that of
//! Simard et al., *Best practices for convolutional neural networks* (2003), on a 4×4 grid of
//! normal vectors instead of a filtered field.

use serde::{Deserialize, Serialize};

use super::Sample;
use crate::random::Random;

/// Strength of each change; 0 switches it off.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageAugmentation {
    /// Largest shift along each axis, in pixels.
    pub shift: f32,
    /// Largest rotation, in degrees.
    pub rotation: f32,
    /// Largest relative change of size, per axis: 0.1 is ±10 %.
    pub scale: f32,
    /// Largest shear, as a fraction of the height.
    pub shear: f32,
    /// Standard deviation of the smooth displacement, in pixels.
    pub elastic: f32,
    /// Standard deviation of white noise, in standard deviations of the channel.
    pub noise: f32,
    /// Whether left and right are exchanged half of the time.
    pub flip: bool,
}

const GRID: usize = 4;

impl ImageAugmentation {
    pub(super) fn apply(&self, sample: Sample<'_>, target: &mut [f32], random: &mut Random) {
        let Some([h, w, c]) = sample.from.hwc() else {
            return;
        };
        let map = self.affine(random);
        let mirrored = self.flip && random.chance(0.5);
        let shift = [0, 1].map(|_| random.between(-self.shift, self.shift));
        let grid: Vec<[f32; 2]> = (0..GRID * GRID)
            .map(|_| {
                [0, 1].map(|_| {
                    if self.elastic > 0.0 {
                        random.normal() * self.elastic
                    } else {
                        0.0
                    }
                })
            })
            .collect();
        let middle = [(h as f32 - 1.0) / 2.0, (w as f32 - 1.0) / 2.0];
        for row in 0..h {
            for column in 0..w {
                let (y, x) = (row as f32 - middle[0], column as f32 - middle[1]);
                let bend = displacement(
                    &grid,
                    row as f32 / h.max(2) as f32,
                    column as f32 / w.max(2) as f32,
                );
                let from_y = map[0][0] * y + map[0][1] * x + middle[0] + shift[0] + bend[0];
                let mut from_x = map[1][0] * y + map[1][1] * x + middle[1] + shift[1] + bend[1];
                if mirrored {
                    from_x = w as f32 - 1.0 - from_x;
                }
                let at = (row * w + column) * c;
                for channel in 0..c {
                    let noise = if self.noise > 0.0 {
                        random.normal() * self.noise * sample.spread[channel]
                    } else {
                        0.0
                    };
                    target[at + channel] =
                        bilinear(sample.values, [h, w, c], [from_y, from_x], channel) + noise;
                }
            }
        }
    }

    /// A random rotation, scaling and shear as a matrix on (y, x).
    fn affine(&self, random: &mut Random) -> [[f32; 2]; 2] {
        let angle = random.between(-self.rotation, self.rotation).to_radians();
        let (sin, cos) = angle.sin_cos();
        let scale = [0, 1].map(|_| 1.0 + random.between(-self.scale, self.scale));
        let shear = random.between(-self.shear, self.shear);
        [
            [cos * scale[0], sin * scale[1]],
            [-sin * scale[0] + shear * cos, cos * scale[1] + shear * sin],
        ]
    }
}

/// Bilinear interpolation of the displacement grid at a place in [0, 1)².
fn displacement(grid: &[[f32; 2]], y: f32, x: f32) -> [f32; 2] {
    let (y, x) = (y * (GRID - 1) as f32, x * (GRID - 1) as f32);
    let (row, column) = ((y as usize).min(GRID - 2), (x as usize).min(GRID - 2));
    let (dy, dx) = (y - row as f32, x - column as f32);
    let at = |r: usize, c: usize| grid[r * GRID + c];
    [0, 1].map(|axis| {
        let top = at(row, column)[axis] * (1.0 - dx) + at(row, column + 1)[axis] * dx;
        let bottom = at(row + 1, column)[axis] * (1.0 - dx) + at(row + 1, column + 1)[axis] * dx;
        top * (1.0 - dy) + bottom * dy
    })
}

/// The picture's value between pixels; 0 outside.
fn bilinear(values: &[f32], [h, w, c]: [usize; 3], [y, x]: [f32; 2], channel: usize) -> f32 {
    let (top, left) = (y.floor(), x.floor());
    let (dy, dx) = (y - top, x - left);
    let pixel = |row: f32, column: f32| {
        if row < 0.0 || column < 0.0 || row >= h as f32 || column >= w as f32 {
            return 0.0;
        }
        values[(row as usize * w + column as usize) * c + channel]
    };
    (pixel(top, left) * (1.0 - dx) + pixel(top, left + 1.0) * dx) * (1.0 - dy)
        + (pixel(top + 1.0, left) * (1.0 - dx) + pixel(top + 1.0, left + 1.0) * dx) * dy
}

#[cfg(test)]
mod tests {
    use ember_ir::Shape;

    use super::*;

    fn varied(augmentation: &ImageAugmentation) -> Vec<f32> {
        let shape = Shape::from([3, 3, 1]);
        let values: Vec<f32> = (1..=9).map(|x| x as f32).collect();
        let mut target = vec![0.0; 9];
        let sample = Sample {
            values: &values,
            from: &shape,
            spread: &[1.0],
        };
        augmentation.apply(sample, &mut target, &mut Random::new(1, 0));
        target
    }

    #[test]
    fn nothing_changes_at_strength_zero() {
        let expected: Vec<f32> = (1..=9).map(|x| x as f32).collect();
        assert_eq!(varied(&ImageAugmentation::default()), expected);
    }

    #[test]
    fn each_change_changes_something_and_stays_finite() {
        let base = varied(&ImageAugmentation::default());
        let off = ImageAugmentation::default;
        for augmentation in [
            ImageAugmentation {
                shift: 1.0,
                ..off()
            },
            ImageAugmentation {
                rotation: 20.0,
                ..off()
            },
            ImageAugmentation {
                scale: 0.2,
                ..off()
            },
            ImageAugmentation {
                shear: 0.2,
                ..off()
            },
            ImageAugmentation {
                elastic: 0.5,
                ..off()
            },
            ImageAugmentation {
                noise: 0.1,
                ..off()
            },
        ] {
            let other = varied(&augmentation);
            assert_ne!(other, base, "{augmentation:?}");
            assert!(other.iter().all(|x| x.is_finite()));
        }
    }
}
