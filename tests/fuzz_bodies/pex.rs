//! What must hold of the exchange machine, whatever the events and the options.

#[path = "pex/audit.rs"]
mod audit;
#[path = "pex/program.rs"]
mod program;

use core::net::{IpAddr, Ipv4Addr};

use arbitrary::{Arbitrary, Unstructured};
use pex::wire::{self, Dialect, Entry, Message, ResponseBuilder, WireError};
use pex::{Action, Actions, Config, Epoch, Event, NodeId, Pex, QueryId, Roster, Seed, Time};

use audit::Audit;
use program::{ME, Program, Span, Step, What, id};

/// The steps of one program that are carried out: bounds the time of a run.
const STEPS_MAX: usize = 600;

const SEED: Seed = Seed::new([7; 32]);

/// Reads options and a program from the bytes, and runs it on two machines: one lives through all
/// of it, the other is saved and loaded whenever the program says so. Both must do the same.
pub(crate) fn pex(data: &[u8]) {
    let Ok(program) = Program::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let config = program.options.config();
    let mut run = Run::new(config, &program);
    for step in program.steps.iter().take(STEPS_MAX) {
        run.step(step);
    }
    assert_eq!(
        run.machine.dump(),
        run.twin.dump(),
        "a load changes the state"
    );
}

struct Run {
    config: Config,
    machine: Pex,
    twin: Pex,
    roster: Roster,
    now: u64,
    audit: Audit,
    queries: Vec<QueryId>,
}

impl Run {
    fn new(config: Config, program: &Program) -> Self {
        let now = Time::from_nanos(program.options.start);
        let machine = Pex::new(config.clone(), ME, SEED, now);
        Self {
            audit: Audit::new(program.options.rules(), now),
            twin: machine.clone(),
            machine,
            config,
            roster: Roster::new(SEED, usize::from(program.options.roster_max)),
            now: program.options.start,
            queries: Vec::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        self.now = match step.span {
            Span::Nanos(span) => self.now.saturating_add_signed(span),
            Span::Millis(span) => self.now.saturating_add(u64::from(span) * 1_000_000),
            Span::Deadline(off) => self.machine.deadline().map_or(self.now, |at| {
                at.as_nanos().saturating_add_signed(i64::from(off))
            }),
        };
        match &step.what {
            What::SaveLoad => self.save_and_load(),
            What::Damage { at, flip } => self.damage(usize::from(*at), *flip),
            What::Up { peer, epoch, kind } => self.event(&Event::PeerUp {
                peer: peer_id(*peer),
                epoch: epoch_of(*epoch),
                kind: kind.kind(),
            }),
            What::Down { peer, epoch } => self.event(&Event::PeerDown {
                peer: peer_id(*peer),
                epoch: epoch_of(*epoch),
            }),
            What::Request { peer, epoch, v1 } => {
                self.message(*peer, *epoch, Message::Request(dialect(*v1)));
            }
            What::Response {
                peer,
                epoch,
                v1,
                first,
                count,
                spoiled,
            } => {
                let message = response(dialect(*v1), *first, *count, *spoiled);
                self.message(*peer, *epoch, message);
            }
            What::Raw { peer, epoch, bytes } => match wire::decode(bytes) {
                Ok(Some(message)) => self.message(*peer, *epoch, message),
                Ok(None) => {}
                Err(error) => self.garbage(*peer, *epoch, error),
            },
            What::Unsent { peer, epoch } => self.event(&Event::Unsent {
                to: peer_id(*peer),
                epoch: epoch_of(*epoch),
            }),
            What::Resolved { query, ips } => self.resolved(usize::from(*query), ips),
            What::Tick => self.event(&Event::Tick),
        }
    }

    fn message(&mut self, peer: u8, epoch: u8, message: Message<'_>) {
        self.event(&Event::Message {
            from: peer_id(peer),
            epoch: epoch_of(epoch),
            message,
        });
    }

    fn garbage(&mut self, peer: u8, epoch: u8, error: WireError) {
        self.event(&Event::Garbage {
            from: peer_id(peer),
            epoch: epoch_of(epoch),
            error,
        });
    }

    fn resolved(&mut self, query: usize, ips: &[u16]) {
        // Counted from the newest, so that stale and answered questions come up too.
        let Some(&query) = self.queries.iter().rev().nth(query) else {
            return;
        };
        let ips: Vec<IpAddr> = ips.iter().map(|&ip| ip_of(ip)).collect();
        self.event(&Event::Resolved { query, ips: &ips });
    }

    fn event(&mut self, event: &Event<'_>) {
        let now = Time::from_nanos(self.now);
        let actions = self.machine.handle(now, event.clone(), &self.roster);
        assert_eq!(self.machine.check(), Ok(()));
        let again = self.twin.handle(now, event.clone(), &self.roster);
        assert_eq!(actions, again, "a load changes what comes after");
        self.audit.event(now, event);
        self.audit.actions(&actions, &self.roster);
        self.audit.machine(&self.machine);
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Actions) {
        for action in actions {
            match action {
                Action::AddPeer { address, from } => {
                    self.roster.add(address, from);
                }
                Action::Resolve { query, .. } => self.queries.push(query),
                _ => {}
            }
        }
    }

    fn save_and_load(&mut self) {
        let saved = self.twin.dump();
        assert_eq!(self.machine.dump(), saved, "the twins drifted apart");
        let loaded = Pex::restore(self.config.clone(), SEED, &saved);
        assert!(loaded.is_ok(), "a dump is refused: {:?}", loaded.err());
        self.twin = loaded.unwrap_or_else(|_| self.machine.clone());
        assert_eq!(self.twin.dump(), saved, "a load changes the state");
    }

    /// A changed dump is refused, or makes a machine that keeps its invariants.
    fn damage(&self, at: usize, flip: u8) {
        let mut bytes = self.machine.dump();
        let place = at % bytes.len();
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= flip;
        }
        let Ok(mut other) = Pex::restore(self.config.clone(), SEED, &bytes) else {
            return;
        };
        let mut now = Time::from_nanos(self.now);
        for _ in 0..8 {
            let _ = other.handle(now, Event::Tick, &self.roster);
            assert_eq!(other.check(), Ok(()));
            now = other.deadline().unwrap_or(now);
        }
    }
}

