//! Streaming windows: from a sensor that delivers one frame per interrupt to the model's input.
//!
//! The interrupt enqueues frames into a lock-free single-producer, single-consumer queue of `heapless`;
//! the main loop feeds them to a [`Window`], a ring of the latest `SAMPLES` frames, which fills the
//! model's input, oldest frame first, every `HOP` frames. No heap, no lock, no panic path. A hop below
//! the window's length makes windows overlap; one above leaves frames out.
//!
//! ```
//! use ember_runtime::heapless::spsc::Queue;
//! use ember_runtime::window::Window;
//!
//! // Six channels at 50 Hz: windows of one second, a new one every half second.
//! let mut queue: Queue<[i8; 6], 16> = Queue::new();
//! let (mut interrupt, mut frames) = queue.split();
//! let mut window = Window::<50, 6, 25>::new();
//! let mut input = [0; 50 * 6]; // the model's: `model.input_mut()`
//!
//! let mut windows = 0;
//! for time in 0..100 {
//!     interrupt.enqueue([time as i8; 6]).expect("the main loop keeps up");
//!     while window.feed(&mut frames, &mut input) {
//!         windows += 1; // model.infer();
//!     }
//! }
//! assert_eq!(windows, 3);
//! assert_eq!((input[0], input[299]), (50, 99));
//! ```

use heapless::spsc::Consumer;

/// The latest `SAMPLES` frames of `CHANNELS` bytes each; due first when full, then every `HOP` frames.
#[derive(Debug)]
pub struct Window<const SAMPLES: usize, const CHANNELS: usize, const HOP: usize> {
    frames: [[i8; CHANNELS]; SAMPLES],
    /// Where the next frame goes: the oldest one's place once the ring is full.
    next: usize,
    /// Frames until the next window is due.
    missing: usize,
}

impl<const SAMPLES: usize, const CHANNELS: usize, const HOP: usize> Window<SAMPLES, CHANNELS, HOP> {
    /// Bytes of a window: what the model's input must have.
    pub const LEN: usize = SAMPLES * CHANNELS;

    /// An empty window.
    pub const fn new() -> Self {
        const {
            assert!(
                SAMPLES > 0 && CHANNELS > 0 && HOP > 0,
                "a window needs frames and a hop"
            )
        };
        Self {
            frames: [[0; CHANNELS]; SAMPLES],
            next: 0,
            missing: SAMPLES,
        }
    }

    /// Forgets all frames; for a gap in the signal, such as a frame that the queue had no room for.
    pub fn restart(&mut self) {
        *self = Self::new();
    }

    /// Takes one frame; whether a window is due with it.
    pub fn push(&mut self, frame: [i8; CHANNELS]) -> bool {
        // Always there; written so that no bound is checked by a panic.
        if let Some(place) = self.frames.get_mut(self.next) {
            *place = frame;
        }
        self.next = if self.next + 1 < SAMPLES {
            self.next + 1
        } else {
            0
        };
        self.missing -= 1;
        let due = self.missing == 0;
        if due {
            self.missing = HOP;
        }
        due
    }

    /// Writes the frames, oldest first, to the model's input of [`Self::LEN`] bytes. A longer input is
    /// filled from its start, a shorter one gets what fits. Before the first window is due, places
    /// without a frame are zero.
    pub fn copy_to(&self, input: &mut [i8]) {
        let (places, _) = input.as_chunks_mut::<CHANNELS>();
        let (newer, older) = self.frames.split_at_checked(self.next).unwrap_or_default();
        for (place, frame) in places.iter_mut().zip(older.iter().chain(newer)) {
            *place = *frame;
        }
    }

    /// Takes frames from `source` until a window is due and writes it to the model's input; `false` if
    /// the source ran dry before. Call it until then: frames that wait are not lost.
    pub fn feed(&mut self, source: &mut Consumer<'_, [i8; CHANNELS]>, input: &mut [i8]) -> bool {
        while let Some(frame) = source.dequeue() {
            if self.push(frame) {
                self.copy_to(input);
                return true;
            }
        }
        false
    }
}

impl<const SAMPLES: usize, const CHANNELS: usize, const HOP: usize> Default
    for Window<SAMPLES, CHANNELS, HOP>
{
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapless::spsc::Queue;
    use proptest::prelude::*;

    /// Feeds frames 0, 1, 2, …; the first and last frame of every window that came.
    fn windows<const S: usize, const H: usize>(frames: u8) -> [Option<(i8, i8)>; 8] {
        let mut window = Window::<S, 2, H>::new();
        let mut found = [None; 8];
        let mut next = found.iter_mut();
        for frame in 0..frames {
            if window.push([frame as i8, -1]) {
                let mut input = [77; 64];
                window.copy_to(&mut input[..Window::<S, 2, H>::LEN]);
                assert!(input[..2 * S].chunks(2).is_sorted(), "oldest first");
                assert!(input[2 * S..].iter().all(|&x| x == 77));
                *next.next().expect("few windows") = Some((input[0], input[2 * S - 2]));
            }
        }
        found
    }

    #[test]
    fn hop_below_equal_and_above_the_length() {
        let some = |ends: &[(i8, i8)]| {
            let mut found = [None; 8];
            for (place, end) in found.iter_mut().zip(ends) {
                *place = Some(*end);
            }
            found
        };
        assert_eq!(windows::<4, 2>(9), some(&[(0, 3), (2, 5), (4, 7)]));
        assert_eq!(windows::<4, 4>(12), some(&[(0, 3), (4, 7), (8, 11)]));
        assert_eq!(windows::<3, 5>(13), some(&[(0, 2), (5, 7), (10, 12)]));
        assert_eq!(windows::<1, 1>(3), some(&[(0, 0), (1, 1), (2, 2)]));
        assert_eq!(windows::<4, 2>(3), some(&[]));
    }

    #[test]
    fn restart_needs_a_full_window_again() {
        let mut window = Window::<3, 1, 1>::new();
        assert_eq!(
            [0, 1, 2, 3].map(|x| window.push([x])),
            [false, false, true, true]
        );
        window.restart();
        assert_eq!([4, 5, 6].map(|x| window.push([x])), [false, false, true]);
        let mut input = [0; 3];
        window.copy_to(&mut input);
        assert_eq!(input, [4, 5, 6]);
    }

    #[test]
    fn an_input_of_the_wrong_length_does_not_panic() {
        let mut window = Window::<2, 2, 1>::new();
        window.push([1, 2]);
        window.push([3, 4]);
        let mut short = [0; 3];
        window.copy_to(&mut short);
        assert_eq!(short, [1, 2, 0]);
        window.copy_to(&mut []);
    }

    proptest! {
        #[test]
        fn bursts_of_any_size_give_the_same_windows(bursts in proptest::collection::vec(0usize..7, 0..30)) {
            let mut queue: Queue<[i8; 3], 8> = Queue::new();
            let (mut producer, mut consumer) = queue.split();
            let mut window = Window::<5, 3, 2>::new();
            let (mut sent, mut seen) = (0usize, 0usize);
            for burst in bursts {
                for _ in 0..burst {
                    producer.enqueue([sent as i8; 3]).expect("room for seven");
                    sent += 1;
                }
                let mut input = [0; 15];
                while window.feed(&mut consumer, &mut input) {
                    let first = 2 * seen;
                    let expected: [i8; 15] = core::array::from_fn(|i| (first + i / 3) as i8);
                    prop_assert_eq!(input, expected);
                    seen += 1;
                }
            }
            let expected = if sent < 5 { 0 } else { (sent - 5) / 2 + 1 };
            prop_assert_eq!(seen, expected);
        }
    }
}
