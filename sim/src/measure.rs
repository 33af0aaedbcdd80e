//! What is seen of the network.
//!
//! Whom a node knows is counted as it learns and forgets, not looked up: its machine says whom it
//! takes in, and its store which records it keeps. So looking at a thousand nodes costs a thousand
//! numbers. Of more than a thousand watched nodes, a thousand are, evenly spread.

use crate::believed::Believed;
use crate::chance::nanos;
use crate::member::Member;
use crate::outcome::{Guess, Sample, Spread, Tally};
use crate::simulation::{Simulation, What, seconds};

/// The most nodes that are watched.
const EYES: u64 = 1_000;

/// The shares of the living whose time is taken, in hundredths.
const SHARES: [u64; 3] = [50, 90, 99];

/// After so many answers a watched node is asked how large it holds the network to be.
const GUESS_AFTER: u64 = 100;

/// What is known of one watched node.
#[derive(Clone, Debug)]
struct Eye {
    node: u32,
    started: u64,
    /// It came when others were there already.
    is_late: bool,
    /// Whom it knows, by number.
    knows: Vec<u64>,
    /// How many of them live.
    living: u64,
    /// When it first knew each of the shares.
    reached: [Option<u64>; 3],
    answers: u64,
    answers_to_99: Option<u64>,
    /// What it believed after its hundredth answer.
    guess: Option<Guess>,
    /// When half of the others knew it.
    known_at: Option<u64>,
    /// The change of its book that was last looked at.
    revision: Option<u64>,
}

/// Who is watched, and what was seen.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Every so many nodes one is watched.
    every: u64,
    passed: u64,
    eyes: Vec<Eye>,
    /// The eye on a node, by its number.
    eye_on: Vec<u32>,
    /// Whether a node counts, by its number: hostile ones need not be known.
    counts: Vec<bool>,
    /// How many watched nodes know a node, by its number.
    known_by: Vec<u32>,
    /// Nodes that live, and those of them that are watched.
    living: u64,
    living_eyes: u32,
    pub(crate) samples: Vec<Sample>,
    /// When the network was last looked at, and what all watched nodes had sent by then.
    before: (u64, u64, u64),
}

const NOBODY: u32 = u32::MAX;

impl Watch {
    pub(crate) fn new(watched: u64) -> Self {
        Self {
            every: watched.div_ceil(EYES).max(1),
            passed: 0,
            eyes: Vec::new(),
            eye_on: Vec::new(),
            counts: Vec::new(),
            known_by: Vec::new(),
            living: 0,
            living_eyes: 0,
            samples: Vec::new(),
            before: (0, 0, 0),
        }
    }

    /// There is one more node, though it doesn't live yet.
    pub(crate) fn conceived(&mut self, counts: bool) {
        self.counts.push(counts);
        self.eye_on.push(NOBODY);
        self.known_by.push(0);
    }

    /// A node has been born; if it is to be watched, it is from now on.
    pub(crate) fn born(&mut self, node: u32, watched: bool, now: u64) {
        if !watched {
            return;
        }
        self.passed += 1;
        if (self.passed - 1).is_multiple_of(self.every) {
            self.eye_on[node as usize] = self.eyes.len() as u32;
            self.eyes.push(Eye {
                node,
                started: now,
                is_late: now > 0,
                knows: Vec::new(),
                living: 0,
                reached: [None; 3],
                answers: 0,
                answers_to_99: None,
                guess: None,
                known_at: None,
                revision: None,
            });
        }
    }

    fn eye(&mut self, node: u32) -> Option<&mut Eye> {
        let eye = *self.eye_on.get(node as usize)?;
        self.eyes.get_mut(eye as usize)
    }

    /// Whether a node is watched.
    pub(crate) fn sees(&self, node: u32) -> bool {
        self.eye_on
            .get(node as usize)
            .is_some_and(|eye| *eye != NOBODY)
    }

    /// Whether a watched node knows another.
    pub(crate) fn knows(&self, node: u32, other: u32) -> bool {
        let eye = self.eye_on.get(node as usize);
        let eye = eye.and_then(|eye| self.eyes.get(*eye as usize));
        let word = eye.and_then(|eye| eye.knows.get(other as usize / 64));
        word.is_some_and(|word| word & 1 << (other % 64) != 0)
    }

