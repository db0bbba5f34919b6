//! Every fast kernel equals its reference bit for bit, on layers that reach every path, with a poisoned
//! arena, and writes nothing but its output.

mod layers;

use layers::cases::{self, for_each_layer};
use layers::{Checked, check};
use proptest::prelude::*;

macro_rules! equal {
    ($kernel:ident: $($layer:ident),*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(48))]
            #[test]
            fn $kernel(seed: u64) {
                let mut bench = Box::new(check::Bench::new());
                $(prop_assert_eq!(
                    check::$kernel::<cases::$layer>(&mut bench, seed),
                    Checked::Equal,
                    "{}", stringify!($layer)
                );)*
            }
        }
    };
}
for_each_layer!(equal);
