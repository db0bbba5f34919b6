//! How far the innermost sums are unrolled, by the rules of `ember_runtime`'s `thumb1`, `thumb2`, `dsp`
//! and `mve`: straight code up to a length, then a loop of a few steps and the rest.

/// The instruction set that serves a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isa {
    /// Armv6-M.
    Thumb1,
    /// Armv7-M.
    Thumb2,
    /// With SMLAD.
    Dsp,
    /// With vectors.
    Mve,
}

/// Copies of the steps in the code of a sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unrolled {
    /// Steps of four bytes.
    pub words: usize,
    /// Steps of one byte.
    pub bytes: usize,
    /// Loops.
    pub loops: usize,
    /// Turns of the loops, per run.
    pub turns: usize,
}

/// A step of four bytes, or of one where the core has no other: straight up to `straight` steps, then a
/// loop of `unit`.
fn steps(count: usize, straight: usize, unit: usize) -> (usize, usize) {
    if count > straight {
        (unit + count % unit, count / unit)
    } else {
        (count, 0)
    }
}

impl Isa {
    /// The sums of a convolution over `runs` runs of `run` bytes.
    pub fn patch(self, run: usize, runs: usize) -> Unrolled {
        let at_once = match self {
            Isa::Thumb1 | Isa::Mve => 0,
            Isa::Thumb2 => 16,
            Isa::Dsp => 48,
        };
        let copied = runs == 1 || run * runs <= at_once;
        let copies = if copied { runs } else { 1 };
        let one = match self {
            Isa::Thumb1 => bytes(run, 3),
            Isa::Thumb2 => bytes(run, 8),
            Isa::Dsp => {
                let (words, turns) = steps(run / 4, 6, 4);
                Unrolled {
                    words,
                    bytes: run % 4,
                    loops: usize::from(turns > 0),
                    turns,
                }
            }
            Isa::Mve => Unrolled {
                turns: run.div_ceil(16),
                ..Unrolled::default()
            },
        };
        Unrolled {
            words: copies * one.words,
            bytes: copies * one.bytes,
            loops: copies * one.loops + usize::from(!copied),
            turns: one.turns,
        }
    }

    /// The sums of a fully connected layer over rows of `len` bytes.
    pub fn row(self, len: usize) -> Unrolled {
        match self {
            Isa::Thumb1 => bytes(len, 3),
            Isa::Thumb2 => bytes(len, 8),
            Isa::Dsp => {
                let (words, turns) = steps(len / 4, 3, 2);
                Unrolled {
                    words,
                    bytes: len % 4,
                    loops: usize::from(turns > 0),
                    turns,
                }
            }
            Isa::Mve => Unrolled {
                turns: len.div_ceil(16),
                ..Unrolled::default()
            },
        }
    }
}

fn bytes(len: usize, straight: usize) -> Unrolled {
    let (bytes, turns) = steps(len, straight, 4);
    Unrolled {
        words: 0,
        bytes,
        loops: usize::from(turns > 0),
        turns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_become_loops() {
        let dsp = Isa::Dsp.patch(9 * 4, 1);
        assert_eq!(
            dsp,
            Unrolled {
                words: 4 + 1,
                bytes: 0,
                loops: 1,
                turns: 2
            }
        );
        let straight = Isa::Dsp.patch(3, 3);
        assert_eq!(
            straight,
            Unrolled {
                words: 0,
                bytes: 9,
                loops: 0,
                turns: 0
            }
        );
        let counted = Isa::Thumb2.patch(12, 3);
        assert_eq!(
            counted,
            Unrolled {
                words: 0,
                bytes: 4,
                loops: 2,
                turns: 3
            }
        );
        assert_eq!(
            Isa::Thumb1.row(10),
            Unrolled {
                words: 0,
                bytes: 6,
                loops: 1,
                turns: 2
            }
        );
    }
}
