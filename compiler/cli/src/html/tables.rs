//! Tables as markup.

use super::markup::escaped;

/// A table whose first column holds names; `classes` are those of the rows.
pub(super) fn table(head: &[&str], rows: &[(&str, Vec<String>)]) -> String {
    let mut text = String::from("<table>\n<thead><tr>");
    for (column, title) in head.iter().enumerate() {
        let class = if column == 0 { " class=\"name\"" } else { "" };
        text.push_str(&format!("<th{class}>{title}</th>"));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for (class, cells) in rows {
        let class = match *class {
            "" => String::new(),
            class => format!(" class=\"{class}\""),
        };
        text.push_str(&format!("<tr{class}>"));
        for (column, cell) in cells.iter().enumerate() {
            text.push_str(&match (column, cell.strip_prefix(BAR)) {
                (_, Some(share)) => {
                    format!("<td class=\"share\"><i style=\"width: {share}%\"></i></td>")
                }
                (0, None) => format!("<td class=\"name\">{}</td>", escaped(cell)),
                (_, None) => format!("<td>{}</td>", escaped(cell)),
            });
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table>\n");
    text
}

/// Marks a cell that is a bar.
const BAR: &str = "\u{0}bar ";

/// A cell with a bar of this share of the whole.
pub(super) fn bar(share: f64) -> String {
    format!("{BAR}{:.1}", 100.0 * share.clamp(0.0, 1.0))
}

/// The confusion matrix; right answers and wrong ones have colours of their own.
pub(super) fn confusion(classes: &[String], counts: &[Vec<usize>]) -> String {
    let mut text =
        String::from("<table class=\"confusion\">\n<thead><tr><th class=\"name\">true class</th>");
    for class in classes {
        text.push_str(&format!("<th>{}</th>", escaped(class)));
    }
    text.push_str("<th>found</th></tr></thead>\n<tbody>\n");
    for (row, counts) in counts.iter().enumerate() {
        let all = counts.iter().sum::<usize>();
        let name = classes.get(row).map_or("", String::as_str);
        text.push_str(&format!("<tr><td class=\"name\">{}</td>", escaped(name)));
        for (column, &count) in counts.iter().enumerate() {
            if count == 0 {
                text.push_str("<td class=\"zero\">·</td>");
                continue;
            }
            let color = if row == column { "--front" } else { "--accent" };
            // Single mistakes are seen as well.
            let share = 15 + 70 * count / all.max(1);
            text.push_str(&format!(
                "<td style=\"background: color-mix(in srgb, var({color}) {share}%, transparent)\">{count}</td>"
            ));
        }
        let found = counts
            .get(row)
            .map_or(0.0, |&right| right as f64 / all.max(1) as f64);
        text.push_str(&format!("<td>{:.1} %</td></tr>\n", 100.0 * found));
    }
    text.push_str("</tbody>\n</table>\n");
    text
}
