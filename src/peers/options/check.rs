//! Which options are right, each by itself and together.

use core::time::Duration;

use super::{DAY, HOUR, MINUTE, MONTH, Options, OptionsError, YEAR};
use crate::config::check;

impl Options {
    pub(super) fn check_numbers(&self) -> Result<(), OptionsError> {
        const ANY: usize = usize::MAX;
        // The largest number is no number of failures: nothing is forgotten.
        let failures_max = Some(self.failures_max).filter(|max| *max < u16::MAX);
        let failures_max = failures_max.unwrap_or(1);
        for (option, value, min, max) in [
            ("addresses_max", self.addresses_max, 1, 4_000_000),
            ("addresses_per", self.addresses_per_node, 1, 16),
            ("addresses_per", self.addresses_per_ip, 1, ANY),
            ("teller_percent", self.teller_percent.into(), 1, 100),
            ("network_share", self.addresses_per_network, 1, ANY),
            ("network_share", self.tested_per_network as usize, 1, ANY),
            ("connected_max", self.connected_max, 1, 1_000_000),
            ("upgrade_max", self.upgrade_max, 0, 1_000),
            ("per_network", self.outbound_per_network as usize, 1, ANY),
            ("per_network", self.inbound_per_ip, 1, ANY),
            ("dials", self.dialing_max, 0, 10_000),
            ("dials", self.dials_per_second as usize, 1, 10_000),
            (
                "hearsay_dials_per_subnet",
                self.hearsay_dials_per_subnet,
                1,
                ANY,
            ),
            ("tested_percent", self.tested_percent.into(), 0, 100),
            ("oldest_of", self.oldest_of as usize, 1, 100),
            ("forget", failures_max.into(), 1, 1_000),
            ("tries", self.tries.into(), 1, ANY),
            ("anchors", self.anchors, 0, 100),
            ("own_addresses", self.own_addresses.len(), 0, 16_usize),
        ] {
            check(option, value as u128, min, max as u128)?;
        }
        Ok(())
    }

    pub(super) fn check_times(&self) -> Result<(), OptionsError> {
        let ms = Duration::from_millis(1);
        let feeler = self.feeler_every.unwrap_or(MINUTE);
        let life = self.outbound_life.unwrap_or(HOUR);
        for (option, value, min, max) in [
            ("retry", self.retry_min, ms, MONTH),
            ("retry", self.retry_max, ms, MONTH),
            ("retry_persistent_max", self.retry_persistent_max, ms, MONTH),
            ("cooldown", self.cooldown, Duration::ZERO, YEAR),
            ("forget", self.dead_after, HOUR, YEAR),
            ("feeler_every", feeler, Duration::from_millis(100), DAY),
            ("outbound_life", life, HOUR, YEAR),
            ("ban", self.ban, Duration::from_secs(1), YEAR),
            ("persist_every", self.persist_every, ms, HOUR),
        ] {
            check(option, value.as_millis(), min.as_millis(), max.as_millis())?;
        }
        Ok(())
    }

    pub(super) fn check_pairs(&self) -> Result<(), OptionsError> {
        let slots = self.outbound_max.saturating_add(self.inbound_max);
        let all = self.connected_max.saturating_add(self.upgrade_max);
        for (option, value, other, bound) in [
            (
                "slots add up to",
                slots as u128,
                "connected_max",
                self.connected_max as u128,
            ),
            (
                "persistent nodes (less the unconditional) are",
                self.persistent.difference(&self.unconditional).count() as u128,
                "the first of slots",
                self.outbound_max as u128,
            ),
            (
                "connected_max and upgrade_max add up to",
                all as u128,
                "addresses_max",
                self.addresses_max as u128,
            ),
            (
                "retry begins at (ms)",
                self.retry_min.as_millis(),
                "its end",
                self.retry_max.as_millis(),
            ),
            (
                "retry begins at (ms)",
                self.retry_min.as_millis(),
                "retry_persistent_max",
                self.retry_persistent_max.as_millis(),
            ),
        ] {
            if value > bound {
                return Err(OptionsError::Disagree {
                    option,
                    value,
                    other,
                    bound,
                });
            }
        }
        Ok(())
    }
}
