//! A chain that runs row by row in an arena as a plan says, one tick after the other: the definition of a
//! right chain, as [`crate::arena`] is of a right plan.
//!
//! Rows are computed by the reference kernels from what the arena holds at that time. What a kernel may
//! spoil is poisoned.

use ember_codegen::plan::{Chain, Lines, Makes, Plan, Planned, Region, Stage, Timing};

use crate::arena::{POISON, run, slice};

/// Runs all ticks; `sample` is the chain's input if it comes row by row. `None` if a region lies outside.
pub(crate) fn run_chain(
    planned: &Planned,
    plan: &Plan,
    chain: &Chain,
    arena: &mut [i8],
    sample: &[i8],
) -> Option<()> {
    let input = plan.regions[chain.input.tensor.0];
    let shape = &planned.graph().tensor(chain.input.tensor).shape;
    let rows = shape.elements() / chain.input.row;
    let zero = |lines: &Lines| planned.network().quants[lines.tensor.0].zero_point;
    // What sums would have added up; the arena holds a mark of the row where they lie.
    let mut summed = Vec::new();
    for tick in 0..chain.ticks {
        if chain.fed && tick < rows {
            let row = &sample[tick * chain.input.row..][..chain.input.row];
            arena.get_mut(slice(input))?.copy_from_slice(row);
        }
        if let Some(row) = make_room(&chain.input, arena, tick, zero(&chain.input))? {
            let offset = input.offset + if chain.fed { 0 } else { row * chain.input.row };
            let newest = chain.input.newest().offset;
            arena.copy_within(offset..offset + chain.input.row, newest);
        }
        for stage in &chain.stages {
            let layer = &planned.layers()[stage.node];
            let output = plan.regions[planned.graph().nodes[stage.node].output.0];
            match &stage.makes {
                Makes::Sums { region, timing } => {
                    add(stage, timing, (arena, *region), tick, &mut summed)?;
                    if summed.len() == timing.count * stage.reads[0].bytes {
                        let mut image = std::mem::take(&mut summed);
                        let whole = Region {
                            offset: 0,
                            bytes: image.len(),
                        };
                        let behind = Region {
                            offset: image.len(),
                            bytes: output.bytes,
                        };
                        image.resize(behind.end(), POISON);
                        run(layer, &mut image, &[whole], behind)?;
                        arena
                            .get_mut(slice(output))?
                            .copy_from_slice(&image[behind.offset..]);
                    }
                }
                Makes::Rows(lines) => {
                    let Some(row) = make_room(lines, arena, tick, zero(lines))? else {
                        continue;
                    };
                    let scratch = slice(plan.scratch[stage.node]);
                    arena.get_mut(scratch)?.fill(85);
                    arena.get_mut(slice(lines.newest()))?.fill(POISON);
                    let layer = layer.row(lines.timing.count);
                    let inputs = stage.reads.as_slice();
                    // Windows may be wider than a line, so the row is made aside.
                    let mut aside = arena.to_vec();
                    let behind = Region {
                        offset: aside.len(),
                        bytes: lines.row,
                    };
                    aside.resize(behind.end(), POISON);
                    run(&layer, &mut aside, inputs, behind)?;
                    let made = &aside[behind.offset..];
                    arena.get_mut(slice(lines.newest()))?.copy_from_slice(made);
                    if output != lines.region {
                        let at = output.offset + row * lines.row;
                        arena.get_mut(at..at + lines.row)?.copy_from_slice(made);
                    }
                }
            }
        }
    }
    Some(())
}

/// Moves lines down if a row is due; which one, if it is one of the tensor's.
fn make_room(lines: &Lines, arena: &mut [i8], tick: usize, zero: i8) -> Option<Option<usize>> {
    let Some(row) = due(&lines.timing, tick) else {
        return Some(None);
    };
    let whole = slice(lines.region);
    let place = arena.get_mut(whole)?;
    if place.len() > lines.row {
        if row == 0 {
            place.fill(zero);
        } else {
            place.copy_within(lines.row.., 0);
            let newest = place.len() - lines.row;
            place[newest..].fill(zero);
        }
    }
    Some((row < lines.timing.count).then_some(row))
}

fn add(
    stage: &Stage,
    timing: &Timing,
    (arena, sums): (&mut [i8], Region),
    tick: usize,
    summed: &mut Vec<i8>,
) -> Option<()> {
    let Some(row) = due(timing, tick).filter(|&row| row < timing.count) else {
        return Some(());
    };
    let mark = |row: usize| (row % 100) as i8 - 50;
    let place = arena.get(slice(sums))?;
    let intact = row == 0 || place.iter().all(|&byte| byte == mark(row - 1));
    let added = arena.get(slice(stage.reads[0]))?.to_vec();
    // Sums that were written over are wrong whatever is added.
    summed.extend(added.iter().map(|&x| if intact { x } else { POISON }));
    arena.get_mut(slice(sums))?.fill(mark(row));
    Some(())
}

fn due(timing: &Timing, tick: usize) -> Option<usize> {
    let since = tick.checked_sub(timing.first)?;
    (since % timing.every == 0).then_some(since / timing.every)
}
