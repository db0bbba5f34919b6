#![allow(clippy::unwrap_used, reason = "tests")]

use std::f64::consts::PI;
use std::path::Path;

use hound::SampleFormat;

use super::*;
use crate::data::read_table;

/// A tone on all channels.
fn wav(path: &Path, rate: u32, channels: u16, bits: u16, seconds: f64) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: bits,
        sample_format: SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    let full = f64::from(bits - 1).exp2() * 0.5;
    for at in 0..(seconds * f64::from(rate)) as usize {
        let value = full * (2.0 * PI * 1000.0 * at as f64 / f64::from(rate)).sin();
        for _ in 0..channels {
            writer.write_sample(value as i32).unwrap();
        }
    }
    writer.finalize().unwrap();
}

fn fields() -> Fields {
    Fields {
        names: Some("{label}_{group}_*".into()),
        sound: Wish {
            bands: 16,
            low: 100.0,
            window: 30,
            single: true,
            ..Wish::default()
        },
        ..Fields::default()
    }
}

#[test]
fn recordings_become_rows() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("a_ann_0.wav"), 8000, 1, 16, 0.2);
    wav(&dir.path().join("b_bob_0.wav"), 8000, 2, 24, 1.5);
    let table = read_table(dir.path(), None, &fields()).unwrap();
    assert_eq!((table.row_shape.as_slice(), table.rows()), (&[16][..], 60));
    assert_eq!(table.groups.as_ref().unwrap().names, ["ann", "bob"]);
    // The middles of both hold the same tone, equally loud; the short one has silence around it.
    let middle = |row: usize| &table.values[row * 16..row * 16 + 16];
    let close = middle(15)
        .iter()
        .zip(middle(45))
        .filter(|(a, _)| **a > 100.0);
    assert!(close.clone().count() > 0);
    assert!(close.clone().all(|(a, b)| (a - b).abs() <= 1.0));
    assert!(middle(0).iter().all(|&level| level == 0.0));
}

#[test]
fn other_rates_are_resampled_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("a_ann_0.wav"), 8000, 1, 16, 1.0);
    wav(&dir.path().join("b_bob_0.wav"), 11025, 1, 16, 1.0);
    let error = read_table(dir.path(), None, &fields())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("b_bob_0.wav") && error.contains("11025") && error.contains("8000"),
        "{error}"
    );
    let mut fields = fields();
    fields.sound.rate = Some(8000);
    let table = read_table(dir.path(), None, &fields).unwrap();
    let rows = table.values.chunks(16).skip(10).take(10);
    let others = table.values.chunks(16).skip(40).take(10);
    for (a, b) in rows.flatten().zip(others.flatten()) {
        assert!((a - b).abs() <= 2.0 || a.max(*b) < 100.0, "{a} {b}");
    }
}

#[test]
fn what_the_device_gets_makes_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("a_ann_0.wav"), 8000, 1, 16, 1.0);
    let mut fields = fields();
    (fields.sound.single, fields.sound.hop) = (false, Some(100));
    let table = read_table(dir.path(), None, &fields).unwrap();
    let sound = table.sound.as_ref().unwrap();
    let tables = Tables::new(&sound.spec).unwrap();
    for row in [0, 1, 7, 20] {
        let sample = Sample {
            row,
            long_row: None,
            label: 0,
            group: None,
            unit: 0,
        };
        let sounds = sound.of([sample].into_iter(), 30);
        let mut front = sounds.front(30 * 16);
        front.values = (0..=255u8).map(u8::cast_signed).collect();
        let rows = front.input(&tables, &sounds.bytes);
        let expected = &table.values[row * 16..(row + 30) * 16];
        let rows: Vec<f32> = rows.iter().map(|x| f32::from(x.cast_unsigned())).collect();
        assert_eq!(rows, expected, "window from row {row}");
    }
    std::fs::write(dir.path().join("a_ann_1.wav"), b"RIFF").unwrap();
    let error = read_table(dir.path(), None, &fields)
        .unwrap_err()
        .to_string();
    assert!(error.contains("a_ann_1.wav: not a valid wav"), "{error}");
}
