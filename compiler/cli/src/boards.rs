//! The boards that emberc knows: one `boards/<name>/board.toml` each, embedded when emberc is built. A
//! new board is a new folder; no code knows any of them by name.

use ember_codegen::target::{Board, Runner};

use crate::Error;
use crate::embedded::BOARDS;

/// All boards, by name.
pub fn all() -> Vec<Board> {
    let mut boards: Vec<Board> = BOARDS
        .iter()
        .map(|(path, text)| {
            let text = std::str::from_utf8(text)
                .unwrap_or_else(|_| panic!("BUG: boards/{path} is not UTF-8"));
            Board::parse(text).unwrap_or_else(|error| panic!("BUG: boards/{path}: {error}"))
        })
        .collect();
    boards.sort_by(|a, b| a.name.cmp(&b.name));
    boards
}

/// The board of this name.
pub fn find(name: &str) -> Option<Board> {
    all().into_iter().find(|board| board.name == name)
}

/// The board of this name.
///
/// # Errors
/// There is none.
pub fn named(name: &str) -> Result<Board, Error> {
    find(name).ok_or_else(|| {
        Error::usage(format!(
            "there is no board \"{name}\"; `emberc boards` lists them"
        ))
    })
}

/// The emulated board with the most RAM for a core: it stands in for a board that is given by its
/// limits only. A Cortex-M0+ runs what a Cortex-M0 runs.
pub fn stand_in(core: &str) -> Option<Board> {
    let emulated = |core: &str| {
        all()
            .into_iter()
            .filter(|board| {
                board.core.name() == core && matches!(board.runner, Runner::Qemu { .. })
            })
            .max_by_key(|board| board.ram.bytes)
    };
    emulated(core).or_else(|| {
        (core == "cortex-m0plus")
            .then(|| emulated("cortex-m0"))
            .flatten()
    })
}
