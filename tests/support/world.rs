//! A world for one machine that keeps peers, V2's or V1's: a clock, a disk, a driver without
//! sockets, and a judge.

use core::ops::ControlFlow;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use pex::peers::{Action, DialFailure, Event, Eviction, Misconduct, RecordKey};
use pex::{Actions, Epoch, Manager, NodeAddress, Time};

use crate::judge::{Judge, Judged};
use crate::nodes::{LATEST, ME, START, host, id, ms, number, secs};

/// What becomes of a dial.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Up,
    /// A connection that the other side ends at once.
    #[allow(dead_code, reason = "one of two crates of tests does not use it")]
    HangsUp,
    /// A connection with whom the name has led to.
    UpAt(IpAddr),
    Fails(DialFailure),
    /// Nobody ever says.
    Silence,
}

pub(crate) const DEAD: Answer = Answer::Fails(DialFailure::Unreachable);

#[derive(Clone, Debug)]
pub(crate) struct World<M> {
    pub(crate) peers: M,
    pub(crate) now: Time,
    pub(crate) judge: Judge,
    /// Every action but timers, records and saves, with its time.
    pub(crate) log: Vec<(Time, Action)>,
    /// The records of V2's machine.
    pub(crate) disk: BTreeMap<RecordKey, Vec<u8>>,
    /// When the book of V1's was to be saved.
    pub(crate) saves: Vec<Time>,
    /// Ticks that the machine has asked for.
    pub(crate) ticks: u64,
    /// Whether [`Manager::check`] follows every event; it takes time linear in what is stored.
    pub(crate) checks_inside: bool,
    timer: Option<Time>,
    epochs: u64,
    /// What [`World::run`] has to report, by time.
    coming: BTreeMap<(Time, u64), Event>,
    serial: u64,
}

#[allow(dead_code, reason = "each of two crates of tests uses a part")]
impl<M: Manager + Judged> World<M> {
    pub(crate) fn around(peers: M, judge: Judge, now: Time) -> Self {
        Self {
            peers,
            now,
            judge,
            log: Vec::new(),
            disk: BTreeMap::new(),
            saves: Vec::new(),
            ticks: 0,
            checks_inside: true,
            timer: None,
            epochs: 0,
            coming: BTreeMap::new(),
            serial: 0,
        }
    }

    /// The clock was wrong, and is set back.
    pub(crate) fn rewind(&mut self, to: Time) {
        self.now = to;
        self.peers.rewind(to);
        self.judge.rewind(to);
        assert_eq!(self.peers.check(), Ok(()));
        self.timer = self.peers.deadline();
    }

    /// Hands an event to the machine, judges what it does, and returns it without timers,
    /// records and saves.
    pub(crate) fn event(&mut self, event: Event) -> Vec<Action> {
        self.judge.before(self.now, &event);
        let actions = self.peers.handle(self.now, event);
        self.carry_out(actions)
    }

    /// Judges what the machine wants done, and returns it without timers, records and saves.
    pub(crate) fn carry_out(&mut self, actions: Actions<Action>) -> Vec<Action> {
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
                Action::SaveBook => self.saves.push(self.now),
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

    fn dial_of(&self, n: u32) -> NodeAddress {
        let dial = self.judge.dialing.get(&id(n));
        dial.unwrap_or_else(|| panic!("{n} is not dialed"))
            .0
            .clone()
    }

    /// The dial of this node comes through.
    pub(crate) fn dialed(&mut self, n: u32) -> Vec<Action> {
        let address = self.dial_of(n);
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
        let address = self.dial_of(n);
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

    pub(crate) fn tick(&mut self) -> Vec<Action> {
        self.event(Event::Tick)
    }

    /// A node connects to us, and is ready.
    pub(crate) fn welcome(&mut self, n: u32) -> Vec<Action> {
        let done = self.accept(n);
        if self.judge.links[&id(n)].evicted.is_none() {
            self.ready(n);
        }
        done
    }

    pub(crate) fn behaves(&mut self, n: u32) -> Vec<Action> {
        let peer = id(n);
        self.event(Event::Behaved { peer })
    }

    /// Who may be used.
    pub(crate) fn up(&self) -> Vec<u32> {
        self.peers.usable().into_iter().map(number).collect()
    }

    /// Who is connected over a connection of ours and need not go.
    pub(crate) fn outbound(&self) -> Vec<u32> {
        let links = self.judge.links.iter();
        let ours = links.filter(|(_, it)| it.outbound && it.evicted.is_none());
        ours.map(|(id, _)| number(*id)).collect()
    }

    /// Who is being dialed.
    pub(crate) fn dialing(&self) -> Vec<u32> {
        self.judge.dialing.keys().map(|id| number(*id)).collect()
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
        let links = self.judge.links.iter();
        let going = links.filter(|(_, it)| it.evicted.is_some());
        let going: Vec<_> = going.map(|(id, it)| (*id, it.epoch)).collect();
        for (peer, epoch) in going {
            self.later(ms(500), Event::Disconnected { peer, epoch });
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
                let event = self.coming.pop_first();
                event.map_or(Event::Tick, |(_, event)| event)
            } else {
                self.ticks += 1;
                Event::Tick
            };
            for action in self.event(event) {
                match action {
                    Action::Dial { address, .. } => asked.push_back(address),
                    Action::Evict { peer, epoch, .. } => {
                        self.later(ms(500), Event::Disconnected { peer, epoch });
                    }
                    _ => {}
                }
            }
        }
        self.now = end;
        self.coming.clear();
    }

    /// Something will happen, if [`World::run`] goes on for so long.
    pub(crate) fn later(&mut self, wait: Duration, event: Event) {
        self.serial += 1;
        self.coming.insert((self.now + wait, self.serial), event);
    }

    fn answer(&mut self, address: NodeAddress, answer: &mut impl FnMut(&NodeAddress) -> Answer) {
        let wait = ms(500);
        let answer = answer(&address);
        let ip = match answer {
            Answer::Up | Answer::HangsUp => None,
            Answer::UpAt(ip) => Some(ip),
            Answer::Fails(why) => return self.later(wait, Event::DialFailed { address, why }),
            Answer::Silence => return,
        };
        let (peer, epoch) = (address.id(), self.epoch());
        self.later(wait, Event::Dialed { address, epoch, ip });
        self.later(wait, Event::Ready { peer, epoch });
        if matches!(answer, Answer::HangsUp) {
            self.later(wait + secs(1), Event::Disconnected { peer, epoch });
        }
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

    /// Who had to go, and why.
    pub(crate) fn gone(&self) -> Vec<(u32, Eviction)> {
        let actions: Vec<Action> = self.log.iter().map(|(_, it)| it.clone()).collect();
        evicted(&actions)
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
