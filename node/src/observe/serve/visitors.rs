//! Connections of those who look: a bounded number, and whoever dawdles makes room.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::{AbortHandle, JoinSet};

/// Connections under way, the oldest first. They end with this.
#[derive(Debug)]
pub(super) struct Visitors {
    max: usize,
    tasks: JoinSet<()>,
    oldest_first: VecDeque<(AbortHandle, Stays)>,
}

/// Whether a connection is one that stays: it gets events as they come.
pub(super) type Stays = Arc<AtomicBool>;

impl Visitors {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            tasks: JoinSet::new(),
            oldest_first: VecDeque::new(),
        }
    }

    /// Begins one. If there are too many, the oldest that does not stay has to go: an honest one is
    /// done in a moment. Those that stay are bounded by whoever lets them.
    pub(super) fn start(&mut self, stays: Stays, visit: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.oldest_first.retain(|(task, _)| !task.is_finished());
        if self.oldest_first.len() >= self.max {
            let mut all = self.oldest_first.iter();
            let goes = all.position(|(_, stays)| !stays.load(Ordering::Relaxed));
            if let Some((task, _)) = goes.and_then(|place| self.oldest_first.remove(place)) {
                task.abort();
            }
        }
        let task = self.tasks.spawn(visit);
        self.oldest_first.push_back((task, stays));
    }
}

#[cfg(test)]
mod tests {
    use core::future::pending;

    use super::*;

    #[tokio::test]
    async fn a_crowd_that_dawdles_pushes_out_itself_and_not_those_that_stay() {
        let mut visitors = Visitors::new(3);
        for _ in 0..2 {
            visitors.start(Arc::new(true.into()), pending());
        }
        for _ in 0..1_000 {
            visitors.start(Arc::default(), pending());
            tokio::task::yield_now().await;
        }
        assert_eq!(visitors.oldest_first.len(), 3);
        let stay = |(_, stays): &&(AbortHandle, Stays)| stays.load(Ordering::Relaxed);
        assert_eq!(visitors.oldest_first.iter().filter(stay).count(), 2);
        visitors.start(Arc::default(), async {});
        tokio::task::yield_now().await;
        visitors.start(Arc::default(), async {});
        assert!(visitors.tasks.len() <= 4, "{}", visitors.tasks.len());
    }
}
