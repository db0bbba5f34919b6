//! Random search: independent samples that fit. The baseline that every other strategy has to beat.

use super::{Ask, Proposer, Strategy, Told};

/// Random search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

impl Strategy for Random {
    fn ask(&mut self, proposer: &mut Proposer<'_>) -> Option<Ask> {
        Some(Ask::New(Box::new(proposer.sample()?)))
    }

    fn tell(&mut self, _: &Told<'_>) {}
}
