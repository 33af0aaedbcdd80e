//! A world for one peer manager: a clock, a disk, a driver without sockets, and a judge.

use core::ops::ControlFlow;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use pex::peers::{
    Action, DialFailure, Event, Eviction, Misconduct, Options, OptionsBuilder, PeerManager,
    PeerRecord, RecordKey, Standing,
};
use pex::{Directory, Epoch, NodeAddress, Seed, Time};

use crate::judge::Judge;

pub(crate) use crate::nodes::{
    DAY, HOUR, LATEST, ME, NOBODY, START, at, at_port, host, id, ms, node, number, secs, text,
};

/// What becomes of a dial.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Up,
    /// A connection with whom the name has led to.
    UpAt(IpAddr),
    Fails(DialFailure),
    /// Nobody ever says.
    Silence,
}

pub(crate) const DEAD: Answer = Answer::Fails(DialFailure::Unreachable);

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) peers: PeerManager,
    pub(crate) now: Time,
    pub(crate) judge: Judge,
    /// Every action but timers and records, with its time.
    pub(crate) log: Vec<(Time, Action)>,
    pub(crate) disk: BTreeMap<RecordKey, Vec<u8>>,
    /// Ticks that the machine has asked for.
    pub(crate) ticks: u64,
    /// Whether [`PeerManager::check`] follows every event; it takes time linear in what is stored.
    pub(crate) checks_inside: bool,
    timer: Option<Time>,
    epochs: u64,
    /// What [`World::run`] has to report, by time.
    coming: BTreeMap<(Time, u64), Event>,
    serial: u64,
}

impl World {
    pub(crate) fn with(set: impl FnOnce(OptionsBuilder) -> OptionsBuilder) -> Self {
        Self::of(set(Options::builder()).build().unwrap())
    }

    pub(crate) fn of(options: Options) -> Self {
        Self::started(options, START)
    }

    pub(crate) fn started(options: Options, now: Time) -> Self {
        Self {
            peers: PeerManager::new(options, ME, Seed::new([7; 32]), now),
            now,
            judge: Judge::default(),
            log: Vec::new(),
            disk: BTreeMap::new(),
            ticks: 0,
            checks_inside: true,
            timer: None,
            epochs: 0,
            coming: BTreeMap::new(),
            serial: 0,
        }
    }

    /// A world in which only the dials that a test is about are made: no feelers, no rotation.
    pub(crate) fn quiet(set: impl FnOnce(OptionsBuilder) -> OptionsBuilder) -> Self {
        Self::with(|it| set(it.feeler_every(None).outbound_life(None)))
    }

    /// The process ends, however it ends, and starts again with what is on the disk. Returns what
    /// the first tick does, and how many addresses were taken in.
    pub(crate) fn restart(&mut self, options: Options) -> (Vec<Action>, usize) {
        let mut fresh = Self::started(options, self.now);
        fresh.judge = self.judge.clone();
        fresh.judge.forget_connections();
        fresh.checks_inside = self.checks_inside;
        let records = self.disk.values().map(|it| PeerRecord::decode(it).unwrap());
        let taken = records.map(|record| fresh.peers.load(&record)).sum();
        fresh.disk = std::mem::take(&mut self.disk);
        *self = fresh;
        assert_eq!(self.peers.check(), Ok(()));
        (self.tick(), taken)
    }

    /// What the disk would hold if everything were written down.
    pub(crate) fn image(&self) -> BTreeMap<RecordKey, Vec<u8>> {
        let records = self.peers.records();
        records
            .map(|it| (PeerRecord::key(it.id), it.encode()))
            .collect()
    }

    /// The clock was wrong, and is set back.
    pub(crate) fn rewind(&mut self, to: Time) {
        self.now = to;
        self.peers.rewind(to);
        self.judge.rewind(to);
        assert_eq!(self.peers.check(), Ok(()));
        self.timer = self.peers.deadline();
    }

    /// Hands an event to the machine, judges what it does, and returns it without timers and
    /// records.
    pub(crate) fn event(&mut self, event: Event) -> Vec<Action> {
        self.judge.before(self.now, &event);
        let actions = self.peers.handle(self.now, event);
        if self.checks_inside {
            assert_eq!(self.peers.check(), Ok(()));
        }
        let mut done = Vec::new();
        for action in actions {
            self.judge.action(&action, &self.peers);
            match action {
                Action::SetTimer(at) => {
                    assert!(at > self.now.min(LATEST), "I5: a timer lies ahead");
                    self.timer = Some(at);
                }
                Action::Persist(changes) => {
                    for change in changes {
                        match change.value {
                            Some(value) => self.disk.insert(change.key, value),
                            None => self.disk.remove(&change.key),
                        };
                    }
                }
                action => {
                    self.log.push((self.now, action.clone()));
                    done.push(action);
                }
            }
        }
        if let Some(deadline) = self.peers.deadline() {
            let timer = self.timer.filter(|&at| at > self.now.min(LATEST));
            assert_eq!(timer, Some(deadline), "I5: the timer is set");
        }
        self.judge.after(&self.peers);
        done
    }

