//! `emberc ablate`: what each step of compression brings.

use crate::args::JsonJob;
use crate::pipeline::ablate::{self, Ablation};
use crate::pipeline::report::thousands;
use crate::progress::Progress;
use crate::{Error, data, output};

/// Trains and prints.
pub fn ablate(args: &JsonJob, progress: Progress) -> Result<(), Error> {
    let (job, parts) = data::read(&args.config)?;
    let ablation = ablate::ablate(&job, &parts, progress)?;
    progress.say(format!(
        "{:>9} `emberc run` puts this into the report page",
        "ablate"
    ));
    if args.json {
        return output::json(&ablation);
    }
    output::text(&table(&ablation))
}

fn table(ablation: &Ablation) -> String {
    let names = ablation.lines.iter().map(|line| line.name.len());
    let steps = ablation.steps.iter().map(|step| step.name.len());
    let width = names.chain(steps).max().unwrap_or(0);
    let mut text = format!(
        "  network {}: {}\n  {} on the validation set, mean ± deviation of {} seeds; sizes as predicted\n\n  {:width$} {:>16} {:>16} {:>9} {:>8} {:>13}\n",
        ablation.network,
        ablation.architecture,
        ablation.metric.name(),
        ablation.seeds,
        "",
        "int8",
        "float",
        "flash",
        "RAM",
        "instructions"
    );
    for line in &ablation.lines {
        text.push_str(&format!(
            "  {:width$} {:>16} {:>16} {:>9} {:>8} {:>13}\n",
            line.name,
            line.int8.percent(),
            line.float.percent(),
            thousands(line.cost.flash_bytes),
            thousands(line.cost.ram_bytes),
            count(line.cost.instructions),
        ));
    }
    text.push_str(&format!(
        "\n  {:width$} {:>16} {:>16} {:>9} {:>8} {:>13}\n",
        "what a step brings", "int8 points", "± error", "flash", "RAM", "instructions"
    ));
    for step in &ablation.steps {
        let [points, error] = ablation.points(step);
        let of = |cost: fn(&ember_search::Cost) -> i64| {
            let [with, without] = [step.with, step.without].map(|i| &ablation.lines[i].cost);
            format!("{:+}", cost(with) - cost(without))
        };
        text.push_str(&format!(
            "  {:width$} {points:>+16.2} {error:>16.2} {:>9} {:>8} {:>13}\n",
            step.name,
            of(|cost| cost.flash_bytes as i64),
            of(|cost| cost.ram_bytes as i64),
            of(|cost| cost.instructions as i64),
        ));
    }
    text
}

fn count(number: u64) -> String {
    thousands(usize::try_from(number).unwrap_or(usize::MAX))
}
