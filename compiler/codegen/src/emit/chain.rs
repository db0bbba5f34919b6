//! Layers that run row by row: the lines that they keep, and the loop over the ticks.

use ember_runtime::Region;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::layers::Layers;
use super::literals::{int, region, size};
use super::markdown::text;
use super::names::{LayerNames, Names, ident};
use crate::lower::Layer;
use crate::plan::{self, Chain, Makes, Planned, Stage, Timing};

/// Which layers run row by row, if some do.
pub(super) fn documentation(planned: &Planned) -> Vec<String> {
    let Some(chain) = &planned.plan().chain else {
        return Vec::new();
    };
    let graph = planned.graph();
    let name = |stage: &Stage| text(graph.node_name(&graph.nodes[stage.node]));
    let (Some(first), Some(last)) = (chain.stages.first(), chain.stages.last()) else {
        return Vec::new();
    };
    let rows = graph.tensor(chain.input.tensor).shape.elements() / chain.input.row;
    vec![
        String::new(),
        format!(
            "The layers from `{}` to `{}` run row by row, in {} ticks: each of the {rows} rows of `{}`",
            name(first),
            name(last),
            chain.ticks,
            text(&graph.tensor(chain.input.tensor).name),
        ),
        "brings every layer as far as it can get. Of the tensors between them the arena holds the"
            .to_owned(),
        "youngest rows only.".to_owned(),
    ]
}

/// The items of a chain as a whole and of its input.
pub(super) fn input(planned: &Planned, chain: &Chain, names: &LayerNames) -> Vec<TokenStream> {
    let type_name = &names.type_name;
    let ticks = size(chain.ticks);
    let name = &planned.graph().tensor(chain.input.tensor).name;
    let doc = format!(" The rows of `{name}`, copied as they come.");
    let lines = lines(planned, &chain.input, type_name);
    let source = place(planned.plan().regions[chain.input.tensor.0]);
    vec![quote! {
        /// One tick brings a row of the input; the rows that are on their way then come out.
        pub const TICKS: usize = #ticks;

        #[doc = #doc]
        pub struct #type_name;
        #lines
        impl layer::FedRows for #type_name {
            const SOURCE: Region = #source;
        }
    }]
}

/// What a layer needs beside its usual items.
pub(super) fn rows(planned: &Planned, stage: &Stage, type_name: &Ident) -> TokenStream {
    match &stage.makes {
        Makes::Rows(rows) => {
            let lines = lines(planned, rows, type_name);
            let stored = planned.plan().collects(rows).then(|| {
                let image = place(planned.plan().regions[rows.tensor.0]);
                quote! {
                    impl layer::StoredRows for #type_name {
                        const IMAGE: Region = #image;
                    }
                }
            });
            quote!(#lines #stored)
        }
        Makes::Sums { region, timing } => {
            let input = planned.graph().nodes[stage.node].inputs[0];
            let sums = place(*region);
            let schedule = schedule(planned, input.0, stage.reads[0].bytes, timing);
            quote! {
                impl layer::SummedRows for #type_name {
                    const SUMS: Region = #sums;
                    const SCHEDULE: Schedule = #schedule;
                }
            }
        }
    }
}

/// What runs a layer at a tick, and the functions that this names.
pub(super) fn call(
    planned: &Planned,
    stage: &Stage,
    kernel: &Ident,
    type_name: &Ident,
) -> (TokenStream, Vec<Ident>) {
    match &stage.makes {
        Makes::Sums { .. } => {
            let kernel = ident(match planned.layers()[stage.node] {
                Layer::Mean(_) => "mean_row_s8",
                _ => "average_row_s8",
            });
            (
                quote!(#kernel::<layers::#type_name>(arena, tick);),
                vec![kernel],
            )
        }
        Makes::Rows(rows) => {
            let mut call = quote! {
                if next_row::<layers::#type_name>(arena, tick) {
                    #kernel::<layers::#type_name>(arena);
                }
            };
            let mut functions = vec![ident("feed_row"), ident("next_row"), kernel.clone()];
            if planned.plan().collects(rows) {
                call.extend(quote!(store_row::<layers::#type_name>(arena, tick);));
                functions.push(ident("store_row"));
            }
            (call, functions)
        }
    }
}

/// A layer's call as a statement of its own: all of its rows, with the input's if it is the first.
pub(super) fn alone(
    planned: &Planned,
    names: &Names,
    node: usize,
    call: TokenStream,
) -> TokenStream {
    let chain = planned.plan().chain.as_ref();
    let Some(chain) = chain.filter(|chain| chain.stage(node).is_some()) else {
        return call;
    };
    let is_first = chain.stages.first().is_some_and(|stage| stage.node == node);
    let feed = is_first.then(|| feed(names));
    quote! {
        for tick in 0..layers::TICKS {
            #feed
            #call
        }
    }
}

/// The statements of an inference.
pub(super) struct Statements {
    /// Before the chain.
    pub before: Vec<TokenStream>,
    /// Of a tick.
    pub tick: Vec<TokenStream>,
    /// Behind the chain.
    pub behind: Vec<TokenStream>,
}

/// Sorts the layers' calls.
pub(super) fn statements(planned: &Planned, names: &Names, layers: &Layers) -> Statements {
    let mut statements = Statements {
        before: Vec::new(),
        tick: Vec::new(),
        behind: Vec::new(),
    };
    for (node, call) in &layers.calls {
        if planned.plan().stage(*node).is_some() {
            if statements.tick.is_empty() {
                statements.tick.push(feed(names));
            }
            statements.tick.push(call.clone());
        } else if statements.tick.is_empty() {
            statements.before.push(call.clone());
        } else {
            statements.behind.push(call.clone());
        }
    }
    statements
}

fn feed(names: &Names) -> TokenStream {
    let rows = names.rows.as_ref().map(|names| &names.type_name);
    quote!(feed_row::<layers::#rows>(arena, tick);)
}

fn lines(planned: &Planned, lines: &plan::Lines, type_name: &Ident) -> TokenStream {
    let places = place(lines.region);
    let schedule = schedule(planned, lines.tensor.0, lines.row, &lines.timing);
    quote! {
        impl layer::Rows for #type_name {
            const LINES: Region = #places;
            const SCHEDULE: Schedule = #schedule;
        }
    }
}

fn schedule(planned: &Planned, tensor: usize, row: usize, timing: &Timing) -> TokenStream {
    let [row, first, every, count] = [row, timing.first, timing.every, timing.count].map(size);
    let padding = int(planned.network().quants[tensor].zero_point);
    quote!(Schedule {
        row: #row,
        first: #first,
        every: #every,
        count: #count,
        padding: #padding,
    })
}

fn place(place: plan::Region) -> TokenStream {
    region(Region::new(place.offset, place.bytes))
}
