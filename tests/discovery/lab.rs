//! A newcomer among peers who know everybody: their links, their answers, and a clock.

use core::time::Duration;
use std::collections::BTreeMap;

use pex::wire::{Dialect, Message, ResponseBuilder};
use pex::{
    Action, Actions, Config, Epoch, Event, Kind, Nobody, NodeAddress, NodeId, Pex, Policy, Seed,
    Time,
};

use crate::chance::Chance;
use crate::everyone::{Everyone, Seen};

const START: Time = Time::from_secs(1_000);
const EPOCH: Epoch = Epoch::new(1);
const NEWCOMER: NodeId = NodeId::new([0xee; 20]);

/// When a run is given up.
const END: Duration = Duration::from_secs(100_000);

/// How many of each sort.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peers {
    /// Ours, who tell each other arcs.
    pub(crate) kin: u32,
    /// Those who give the same hundred again and again, as the reference does.
    pub(crate) repeating: u32,
    /// Those whose every answer is drawn anew.
    pub(crate) uniform: u32,
    /// Ours, to whom the newcomer is a node of V2 like any other.
    pub(crate) cursor: u32,
}

/// What became of a newcomer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) responses: u64,
    pub(crate) seconds: f64,
    /// How often the peer that was asked most was asked, by the mean of all.
    pub(crate) busiest: f64,
}

#[derive(Debug)]
enum Responder {
    /// A machine, and how it sees those whom it knows.
    Ours(Box<Pex>, u64),
    Repeats(Vec<NodeAddress>),
    Draws,
}

#[derive(Debug)]
struct Peer {
    id: NodeId,
    /// What the newcomer takes it for.
    kind: Kind,
    responder: Responder,
    asked: u32,
    /// Nothing that is sent on a link comes before what was sent earlier.
    heard_at: Time,
}

#[derive(Debug)]
enum Coming {
    Up(usize),
    Request(usize, Message<'static>),
    Answer(usize, Message<'static>),
}

#[derive(Debug)]
pub(crate) struct Lab {
    everyone: Everyone,
    newcomer: Pex,
    peers: Vec<Peer>,
    coming: BTreeMap<(Time, u64), Coming>,
    sent: u64,
    now: Time,
    chance: Chance,
}

fn seed(chance: &mut Chance) -> Seed {
    let mut bytes = [0; 32];
    for part in bytes.chunks_mut(8) {
        part.copy_from_slice(&chance.next().to_be_bytes());
    }
    Seed::new(bytes)
}

fn response(addresses: &[NodeAddress]) -> Message<'static> {
    let mut builder = ResponseBuilder::new(Dialect::V2);
    for address in addresses {
        builder.push_address(address).unwrap();
    }
    Message::Response(builder.finish())
}

impl Lab {
    pub(crate) fn new(nodes: u32, peers: Peers, policy: Policy, number: u64) -> Self {
        let mut chance = Chance::new(number);
        let everyone = Everyone::new(nodes, &mut chance);
        let config = Config::builder().policy(policy).build().unwrap();
        let mut lab = Self {
            newcomer: Pex::new(config, NEWCOMER, seed(&mut chance), START),
            peers: Vec::new(),
            coming: BTreeMap::new(),
            sent: 0,
            now: START,
            chance,
            everyone,
        };
        for _ in 0..peers.kin {
            lab.add_ours(Kind::Kin);
        }
        for _ in 0..peers.cursor {
            lab.add_ours(Kind::V2);
        }
        for _ in 0..peers.repeating {
            let hundred = lab.everyone.draw(&mut lab.chance);
            lab.add(Kind::V2, Responder::Repeats(hundred));
        }
        for _ in 0..peers.uniform {
            lab.add(Kind::V2, Responder::Draws);
        }
        lab
    }

    fn add_ours(&mut self, kind: Kind) {
        let (id, seed) = (self.next_id(), seed(&mut self.chance));
        let mut pex = Pex::new(Config::default(), id, seed, START);
        let up = Event::PeerUp {
            peer: NEWCOMER,
            epoch: EPOCH,
            kind,
        };
        // What it asks the newcomer is of no interest here.
        let _ = pex.handle(START, up, &Nobody);
        let stride = Seen::stride(self.everyone.len(), &mut self.chance);
        self.add(kind, Responder::Ours(Box::new(pex), stride));
    }

