//! Text and tables as Markdown.

/// The text with its first letter in upper case.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A user's text on one line of Markdown, so that it can neither end a table cell nor start a link.
pub(super) fn text(user: &str) -> String {
    let mut line = String::new();
    for character in user.trim().chars() {
        match character {
            '|' | '[' | ']' | '<' | '>' | '`' | '\\' => {
                line.push('\\');
                line.push(character);
            }
            c if c.is_control() => line.push(' '),
            c => line.push(c),
        }
    }
    line
}

/// `12 345`.
pub(super) fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// An aligned Markdown table; the first row is its head. Columns whose cells are numbers are set to
/// the right.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let mut widths = [3; N];
    let mut right = [true; N];
    for (index, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            widths[column] = widths[column].max(cell.chars().count());
            let numeric = cell
                .chars()
                .all(|c| c.is_ascii_digit() || " .%".contains(c));
            right[column] &= index == 0 || numeric;
        }
    }
    let line = |row: &[String; N]| {
        let mut line = String::from("|");
        for column in 0..N {
            let (cell, width) = (&row[column], widths[column]);
            line += &match right[column] {
                true => format!(" {cell:>width$} |"),
                false => format!(" {cell:<width$} |"),
            };
        }
        line
    };
    let mut lines = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        lines.push(line(row));
        if index == 0 {
            let rule: String = (0..N)
                .map(|column| {
                    let dashes = "-".repeat(widths[column]);
                    if right[column] {
                        format!(" {dashes}:|")
                    } else {
                        format!(" {dashes} |")
                    }
                })
                .collect();
            lines.push(format!("|{rule}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_text_stays_in_its_cell() {
        assert_eq!(text(" a|b\n[c] `d` <e> "), "a\\|b \\[c\\] \\`d\\` \\<e\\>");
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(123), "123");
        assert_eq!(thousands(1_234_567), "1 234 567");
    }

    #[test]
    fn tables_align_numbers_to_the_right() {
        let rows =
            [["layer", "bytes"], ["conv", "1 024"], ["add", "0"]].map(|row| row.map(str::to_owned));
        assert_eq!(
            table(&rows),
            [
                "| layer | bytes |",
                "| ----- | -----:|",
                "| conv  | 1 024 |",
                "| add   |     0 |"
            ]
        );
    }
}
