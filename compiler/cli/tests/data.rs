//! Data files: what is read, and that no file can bring the program down.
#![allow(clippy::unwrap_used, reason = "tests")]

mod arrays;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use arrays::{npy, npz};
use emberc::config::{Column, Problems};
use emberc::data::{self, Fields, Parts, Reason, read_table};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

fn fields() -> Fields {
    Fields {
        input: "x".into(),
        ..Fields::default()
    }
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn csv_with_and_without_header_packed_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let plain = write(dir.path(), "a.csv", b"1,2,cat\n3,4,dog\n5,6,cat\n");
    let table = read_table(&plain, None, &fields()).unwrap();
    assert_eq!(
        (table.rows(), table.values),
        (3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    );
    assert_eq!(table.labels.names, ["cat", "dog"]);

    let named = write(
        dir.path(),
        "b.csv.gz",
        &gz(b"who,ax,kind,ay\n7,1,0,2\n8,3,1,4\n"),
    );
    let by_name = Fields {
        label: Some(Column::Name("kind".into())),
        group: Some(Column::Name("who".into())),
        ..fields()
    };
    let table = read_table(&named, None, &by_name).unwrap();
    assert_eq!(table.values, [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(table.groups.unwrap().names, ["7", "8"]);
}

#[test]
fn npz_npy_and_idx_hold_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let x = npy("|i1", "(2, 3)", &[1, 2, 3, 255, 254, 253]);
    let y = npy(
        "<i8",
        "(2,)",
        &[5u64.to_le_bytes(), 6u64.to_le_bytes()].concat(),
    );
    let both = write(
        dir.path(),
        "d.npz",
        &npz(&[("x", x.clone()), ("y", y.clone())]),
    );
    let from_npz = read_table(&both, None, &fields()).unwrap();
    assert_eq!(from_npz.values, [1.0, 2.0, 3.0, -1.0, -2.0, -3.0]);
    assert_eq!(from_npz.labels.names, ["5", "6"]);

    let samples = write(dir.path(), "x.npy", &x);
    let labels = write(dir.path(), "y.npy", &y);
    assert_eq!(
        read_table(&samples, Some(&labels), &fields()).unwrap(),
        from_npz
    );

    let mut idx = vec![0, 0, 9, 2, 0, 0, 0, 2, 0, 0, 0, 3];
    idx.extend_from_slice(&[1, 2, 3, 255, 254, 253]);
    let samples = write(dir.path(), "x-idx2-ubyte.gz", &gz(&idx));
    let labels = write(dir.path(), "y.idx", &[0, 0, 8, 1, 0, 0, 0, 2, 5, 6]);
    assert_eq!(
        read_table(&samples, Some(&labels), &fields()).unwrap(),
        from_npz
    );
}

#[test]
fn a_shape_that_lies_is_refused_before_memory_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let labels = write(dir.path(), "y.idx", &[0, 0, 8, 1, 0, 0, 0, 1, 5]);
    let huge = npy("<f8", "(99999999999, 99999999999)", &[0; 8]);
    let path = write(dir.path(), "x.npy", &huge);
    let error = read_table(&path, Some(&labels), &fields()).unwrap_err();
    assert!(matches!(error.reason, Reason::Format { .. }), "{error}");
    let pickle = write(dir.path(), "p.npy", &npy("|O", "(1,)", &[0; 8]));
    let error = read_table(&pickle, Some(&labels), &fields()).unwrap_err();
    assert!(
        error.to_string().contains("`|O` are not numbers"),
        "{error}"
    );
}

#[test]
fn what_is_wrong_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let say = |name: &str, bytes: &[u8], fields: &Fields| {
        read_table(&write(dir.path(), name, bytes), None, fields)
            .unwrap_err()
            .to_string()
    };
    assert!(
        say("a.csv", b"1,2,a\n1,x,b\n", &fields())
            .contains("line 2, column 1: `x` is not a number")
    );
    assert!(say("b.txt", b"1,2", &fields()).contains("no known kind of file"));
    assert!(say("c.csv", b"", &fields()).contains("no samples"));
    assert!(say("d.idx", &[0, 0, 8, 1, 0, 0, 0, 1, 5], &fields()).contains("no labels"));
    let kind = Fields {
        label: Some(Column::Name("kind".into())),
        ..fields()
    };
    assert!(say("e.csv", b"a,b\n1,2\n", &kind).contains("no column `kind`; there is a, b"));
    let x = npy("|i1", "(2, 1)", &[1, 2]);
    let y = npy("|u1", "(3,)", &[1, 2, 3]);
    assert!(
        say("f.npz", &npz(&[("x", x), ("y", y)]), &fields()).contains("2 samples, but 3 labels")
    );
}

