//! Handshakes with those who dialed us, a bounded number at a time.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout_at};

use crate::door::Place;
use crate::transport::InboundLimits;

/// How long an honest node may need for a handshake when everybody comes at once. Who is younger
/// does not lose his place to the next, unless his network has many.
const FAIR: Duration = Duration::from_secs(1);

/// A network that has this part of the handshakes under way has many.
const MANY: usize = 16;

#[derive(Debug)]
struct Shake {
    from: Place,
    since: Instant,
    task: AbortHandle,
}

/// Handshakes that are under way, the oldest first. They end with this.
#[derive(Debug)]
pub(crate) struct Handshakes {
    limits: InboundLimits,
    tasks: JoinSet<()>,
    oldest_first: VecDeque<Shake>,
}

impl Handshakes {
    /// At most so many at once.
    pub(crate) fn new(limits: InboundLimits) -> Self {
        Self {
            limits,
            tasks: JoinSet::new(),
            oldest_first: VecDeque::new(),
        }
    }

    /// Other limits from now on.
    pub(crate) const fn hold_to(&mut self, limits: InboundLimits) {
        self.limits = limits;
    }

    /// Waits until one more may begin: until one is done, or one has had its fair time, or somebody
    /// has more of them than is fair. Whoever comes meanwhile waits in the system's queue.
    pub(crate) async fn room(&mut self) {
        loop {
            self.forget_those_done();
            let Some((oldest, count)) = self.oldest_of_the_largest(|_| true) else {
                return;
            };
            let is_full = self.oldest_first.len() >= self.limits.handshakes;
            let since = self.oldest_first.get(oldest).map(|shake| shake.since);
            let fair = since.map(|since| since + FAIR);
            let many = count > self.limits.handshakes / MANY;
            match fair.filter(|at| is_full && !many && *at > Instant::now()) {
                Some(at) => {
                    let _late = timeout_at(at, self.tasks.join_next()).await;
                }
                None => return,
            }
        }
    }

    /// Starts one with somebody at `from`. If there are too many, the network that has most of them
    /// under way loses its oldest: so those who open very many push out each other, and nobody else.
    /// Returns how many are lost.
    pub(crate) fn start(
        &mut self,
        from: Place,
        shake: impl Future<Output = ()> + Send + 'static,
    ) -> u64 {
        self.forget_those_done();
        let mut lost = 0;
        let InboundLimits {
            handshakes,
            handshakes_per_ip,
            handshakes_per_network,
            near,
            ..
        } = self.limits;
        if from.is_far || near {
            lost += self.end_one_if(handshakes_per_ip, |its| its.ip == from.ip);
            lost += self.end_one_if(handshakes_per_network, |its| its.network == from.network);
        }
        lost += self.end_one_if(handshakes, |_| true);
        let task = self.tasks.spawn(shake);
        let since = Instant::now();
        self.oldest_first.push_back(Shake { from, since, task });
        lost
    }

    fn forget_those_done(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        self.oldest_first.retain(|it| !it.task.is_finished());
    }

    /// Ends the oldest of the largest among those, if there are as many as may be; how many that is.
    fn end_one_if(&mut self, max: usize, among: impl Fn(&Place) -> bool) -> u64 {
        let count = self
            .oldest_first
            .iter()
            .filter(|it| among(&it.from))
            .count();
        if count >= max
            && let Some((place, _)) = self.oldest_of_the_largest(among)
            && let Some(oldest) = self.oldest_first.remove(place)
        {
            oldest.task.abort();
            return 1;
        }
        0
    }

    /// Of those, the oldest of the IP address that has most, and how many it has.
    fn oldest_of_the_largest(&self, among: impl Fn(&Place) -> bool) -> Option<(usize, usize)> {
        let mut counts: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for shake in self.oldest_first.iter().filter(|it| among(&it.from)) {
            *counts.entry(shake.from.ip).or_default() += 1;
        }
        let most = counts.values().max().copied()?;
        let is_it = |it: &Shake| among(&it.from) && counts.get(&it.from.ip) == Some(&most);
        let place = self.oldest_first.iter().position(is_it)?;
        Some((place, most))
    }
}

