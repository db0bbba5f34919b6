//! Elements more than once: Expand and Tile.

use super::movement::Stored;
use crate::onnx::constant::MAX_RANK;
use crate::onnx::lowering::Data;
use crate::onnx::site::{EXPORT_AGAIN, Site};

/// Largest size of an axis that is repeated.
const LARGEST: usize = 1 << 16;

/// Axes of 1 are repeated to a shape. What reads the value by spreading it does not need that, but the file says
/// so, and a copy is what it costs.
pub(super) fn expand(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let to = site.constant(1, "shape")?.to_ints().unwrap_or_default();
    let rank = to.len().max(data.view.sizes().len());
    let from = data.view.with_rank(rank).sizes();
    let missing = rank - to.len();
    let mut counts = vec![1; rank];
    for (axis, &size) in (missing..).zip(&to) {
        let size = usize::try_from(size).unwrap_or(0);
        let fits = size == from[axis] || size == 1 || (from[axis] == 1 && size > 0);
        site.require(
            fits && rank <= MAX_RANK,
            &format!("it spreads a value of {from:?} to {to:?}"),
            EXPORT_AGAIN,
        )?;
        if from[axis] == 1 {
            counts[axis] = size;
        }
    }
    repeated(site, &data, &counts)
}

/// All axes are repeated so many times.
pub(super) fn tile(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let repeats = site.constant(1, "list of repeats")?;
    let given = repeats.to_ints().unwrap_or_default();
    let counts: Vec<usize> = given
        .iter()
        .filter_map(|&count| usize::try_from(count).ok())
        .filter(|&count| count > 0)
        .collect();
    site.require(
        counts.len() == data.view.sizes().len() && counts.len() == repeats.len(),
        &format!("its repeats are {given:?}"),
        "one positive number per axis is supported",
    )?;
    repeated(site, &data, &counts)
}

fn repeated(site: &mut Site<'_>, data: &Data, counts: &[usize]) -> Option<()> {
    let data = Data::new(data.view.with_rank(counts.len()), data.exclusive);
    let mut stored = Stored::new(site, &data)?;
    for (axis, &count) in counts.iter().enumerate() {
        let size = stored.sizes[axis];
        if count == 1 {
            continue;
        }
        // The list of indices is as long as the axis becomes.
        let longer = size.saturating_mul(count);
        site.require(
            longer <= LARGEST,
            &format!("it repeats an axis of {size} {count} times"),
            "an axis has at most 65536 elements",
        )?;
        let indices = (0..size * count).map(|index| index % size).collect();
        stored.gather(site, axis, indices)?;
    }
    let view = stored.view(stored.tensor, &stored.sizes);
    match view.tensor == data.view.tensor {
        true => site.pass(&data, view),
        false => site.write(view),
    }
}