/// One of sixteen peers, so that events meet; the first is ourselves.
const fn peer_id(number: u8) -> NodeId {
    id(number % 16)
}

const fn epoch_of(number: u8) -> Epoch {
    Epoch::new(if number == u8::MAX {
        u64::MAX
    } else {
        number as u64 % 3
    })
}

const fn dialect(v1: bool) -> Dialect {
    if v1 { Dialect::V1 } else { Dialect::V2 }
}

/// An answer of `count` entries that begins with node `first`; every `spoiled`th is no address.
fn response(dialect: Dialect, first: u8, count: u16, spoiled: u8) -> Message<'static> {
    let count = usize::from(count % 300);
    let mut answer = ResponseBuilder::with_limits(dialect, count, wire::MAX_MESSAGE_BYTES);
    for n in 0..count {
        let node = id(first.wrapping_add(u8::try_from(n % 256).unwrap_or_default())).to_string();
        let bad = spoiled > 0 && n % usize::from(spoiled) == 0;
        let host = match (bad, n % 5) {
            (true, _) => "no host".to_owned(),
            (false, 0) => format!("node{n}.example"),
            (false, 1) => "2001:db8::7".to_owned(),
            (false, _) => format!("10.0.0.{}", n % 7),
        };
        let url = if host.contains(':') {
            format!("{node}@[{host}]:{}", 26_600 + n % 3)
        } else {
            format!("{node}@{host}:{}", 26_600 + n % 3)
        };
        let entry = match dialect {
            Dialect::V1 => Entry::V1 {
                id: &node,
                ip: &host,
                port: 26_600,
            },
            Dialect::V2 => Entry::V2 { url: &url },
        };
        assert_eq!(answer.push(&entry), Ok(()));
    }
    Message::Response(answer.finish())
}

fn ip_of(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    let v4 = Ipv4Addr::new(10, 0, high % 4, low % 8);
    if high >= 128 {
        v4.to_ipv6_mapped().into()
    } else {
        v4.into()
    }
}
