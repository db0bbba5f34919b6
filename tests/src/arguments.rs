//! Arguments that the measuring programs share: `--core` and `--prefer`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use ember_codegen::cost::Kernel;
use ember_codegen::target::{Core, Prefer};

/// Which firmware is asked for.
#[derive(clap::Args)]
pub struct Firmware {
    /// For this core alone; may be given several times.
    #[arg(long = "core", value_name = "CORE", value_parser = core())]
    pub cores: Vec<Core>,
    /// Made for the fewest instructions or for the least code.
    #[arg(long, value_parser = prefer())]
    pub prefer: Option<Prefer>,
}

impl Firmware {
    /// Whether this core is asked for: any is, if none is named.
    pub fn wants(&self, core: Core) -> bool {
        self.cores.is_empty() || self.cores.contains(&core)
    }

    /// The preference that is asked for, or both.
    pub fn preferences(&self) -> Vec<Prefer> {
        self.prefer.map_or(Prefer::ALL.to_vec(), |one| vec![one])
    }
}

/// A kernel by its name.
pub fn kernel() -> impl TypedValueParser<Value = Kernel> {
    named(Kernel::ALL.to_vec(), |kernel| kernel.name())
}

fn core() -> impl TypedValueParser<Value = Core> {
    named(Core::ALL.to_vec(), |core| core.name())
}

fn prefer() -> impl TypedValueParser<Value = Prefer> {
    named(Prefer::ALL.to_vec(), |prefer| prefer.name())
}

/// One of these by its name; `--help` and errors list all.
fn named<T: Copy + Send + Sync + 'static>(
    all: Vec<T>,
    name: fn(&T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(name)).try_map(move |given| {
        let found = all.iter().find(|value| name(value) == given);
        found.copied().ok_or_else(|| format!("there is no {given}"))
    })
}
