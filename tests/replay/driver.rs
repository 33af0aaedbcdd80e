//! A random run against forty peers of every kind, with everything that can go wrong.

use core::net::IpAddr;
use core::time::Duration;

use pex::replay::{Log, LoggedEvent, Player};
use pex::wire::{self, Dialect, Entry, Message, ResponseBuilder};
use pex::{
    Action, Actions, Config, Epoch, Event, Kind, NodeAddress, NodeId, Policy, QueryId, Seed, Time,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

const PEERS: u64 = 40;
const NODES: u64 = 400;
pub(crate) const ME: NodeId = node(9_999);
pub(crate) const START: Time = Time::from_secs(1_700_000_000);

const fn node(number: u64) -> NodeId {
    let mut bytes = [0; 20];
    let number = number.to_be_bytes();
    bytes[0] = number[6];
    bytes[1] = number[7];
    NodeId::new(bytes)
}

pub(crate) struct Driver {
    chance: ChaCha8Rng,
    log: Log,
    player: Player,
    now: Time,
    actions: Vec<(Time, Actions)>,
    /// Requests that peers have not answered, and questions about names.
    asked: Vec<(NodeId, Epoch, Dialect)>,
    queries: Vec<QueryId>,
}

fn address(text: &str) -> NodeAddress {
    NodeAddress::parse(text).unwrap_or_else(|error| unreachable!("{text}: {error}"))
}

impl Driver {
    pub(crate) fn new(policy: Policy, seed: u8) -> Self {
        let config = Config::builder()
            .policy(policy)
            .outstanding_max(20)
            .peers_max(32)
            .remembered_max(16)
            .seen_max(300)
            .own_addresses(vec![address(&format!("{ME}@192.0.2.1:26656"))])
            .private_ids([node(3), node(77)])
            .private_addresses(vec![address(&format!("{}@10.0.0.9:26656", node(9)))])
            .build();
        let config = config.unwrap_or_else(|error| unreachable!("{error}"));
        let log = Log::new(config, ME, Seed::new([seed; 32]), START).with_roster_max(900);
        Self {
            chance: ChaCha8Rng::from_seed([seed; 32]),
            player: log.player(),
            log,
            now: START,
            actions: Vec::new(),
            asked: Vec::new(),
            queries: Vec::new(),
        }
    }

    /// The log, what the machine did, and its state at the end.
    pub(crate) fn finish(self) -> (Log, Vec<(Time, Actions)>, Vec<u8>) {
        (self.log, self.actions, self.player.pex().dump())
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.chance.next_u64() % bound
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.chance.next_u32()).unwrap_or_default() % length
    }

    fn byte(&mut self) -> u8 {
        let [byte, ..] = self.chance.next_u32().to_be_bytes();
        byte
    }

    pub(crate) fn step(&mut self) {
        self.pass_time();
        let (peer, epoch) = self.line();
        match self.below(20) {
            0..=2 => {
                let kind = [Kind::V1, Kind::V2, Kind::Kin][self.index(3)];
                let (peer, epoch) = (node(self.below(PEERS)), Epoch::new(self.below(4)));
                self.event(&Event::PeerUp { peer, epoch, kind });
            }
            3 => self.event(&Event::PeerDown { peer, epoch }),
            4..=6 => {
                let dialect = [Dialect::V1, Dialect::V2][self.index(2)];
                let times = if self.below(8) == 0 { 5 } else { 1 };
                for _ in 0..times {
                    self.message(peer, epoch, &Message::Request(dialect).to_bytes());
                }
            }
            7..=13 => self.answer(peer, epoch),
            14 if self.below(4) == 0 => {
                let bytes: Vec<u8> = (0..self.below(9)).map(|_| self.byte()).collect();
                self.message(peer, epoch, &bytes);
            }
            15 if self.below(4) == 0 => self.event(&Event::Unsent { to: peer, epoch }),
            16 | 17 => self.resolve(),
            18 if self.below(4) == 0 => self.store(),
            19 if self.below(100) == 0 => self.rewind(),
            _ => self.event(&Event::Tick),
        }
    }

    fn pass_time(&mut self) {
        let nanos = self.now.as_nanos();
        self.now = match self.below(16) {
            0 => Time::from_nanos(nanos - self.below(5_000_000_000)),
            1 => self.now + Duration::from_millis(self.below(30_000)),
            2 if self.below(50) == 0 => self.now + Duration::from_secs(self.below(100_000)),
            3..=9 => self.player.pex().deadline().unwrap_or(self.now),
            _ => self.now + Duration::from_micros(self.below(50_000)),
        };
    }

    /// A connection that is up, as a rule.
    fn line(&mut self) -> (NodeId, Epoch) {
        let peers = self.player.pex().peers();
        if peers.is_empty() || self.below(10) == 0 {
            return (node(self.below(PEERS)), Epoch::new(self.below(4)));
        }
        peers[self.index(peers.len())]
    }

    /// What was asked is answered as a rule; now and then somebody answers who was not asked.
    fn answer(&mut self, peer: NodeId, epoch: Epoch) {
        let (mut to, mut dialect) = ((peer, epoch), Dialect::V2);
        if !self.asked.is_empty() && self.below(50) > 0 {
            let place = self.index(self.asked.len());
            let (peer, epoch, asked) = self.asked.swap_remove(place);
            (to, dialect) = ((peer, epoch), asked);
        } else if self.below(4) > 0 {
            return self.event(&Event::Tick);
        }
        let count = if self.below(40) == 0 {
            101 + self.below(160)
        } else {
            self.below(101)
        };
        let mut answer = ResponseBuilder::with_limits(dialect, 1_000, wire::MAX_MESSAGE_BYTES);
        let spoiled = self.below(10) == 0;
        for _ in 0..count {
            let known = self.below(NODES);
            let id = if self.below(60) == 0 { ME } else { node(known) }.to_string();
            let (place, spoil) = (self.below(12), self.below(3));
            let host = match place {
                0 => format!("node{known}.example"),
                1 => "2001:db8::1".to_owned(),
                _ if spoiled && spoil > 0 => "no host".to_owned(),
                _ => format!("10.0.{}.{}", known / 256, known % 256),
            };
            let brackets = if place == 1 {
                format!("[{host}]")
            } else {
                host.clone()
            };
            let url = format!("{id}@{brackets}:26656");
            let (id, ip, port) = (id.as_str(), host.as_str(), 26_656);
            let pushed = answer.push(&match dialect {
                Dialect::V1 => Entry::V1 { id, ip, port },
                Dialect::V2 => Entry::V2 { url: &url },
            });
            assert_eq!(pushed, Ok(()));
        }
        self.message(to.0, to.1, &Message::Response(answer.finish()).to_bytes());
    }

    fn message(&mut self, from: NodeId, epoch: Epoch, bytes: &[u8]) {
        match wire::decode(bytes) {
            Ok(Some(message)) => self.event(&Event::Message {
                from,
                epoch,
                message,
            }),
            Ok(None) => {}
            Err(error) => self.event(&Event::Garbage { from, epoch, error }),
        }
    }

    fn resolve(&mut self) {
        if self.queries.is_empty() {
            return self.event(&Event::Tick);
        }
        let place = self.index(self.queries.len());
        let query = self.queries.swap_remove(place);
        let ips: Vec<IpAddr> = (0..self.below(4))
            .map(|_| [10, 0, 0, self.byte() % 20].into())
            .collect();
        self.event(&Event::Resolved { query, ips: &ips });
    }

    /// The clock was ahead, and is corrected.
    fn rewind(&mut self) {
        self.now = Time::from_nanos(self.now.as_nanos() - self.below(3_000_000_000_000));
        self.player.rewind(self.now);
        self.log.push(self.now, LoggedEvent::Rewound);
        self.actions.push((self.now, Actions::default()));
    }

    fn store(&mut self) {
        let number = self.below(NODES);
        let address = address(&format!("{}@172.16.0.1:{}", node(number), 1_000 + number));
        self.player.add(address.clone(), ME);
        self.log
            .push(self.now, LoggedEvent::Stored { address, from: ME });
        self.actions.push((self.now, Actions::default()));
    }

    fn event(&mut self, event: &Event<'_>) {
        self.log.record(self.now, event);
        let actions = self.player.handle(self.now, event.clone());
        assert_eq!(self.player.pex().check(), Ok(()));
        let mut cut = None;
        for action in &actions {
            match action {
                Action::Send {
                    to,
                    epoch,
                    message: Message::Request(dialect),
                } => self.asked.push((*to, *epoch, *dialect)),
                Action::Resolve { query, .. } => self.queries.push(*query),
                Action::Disconnect { peer, epoch, .. } => cut = Some((*peer, *epoch)),
                _ => {}
            }
        }
        self.actions.push((self.now, actions));
        if let Some((peer, epoch)) = cut.filter(|_| self.below(2) == 0) {
            self.event(&Event::PeerDown { peer, epoch });
        }
    }

    /// A run in which nothing happens would replay too.
    pub(crate) fn assert_eventful(&self) {
        let events = self.log.events().len() as u64;
        let stats = self.player.pex().stats();
        for (what, count, at_least) in [
            ("asked", stats.requests_sent, 300),
            ("served", stats.requests_served, 200),
            ("accepted", stats.responses_accepted, 200),
            ("fresh", stats.addresses_fresh, 200),
            ("bad", stats.addresses_bad, 50),
            ("timeouts", stats.timeouts, 20),
            ("late", stats.late_responses, 5),
            ("too soon", stats.requests_too_soon, 20),
            ("unsolicited", stats.unsolicited_responses, 5),
            ("oversized", stats.oversized_responses, 5),
            ("garbage", stats.garbage, 5),
            ("stray", stats.stray_events, 100),
            ("stalls", stats.clock_stalls, 100),
        ] {
            let at_least = (at_least * events / 20_000).max(1);
            assert!(count >= at_least, "{what}: {count}");
        }
        let named = |action: &Action| matches!(action, Action::Resolve { .. });
        let mut actions = self.actions.iter().flat_map(|(_, actions)| actions.iter());
        assert!(actions.any(named), "no name was asked for");
    }
}
