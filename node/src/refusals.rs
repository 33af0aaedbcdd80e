//! Those who were not let in at the door: a flood of them must not make a flood of words.

use core::time::Duration;
use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::crowd::Crowd;
use crate::transport::TransportError;

/// How often the refusals of one kind are told.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// Counts who was turned away, and says when to tell of it.
#[derive(Debug, Default)]
pub(crate) struct Refusals(BTreeMap<Crowd, (u64, Option<Instant>)>);

impl Refusals {
    /// Counts so many more; returns what is to be told, if it is time: how many there were since.
    pub(crate) fn count(
        &mut self,
        limit: Crowd,
        more: u64,
        now: Instant,
    ) -> Option<TransportError> {
        let (times, _) = self.0.entry(limit).or_default();
        *times = times.saturating_add(more);
        self.tell(limit, now)
    }

    /// When the next is to be told of that was counted and not told.
    pub(crate) fn due(&self) -> Option<Instant> {
        let untold = self.0.values().filter(|(times, _)| *times > 0);
        untold
            .filter_map(|(_, told)| told.map(|at| at + TOLD_EVERY))
            .min()
    }

    /// What of that is to be told now.
    pub(crate) fn rest(&mut self, now: Instant) -> Option<TransportError> {
        let limits: Vec<Crowd> = self.0.keys().copied().collect();
        limits.into_iter().find_map(|limit| self.tell(limit, now))
    }

    fn tell(&mut self, limit: Crowd, now: Instant) -> Option<TransportError> {
        let (times, told) = self.0.get_mut(&limit)?;
        let recent = |at: Instant| now.saturating_duration_since(at) < TOLD_EVERY;
        if *times == 0 || told.is_some_and(recent) {
            return None;
        }
        *told = Some(now);
        let times = core::mem::take(times);
        Some(TransportError::Crowded { limit, times })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_of_refusals_is_told_once_a_second_with_their_number() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        let told = |times| {
            Some(TransportError::Crowded {
                limit: Crowd::Ip,
                times,
            })
        };
        assert_eq!(refusals.count(Crowd::Ip, 1, now), told(1));
        assert_eq!(refusals.due(), None);
        for _ in 0..1_000 {
            assert_eq!(refusals.count(Crowd::Ip, 1, now), None);
        }
        // Another kind is told for itself.
        assert!(refusals.count(Crowd::Rate, 3, now).is_some());
        let later = now + TOLD_EVERY;
        assert_eq!(refusals.count(Crowd::Ip, 1, later), told(1_001));
        // The rest is told when nobody else comes.
        assert_eq!(refusals.count(Crowd::Ip, 7, later), None);
        assert_eq!(refusals.rest(later), None);
        assert_eq!(refusals.due(), Some(later + TOLD_EVERY));
        assert_eq!(refusals.rest(later + TOLD_EVERY), told(7));
        assert_eq!(refusals.due(), None);
    }
}