    /// A node has begun to live.
    pub(crate) fn lives(&mut self, node: u32) {
        if !self.counts[node as usize] {
            return;
        }
        self.living += 1;
        for eye in &mut self.eyes {
            eye.living += u64::from(knows(eye, node));
        }
        self.living_eyes += u32::from(self.sees(node));
    }

    /// A node has died; what it knew is gone with it.
    pub(crate) fn dies(&mut self, node: u32) {
        if !self.counts[node as usize] {
            return;
        }
        self.living -= 1;
        for eye in &mut self.eyes {
            eye.living -= u64::from(knows(eye, node));
        }
        if self.sees(node) {
            self.living_eyes -= 1;
            self.forget_all(node);
        }
    }

    fn forget_all(&mut self, node: u32) {
        let Some(eye) = self.eye(node) else {
            return;
        };
        let known = core::mem::take(&mut eye.knows);
        eye.living = 0;
        eye.revision = None;
        for (word, bits) in known.into_iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                self.known_by[word * 64 + bits.trailing_zeros() as usize] -= 1;
                bits &= bits - 1;
            }
        }
    }

    /// A node knows another, or does so no more.
    pub(crate) fn keeps(
        &mut self,
        node: u32,
        other: u32,
        keeps: bool,
        now: u64,
        members: &[Member],
    ) {
        if !self.counts[other as usize] {
            return;
        }
        let all = self.living.saturating_sub(1);
        let Some(eye) = self.eye(node) else {
            return;
        };
        if knows(eye, other) == keeps || node == other {
            return;
        }
        let word = other as usize / 64;
        if eye.knows.len() <= word {
            eye.knows.resize(word + 1, 0);
        }
        eye.knows[word] ^= 1 << (other % 64);
        let lives = u64::from(members[other as usize].alive);
        let by = &mut self.known_by[other as usize];
        if !keeps {
            *by -= 1;
            self.eyes[self.eye_on[node as usize] as usize].living -= lives;
            return;
        }
        *by += 1;
        let by = *by;
        let eye = &mut self.eyes[self.eye_on[node as usize] as usize];
        eye.living += lives;
        for (reached, share) in eye.reached.iter_mut().zip(SHARES) {
            if reached.is_none() && eye.living * 100 >= all * share {
                *reached = Some(now);
                if share == SHARES[2] {
                    eye.answers_to_99 = Some(eye.answers);
                }
            }
        }
        let half = self.living_eyes.saturating_sub(1).div_ceil(2);
        if let Some(known) = self.eye(other)
            && by >= half
        {
            known.known_at.get_or_insert(now);
        }
    }

    /// A node has got an answer; whether it is watched, and this was the hundredth.
    pub(crate) fn answered(&mut self, node: u32, now: u64) -> bool {
        let Some(eye) = self.eye(node) else {
            return false;
        };
        eye.answers += 1;
        // A node says whom it has heard of before it says that this was an answer.
        if eye.reached[2] == Some(now) {
            eye.answers_to_99 = Some(eye.answers);
        }
        eye.answers == GUESS_AFTER
    }

    /// What a watched node believes of the size of the network.
    pub(crate) fn guessed(&mut self, node: u32, guess: Option<Guess>) {
        if let Some(eye) = self.eye(node) {
            eye.guess = guess;
        }
    }

    /// Takes over what is in a store that doesn't tell of its changes.
    fn look_into(
        &mut self,
        node: u32,
        now: u64,
        members: &[Member],
        numbers: impl Fn(pex::NodeId) -> Option<u32>,
    ) {
        let Some((revision, ids)) = members[node as usize].machine.book() else {
            return;
        };
        if self
            .eye(node)
            .is_none_or(|eye| eye.revision == Some(revision))
        {
            return;
        }
        let mut gone = self
            .eye(node)
            .map(|eye| eye.knows.clone())
            .unwrap_or_default();
        for other in ids.into_iter().filter_map(numbers) {
            if let Some(word) = gone.get_mut(other as usize / 64) {
                *word &= !(1 << (other % 64));
            }
            self.keeps(node, other, true, now, members);
        }
        for (word, bits) in gone.into_iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let other = (word * 64) as u32 + bits.trailing_zeros();
                self.keeps(node, other, false, now, members);
                bits &= bits - 1;
            }
        }
        if let Some(eye) = self.eye(node) {
            eye.revision = Some(revision);
        }
    }

    /// The tallies of those who came late. Who wanted fewer answers than a hundred is asked for his
    /// guess `now`.
    pub(crate) fn newcomers(&self, now: impl Fn(u32) -> Option<Guess>) -> Vec<Tally> {
        let late = self.eyes.iter().filter(|eye| eye.is_late);
        let since = |eye: &Eye, at: Option<u64>| at.map(|at| seconds(at - eye.started));
        late.map(|eye| Tally {
            node: eye.node,
            started: seconds(eye.started),
            to_half: since(eye, eye.reached[0]),
            to_90: since(eye, eye.reached[1]),
            to_99: since(eye, eye.reached[2]),
            answers: eye.answers_to_99.unwrap_or(eye.answers),
            known_to_half: since(eye, eye.known_at),
            guess: eye.guess.or_else(|| now(eye.node)),
        })
        .collect()
    }

    /// The share of the living that each watched node that lives knows, with its number.
    pub(crate) fn shares<'a>(
        &'a self,
        members: &'a [Member],
    ) -> impl Iterator<Item = (u32, f64)> + 'a {
        let all = self.living.saturating_sub(1).max(1);
        let eyes = self
            .eyes
            .iter()
            .filter(|eye| members[eye.node as usize].alive);
        eyes.map(move |eye| (eye.node, ratio(eye.living, all)))
    }
}

