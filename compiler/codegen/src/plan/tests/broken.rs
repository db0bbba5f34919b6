//! What the checker says of broken plans.

use ember_runtime::scratch::Isa;
use expect_test::{Expect, expect};

use super::super::{Plan, check, plan, plan_chains};
use super::residual;

fn broken(change: impl FnOnce(&mut Plan), expected: Expect) {
    let graph = residual();
    let mut plan = plan(&graph, Isa::Any);
    change(&mut plan);
    let violations = check(&graph, &plan, Isa::Any);
    let text: String = violations
        .iter()
        .map(|violation| format!("{violation}\n"))
        .collect();
    expected.assert_eq(&text);
}

#[test]
fn the_checker_names_what_is_wrong() {
    broken(
        |plan| plan.order.swap(1, 2),
        expect![[r#"
            node `project` reads tensor `expand`, which nobody has written yet
            node `join` reads tensor `project`, which `expand` was written over
        "#]],
    );
    broken(
        |plan| plan.order[0] = 1,
        expect![[r#"
        node `stem` runs 0 times; it must run once
        node `expand` runs 2 times; it must run once
    "#]],
    );
    broken(
        |plan| {
            plan.order.pop();
            plan.regions.pop();
        },
        expect![[r#"
            the plan has 5 nodes, the graph has 6
            the plan has 6 regions, the graph has 7
            node `image` runs 0 times; it must run once
        "#]],
    );
    broken(
        |plan| plan.regions[2].offset = plan.regions[1].offset,
        expect![[r#"
            tensor `expand` ends at byte 256 of an arena of 240
            the scratch of node `expand` overlaps its output `expand`
            node `expand` writes over its input `stem` while it reads it
            the scratch of node `project` overlaps its input `expand`
            node `join` reads tensor `stem`, which `expand` was written over
        "#]],
    );
    broken(
        |plan| plan.regions[6].offset += 4,
        expect![[r#"
        reshape `image` lies at byte 4, its input at byte 0; it moves nothing
    "#]],
    );
    broken(
        |plan| {
            plan.regions[0].bytes -= 1;
            plan.regions[5].offset += 1;
            plan.arena_bytes -= 2;
        },
        expect![[r#"
            tensor `input` takes 64 bytes and has a region of 63
            the offset of tensor `mean` is 1, not a multiple of 4
            the arena's size is 238, not a multiple of 4
            the scratch of `expand` ends at byte 240 of an arena of 238
            the scratch of `project` ends at byte 240 of an arena of 238
            reshape `image` lies at byte 0, its input at byte 1; it moves nothing
        "#]],
    );
}

#[test]
fn the_checker_names_rows_that_are_not_there() {
    let graph = residual();
    let plans = plan_chains(&graph, Isa::Any, false, usize::MAX);
    let plan = plans
        .into_iter()
        .max_by_key(|plan| plan.chain.as_ref().map(|chain| chain.stages.len()));
    let Some(mut plan) = plan else {
        panic!("the network has no chain")
    };
    assert_eq!(check(&graph, &plan, Isa::Any), []);
    if let Some(chain) = &mut plan.chain {
        chain.ticks -= 1;
    }
    let violations = check(&graph, &plan, Isa::Any);
    let first = violations.first().map(ToString::to_string);
    expect!["who comes behind the chain does not find row 0 of tensor `mean`"]
        .assert_eq(&first.unwrap_or_default());
}