    /// The peers are nodes of the network too.
    fn next_id(&self) -> NodeId {
        let step = self.everyone.len() / 128;
        let number = u32::try_from(self.peers.len()).unwrap();
        self.everyone.nth(number * step).id()
    }

    fn add(&mut self, kind: Kind, responder: Responder) {
        let dial = self.chance.between(200, 300);
        let coming = Coming::Up(self.peers.len());
        self.peers.push(Peer {
            id: self.next_id(),
            kind,
            responder,
            asked: 0,
            heard_at: START,
        });
        self.send(START + dial, coming);
    }

    fn send(&mut self, at: Time, coming: Coming) {
        self.sent += 1;
        self.coming.insert((at, self.sent), coming);
    }

    /// Until the newcomer has heard of this share of the nodes.
    pub(crate) fn until(mut self, share: f64) -> Run {
        let wanted = (f64::from(self.everyone.len()) * share).ceil();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        while (self.newcomer.stats().addresses_fresh as f64) < wanted {
            self.step();
        }
        let asked: u32 = self.peers.iter().map(|peer| peer.asked).sum();
        let most = self.peers.iter().map(|peer| peer.asked).max().unwrap();
        let peers = u32::try_from(self.peers.len()).unwrap();
        Run {
            responses: self.newcomer.stats().responses_accepted,
            seconds: (self.now - START).as_secs_f64(),
            busiest: f64::from(most) * f64::from(peers) / f64::from(asked),
        }
    }

    fn step(&mut self) {
        let next = self.coming.first_key_value().map(|((at, _), _)| *at);
        let tick = self.newcomer.deadline();
        let at = next.into_iter().chain(tick).min().unwrap();
        assert!(at < START + END, "this never ends");
        self.now = self.now.max(at);
        if tick.is_some_and(|tick| next.is_none_or(|next| tick <= next)) {
            self.newcomer_does(Event::Tick);
            return;
        }
        match self.coming.pop_first().unwrap().1 {
            Coming::Up(peer) => {
                let Peer { id, kind, .. } = self.peers[peer];
                self.newcomer_does(Event::PeerUp {
                    peer: id,
                    epoch: EPOCH,
                    kind,
                });
            }
            Coming::Request(peer, message) => self.answer(peer, message),
            Coming::Answer(peer, message) => {
                let from = self.peers[peer].id;
                self.newcomer_does(Event::Message {
                    from,
                    epoch: EPOCH,
                    message,
                });
            }
        }
    }

    fn newcomer_does(&mut self, event: Event<'_>) {
        for action in self.newcomer.handle(self.now, event, &Nobody) {
            match action {
                Action::Send { to, message, .. } => {
                    let peer = self.peers.iter().position(|peer| peer.id == to).unwrap();
                    self.peers[peer].asked += 1;
                    let at = self.arrival(peer);
                    self.send(at, Coming::Request(peer, message));
                }
                Action::AddPeer { .. } | Action::SetTimer(_) => {}
                other => panic!("nobody does anything wrong here: {other:?}"),
            }
        }
    }

    fn arrival(&mut self, peer: usize) -> Time {
        let at = self.now + self.chance.between(25, 75);
        let heard_at = &mut self.peers[peer].heard_at;
        *heard_at = at.max(*heard_at);
        *heard_at
    }

    fn answer(&mut self, peer: usize, message: Message<'static>) {
        let answer = match &mut self.peers[peer].responder {
            Responder::Ours(pex, stride) => {
                let event = Event::Message {
                    from: NEWCOMER,
                    epoch: EPOCH,
                    message,
                };
                let store = Seen {
                    everyone: &self.everyone,
                    stride: *stride,
                };
                sent(pex.handle(self.now, event, &store))
            }
            Responder::Repeats(hundred) => response(hundred),
            Responder::Draws => response(&self.everyone.draw(&mut self.chance)),
        };
        let at = self.arrival(peer);
        self.send(at, Coming::Answer(peer, answer));
    }
}

/// The answer among these actions.
fn sent(actions: Actions) -> Message<'static> {
    let answer = actions.into_iter().find_map(|action| match action {
        Action::Send {
            message: message @ Message::Response(_),
            ..
        } => Some(message),
        _ => None,
    });
    answer.expect("nobody is asked more often than is granted")
}
