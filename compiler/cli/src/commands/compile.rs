//! `emberc compile`: a model of another tool becomes verified firmware.

use std::path::Path;

use ember_codegen::target::Board;

use super::bench::prefer;
use crate::args;
use crate::data::Samples;
use crate::pipeline::compile::{CompileJob, compile as run};
use crate::pipeline::verify;
use crate::progress::Progress;
use crate::{Error, boards, model, output};

/// Compiles and prints.
pub fn compile(args: &args::Compile, progress: Progress) -> Result<(), Error> {
    let source = model::read(&args.model)?;
    let name = &source.model.network.graph().name;
    let job = CompileJob {
        board: Board {
            prefer: prefer(args.prefer),
            ..boards::named(&args.board)?
        },
        calibrate: samples(args.calibrate.as_deref())?,
        compare: samples(args.compare.as_deref())?,
        dir: match &args.out {
            Some(dir) => dir.clone(),
            None => Path::new("ember-out").join(name),
        },
        source,
    };
    let compiled = run(job, progress)?;
    if args.json {
        output::json(&compiled)?;
    } else {
        output::text(&compiled.table())?;
    }
    verify::judge(&compiled.report)
}

/// The samples of a file, if one is given.
pub(super) fn samples(path: Option<&Path>) -> Result<Option<Samples>, Error> {
    path.map(|path| Samples::read(path).map_err(Error::usage_of))
        .transpose()
}