fn load_in(dir: &Path, data: &str) -> Result<Parts, Problems> {
    let text = format!("[model]\nname = \"t\"\n[board]\nname = \"microbit\"\n[data]\n{data}");
    data::parse(&text, "ember.toml", dir).map(|(_, parts)| parts)
}

#[test]
fn windows_stay_in_their_recording_and_groups_in_their_part() {
    let dir = tempfile::tempdir().unwrap();
    let mut csv = "x,who,rec,y\n".to_string();
    for recording in 0..8 {
        for row in 0..10 {
            csv.push_str(&format!(
                "{row},{},{recording},{}\n",
                recording / 2,
                recording % 2
            ));
        }
    }
    write(dir.path(), "s.csv", csv.as_bytes());
    let parts = load_in(
        dir.path(),
        "file = \"s.csv\"\nlabel = \"y\"\ngroup = \"who\"\nseries = \"rec\"\nwindow = 4\nhop = 3\nmargin = 2\n\
         test = { groups = [3] }\nvalidation = { groups = [2] }\n",
    )
    .unwrap();
    assert_eq!(parts.shape().dims(), [1, 4, 1]);
    assert_eq!(parts.train.shape.dims(), [1, 6, 1]);
    // Three windows in each recording of ten rows: rows 0–3, 3–6, 6–9.
    assert_eq!(
        (
            parts.calibration.len(),
            parts.validation.len(),
            parts.test.len()
        ),
        (12, 6, 6)
    );
    assert_eq!(parts.test.sample(1), [3.0, 4.0, 5.0, 6.0]);
    assert_eq!(parts.train.sample(2), [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    assert_eq!(parts.all.len(), 18);
}

#[test]
fn splits_are_seeded_stratified_and_checked() {
    let dir = tempfile::tempdir().unwrap();
    let mut csv = String::new();
    for row in 0..50 {
        csv.push_str(&format!("{row},{}\n", row % 5));
    }
    write(dir.path(), "s.csv", csv.as_bytes());
    let load = |data: &str| load_in(dir.path(), &format!("file = \"s.csv\"\n{data}"));
    let parts = load("test = 0.2\nvalidation = 0.25\n").unwrap();
    assert_eq!(
        (
            parts.calibration.len(),
            parts.validation.len(),
            parts.test.len()
        ),
        (30, 10, 10)
    );
    assert_eq!(
        load("test = 0.2\nvalidation = 0.25\n").unwrap().hash,
        parts.hash
    );
    let tail = load("test = \"tail 5\"\nvalidation = \"tail 5\"\n").unwrap();
    assert_eq!(tail.test.samples, [45.0, 46.0, 47.0, 48.0, 49.0]);
    assert_eq!(tail.validation.samples, [40.0, 41.0, 42.0, 43.0, 44.0]);

    let problems = load("test = \"tail 3\"\nvalidation = \"tail 2\"\n").unwrap_err();
    let messages: Vec<String> = problems.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "class `0` has no sample in the test set",
            "class `1` has no sample in the test set",
            "class `2` has no sample in the validation set",
            "class `3` has no sample in the validation set",
            "class `4` has no sample in the validation set",
        ]
    );
    let problems = load("test = \"tail 50\"\n").unwrap_err();
    assert!(
        problems.problems[0]
            .to_string()
            .contains("last 50 samples, but there are only 50")
    );
}

/// Six people with ten rows each, of two classes.
fn people(dir: &Path) {
    let mut csv = String::from("x,y,who\n");
    for row in 0..60 {
        csv.push_str(&format!("{row},{},{}\n", row % 2, row / 10));
    }
    write(dir, "s.csv", csv.as_bytes());
}

