//! From tokens to a source file that reads well.
//!
//! prettyplease does the layout. Two things it leaves out are added line by line: free lines between
//! items and after methods, and rows of numbers where it puts one negative number per line.

use proc_macro2::TokenStream;

/// Columns that rows of numbers fill.
const WIDTH: usize = 96;

/// A source file: `first_line` as it is, then the groups of items with free lines between.
///
/// # Panics
/// If a group is not Rust, which is a bug of the emitter.
pub(super) fn source(first_line: &str, groups: &[TokenStream]) -> String {
    let mut text = first_line.to_owned();
    for group in groups.iter().filter(|group| !group.is_empty()) {
        let file = match syn::parse2::<syn::File>(group.clone()) {
            Ok(file) => file,
            Err(error) => panic!("BUG: emitted tokens are not Rust: {error}\n{group}"),
        };
        text += &layout(&prettyplease::unparse(&file));
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

fn layout(pretty: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut after_block = false;
    let mut filling = false;
    for line in pretty.lines() {
        if after_block && line != "}" && !line.is_empty() {
            lines.push(String::new());
        }
        after_block = line == "    }" || line == "}";
        let number = is_number(line);
        match lines.last_mut() {
            Some(row) if number && filling && row.len() + 1 + line.trim().len() <= WIDTH => {
                row.push(' ');
                row.push_str(line.trim());
            }
            _ => lines.push(line.to_owned()),
        }
        filling = number;
    }
    lines.join("\n") + "\n"
}

/// Whether a line is nothing but a number and a comma.
fn is_number(line: &str) -> bool {
    let Some(number) = line.trim().strip_suffix(',') else {
        return false;
    };
    let digits = number.strip_prefix('-').unwrap_or(number);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn numbers_fill_rows_and_methods_stand_apart() {
        let numbers = (0..40).map(|n| crate::emit::literals::int(-1000 - n));
        let text = source(
            "// head\n",
            &[
                quote!(pub static A: [i32; 40] = [#(#numbers),*];),
                quote!(impl A { fn a() {} fn b() { c(); } fn d() { e(); } }),
            ],
        );
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.lines().count() < 20, "{text}");
        assert!(text.contains("    }\n\n    fn d() {"), "{text}");
        assert!(text.ends_with("    }\n}\n"), "{text}");
    }
}
