//! Metrics that have the same numbers for each network.

use super::super::Seen;
use super::super::snapshot::Snapshot;
use super::super::tally::Tally;
use super::exposition::{Exposition, Samples};

/// The metrics under way, and whose they are.
pub(super) struct Page<'a> {
    pub(super) out: Exposition,
    pub(super) seen: &'a [Seen],
}

/// Adds the number of each kind.
fn each(samples: &mut Samples<'_>, chain: &str, label: &str, kinds: &[(&str, u64)]) {
    for (kind, count) in kinds {
        samples.add(&[("chain_id", chain), (label, kind)], count);
    }
}

impl<'a> Page<'a> {
    pub(super) fn latest(&self) -> impl Iterator<Item = (&'a str, &'a Snapshot)> + use<'a> {
        self.seen.iter().filter_map(|seen| {
            let latest = seen.latest.as_deref()?;
            Some((seen.network.chain_id.as_str(), latest))
        })
    }

    /// A counter with one number for each network.
    pub(super) fn count(&mut self, name: &str, help: &str, of: impl Fn(&Snapshot) -> u64) {
        let latest = self.latest();
        let mut samples = self.out.counter(name, help);
        for (chain, it) in latest {
            samples.add(&[("chain_id", chain)], of(it));
        }
    }

    /// A counter with a number for each kind of something.
    pub(super) fn kinds<const N: usize>(
        &mut self,
        (name, help): (&str, &str),
        label: &str,
        of: impl Fn(&Snapshot) -> [(&'static str, u64); N],
    ) {
        let latest = self.latest();
        let mut samples = self.out.counter(name, help);
        for (chain, it) in latest {
            each(&mut samples, chain, label, &of(it));
        }
    }

    /// A counter with a number for each kind there has been.
    pub(super) fn tally(
        &mut self,
        (name, help): (&str, &str),
        label: &str,
        of: impl Fn(&Snapshot) -> &Tally<&'static str>,
    ) {
        let latest = self.latest();
        let mut samples = self.out.counter(name, help);
        for (chain, it) in latest {
            for (kind, count) in of(it).iter() {
                samples.add(&[("chain_id", chain), (label, kind)], count);
            }
        }
    }

    /// A gauge with one number for each network, if there is one.
    pub(super) fn gauge(&mut self, name: &str, help: &str, of: impl Fn(&Snapshot) -> Option<u64>) {
        let latest = self.latest();
        let mut samples = self.out.gauge(name, help);
        for (chain, it) in latest {
            if let Some(value) = of(it) {
                samples.add(&[("chain_id", chain)], value);
            }
        }
    }

    /// A gauge with a number for each kind of something.
    pub(super) fn gauges<const N: usize>(
        &mut self,
        (name, help): (&str, &str),
        label: &str,
        of: impl Fn(&Snapshot) -> [(&'static str, usize); N],
    ) {
        let latest = self.latest();
        let mut samples = self.out.gauge(name, help);
        for (chain, it) in latest {
            for (kind, value) in of(it) {
                samples.add(&[("chain_id", chain), (label, kind)], value);
            }
        }
    }
}
