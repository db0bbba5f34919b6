//! How much of a board a job may use.

use super::Board;

/// Upper bounds for the whole firmware.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Vector table, code, constants and the load image of initialised RAM, in bytes.
    pub flash_bytes: usize,
    /// Statics, arena and stack, in bytes.
    pub ram_bytes: usize,
}

impl Limits {
    /// All that the board has.
    pub fn of(board: &Board) -> Self {
        Self {
            flash_bytes: board.flash.bytes as usize,
            ram_bytes: board.ram.bytes as usize,
        }
    }
}
