//! `emberc new`: looks at a data file and writes the configuration that suits it.

use std::io::Write as _;
use std::path::Path;

use crate::args::New;
use crate::config::{keys, size};
use crate::data::{Fields, read_table};
use crate::{Error, boards, output};

/// Writes a configuration, or prints the keys.
pub fn new(args: &New) -> Result<(), Error> {
    if args.keys {
        return output::text(&keys::reference());
    }
    let Some(data) = &args.data else {
        return Err(Error::usage("name a data file"));
    };
    let board = boards::find(&args.board).ok_or_else(|| {
        Error::usage(format!(
            "there is no board \"{}\"; `emberc boards` lists them",
            args.board
        ))
    })?;
    let fields = Fields {
        input: "x".into(),
        ..Fields::default()
    };
    let table = read_table(data, args.labels.as_deref(), &fields)
        .map_err(|error| Error::usage(error.to_string()))?;
    let name = args.name.clone().unwrap_or_else(|| name_from(data));
    let place = |path: &Path| relative(path, &args.output);
    let labels = match &args.labels {
        Some(labels) => format!("labels = {:?}\n", place(labels)),
        None => String::new(),
    };
    let text = format!(
        "# What `emberc run` makes of the data. All keys: `emberc new --keys`.\n\n\
         [model]\nname = {name:?}\n\n\
         [data]\n# {rows} rows of shape {shape:?} in {classes} classes.\n\
         file = {file:?}\n{labels}{shape_key}\
         validation = 0.2\ntest = 0.2\n\n\
         [board]\n# {description}: {flash} of flash, {ram} of RAM.\nname = {board_name:?}\n\n\
         [search]\ntrials = 60\nseed = 1\n",
        rows = table.rows(),
        shape = table.row_shape,
        classes = table.labels.names.len(),
        file = place(data),
        shape_key = shape_key(&table.row_shape),
        description = board.description,
        flash = size::show(board.flash.bytes as usize),
        ram = size::show(board.ram.bytes as usize),
        board_name = board.name,
    );
    write_new(&args.output, &text)?;
    output::text(&format!(
        "wrote {0}; next: emberc run {0}\n",
        args.output.display()
    ))
}

/// A file that is there already is somebody's work.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let mut file = std::fs::File::create_new(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::usage(format!(
            "{} exists; choose another name with --output",
            path.display()
        )),
        _ => Error::tool(format!("{}: {error}", path.display())),
    })?;
    file.write_all(text.as_bytes())
        .map_err(|error| Error::tool(format!("{}: {error}", path.display())))
}

/// Square rows of a table are pictures more often than not; say how to treat them as such.
fn shape_key(row: &[usize]) -> String {
    match row {
        [n] => match n.isqrt() {
            side if side * side == *n && side >= 5 => {
                format!("# Pictures? Then: shape = [{side}, {side}, 1]\n")
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// The path as the configuration has to write it.
fn relative(path: &Path, config: &Path) -> String {
    let dir = config.parent().unwrap_or(Path::new(""));
    path.strip_prefix(dir)
        .map_or_else(
            |_| std::path::absolute(path).unwrap_or(path.to_path_buf()),
            Path::to_path_buf,
        )
        .display()
        .to_string()
}

pub(super) fn name_from(path: &Path) -> String {
    let stem = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let stem = stem.split('.').next().unwrap_or_default();
    let name: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let name = name.trim_matches('_').to_string();
    match name.chars().next() {
        Some(c) if c.is_ascii_lowercase() && syn::parse_str::<syn::Ident>(&name).is_ok() => name,
        _ => "model".into(),
    }
}
