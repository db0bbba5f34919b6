//! A job that is killed goes on where it was and ends where an undisturbed one ends, byte for byte.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const TRIALS: &str = "trials = 6";

/// A tiny job on the digits in a folder of its own.
fn job(dir: &Path) -> PathBuf {
    job_by(TRIALS, dir)
}

/// The same with these lines in `[search]`.
fn job_by(search: &str, dir: &Path) -> PathBuf {
    let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/digits/digits.csv.gz");
    fs::copy(digits, dir.join("digits.csv.gz")).unwrap();
    let config = dir.join("ember.toml");
    let text = format!(
        "[model]\nname = \"tiny\"\n[data]\nfile = \"digits.csv.gz\"\ntest = \"tail 500\"\n\
         [board]\nname = \"microbit\"\n\
         [search]\nspace = \"mlp\"\n{search}\nworkers = 2\n\
         [train]\nepochs = 2\nfinal_epochs = 3\nteachers = 1\nseeds = 3\n"
    );
    fs::write(&config, text).unwrap();
    config
}

fn search(config: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(["search", "--quiet"])
        .arg(config)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The table without the line that says how long it took.
fn result(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("chosen"), "{text}");
    text.lines()
        .filter(|line| !line.contains("trials in"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn journal(dir: &Path) -> Option<PathBuf> {
    let state = fs::read_dir(dir.join("ember-out/state/tiny")).ok()?;
    let mut folders = state.filter_map(|entry| Some(entry.ok()?.path().join("journal.jsonl")));
    folders.find(|path| path.is_file())
}

fn scored(dir: &Path) -> usize {
    let text = journal(dir)
        .and_then(|path| fs::read_to_string(path).ok())
        .unwrap_or_default();
    text.matches("\"event\":\"scored\"").count()
}

#[test]
fn kill_nine_in_the_middle_changes_nothing() {
    killed_and_resumed(TRIALS, [1, 3]);
}

/// The second time it has children, whose parents were trained in the first session.
#[test]
fn kill_nine_between_parents_and_children_changes_nothing() {
    killed_and_resumed("inherit = true\ntrials = 18", [3, 14]);
}

/// What the supernet taught is not learned twice.
#[test]
fn kill_nine_behind_a_supernet_changes_nothing() {
    killed_and_resumed(&format!("strategy = \"gdas\"\n{TRIALS}"), [1, 3]);
}

/// Killed as soon as so many networks are scored, once and again.
fn killed_and_resumed(lines: &str, kills: [usize; 2]) {
    let undisturbed = tempfile::tempdir().unwrap();
    let expected = result(search(&job_by(lines, undisturbed.path())));

    let disturbed = tempfile::tempdir().unwrap();
    let config = job_by(lines, disturbed.path());
    for least in kills {
        let mut child = search(&config);
        let began = Instant::now();
        while scored(disturbed.path()) < least && child.try_wait().unwrap().is_none() {
            assert!(
                began.elapsed() < Duration::from_secs(100),
                "the search makes no progress"
            );
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(scored(disturbed.path()) >= least);
    }
    // A crash in the middle of a line.
    let path = journal(disturbed.path()).unwrap();
    let mut torn = fs::read(&path).unwrap();
    torn.extend_from_slice(b"{\"event\":\"sco");
    fs::write(&path, torn).unwrap();

    assert_eq!(result(search(&config)), expected);
    // A finished search is only replayed.
    let before = fs::read_to_string(&path).unwrap();
    assert_eq!(result(search(&config)), expected);
    let after = fs::read_to_string(&path).unwrap();
    assert_eq!(
        before.matches("\"started\"").count(),
        after.matches("\"started\"").count()
    );
}

/// Networks that get their input otherwise have other prices, so nothing of the earlier search is theirs.
#[test]
fn another_way_of_input_is_another_search() {
    let dir = tempfile::tempdir().unwrap();
    let config = job(dir.path());
    let text = fs::read_to_string(&config).unwrap();
    let text = text
        .replace("\"mlp\"", "\"cnn2d\"")
        .replace("[board]", "shape = [8, 8, 1]\n[board]")
        .replace(TRIALS, "trials = 2");
    for input in ["whole", "rows"] {
        let own = format!("\"microbit\"\ninput = \"{input}\"");
        fs::write(&config, text.replace("\"microbit\"", &own)).unwrap();
        result(search(&config));
    }
    let state = fs::read_dir(dir.path().join("ember-out/state/tiny")).unwrap();
    let names = state.map(|entry| entry.unwrap().file_name());
    let searches = names.filter(|name| name.to_string_lossy().starts_with("search-"));
    assert_eq!(searches.count(), 2);
}

#[test]
fn two_runs_at_once_do_not_share_a_state() {
    let dir = tempfile::tempdir().unwrap();
    let config = job(dir.path());
    let mut first = search(&config);
    let began = Instant::now();
    while scored(dir.path()) == 0 && first.try_wait().unwrap().is_none() {
        assert!(
            began.elapsed() < Duration::from_secs(100),
            "the search makes no progress"
        );
        std::thread::yield_now();
    }
    let second = search(&config).wait_with_output().unwrap();
    let is_running = first.try_wait().unwrap().is_none();
    first.kill().unwrap();
    first.wait().unwrap();
    if is_running {
        assert_eq!(second.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&second.stderr).contains("another emberc works in"));
    } else {
        assert!(second.status.success());
    }
}

/// The records of the finals and of the final training by file name, the time that the search took left
/// out.
fn records(dir: &Path) -> BTreeMap<String, String> {
    let state = dir.join("ember-out/state/tiny");
    let mut records = BTreeMap::new();
    let mut folders = vec![state];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            if name.starts_with("final-") {
                folders.push(path);
            } else if name.ends_with(".json") || name.ends_with(".ember") {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let kept = text.lines().filter(|line| !line.contains("search_seconds"));
                records.insert(name, kept.collect::<Vec<_>>().join("\n"));
            }
        }
    }
    records
}

/// Runs the job until so many records are there, and kills it.
fn run_until(config: &Path, is_enough: impl Fn(&BTreeMap<String, String>) -> bool) {
    let dir = config.parent().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_emberc"))
        .args(["run", "--quiet"])
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !is_enough(&records(dir)) && child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(100), "no progress");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_enough(&records(dir)));
}

#[test]
fn kill_nine_in_the_finals_changes_nothing() {
    let is_trained = |records: &BTreeMap<String, String>| records.contains_key("training.json");
    let replicas = |records: &BTreeMap<String, String>| {
        let is_replica = |name: &&String| name.starts_with("replica-");
        records.keys().filter(is_replica).count()
    };
    let undisturbed = tempfile::tempdir().unwrap();
    run_until(&job(undisturbed.path()), is_trained);
    let expected = records(undisturbed.path());
    // Two finalists with three seeds each.
    assert_eq!(replicas(&expected), 6, "{:?}", expected.keys());

    let disturbed = tempfile::tempdir().unwrap();
    let config = job(disturbed.path());
    run_until(&config, |records| replicas(records) >= 1);
    run_until(&config, |records| replicas(records) >= 3);
    run_until(&config, is_trained);
    assert_eq!(records(disturbed.path()), expected);
}