#[cfg(test)]
mod tests {
    use core::future::pending;

    use super::*;

    fn at_most(handshakes: usize) -> Handshakes {
        Handshakes::new(InboundLimits {
            handshakes,
            ..InboundLimits::default()
        })
    }

    fn place(ip: &str) -> Place {
        Place::of(ip.parse().unwrap())
    }

    /// Where those come from whose handshakes are under way, after these have come.
    async fn left(mut handshakes: Handshakes, from: &[&str]) -> Vec<String> {
        for ip in from {
            handshakes.start(place(ip), pending());
            tokio::task::yield_now().await;
        }
        let left = handshakes.oldest_first.iter();
        left.map(|it| it.from.ip.to_string()).collect()
    }

    #[tokio::test]
    async fn a_flood_from_one_place_pushes_out_itself_and_nobody_else() {
        let mut from = vec!["10.0.0.1", "10.0.0.2"];
        from.extend([["9.9.9.9"; 50], ["9.9.9.9"; 50]].concat());
        from.push("10.0.0.3");
        let left = left(at_most(5), &from).await;
        let expected = ["10.0.0.1", "10.0.0.2", "9.9.9.9", "9.9.9.9", "10.0.0.3"];
        assert_eq!(left, expected);
    }

    #[tokio::test]
    async fn addresses_of_one_ipv6_network_count_as_one() {
        let from = ["2a00::1", "2a00:0:0:1::1", "2a00:0:0:1::2", "2a00:0:0:1::3"];
        let left = left(at_most(3), &from).await;
        assert_eq!(left, ["2a00::", "2a00:0:0:1::", "2a00:0:0:1::"]);
    }

    #[tokio::test]
    async fn among_equals_the_oldest_goes() {
        let left = left(at_most(2), &["10.0.0.1", "10.0.0.2", "10.0.0.3"]).await;
        assert_eq!(left, ["10.0.0.2", "10.0.0.3"]);
    }

    #[tokio::test]
    async fn an_ip_address_and_a_network_have_no_more_than_their_part() {
        let mut handshakes = at_most(100);
        handshakes.limits.handshakes_per_ip = 2;
        handshakes.limits.handshakes_per_network = 3;
        let from = [
            "9.9.9.9", "9.9.9.9", "9.9.9.9", "9.9.9.1", "9.9.9.2", "8.8.8.8",
        ];
        let left = left(handshakes, &from).await;
        assert_eq!(left, ["9.9.9.9", "9.9.9.1", "9.9.9.2", "8.8.8.8"]);
    }

    #[tokio::test]
    async fn those_that_are_done_make_room() {
        let mut handshakes = at_most(2);
        handshakes.start(place("10.0.0.1"), pending());
        handshakes.start(place("10.0.0.1"), async {});
        tokio::task::yield_now().await;
        handshakes.start(place("10.0.0.2"), pending());
        assert_eq!(handshakes.oldest_first.len(), 2);
        let mut under_way = handshakes.oldest_first.iter();
        assert!(under_way.all(|it| !it.task.is_finished()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_of_strangers_waits_its_turn_and_a_hog_does_not_make_it_wait() {
        let mut handshakes = at_most(32);
        let begun = Instant::now();
        for n in 0..32 {
            handshakes.room().await;
            handshakes.start(place(&format!("9.9.{n}.1")), pending());
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        handshakes.room().await;
        assert_eq!(begun.elapsed(), FAIR, "the first has had its time");
        handshakes.start(place("9.9.99.1"), async {});
        let begun = Instant::now();
        tokio::task::yield_now().await;
        handshakes.room().await;
        assert_eq!(begun.elapsed(), Duration::ZERO, "one is done");

        let mut handshakes = at_most(32);
        for _ in 0..100 {
            handshakes.room().await;
            handshakes.start(place("10.0.0.1"), pending());
        }
        assert_eq!(begun.elapsed(), Duration::ZERO, "a hog loses its own");
    }
}
