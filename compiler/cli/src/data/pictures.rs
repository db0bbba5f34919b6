//! Pictures as samples `[height, width, 1 or 3]` of 0 to 255. They are resized only where the configuration
//! gives their shape; colours become grey where it has one channel.

use std::path::Path;

use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits};

use super::error::{DataError, Reason};
use super::folder::Member;
use super::names::Names;
use super::table::{Fields, Table};

/// Longest side of a picture: a small file may claim to be a picture of terabytes.
const SIDE: u32 = 1 << 14;
/// Most values of all samples: a gigabyte.
const VALUES: usize = 1 << 28;
/// Most pixels of a picture that is not resized.
const PIXELS: usize = 1 << 20;

/// Reads pictures.
pub(super) fn read(
    members: &[Member<'_>],
    names: &Names,
    fields: &Fields,
) -> Result<Table, DataError> {
    let wanted = match fields.shape.as_deref() {
        Some(&[height, width, channels @ (1 | 3)]) if height.max(width) <= SIDE as usize => {
            Some((height, width, channels))
        }
        Some(shape) => {
            let shape = shape.to_vec();
            let first = members.first().map(|member| member.path.clone());
            return Err(Reason::PictureShape { shape }.of(first.unwrap_or_default()));
        }
        None => None,
    };
    let mut pictures = Vec::with_capacity(members.len());
    let mut values = 0;
    for member in members {
        let mut picture = open(&member.path).map_err(|reason| reason.of(&member.path))?;
        let mut size = (picture.height() as usize, picture.width() as usize);
        if let Some((height, width, channels)) = wanted {
            if size != (height, width) {
                picture = picture.resize_exact(width as u32, height as u32, FilterType::Triangle);
                size = (height, width);
            }
            picture = match channels {
                1 => DynamicImage::ImageLuma8(picture.into_luma8()),
                _ => DynamicImage::ImageRgb8(picture.into_rgb8()),
            };
        } else if size.0 * size.1 > PIXELS {
            return Err(Reason::PictureSize { size }.of(&member.path));
        } else {
            picture = match is_grey(&picture) {
                true => DynamicImage::ImageLuma8(picture.into_luma8()),
                false => DynamicImage::ImageRgb8(picture.into_rgb8()),
            };
        }
        let first = pictures.first();
        let first =
            first.map(|first: &DynamicImage| (first.height() as usize, first.width() as usize));
        if let Some(first) = first.filter(|&first| first != size) {
            let there = members[0].file.to_string();
            return Err(Reason::PictureSizes { size, first, there }.of(&member.path));
        }
        values += size.0 * size.1 * 3;
        if values > VALUES {
            let limit = (VALUES as u64 * 4) >> 20;
            return Err(Reason::TooLarge { limit }.of(&member.path));
        }
        pictures.push(picture);
    }
    let channels = match wanted {
        Some((_, _, channels)) => channels,
        None if pictures.iter().any(|picture| picture.color().has_color()) => 3,
        None => 1,
    };
    let (height, width) = pictures.first().map_or((0, 0), |first| {
        (first.height() as usize, first.width() as usize)
    });
    let mut table = Table::of_files(vec![height, width, channels], names);
    for (picture, member) in pictures.into_iter().zip(members) {
        let bytes = match channels {
            1 => picture.into_luma8().into_raw(),
            _ => picture.into_rgb8().into_raw(),
        };
        table.values.extend(bytes.into_iter().map(f32::from));
        table.push_file(member.file, &member.named);
    }
    Ok(table)
}

/// Whether a picture is grey, however its file writes it down.
pub(crate) fn is_grey(picture: &DynamicImage) -> bool {
    let grey = |pixel: &image::Rgb<u8>| pixel.0 == [pixel.0[0]; 3];
    !picture.color().has_color() || picture.to_rgb8().pixels().all(grey)
}

/// Reads a picture.
pub(crate) fn open(path: &Path) -> Result<DynamicImage, Reason> {
    let mut reader = ImageReader::open(path)?.with_guessed_format()?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(SIDE), Some(SIDE));
    reader.limits(limits);
    reader
        .decode()
        .map_err(|error| Reason::format("picture", error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::data::read_table;

    fn picture(dir: &Path, name: &str, side: u32, colour: [u8; 3]) {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let picture = image::RgbImage::from_pixel(side, side + 1, image::Rgb(colour));
        let picture = DynamicImage::ImageRgb8(picture);
        match colour[0] == colour[1] {
            true => picture.into_luma8().save(path).unwrap(),
            false => picture.save(path).unwrap(),
        }
    }

    #[test]
    fn folders_of_pictures_are_read() {
        let dir = tempfile::tempdir().unwrap();
        picture(dir.path(), "a/1.png", 4, [7; 3]);
        picture(dir.path(), "b/1.bmp", 4, [200; 3]);
        std::fs::write(dir.path().join("b/notes.txt"), "no sample").unwrap();
        let table = read_table(dir.path(), None, &Fields::default()).unwrap();
        assert_eq!(table.row_shape, [5, 4, 1]);
        assert_eq!(table.labels.names, ["a", "b"]);
        assert_eq!((table.values[0], table.values[39]), (7.0, 200.0));

        // One picture in colour: all have three channels.
        picture(dir.path(), "b/2.png", 4, [1, 2, 3]);
        let table = read_table(dir.path(), None, &Fields::default()).unwrap();
        assert_eq!(table.row_shape, [5, 4, 3]);
        assert_eq!(table.values[120..123], [1.0, 2.0, 3.0]);

        picture(dir.path(), "b/3.png", 6, [9; 3]);
        let error = read_table(dir.path(), None, &Fields::default()).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("b/3.png") && error.contains("7×6") && error.contains("5×4"),
            "{error}"
        );
        let resized = Fields {
            shape: Some(vec![2, 3, 1]),
            ..Fields::default()
        };
        let table = read_table(dir.path(), None, &resized).unwrap();
        assert_eq!(
            (table.row_shape.as_slice(), table.rows()),
            (&[2, 3, 1][..], 4)
        );
        assert_eq!(table.values[0], 7.0);

        std::fs::write(dir.path().join("b/4.png"), b"\x89PNG\r\n\x1a\nrubbish").unwrap();
        let error = read_table(dir.path(), None, &resized)
            .unwrap_err()
            .to_string();
        assert!(error.contains("b/4.png: not a valid picture"), "{error}");
        std::fs::write(dir.path().join("c.png"), b"").unwrap();
        let error = read_table(dir.path(), None, &resized)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("c.png") && error.contains("{label}/*"),
            "{error}"
        );
    }
}
