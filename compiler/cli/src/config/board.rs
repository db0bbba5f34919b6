//! `[board]` as its part of a [`super::Job`], with all that is wrong with it.

use std::path::Path;

use ember_codegen::target::{Board, Limits, Prefer};

use super::checks::existing;
use super::job::BoardChoice;
use super::problem::{Problem, nearest};
use super::size;
use super::values::Values;
use crate::boards;

pub(super) fn board_choice(
    values: &Values,
    dir: &Path,
    problems: &mut Vec<Problem>,
) -> Option<BoardChoice> {
    let (mut board, own_text) = find_board(values, dir, problems)?;
    if values.text("board", "prefer") == Some("size") {
        board.prefer = Prefer::Size;
    }
    let limit = |key: &'static str, most: u32, problems: &mut Vec<Problem>| {
        let span = values.span("board", key);
        let bytes = values.size("board", key).unwrap_or(most as usize);
        // Less than this holds no vector table, no stack and no network.
        let least = if key == "flash" { 4096 } else { 512 };
        if bytes < least {
            problems.push(
                Problem::new(format!(
                    "`{key}` of {} cannot hold any firmware",
                    size::show(bytes)
                ))
                .at(span)
                .help(format!(
                    "the least that makes sense is {}",
                    size::show(least)
                )),
            );
        } else if bytes > most as usize {
            problems.push(
                Problem::new(format!(
                    "`{key}` of {} is more than {} has: {}",
                    size::show(bytes),
                    board.name,
                    size::show(most as usize)
                ))
                .at(span)
                .help("leave the key out to use all of it"),
            );
        }
        bytes
    };
    let limits = Limits {
        flash_bytes: limit("flash", board.flash.bytes, problems),
        ram_bytes: limit("ram", board.ram.bytes, problems),
    };
    Some(BoardChoice {
        board,
        limits,
        fed: values.text("board", "input") == Some("rows"),
        hop: hop(values),
        own_text,
    })
}

/// Stands in for a board that has a problem, while the rest of the file is looked at.
pub(super) fn any_board() -> Option<BoardChoice> {
    let board = boards::all().into_iter().next()?;
    Some(BoardChoice {
        limits: Limits::of(&board),
        board,
        fed: false,
        hop: None,
        own_text: None,
    })
}

fn find_board(
    values: &Values,
    dir: &Path,
    problems: &mut Vec<Problem>,
) -> Option<(Board, Option<String>)> {
    let given =
        ["name", "file", "core"].map(|key| values.span("board", key).map(|span| (key, span)));
    let given: Vec<_> = given.into_iter().flatten().collect();
    let [(key, span)] = given.as_slice() else {
        let problem = match given.get(1) {
            None => Problem::new("[board] names no board"),
            Some((key, span)) => {
                Problem::new(format!("`{key}`: the board is given twice")).at(Some(span.clone()))
            }
        };
        problems.push(problem.help(
            "give one of `name = \"microbit\"` (`emberc boards` lists them), `core = \"cortex-m4\"` with \
             flash and ram, or `file = \"board.toml\"`",
        ));
        return None;
    };
    let span = Some(span.clone());
    match *key {
        "name" => {
            let name = values.text("board", "name")?;
            let board = boards::find(name);
            if board.is_none() {
                let all = boards::all();
                let problem = Problem::new(format!("there is no board \"{name}\"")).at(span);
                problems.push(
                    match nearest(name, all.iter().map(|board| board.name.as_str())) {
                        Some(near) => problem.help(format!("did you mean \"{near}\"?")),
                        None => problem.help("`emberc boards` lists them all"),
                    },
                );
            }
            Some((board?, None))
        }
        "file" => {
            let path = existing(values, "board", "file", dir, problems)?;
            let text = std::fs::read_to_string(&path).ok()?;
            match Board::parse(&text) {
                Ok(board) => Some((board, Some(text))),
                Err(error) => {
                    problems.push(Problem::new(format!("{}: {error}", path.display())).at(span));
                    None
                }
            }
        }
        _ => {
            for key in ["flash", "ram"] {
                if values.span("board", key).is_none() {
                    problems.push(
                        Problem::new(format!("a core without a board needs `{key}`"))
                            .at(span.clone())
                            .help(format!("add `{key} = \"64K\"` under [board]")),
                    );
                }
            }
            Some((boards::stand_in(values.text("board", "core")?)?, None))
        }
    }
}

/// Steps that come at a time, if they come so.
pub(super) fn hop(values: &Values) -> Option<usize> {
    let is_fed = values.text("board", "input") == Some("steps");
    is_fed.then(|| values.integer("board", "hop") as usize)
}