    pub(crate) fn epoch(&mut self) -> Epoch {
        self.epochs += 1;
        Epoch::new(self.epochs)
    }

    /// The present connection of a peer.
    pub(crate) fn epoch_of(&self, n: u32) -> Epoch {
        self.judge.links[&id(n)].epoch
    }

    pub(crate) fn learn(&mut self, address: &NodeAddress, from: u32) -> Vec<Action> {
        let (address, from) = (address.clone(), id(from));
        self.event(Event::Learned { address, from })
    }

    /// The operator names an address.
    pub(crate) fn name(&mut self, address: &NodeAddress) -> Vec<Action> {
        let (address, from) = (address.clone(), ME);
        self.event(Event::Learned { address, from })
    }

    /// The dial of this node comes through.
    pub(crate) fn dialed(&mut self, n: u32) -> Vec<Action> {
        let dial = self.judge.dialing.get(&id(n));
        let address = dial
            .unwrap_or_else(|| panic!("{n} is not dialed"))
            .0
            .clone();
        self.reached(&address)
    }

    /// A connection of ours with this address is made, asked for or not.
    pub(crate) fn reached(&mut self, address: &NodeAddress) -> Vec<Action> {
        let (address, epoch) = (address.clone(), self.epoch());
        let ip = None;
        self.event(Event::Dialed { address, epoch, ip })
    }

    /// The dial of this node comes to nothing.
    pub(crate) fn fails(&mut self, n: u32, why: DialFailure) -> Vec<Action> {
        let dial = self.judge.dialing.get(&id(n));
        let address = dial
            .unwrap_or_else(|| panic!("{n} is not dialed"))
            .0
            .clone();
        self.event(Event::DialFailed { address, why })
    }

    pub(crate) fn dies(&mut self, n: u32) -> Vec<Action> {
        self.fails(n, DialFailure::Unreachable)
    }

    /// A node connects to us, from where it lives.
    pub(crate) fn accept(&mut self, n: u32) -> Vec<Action> {
        self.accept_from(n, host(n, 257), None)
    }

    pub(crate) fn accept_from(
        &mut self,
        n: u32,
        ip: IpAddr,
        listen: Option<&NodeAddress>,
    ) -> Vec<Action> {
        let (peer, epoch) = (id(n), self.epoch());
        let (ip, listen) = (Some(ip), listen.cloned());
        self.event(Event::Accepted {
            peer,
            epoch,
            ip,
            listen,
        })
    }

    pub(crate) fn ready(&mut self, n: u32) -> Vec<Action> {
        let (peer, epoch) = (id(n), self.epoch_of(n));
        self.event(Event::Ready { peer, epoch })
    }

    pub(crate) fn down(&mut self, n: u32) -> Vec<Action> {
        let (peer, epoch) = (id(n), self.epoch_of(n));
        self.event(Event::Disconnected { peer, epoch })
    }

    pub(crate) fn misbehaves(&mut self, n: u32, how: Misconduct) -> Vec<Action> {
        let peer = id(n);
        self.event(Event::Misbehaved { peer, how })
    }

    pub(crate) fn behaves(&mut self, n: u32) -> Vec<Action> {
        let peer = id(n);
        self.event(Event::Behaved { peer })
    }

    pub(crate) fn tick(&mut self) -> Vec<Action> {
        self.event(Event::Tick)
    }

    /// The operator names a node; it is dialed, reached and ready.
    pub(crate) fn connect(&mut self, n: u32) {
        self.name(&node(n));
        self.dialed(n);
        self.ready(n);
    }

    /// A node connects to us, and is ready.
    pub(crate) fn welcome(&mut self, n: u32) {
        self.accept(n);
        self.ready(n);
    }

    pub(crate) fn standing(&self, n: u32) -> Standing {
        self.peers.standing(id(n))
    }

    pub(crate) fn knows(&self, address: &NodeAddress) -> bool {
        self.peers.knows(address)
    }

    /// Who may be used.
    pub(crate) fn up(&self) -> Vec<u32> {
        self.peers.ready().map(number).collect()
    }

    /// Who is connected over a connection of ours and need not go.
    pub(crate) fn outbound(&self) -> Vec<u32> {
        let links = self.judge.links.iter();
        let ours = links.filter(|(_, it)| it.outbound && it.evicted.is_none());
        ours.map(|(id, _)| number(*id)).collect()
    }

