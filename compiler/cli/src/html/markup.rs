//! Text in markup, and numbers as people read them.

/// Text that is no markup.
pub(super) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            // Characters that no markup may hold.
            c if c.is_control() && !matches!(c, '\n' | '\t') => result.push('\u{fffd}'),
            c => result.push(c),
        }
    }
    result
}

/// `97.31 %`.
pub(super) fn percent(part: f32) -> String {
    format!("{:.2} %", 100.0 * part)
}

/// With a capital letter in front.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A count on an axis: `850`, `12 k`, `1.5 M`.
pub(super) fn short(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        v if v >= 1e9 => (value / 1e9, " G"),
        v if v >= 1e6 => (value / 1e6, " M"),
        v if v >= 1e3 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let digits = format!("{scaled:.2}");
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{digits}{unit}")
}

/// A heading with what the section shows.
pub(super) fn section(title: &str, about: &str, body: &str) -> String {
    format!("<section>\n<h2>{title}</h2>\n<p>{about}</p>\n{body}</section>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_stays_text() {
        assert_eq!(
            escaped("a<b & \"c\"\u{7}"),
            "a&lt;b &amp; &quot;c&quot;\u{fffd}"
        );
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(short(850.0), "850");
        assert_eq!(short(12_000.0), "12 k");
        assert_eq!(short(1_500_000.0), "1.5 M");
        assert_eq!(short(0.0), "0");
    }
}
