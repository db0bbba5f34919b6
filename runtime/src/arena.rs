//! The one buffer that all activations live in.
//!
//! Offsets are planned on the host and arrive as associated constants, so every bound is checked when
//! the firmware is compiled: a region outside the arena does not build. At run time there is nothing
//! left to check and nothing that can panic.

use crate::kernels::rolled;

/// Bytes `offset..offset + len` of the arena.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Region {
    /// First byte; a multiple of [`ALIGN`].
    pub offset: usize,
    /// Number of bytes.
    pub len: usize,
}

/// Alignment of every region, so that word loads are aligned on cores that need it.
pub const ALIGN: usize = 4;

impl Region {
    /// `len` bytes from `offset`.
    pub const fn new(offset: usize, len: usize) -> Self {
        Self { offset, len }
    }

    /// One past the last byte.
    pub const fn end(self) -> usize {
        self.offset + self.len
    }

    /// Whether two regions share a byte.
    pub const fn overlaps(self, other: Region) -> bool {
        self.offset < other.end() && other.offset < self.end()
    }
}

/// `N` bytes of activations, aligned for word access.
#[derive(Clone, Debug)]
#[repr(C, align(4))]
pub struct Arena<const N: usize> {
    bytes: [i8; N],
}

/// An arena of any size; kernels are generic over it.
pub trait Memory {
    /// Size in bytes.
    const LEN: usize;
    /// The first byte; valid for reads and writes of `LEN` bytes and aligned to [`ALIGN`].
    fn as_mut_ptr(&mut self) -> *mut i8;
}

impl<const N: usize> Arena<N> {
    /// An arena of zeros.
    pub const fn new() -> Self {
        Self { bytes: [0; N] }
    }

    /// The `LEN` bytes at `OFFSET`; out of bounds does not compile.
    pub const fn get<const OFFSET: usize, const LEN: usize>(&self) -> &[i8; LEN] {
        const { assert!(OFFSET + LEN <= N, "region outside the arena") };
        // SAFETY: the range is inside `bytes` (checked above), and an array of i8 has no alignment.
        unsafe { &*self.bytes.as_ptr().add(OFFSET).cast::<[i8; LEN]>() }
    }

    /// The `LEN` bytes at `OFFSET`, for writing; out of bounds does not compile.
    pub const fn get_mut<const OFFSET: usize, const LEN: usize>(&mut self) -> &mut [i8; LEN] {
        const { assert!(OFFSET + LEN <= N, "region outside the arena") };
        // SAFETY: as in `get`; the exclusive borrow of the arena covers the range.
        unsafe { &mut *self.bytes.as_mut_ptr().add(OFFSET).cast::<[i8; LEN]>() }
    }

    /// The `LEN` 16-bit values from byte `OFFSET` on; out of bounds or not aligned does not compile.
    pub const fn get_i16<const OFFSET: usize, const LEN: usize>(&self) -> &[i16; LEN] {
        const { halves(OFFSET, LEN, N) };
        // SAFETY: the range is inside `bytes` and even, as is the arena's address; every pair of bytes is an
        // i16.
        unsafe { &*self.bytes.as_ptr().add(OFFSET).cast::<[i16; LEN]>() }
    }

    /// The `LEN` 16-bit values from byte `OFFSET` on, for writing; out of bounds or not aligned does not
    /// compile.
    pub const fn get_i16_mut<const OFFSET: usize, const LEN: usize>(&mut self) -> &mut [i16; LEN] {
        const { halves(OFFSET, LEN, N) };
        // SAFETY: as in `get_i16`; the exclusive borrow of the arena covers the range.
        unsafe { &mut *self.bytes.as_mut_ptr().add(OFFSET).cast::<[i16; LEN]>() }
    }

    /// Fills the arena; tests poison it to show that no result depends on stale bytes.
    #[inline(always)]
    pub fn fill(&mut self, byte: i8) {
        for place in &mut self.bytes {
            // Or LLVM makes it a `memset` or straight stores, as the length happens to be: a firmware's
            // size would depend on it by 200 bytes.
            rolled();
            *place = byte;
        }
    }
}

impl<const N: usize> Arena<N> {
    /// As [`fill`](Self::fill), of the bytes below `END` or of those from there on.
    #[inline(always)]
    pub fn fill_part<const END: usize>(&mut self, below: bool, byte: i8) {
        let (low, high) = self
            .bytes
            .split_at_mut(const { if END < N { END } else { N } });
        for place in if below { low } else { high } {
            rolled();
            *place = byte;
        }
    }
}

/// Asserts that `len` 16-bit values from byte `offset` on lie in an arena of so many bytes.
const fn halves(offset: usize, len: usize, bytes: usize) {
    assert!(
        offset <= bytes && len <= (bytes - offset) / 2,
        "region outside the arena"
    );
    assert!(offset.is_multiple_of(2), "region not aligned");
}

impl<const N: usize> Default for Arena<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Memory for Arena<N> {
    const LEN: usize = N;
    fn as_mut_ptr(&mut self) -> *mut i8 {
        self.bytes.as_mut_ptr()
    }
}