fn knows(eye: &Eye, other: u32) -> bool {
    let word = eye.knows.get(other as usize / 64);
    word.is_some_and(|word| word & 1 << (other % 64) != 0)
}

impl Simulation {
    /// Looks at the network, and again after a while.
    pub(crate) fn sample(&mut self) {
        self.look();
        self.check_tested();
        self.stays_together();
        let every = nanos(self.scenario.sample_every);
        self.queue.push(self.now + every, What::Sample);
        let known = self.watch.samples.last().map(|last| last.known.min);
        let all_started = self
            .scenario
            .nodes
            .iter()
            .all(|it| nanos(it.starts) < self.now.max(1));
        if let Some((share, known)) = self.scenario.until_known.zip(known)
            && known >= share
            && all_started
        {
            self.end = self.now;
            self.done = true;
            self.finish();
        }
    }

    pub(crate) fn look(&mut self) {
        let places = &self.places;
        let nodes: Vec<_> = self.watch.eyes.iter().map(|eye| eye.node).collect();
        for node in nodes {
            self.watch
                .look_into(node, self.now, &self.members, |id| places.number(id));
        }
        let known: Vec<_> = self.watch.shares(&self.members).collect();
        let mut peers: Vec<_> = known
            .iter()
            .map(|(node, _)| self.members[*node as usize].open.len() as f64)
            .collect();
        let watched = || self.crowds.iter().filter(|crowd| crowd.watched);
        let requests = watched().map(|crowd| crowd.requests).sum();
        let bytes = watched().map(|crowd| crowd.bytes).sum();
        let all: Vec<u32> = (self.living.iter().copied())
            .filter(|node| self.is_of_watched(*node))
            .collect();
        let (at, requests_before, bytes_before) = self.watch.before;
        let minutes = seconds(self.now - at) / 60.0 * (all.len() as f64);
        let rate = |count: u64| {
            if minutes > 0.0 {
                count as f64 / minutes
            } else {
                0.0
            }
        };
        let Believed {
            estimate,
            off,
            covered,
            interval,
        } = self.estimates(&known);
        let mut shares: Vec<_> = known.into_iter().map(|(_, share)| share).collect();
        let sample = Sample {
            at: seconds(self.now),
            living: self.living.len() as u64,
            known: Spread::of(&mut shares),
            peers: Spread::of(&mut peers),
            together: self.together(&all),
            requests: rate(requests - requests_before),
            bytes: rate(bytes - bytes_before),
            estimate,
            off,
            covered,
            interval,
        };
        self.watch.before = (self.now, requests, bytes);
        self.watch.samples.push(sample);
    }

    /// Whether a node is of a group that is watched, be it watched itself or not.
    pub(crate) fn is_of_watched(&self, node: u32) -> bool {
        self.crowds[usize::from(self.members[node as usize].group)].watched
    }
}

pub(crate) fn ratio(part: u64, all: u64) -> f64 {
    part as f64 / all as f64
}
