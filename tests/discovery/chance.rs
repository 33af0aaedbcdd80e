//! Numbers by chance, the same in every run.

#[path = "../support/split_mix.rs"]
mod split_mix;

use core::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        split_mix::next(&mut self.0)
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(((self.next() >> 32) * u64::from(bound)) >> 32).unwrap()
    }

    /// A time between these two, in milliseconds.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> Duration {
        let micros = low * 1_000 + self.below((high - low) * 1_000);
        Duration::from_micros(micros.into())
    }
}
