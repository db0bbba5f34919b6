//! Plans of small graphs, drawn; the property tests over random graphs are in the tests crate.
