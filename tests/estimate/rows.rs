//! The table: what was to be reached, and what was.

use core::time::Duration;
use std::collections::BTreeSet;

use crate::network::{Chance, Network};
use crate::peers::{Answers, Crowd, Lies, Peer};
use crate::world::World;

/// What many networks gave: the errors in parts of the truth, and how often the interval held it.
pub(crate) struct Outcome {
    errors: Vec<f64>,
    held: usize,
}

impl Outcome {
    pub(crate) fn of(runs: u64, run: impl Fn(u64) -> (u64, (u64, u64, u64))) -> Self {
        let mut outcome = Self {
            errors: Vec::new(),
            held: 0,
        };
        for seed in 0..runs {
            let (truth, (nodes, low, high)) = run(seed);
            outcome
                .errors
                .push((nodes as f64 - truth as f64) / truth as f64);
            outcome.held += usize::from((low..=high).contains(&truth));
        }
        outcome
    }

    fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
        values.sort_unstable_by(f64::total_cmp);
        let place = (values.len() as f64 * share).ceil() as usize;
        values[place.saturating_sub(1)]
    }

    /// Half of the errors lie below.
    pub(crate) fn median(&self) -> f64 {
        Self::quantile(self.errors.clone(), 0.5)
    }

    /// 95 of 100 errors are smaller, of either sign.
    pub(crate) fn p95(&self) -> f64 {
        Self::quantile(self.errors.iter().map(|e| e.abs()).collect(), 0.95)
    }

    pub(crate) fn held(&self) -> f64 {
        self.held as f64 / self.errors.len() as f64
    }
}

fn run(seed: u64, size: usize, crowd: Crowd, responses: usize) -> (u64, (u64, u64, u64)) {
    let mut chance = Chance::new(seed.wrapping_mul(0x1234_5678_9abc_def1));
    let network = Network::new(size, &mut chance);
    let mut peers = Peer::all(crowd, &network, &mut chance);
    let mut world = World::new(seed);
    let mut known = BTreeSet::new();
    let mut place = 0;
    for _ in 0..responses {
        // Who has come to where others had been is not asked again while others have not.
        let turns = 0..peers.len();
        let next = turns
            .map(|turn| (place + turn) % peers.len())
            .find(|&place| crowd.liars > 0 || !peers[place].is_done);
        place = next.unwrap_or(place % peers.len());
        let peer = &mut peers[place];
        place += 1;
        let told = peer.answer(&network, &mut chance);
        if crowd.answers == Answers::Arc {
            peer.is_done = told.last().is_some_and(|last| known.contains(last));
            known.extend(told.iter().copied());
        }
        world.told(Duration::from_millis(20), peer.id, peer.kind, &told);
    }
    (size as u64, world.known())
}

fn row(name: &str, runs: u64, size: usize, crowd: Crowd, responses: usize) -> Outcome {
    let began = std::time::Instant::now();
    let outcome = Outcome::of(runs, |seed| run(seed, size, crowd, responses));
    println!(
        "{name:30} N={size:6} runs={runs:4} median={:+.3}% p95={:.3}% held={:.1}%  {:?}",
        outcome.median() * 100.0,
        outcome.p95() * 100.0,
        outcome.held() * 100.0,
        began.elapsed()
    );
    outcome
}

fn churn(
    seed: u64,
    size: usize,
    crowd: Crowd,
    percent_a_minute: f64,
) -> Vec<(u64, (u64, u64, u64))> {
    let mut chance = Chance::new(seed.wrapping_mul(0x1234_5678_9abc_def1));
    let mut network = Network::new(size, &mut chance);
    let mut peers = Peer::all(crowd, &network, &mut chance);
    let mut world = World::new(seed);
    let mut due = 0.0;
    let mut found = Vec::new();
    for second in 1..=600 {
        let turn = second % peers.len();
        let peer = &mut peers[turn];
        let told = peer.answer(&network, &mut chance);
        world.told(Duration::from_secs(1), peer.id, peer.kind, &told);
        due += percent_a_minute / 100.0 / 60.0 * size as f64;
        while due >= 1.0 {
            network.replace_one(&mut chance);
            due -= 1.0;
        }
        if second >= 100 && second % 50 == 0 {
            found.push((size as u64, world.known()));
        }
    }
    found
}

#[test]
fn explore_churn() {
    let runs: u64 = std::env::var("PEX_ESTIMATE_RUNS").map_or(50, |n| n.parse().unwrap()) / 10;
    for (size, answers) in [
        (1_000, Answers::Random),
        (1_000, Answers::Arc),
        (10_000, Answers::Arc),
    ] {
        for percent in [0.0, 0.3, 1.0, 3.0] {
            let all: Vec<_> = (0..runs)
                .map(|seed| churn(seed, size, Crowd::honest(answers, usize::MAX), percent))
                .collect();
            for from in [0, 4] {
                let late: Vec<_> = all
                    .iter()
                    .flat_map(|run| run[from..].iter().copied())
                    .collect();
                let outcome = Outcome::of(late.len() as u64, |n| late[n as usize]);
                println!(
                    "churn {answers:?} {percent} from {from} N={size} median={:+.3}% p95={:.3}% held={:.1}%",
                    outcome.median() * 100.0,
                    outcome.p95() * 100.0,
                    outcome.held() * 100.0
                );
            }
        }
    }
}

#[test]
fn explore() {
    let runs: u64 = std::env::var("PEX_ESTIMATE_RUNS").map_or(50, |n| n.parse().unwrap());
    let full = usize::MAX;
    for size in [1_000, 10_000, 100_000] {
        for (name, lies) in [
            ("dense 3", Lies::Dense(3)),
            ("dense 1000", Lies::Dense(1000)),
            ("sparse 3", Lies::Sparse(3)),
            ("sparse 50", Lies::Sparse(50)),
        ] {
            for liars in [6, 21] {
                let crowd = Crowd::honest(Answers::Arc, full).with(liars, lies);
                row(
                    &format!("arcs liars {liars} {name}"),
                    runs / 4,
                    size,
                    crowd,
                    100,
                );
            }
        }
        row("one arc", runs, size, Crowd::honest(Answers::Arc, full), 1);
        row("arcs", runs, size, Crowd::honest(Answers::Arc, full), 100);
        for (name, answers, store) in [
            ("random full", Answers::Random, full),
            ("walk full", Answers::Walk, full),
            ("random 1000", Answers::Random, 1_000),
            ("walk 1000", Answers::Walk, 1_000),
        ] {
            row(name, runs, size, Crowd::honest(answers, store), 100);
        }
        for (name, lies) in [
            ("fresh", Lies::Fresh),
            ("shared", Lies::Shared),
            ("same", Lies::Same),
        ] {
            for liars in [6, 21] {
                let crowd = Crowd::honest(Answers::Random, 1_000).with(liars, lies);
                row(
                    &format!("liars {liars} {name}"),
                    runs / if liars == 6 { 1 } else { 4 },
                    size,
                    crowd,
                    100,
                );
            }
        }
    }
}
