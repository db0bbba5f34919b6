//! Comma-separated values: one sample a line; all columns but label, group, series and ignored ones are
//! features. A
//! header is recognised by features that are no numbers.

use super::error::Reason;
use super::table::{Fields, Table};
use crate::config::Column;

/// Reads a table.
pub(crate) fn parse(bytes: &[u8], fields: &Fields) -> Result<Table, Reason> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(false)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let mut records = reader.records();
    let bad = |error: csv::Error| Reason::format("csv", error.to_string());
    let Some(first) = records.next() else {
        return Err(Reason::Empty);
    };
    let first = first.map_err(bad)?;
    let columns = Columns::find(&first, fields)?;
    let is_header = columns.by_name
        || columns.text.is_none()
            && columns
                .features
                .iter()
                .any(|&at| number(&first, at).is_none());
    let mut table = Table::new(columns.features.len(), fields);
    if !is_header {
        columns.push(&first, 1, &mut table)?;
    }
    for (index, record) in records.enumerate() {
        columns.push(&record.map_err(bad)?, index + 2, &mut table)?;
    }
    Ok(table)
}

/// Where things are in a line.
struct Columns {
    label: usize,
    group: Option<usize>,
    series: Option<usize>,
    features: Vec<usize>,
    /// The column of texts, and how many of their bytes count.
    text: Option<(usize, usize)>,
    by_name: bool,
}

impl Columns {
    fn find(first: &csv::StringRecord, fields: &Fields) -> Result<Self, Reason> {
        let find = |column: &Column| match column {
            Column::Last => Ok(first.len().saturating_sub(1)),
            Column::Number(number) if *number < first.len() => Ok(*number),
            Column::Number(number) => Err(Reason::Missing {
                what: "column",
                name: number.to_string(),
                there: vec![format!("0 to {}", first.len().saturating_sub(1))],
            }),
            Column::Name(name) => {
                first
                    .iter()
                    .position(|there| there == name)
                    .ok_or_else(|| Reason::Missing {
                        what: "column",
                        name: name.clone(),
                        there: first.iter().take(20).map(str::to_string).collect(),
                    })
            }
        };
        let label = find(fields.label.as_ref().unwrap_or(&Column::Last))?;
        let group = fields.group.as_ref().map(find).transpose()?;
        let series = fields.series.as_ref().map(find).transpose()?;
        let text = fields.text.as_ref();
        let text = text.map(|(column, bytes)| find(column).map(|at| (at, *bytes)));
        let text = text.transpose()?;
        let taken = [Some(label), group, series];
        let mut ignored = Vec::with_capacity(fields.ignore.len());
        for name in &fields.ignore {
            // A file without a header has numbers only.
            let at = find(&Column::Name(name.clone()));
            ignored.push(match (at, name.parse()) {
                (Err(_), Ok(number)) => find(&Column::Number(number))?,
                (at, _) => at?,
            });
        }
        let text_column = fields.text.as_ref().map(|(column, _)| column);
        let columns = [&fields.label, &fields.group, &fields.series].map(Option::as_ref);
        let by_name = columns
            .into_iter()
            .chain([text_column])
            .any(|column| matches!(column, Some(Column::Name(_))))
            || ignored
                .iter()
                .zip(&fields.ignore)
                .any(|(&at, name)| first.get(at) == Some(name));
        Ok(Self {
            label,
            group,
            series,
            text,
            features: (0..first.len())
                .filter(|at| !taken.contains(&Some(*at)) && !ignored.contains(at))
                .collect(),
            by_name,
        })
    }

    fn push(
        &self,
        record: &csv::StringRecord,
        line: usize,
        table: &mut Table,
    ) -> Result<(), Reason> {
        let word = |at: usize| record.get(at).unwrap_or_default();
        if let Some((at, length)) = self.text {
            let bytes = word(at).bytes().chain(std::iter::repeat(0));
            table.values.extend(bytes.take(length).map(f32::from));
        }
        let features = self.features.iter().filter(|_| self.text.is_none());
        for &at in features {
            let value = number(record, at).ok_or_else(|| {
                let text = record.get(at).unwrap_or_default();
                Reason::format(
                    "csv",
                    format!("line {line}, column {at}: `{text}` is not a number"),
                )
            })?;
            table.values.push(value);
        }
        table.push_words(
            word(self.label),
            self.group.map(word),
            self.series.map(word),
        );
        Ok(())
    }
}

fn number(record: &csv::StringRecord, at: usize) -> Option<f32> {
    record
        .get(at)?
        .parse()
        .ok()
        .filter(|value: &f32| value.is_finite())
}
