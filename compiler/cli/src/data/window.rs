//! Samples out of rows: each row is one, or windows of consecutive rows are.

use super::table::Table;

/// A sample by its place in a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sample {
    /// First row.
    pub row: usize,
    /// First row of the longer window that training may choose from; `None` if its recording is too
    /// short for one.
    pub long_row: Option<usize>,
    /// Its label.
    pub label: usize,
    /// Its group.
    pub group: Option<usize>,
    /// What must not be divided between two parts: its recording, or itself.
    pub unit: usize,
}

/// How rows make samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Windows {
    /// Rows of a sample; 0: a row is a sample.
    pub rows: usize,
    /// Rows between two.
    pub hop: usize,
    /// Rows by which training's are longer.
    pub margin: usize,
    /// Only one of each recording, in its middle.
    pub single: bool,
}

/// All samples of a table, in its order. A window lies within rows of one recording, one label and
/// one group; what is left at the end of a recording is not used.
pub(crate) fn samples(table: &Table, windows: Windows) -> Vec<Sample> {
    let key = |row: usize| {
        let id = |words: &Option<super::table::Words>| words.as_ref().map(|words| words.ids[row]);
        (table.labels.ids[row], id(&table.groups), id(&table.series))
    };
    let mut samples = Vec::new();
    if windows.rows == 0 {
        samples.extend((0..table.rows()).map(|row| {
            let (label, group, series) = key(row);
            Sample {
                row,
                long_row: Some(row),
                label,
                group,
                unit: series.unwrap_or(row),
            }
        }));
        return samples;
    }
    let mut start = 0;
    while start < table.rows() {
        let (label, group, series) = key(start);
        let end = (start..table.rows())
            .find(|&row| key(row) != (label, group, series))
            .unwrap_or(table.rows());
        let surplus = (end - start).saturating_sub(windows.rows);
        let mut row = start + if windows.single { surplus / 2 } else { 0 };
        while row.saturating_add(windows.rows) <= end {
            let long = windows.rows.saturating_add(windows.margin);
            let long_row = (long <= end - start).then(|| {
                row.saturating_sub(windows.margin / 2)
                    .clamp(start, end - long)
            });
            samples.push(Sample {
                row,
                long_row,
                label,
                group,
                unit: series.unwrap_or(start),
            });
            row += if windows.single {
                end
            } else {
                windows.hop.max(1)
            };
        }
        start = end;
    }
    samples
}
