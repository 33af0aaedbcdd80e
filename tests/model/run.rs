//! The machine and the model side by side.

use core::net::IpAddr;

use pex::wire::{self, Dialect, Entry, Message, ResponseBuilder, WireError};
use pex::{
    Action, Actions, Epoch, Event, Kind, NodeAddress, NodeId, Pex, QueryId, Seed, Stats, Time,
};

use super::naive::{Deed, Naive, Phase};
use super::program::{Item, Line, ME, OWN_PLACE, Op, Program, Span, Step, address, id};
use super::store::Store;

/// The programs begin here, so that the clock can go back.
const START: Time = Time::from_secs(1_000_000);

/// Runs a program on both; the first difference is the error.
pub(crate) fn run(program: &Program) -> Result<(), String> {
    let mut both = Both {
        machine: Pex::new(program.options.config(), ME, Seed::new([3; 32]), START),
        model: Naive::new(program.options, START),
        store: Store::new(),
        queries: Vec::new(),
        clock: START,
    };
    for (number, step) in program.steps.iter().enumerate() {
        both.step(step)
            .map_err(|error| format!("step {number}, {step:?}: {error}"))?;
    }
    Ok(())
}

struct Both {
    machine: Pex,
    model: Naive,
    store: Store,
    queries: Vec<QueryId>,
    clock: Time,
}

impl Both {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        let nanos = self.clock.as_nanos();
        self.clock = match step.span {
            Span::Ms(ms) => Time::from_nanos(nanos + u64::from(ms) * 1_000_000),
            Span::Back(ms) => Time::from_nanos(nanos - u64::from(ms) * 1_000_000),
            Span::Deadline(off) => self.model.timer.map_or(self.clock, |at| {
                Time::from_nanos(at.as_nanos().saturating_add_signed(i64::from(off)))
            }),
        };
        match &step.op {
            Op::Up(peer, line, kind) => self.up(id(*peer), *line, *kind),
            Op::Down(peer, line) => {
                let (peer, epoch) = (id(*peer), self.epoch(*peer, *line));
                self.model.clock(self.clock);
                let ended = self.model.end(peer, epoch, false);
                self.model.stats.stray_events += u64::from(!ended);
                let actions = self.handle_in_time(Event::PeerDown { peer, epoch });
                self.compare(&actions)
            }
            Op::Request(peer, line) => self.request(*peer, *line),
            Op::Answer(peer, line, items, more) => self.answer(*peer, *line, items, *more),
            Op::Garbage(peer, line) => {
                let (from, epoch) = (id(*peer), self.epoch(*peer, *line));
                let error = WireError::Truncated;
                let actions = self.handle(Event::Garbage { from, epoch, error });
                if let Some(place) = self.model.listening(from, epoch) {
                    self.model.garbage(place, error);
                }
                self.compare(&actions)
            }
            Op::Unsent(peer, line) => {
                let (to, epoch) = (id(*peer), self.epoch(*peer, *line));
                let actions = self.handle(Event::Unsent { to, epoch });
                if let Some(place) = self.model.listening(to, epoch) {
                    self.model.unsent(place);
                }
                self.compare(&actions)
            }
            Op::Resolved(back, hosts) => self.resolved(usize::from(*back), hosts),
            Op::Tick => {
                let actions = self.handle(Event::Tick);
                self.compare(&actions)
            }
            Op::Full(full) => {
                self.store.full = *full;
                Ok(())
            }
            Op::Apart(apart) => {
                self.store.tells_apart = *apart;
                Ok(())
            }
        }
    }

    /// Time goes on in both, and the machine takes the event.
    fn handle(&mut self, event: Event<'_>) -> Actions {
        self.model.clock(self.clock);
        self.handle_in_time(event)
    }

    /// The same, where the clock of the model is right already.
    fn handle_in_time(&mut self, event: Event<'_>) -> Actions {
        self.store.walked_from.set(None);
        self.store.walked_apart_from.set(None);
        self.model.catch_up();
        self.machine.handle(self.clock, event, &self.store)
    }

    fn epoch(&self, peer: u8, line: Line) -> Epoch {
        let up = self.model.find(id(peer));
        match (line, up) {
            (Line::Number(number), _) => Epoch::new(u64::from(number)),
            (Line::Live, Some(place)) => self.model.peers[place].epoch,
            (Line::Live, None) => Epoch::new(7),
        }
    }

    /// The dialect in which a peer speaks.
    fn dialect(&self, peer: u8) -> Dialect {
        let up = self.model.find(id(peer));
        up.map_or(Dialect::V2, |place| self.model.peers[place].kind.dialect())
    }

    fn up(&mut self, peer: NodeId, line: Line, kind: Kind) -> Result<(), String> {
        let Line::Number(number) = line else {
            return Ok(());
        };
        let epoch = Epoch::new(u64::from(number));
        self.model.clock(self.clock);
        self.model.end(peer, epoch, true);
        let actions = self.handle_in_time(Event::PeerUp { peer, epoch, kind });
        self.model.up(peer, epoch, kind);
        self.compare(&actions)
    }

    fn request(&mut self, peer: u8, line: Line) -> Result<(), String> {
        let (from, epoch, dialect) = (id(peer), self.epoch(peer, line), self.dialect(peer));
        let message = Message::Request(dialect);
        let actions = self.handle(Event::Message {
            from,
            epoch,
            message,
        });
        if let Some(place) = self.model.listening(from, epoch) {
            self.model.asked(place, dialect, &self.store)?;
        }
        self.compare(&actions)
    }

    fn answer(&mut self, peer: u8, line: Line, items: &[Item], more: u16) -> Result<(), String> {
        let (from, epoch, dialect) = (id(peer), self.epoch(peer, line), self.dialect(peer));
        let (bytes, told) = written(dialect, items, more);
        let Ok(Some(message)) = wire::decode(&bytes) else {
            return Err("an answer of ours does not decode".to_owned());
        };
        let actions = self.handle(Event::Message {
            from,
            epoch,
            message,
        });
        if let Some(place) = self.model.listening(from, epoch) {
            self.model.answered(place, dialect, &told, &self.store);
        }
        self.compare(&actions)
    }

    fn resolved(&mut self, back: usize, hosts: &[u8]) -> Result<(), String> {
        let Some(number) = self.queries.len().checked_sub(back + 1) else {
            return Ok(());
        };
        // Some of these are the places of a private node and of ourselves.
        let ips: Vec<IpAddr> = hosts
            .iter()
            .map(|host| [10, 9, 0, host % 4].into())
            .collect();
        let query = self.queries[number];
        let actions = self.handle(Event::Resolved { query, ips: &ips });
        self.model.resolved(number, &ips);
        self.compare(&actions)
    }

    /// Holds everything that can be seen of the machine against the model, and does what both want.
    fn compare(&mut self, actions: &Actions) -> Result<(), String> {
        self.machine.check().map_err(|broken| broken.to_string())?;
        let expected = self.model.settle();
        let found: Vec<Deed> = actions.iter().map(|action| self.deed(action)).collect();
        equal("actions", &found, &expected)?;
        equal("deadline", &self.machine.deadline(), &self.model.timer)?;
        let mut up: Vec<_> = self.model.peers.iter().map(|p| (p.id, p.epoch)).collect();
        up.sort_unstable();
        equal("peers", &self.machine.peers(), &up)?;
        for peer in &self.model.peers {
            let awaited = matches!(peer.phase, Phase::Awaiting(_));
            equal("awaiting", &self.machine.is_awaiting(peer.id), &awaited)?;
        }
        equal::<Stats>("stats", &self.machine.stats(), &self.model.stats)?;
        for deed in expected {
            if let Deed::Add(address, _) = deed
                && !self.store.addresses.contains(&address)
            {
                self.store.addresses.push(address);
            }
        }
        Ok(())
    }

    /// An action in the words of the model.
    fn deed(&mut self, action: &Action) -> Deed {
        match action {
            Action::Send { to, epoch, message } => match message {
                Message::Request(dialect) => Deed::Ask(*to, *epoch, *dialect),
                Message::Response(response) => {
                    let told = response.entries().map(|entry| entry.parse());
                    let told = told.collect::<Result<_, _>>();
                    Deed::Answer(*to, *epoch, told.unwrap_or_default())
                }
                _ => unreachable!("no other message"),
            },
            Action::AddPeer { address, from } => Deed::Add(address.clone(), *from),
            Action::SetTimer(at) => Deed::Timer(*at),
            Action::Disconnect {
                peer,
                epoch,
                reason,
            } => Deed::Disconnect(*peer, *epoch, *reason),
            Action::Report { peer, fault } => Deed::Report(*peer, *fault),
            Action::Resolve {
                query,
                name,
                deadline,
            } => {
                self.queries.push(*query);
                Deed::Resolve(self.queries.len() - 1, name.clone(), *deadline)
            }
            _ => unreachable!("no other action"),
        }
    }
}

