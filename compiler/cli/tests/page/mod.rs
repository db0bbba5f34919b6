//! What a report page must be: one well-formed file that needs nothing else and shows in a browser.

use std::path::Path;
use std::process::Command;

/// Checks a page, by itself and in Chromium where that is installed.
pub fn assert_good(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    assert_well_formed(&text);
    for outside in ["<script", "http:", "https:", "src=", "@import", "url("] {
        assert!(!text.contains(outside), "{outside} in the page");
    }
    assert!(
        !text.contains("NaN") && !text.contains("inf,"),
        "a number is none"
    );
    let sections = [
        "Accuracy and what it costs",
        "The search",
        "Does it replicate?",
        "From float to int8",
        "The network",
        "Layer by layer",
        "Memory over time",
        "What is taken for what",
        "The same again",
    ];
    for section in sections {
        assert!(text.contains(&format!("<h2>{section}</h2>")), "{section}");
    }
    // Three costs, the history, the network, the memory.
    assert_eq!(text.matches("<svg").count(), 6);
    assert!(text.contains("prefers-color-scheme: dark"));
    in_chromium(path, &sections);
}

/// Every tag that opens closes, in order; `&` and `<` only stand in markup.
fn assert_well_formed(text: &str) {
    let body = text.strip_prefix("<!DOCTYPE html>").expect("a doctype");
    let mut open: Vec<&str> = Vec::new();
    for piece in body.split('<').skip(1) {
        let (tag, rest) = piece.split_once('>').expect("a tag ends");
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap();
        assert!(!name.is_empty(), "<{tag}>");
        assert!(tag.matches('"').count().is_multiple_of(2), "<{tag}>");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "</{name}>");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        for entity in rest.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;"];
            let is_known = known.iter().any(|known| entity.starts_with(known));
            assert!(is_known, "&{entity:.20}");
        }
    }
    assert!(open.is_empty(), "open at the end: {open:?}");
}

/// Loads the page in headless Chromium: what it shows is there, and it can be drawn.
fn in_chromium(path: &Path, sections: &[&str]) {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let is_there = |name: &&&str| Command::new(name).arg("--version").output().is_ok();
    let Some(program) = names.iter().find(is_there) else {
        eprintln!("skipped: no Chromium to show the report in");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let picture = dir.path().join("page.png");
    let run = |arguments: &[String]| {
        Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu"])
            .arg(format!("--user-data-dir={}", dir.path().display()))
            .args(arguments)
            .arg(format!("file://{}", path.display()))
            .output()
            .unwrap()
    };
    let dom = run(&["--dump-dom".into()]);
    let dom = String::from_utf8_lossy(&dom.stdout);
    for section in sections {
        assert!(dom.contains(section), "{section} is not shown");
    }
    run(&[
        "--window-size=1100,2400".into(),
        format!("--screenshot={}", picture.display()),
    ]);
    let size = std::fs::metadata(&picture).expect("a picture").len();
    assert!(size > 50_000, "the picture has {size} bytes");
}