    /// Lets time pass, with a tick whenever the machine has asked for one.
    pub(crate) fn pass(&mut self, span: Duration) -> Vec<Action> {
        let end = self.now + span;
        let mut done = Vec::new();
        while let Some(at) = self.peers.deadline().filter(|&at| at <= end) {
            self.now = at;
            self.ticks += 1;
            done.extend(self.tick());
        }
        self.now = end;
        done
    }

    /// Lets time pass while every dial is answered as `answer` says, half a second later, and every
    /// eviction is carried out.
    pub(crate) fn run(&mut self, span: Duration, mut answer: impl FnMut(&NodeAddress) -> Answer) {
        let end = self.now + span;
        let dials = self.judge.dialing.values().cloned();
        let mut asked: VecDeque<NodeAddress> = dials.map(|(address, _)| address).collect();
        let going = self
            .judge
            .links
            .iter()
            .filter(|(_, it)| it.evicted.is_some());
        let going: Vec<_> = going.map(|(id, it)| (*id, it.epoch)).collect();
        for (peer, epoch) in going {
            self.later(Event::Disconnected { peer, epoch });
        }
        loop {
            while let Some(address) = asked.pop_front() {
                self.answer(address, &mut answer);
            }
            let coming = self.coming.first_key_value().map(|((at, _), _)| *at);
            let next = coming.into_iter().chain(self.peers.deadline()).min();
            let Some(at) = next.filter(|&at| at <= end) else {
                break;
            };
            self.now = self.now.max(at);
            let event = if coming == Some(at) {
                self.coming
                    .pop_first()
                    .map_or(Event::Tick, |(_, event)| event)
            } else {
                self.ticks += 1;
                Event::Tick
            };
            for action in self.event(event) {
                match action {
                    Action::Dial { address, .. } => asked.push_back(address),
                    Action::Evict { peer, epoch, .. } => {
                        self.later(Event::Disconnected { peer, epoch });
                    }
                    _ => {}
                }
            }
        }
        self.now = end;
        self.coming.clear();
    }

    fn later(&mut self, event: Event) {
        self.serial += 1;
        self.coming.insert((self.now + ms(500), self.serial), event);
    }

    fn answer(&mut self, address: NodeAddress, answer: &mut impl FnMut(&NodeAddress) -> Answer) {
        let ip = match answer(&address) {
            Answer::Up => None,
            Answer::UpAt(ip) => Some(ip),
            Answer::Fails(why) => return self.later(Event::DialFailed { address, why }),
            Answer::Silence => return,
        };
        let (peer, epoch) = (address.id(), self.epoch());
        self.later(Event::Dialed { address, epoch, ip });
        self.later(Event::Ready { peer, epoch });
    }

    /// What others would be told, in order.
    pub(crate) fn told(&self) -> Vec<NodeAddress> {
        let mut told = Vec::new();
        self.peers.walk(self.peers.start(0), &mut |_, address| {
            told.push(address.clone());
            ControlFlow::Continue(())
        });
        told
    }

    /// What is kept of a node.
    pub(crate) fn record(&self, n: u32) -> Option<PeerRecord> {
        self.peers.record(id(n))
    }

    /// When each address was dialed, in time since the start.
    pub(crate) fn dial_times(&self) -> Vec<(Duration, NodeAddress)> {
        let dial = |(at, action): &(Time, Action)| match action {
            Action::Dial { address, .. } => Some((*at - START, address.clone())),
            _ => None,
        };
        self.log.iter().filter_map(dial).collect()
    }

    /// When a node was dialed, in time since the start.
    pub(crate) fn dials_of(&self, n: u32) -> Vec<Duration> {
        let dials = self.dial_times().into_iter();
        let dials = dials.filter(|(_, address)| address.id() == id(n));
        dials.map(|(at, _)| at).collect()
    }
}

/// Whom these actions dial.
pub(crate) fn dials(actions: &[Action]) -> Vec<u32> {
    let dial = |action: &Action| match action {
        Action::Dial { address, .. } => Some(number(address.id())),
        _ => None,
    };
    actions.iter().filter_map(dial).collect()
}

/// Who has to go by these actions, and why.
pub(crate) fn evicted(actions: &[Action]) -> Vec<(u32, Eviction)> {
    let evict = |action: &Action| match action {
        Action::Evict { peer, why, .. } => Some((number(*peer), *why)),
        _ => None,
    };
    actions.iter().filter_map(evict).collect()
}

/// Who may be used from now on (`true`), and who may not any more, in order.
pub(crate) fn changes(actions: &[Action]) -> Vec<(u32, bool)> {
    let change = |action: &Action| match action {
        Action::Up { peer, .. } => Some((number(*peer), true)),
        Action::Down { peer, .. } => Some((number(*peer), false)),
        _ => None,
    };
    actions.iter().filter_map(change).collect()
}