fn equal<T: PartialEq + core::fmt::Debug>(what: &str, is: &T, model: &T) -> Result<(), String> {
    if is == model {
        Ok(())
    } else {
        Err(format!("{what}\n  machine: {is:?}\n  model:   {model:?}"))
    }
}

/// The bytes of an answer, and what stands in it: `None` for what is no address.
fn written(dialect: Dialect, items: &[Item], more: u16) -> (Vec<u8>, Vec<Option<NodeAddress>>) {
    let mut answer = ResponseBuilder::with_limits(dialect, 1_000, wire::MAX_MESSAGE_BYTES);
    let mut told = Vec::new();
    let mut put = |node: NodeId, host: &str, port: u16, is_address: bool| {
        let (node, url) = (node.to_string(), format!("{node}@{host}:{port}"));
        let entry = match dialect {
            Dialect::V1 => Entry::V1 {
                id: &node,
                ip: host,
                port: u32::from(port),
            },
            Dialect::V2 => Entry::V2 { url: &url },
        };
        assert_eq!(answer.push(&entry), Ok(()));
        told.push(is_address.then(|| NodeAddress::parse(&url).ok()).flatten());
    };
    for item in items {
        match item {
            // The store knows the first address of a node, and not the second.
            Item::Node(n) => put(
                id(*n),
                &format!("10.2.0.{n}"),
                26_656 + u16::from(*n) % 2,
                true,
            ),
            Item::Name(n) => put(id(*n), "node.example", 26_656, true),
            Item::Us => put(ME, "10.2.0.0", 26_656, true),
            Item::OurPlace => {
                let place = address(ME, OWN_PLACE);
                let host = place.ip().map(|ip| ip.to_string()).unwrap_or_default();
                put(id(6), &host, place.port(), true);
            }
            Item::Nonsense => put(id(6), "no host", 26_656, false),
        }
    }
    for n in 0..more {
        put(
            id(100 + n.to_be_bytes()[1] % 100),
            "10.3.0.1",
            27_000 + n,
            true,
        );
    }
    (Message::Response(answer.finish()).to_bytes(), told)
}
