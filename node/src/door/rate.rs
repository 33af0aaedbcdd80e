//! How often each IP address comes.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use tokio::time::Instant;

/// IP addresses whose rate is kept. An attacker who has more of them is not slowed down by a rate.
const KEPT_MAX: usize = 16_384;

/// A bucket for each IP address, which a rate fills. Kept is only who has not been away for long
/// enough to have a full one.
#[derive(Debug)]
pub(super) struct Rates {
    /// What one connection costs.
    cost: Duration,
    /// What a full bucket holds.
    full: Duration,
    /// When each bucket is full again.
    full_at: BTreeMap<IpAddr, Instant>,
    /// When those are looked for again who need not be kept.
    tidy_at: Option<Instant>,
}

impl Rates {
    /// So many a second, and so many at once; zero counts as one.
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        let cost = Duration::from_secs(1) / per_second.max(1);
        Self {
            cost,
            full: cost.saturating_mul(burst.max(1)),
            full_at: BTreeMap::new(),
            tidy_at: None,
        }
    }

    /// Whether one more may come from there; if so, it is counted.
    pub(super) fn take(&mut self, ip: IpAddr, now: Instant) -> bool {
        if self.full_at.len() >= KEPT_MAX && !self.full_at.contains_key(&ip) {
            // It takes a look at all of them, so not for each who comes.
            if self.tidy_at.is_none_or(|at| at <= now) {
                self.full_at.retain(|_, at| *at > now);
                self.tidy_at = Some(now + Duration::from_secs(1));
            }
            if self.full_at.len() >= KEPT_MAX {
                return true;
            }
        }
        let full_at = self.full_at.entry(ip).or_insert(now);
        let next = (*full_at).max(now) + self.cost;
        let may = next.saturating_duration_since(now) <= self.full;
        if may {
            *full_at = next;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_who_was_away_is_forgotten() {
        let (mut rates, now) = (Rates::new(1, 1), Instant::now());
        for n in 0..100_000_u32 {
            assert!(rates.take(IpAddr::V4(n.into()), now));
        }
        assert!(!rates.take(IpAddr::V4(0.into()), now));
        assert_eq!(rates.full_at.len(), KEPT_MAX);
        let later = now + Duration::from_secs(2);
        assert!(rates.take(IpAddr::V4(200_000.into()), later));
        assert_eq!(rates.full_at.len(), 1);
    }
}
