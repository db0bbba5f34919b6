//! What firmware is built for: boards and the limits a job sets on them.
//!
//! Owns: [`Board`], the checked form of a `boards/<name>/board.toml`, and everything that is derived
//! from it and nothing else: `memory.x`, rustc flags, cargo features, the emulator's arguments, the
//! conversion of its ticks into instructions. Must not know: files, processes.
//!
//! Reading order: [`Core`], [`Prefer`], [`Board`], `file` and `check` (the TOML), `memory_x`, `qemu`.

mod board;
mod bytes;
mod check;
mod core;
mod error;
mod file;
mod limits;
mod memory_x;
mod prefer;
mod qemu;

pub use self::board::{Board, MemoryBlock, Runner};
pub use self::bytes::{ByteSize, format_bytes, parse_bytes};
pub use self::core::Core;
pub use self::error::{BoardError, BoardProblem};
pub use self::limits::Limits;
pub use self::prefer::Prefer;
pub use self::qemu::ICOUNT_SHIFT;
