//! Handshakes that came to nothing: whoever makes a flood of them must not make a flood of lines.

use core::mem::{Discriminant, discriminant, take};
use core::time::Duration;

use pex_node::transport::TransportError;
use tokio::time::Instant;

/// How often those of one sort are told.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// Counts them by their sort, of which there are a few.
#[derive(Debug, Default)]
pub(super) struct Refused(Vec<Sort>);

#[derive(Debug)]
struct Sort {
    what: Discriminant<TransportError>,
    untold: u64,
    told: Instant,
}

impl Refused {
    /// Counts one more; returns how many there were since the last time, if it is time to tell.
    pub(super) fn count(&mut self, why: &TransportError, now: Instant) -> Option<u64> {
        // Those come with their number already.
        if matches!(why, TransportError::Crowded { .. }) {
            return Some(1);
        }
        let what = discriminant(why);
        let Some(sort) = self.0.iter_mut().find(|it| it.what == what) else {
            self.0.push(Sort {
                what,
                untold: 0,
                told: now,
            });
            return Some(1);
        };
        sort.untold = sort.untold.saturating_add(1);
        if now.saturating_duration_since(sort.told) < TOLD_EVERY {
            return None;
        }
        sort.told = now;
        Some(take(&mut sort.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_of_one_sort_is_told_once_a_second_with_its_number_and_others_beside_it() {
        let (mut refused, now) = (Refused::default(), Instant::now());
        let why = TransportError::NotTendermint;
        assert_eq!(refused.count(&why, now), Some(1));
        for _ in 0..1_000 {
            assert_eq!(refused.count(&why, now), None);
        }
        assert_eq!(refused.count(&TransportError::SelfConnection, now), Some(1));
        assert_eq!(refused.count(&why, now + TOLD_EVERY), Some(1_001));
        assert_eq!(refused.count(&why, now + TOLD_EVERY), None);
    }
}
