//! What the sensor measures: a slow wave with two bursts in it.

/// Whether each window of 16 samples, 8 apart, holds at least four samples of a burst.
pub const BURSTS: [bool; 12] = [
    false, false, false, true, true, true, true, false, true, true, true, true,
];

/// The signal at a time, counted in samples.
pub fn sample(time: usize) -> i8 {
    let slow = (time % 32) as i8 - 16;
    let bursting = (36..52).contains(&time) || (76..92).contains(&time);
    match (bursting, time % 2) {
        (false, _) => slow,
        (true, 0) => slow + 40,
        (true, _) => slow - 40,
    }
}