/// The samples that validate, fold by fold.
fn judges(parts: &Parts) -> Vec<Vec<f32>> {
    let folds = parts.folds();
    let samples = folds.iter().map(|fold| {
        let mut values = fold.validation.samples.clone();
        for value in &mut values {
            *value = (*value / fold.normalization.scale[0] + fold.normalization.offset[0]).round();
        }
        assert!(
            values
                .iter()
                .all(|value| !fold.train.samples.contains(value))
        );
        values
    });
    samples.collect()
}

#[test]
fn folds_keep_groups_together_and_every_sample_judges_once() {
    let dir = tempfile::tempdir().unwrap();
    people(dir.path());
    let load = |data: &str| {
        load_in(
            dir.path(),
            &format!("file = \"s.csv\"\nlabel = \"y\"\nignore = [\"who\"]\n{data}"),
        )
    };
    let by_person = |folds: usize| {
        load(&format!(
            "group = \"who\"\ntest = {{ groups = [5] }}\nvalidation = {{ folds = {folds} }}\n"
        ))
    };
    let parts = by_person(2).unwrap();
    let judging = judges(&parts);
    assert_eq!(judging.iter().map(Vec::len).collect::<Vec<_>>(), [30, 20]);
    let person = |value: &f32| *value as usize / 10;
    let people: Vec<BTreeSet<usize>> = judging
        .iter()
        .map(|fold| fold.iter().map(person).collect())
        .collect();
    assert_eq!((people[0].len(), people[1].len()), (3, 2));
    assert!(people[0].is_disjoint(&people[1]));
    let every = judging.concat().into_iter().map(|value| value as usize);
    assert_eq!(every.collect::<BTreeSet<_>>(), (0..50).collect());
    // Trained on and counted as the first fold; the network that is deployed sees both parts.
    assert_eq!(
        (parts.train.len(), parts.validation.len(), parts.all.len()),
        (20, 30, 50)
    );
    assert_eq!(
        parts.counts(),
        "20 train, 30 validate in the first of 2 folds, 10 test"
    );
    assert_eq!(parts.hash, by_person(2).unwrap().hash);
    assert_ne!(parts.hash, by_person(3).unwrap().hash);

    // Without groups the classes are spread evenly.
    let parts = load("test = \"tail 10\"\nvalidation = { folds = 5 }\n").unwrap();
    for fold in judges(&parts) {
        let odd = fold
            .iter()
            .filter(|&&value| value as usize % 2 == 1)
            .count();
        assert_eq!((fold.len(), odd), (10, 5));
    }

    let problem = by_person(6).unwrap_err().problems[0].to_string();
    let expected = "`validation`: asks for 6 folds, but only 5 groups are left to divide";
    assert_eq!(problem, expected);
}

#[test]
fn the_examples_load() {
    for (example, samples) in [("digits", 1797), ("motion", 3300)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../examples/{example}/ember.toml"));
        let (_, parts) = data::read(&path).unwrap();
        let found = parts.calibration.len() + parts.validation.len() + parts.test.len();
        assert!(found >= samples, "{example}: {found}");
    }
}

const NAMES: [&str; 8] = [
    "x.csv",
    "x.csv.gz",
    "x.npy",
    "x.npy.gz",
    "x.npz",
    "x.idx",
    "x-ubyte.gz",
    "x.idx.gz",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Noise, and files that are right but for a few bytes.
    #[test]
    fn any_bytes_give_a_table_or_an_error(
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        name in 0..NAMES.len(),
        is_noise in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let labels = write(dir.path(), "y.idx", &[0, 0, 8, 1, 0, 0, 0, 2, 5, 6]);
        let array = npy("<f4", "(2, 2)", &[0; 16]);
        let mut bytes = match NAMES[name] {
            _ if is_noise => noise,
            "x.csv" => b"1,2,a\n3,4,b\n".to_vec(),
            "x.csv.gz" => gz(b"1,2,a\n3,4,b\n"),
            "x.npy" => array,
            "x.npy.gz" => gz(&array),
            "x.npz" => npz(&[("x", array), ("y", npy("|u1", "(2,)", &[0, 1]))]),
            "x.idx" => vec![0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 8],
            _ => gz(&[0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 8]),
        };
        for (at, byte) in hits {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        let path = write(dir.path(), NAMES[name], &bytes);
        if let Ok(table) = read_table(&path, Some(&labels), &fields()) {
            let row: usize = table.row_shape.iter().product();
            prop_assert_eq!(table.values.len(), table.rows() * row);
        }
    }
}
