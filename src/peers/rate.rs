//! How fast we dial: so many in any second, and so many in a minute in a subnet of which strangers
//! have told.

use alloc::collections::VecDeque;
use core::time::Duration;

use crate::{Subnet, Time};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// The dials of late, which are as few as they may be many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rate {
    /// Those of the last second.
    all: VecDeque<Time>,
    /// Those of the last minute to public addresses and names that we have only heard of. All names
    /// are one subnet.
    hearsay: VecDeque<(Time, Option<Subnet>)>,
}

impl Rate {
    /// When there may be one more dial, if there may be none now.
    pub(crate) fn wait(&mut self, now: Time, per_second: u32) -> Option<Time> {
        while self.all.front().is_some_and(|at| now - *at >= SECOND) {
            self.all.pop_front();
        }
        let full = self.all.len() >= per_second as usize;
        self.all.front().filter(|_| full).map(|at| *at + SECOND)
    }

    pub(crate) fn count(&mut self, now: Time) {
        self.all.push_back(now);
    }

    /// When there may be one more dial in this subnet on the word of strangers, if there may be
    /// none now.
    pub(crate) fn wait_of_hearsay(
        &mut self,
        now: Time,
        subnet: Option<Subnet>,
        per_minute: usize,
    ) -> Option<Time> {
        while self
            .hearsay
            .front()
            .is_some_and(|(at, _)| now - *at >= MINUTE)
        {
            self.hearsay.pop_front();
        }
        let of_it = self.hearsay.iter().filter(|(_, it)| *it == subnet);
        let full = of_it.clone().count() >= per_minute;
        let mut of_it = of_it.filter(|_| full);
        of_it.next().map(|(at, _)| *at + MINUTE)
    }

    pub(crate) fn count_hearsay(&mut self, now: Time, subnet: Option<Subnet>) {
        self.hearsay.push_back((now, subnet));
    }

    pub(crate) fn rewind(&mut self, back: Duration) {
        for at in &mut self.all {
            *at = at.back(back);
        }
        for (at, _) in &mut self.hearsay {
            *at = at.back(back);
        }
    }
}
