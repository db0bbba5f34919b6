//! Networks for samples that come a few steps at a time.

use super::*;

/// Whatever of the space one comes by: it takes steps as they come.
#[test]
fn networks_for_steps_see_each_call_by_itself() {
    let input = Shape::from([1, 24, 3]);
    for hop in [1, 3, 4, 8] {
        let allowed = Narrowing {
            hop: Some(hop),
            ..Narrowing::default()
        };
        let space = open_narrowed(SpaceKind::Recurrent, task(input.clone()), &allowed).unwrap();
        let check = |network: &Architecture| {
            let graph = space.build(network);
            let call = steps::graph_per_call(&graph, hop).unwrap();
            assert_eq!(call.tensor(call.inputs[0]).shape, Shape::from([1, hop, 3]));
            assert_eq!(steps::calls(&graph, &call), 24 / hop, "{network}");
        };
        let mut rng = SearchRng::seed_from_u64(hop as u64);
        let mut network = space.sample(&mut rng);
        for _ in 0..300 {
            check(&network);
            check(&space.sample(&mut rng));
            network = space.mutate(&mut rng, &network);
        }
        let templates = space.templates();
        assert!(templates.len() > 2);
        templates.iter().for_each(check);
        let blamed = [
            Part::Pool,
            Part::Block(0),
            Part::Block(1),
            Part::Head,
            Part::Logits,
        ];
        for resource in [Resource::Ram, Resource::Flash, Resource::Instructions] {
            while let Some(smaller) = space.shrink(&network, &blamed, resource) {
                check(&smaller);
                network = smaller;
            }
        }
        let levels = (0..).map_while(|level| space.relax(Relaxing { level, share: 1 }));
        let mut checked = 0;
        for relaxation in levels {
            for option in 0..2 {
                let chosen = relaxation.options().iter().map(|&n| option.min(n - 1));
                check(&relaxation.decode(&chosen.collect::<Vec<_>>()));
                checked += 1;
            }
        }
        assert!(checked > 4);
    }
}

#[test]
fn steps_are_for_networks_that_remember_and_windows_of_whole_calls() {
    let allowed = Narrowing {
        hop: Some(7),
        ..Narrowing::default()
    };
    let open = |kind, input: Shape| {
        let error = open_narrowed(kind, task(input), &allowed).err();
        error.unwrap().to_string()
    };
    let series = Shape::from([1, 24, 3]);
    assert_eq!(
        open(SpaceKind::Recurrent, series.clone()),
        "samples of 24 steps do not come in hops of 7"
    );
    assert!(open(SpaceKind::Cnn1d, series).contains("take whole samples"));
    assert!(open(SpaceKind::Cnn2d, Shape::from([8, 8, 1])).contains("take whole samples"));
    let kernel = Narrowing {
        hop: Some(1),
        kernel: Some(3..=5),
        ..Narrowing::default()
    };
    let error = open_narrowed(SpaceKind::Recurrent, task(Shape::from([1, 24, 3])), &kernel).err();
    assert_eq!(
        error.unwrap().to_string(),
        "`kernel`: the space recurrent has nothing in 3..=5; it offers [1]"
    );
}
