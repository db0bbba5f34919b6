//! Elements elsewhere.

/// Elements elsewhere: the output is filled, if it is to be, and then the pieces are copied.
#[derive(Clone, Copy, Debug)]
pub struct CopyParams<'a> {
    /// What the output is filled with first.
    pub fill: Option<i8>,
    /// The pieces, [`PIECE_WORDS`] numbers each: see [`Piece::of`].
    pub pieces: &'a [i32],
}

/// Numbers of a piece in [`CopyParams::pieces`].
pub const PIECE_WORDS: usize = 4 + 3 * PIECE_AXES;

/// Axes of a piece.
pub const PIECE_AXES: usize = 4;

/// Runs of bytes at regular distances in an input and in the output. The run at index `i` lies at
/// `read + Σ i[k]·axes[k].read` of the input and goes to `write + Σ i[k]·axes[k].write` of the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Piece {
    /// Number of the input.
    pub input: i32,
    /// Offset of the first run in the input.
    pub read: i32,
    /// Offset of the first run in the output.
    pub write: i32,
    /// Bytes of a run.
    pub run: i32,
    /// Outermost first.
    pub axes: [PieceAxis; PIECE_AXES],
}

/// An axis of a [`Piece`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct PieceAxis {
    /// Its size.
    pub count: i32,
    /// Bytes of the input from one index to the next; 0 repeats, negative runs backwards.
    pub read: i32,
    /// Bytes of the output from one index to the next.
    pub write: i32,
}

impl PieceAxis {
    /// The axis that changes nothing.
    pub const ONE: Self = Self {
        count: 1,
        read: 0,
        write: 0,
    };
}

impl Piece {
    /// Number `index` of a list: input, read, write, run, then count, read, write of each axis.
    pub const fn of(pieces: &[i32], index: usize) -> Self {
        let at = index * PIECE_WORDS;
        let mut axes = [PieceAxis::ONE; PIECE_AXES];
        let mut k = 0;
        while k < PIECE_AXES {
            let axis = at + 4 + 3 * k;
            axes[k] = PieceAxis {
                count: pieces[axis],
                read: pieces[axis + 1],
                write: pieces[axis + 2],
            };
            k += 1;
        }
        Self {
            input: pieces[at],
            read: pieces[at + 1],
            write: pieces[at + 2],
            run: pieces[at + 3],
            axes,
        }
    }

    /// The numbers, in the order that [`Self::of`] reads.
    pub fn words(&self) -> [i32; PIECE_WORDS] {
        let mut words = [0; PIECE_WORDS];
        words[..4].copy_from_slice(&[self.input, self.read, self.write, self.run]);
        for (words, axis) in words[4..].chunks_exact_mut(3).zip(&self.axes) {
            words.copy_from_slice(&[axis.count, axis.read, axis.write]);
        }
        words
    }
}
