//! What must hold of a whole node, of V2 and of V1, whatever the events and the options.
//!
//! Two look on: for the peers the judge of the tests of the peer manager, which whoever runs this
//! body has at the root of the crate, and for the exchange the audit here.

#[path = "node/audit.rs"]
mod audit;
#[path = "node/kept.rs"]
mod kept;
#[path = "node/options.rs"]
mod options;
#[path = "node/program.rs"]
mod program;

use core::net::IpAddr;

use arbitrary::{Arbitrary, Unstructured};
use pex::peers::{self, PeerManager};
use pex::v1::Switch;
use pex::wire::{self, Message};
use pex::{Epoch, HangUp, Node, NodeAction, NodeAddress, NodeEvent, NodeId, QueryId, Time};

use crate::judge::Judge;
use crate::nodes::{LATEST, ME, host, secs};
use crate::peers_body::places::{Place, Which, failure, misconduct, somebody};
use audit::Audit;
use kept::{BEGIN, Disk, Kept};
use program::{On, Program, Step, What, answer, flood, request};

/// The steps of one program that are carried out: bounds the time of a run.
const STEPS_MAX: usize = 300;

/// A node in the manner of V2.
pub(crate) fn node(data: &[u8]) {
    run::<PeerManager>(data);
}

/// A node in the manner of V1, a seed or not.
pub(crate) fn node_v1(data: &[u8]) {
    run::<Switch>(data);
}

/// Reads options and a program from the bytes, and runs it. A twin, copied or loaded when the program
/// says so, must do the same from then on.
fn run<M: Kept>(data: &[u8]) {
    let program = Program::<M::Raw>::arbitrary_take_rest(Unstructured::new(data));
    let Ok(program) = program else {
        return;
    };
    let mut run = Run::<M>::new(&program);
    for step in program.steps.iter().take(STEPS_MAX) {
        run.step(step);
    }
    M::same(&run.machine, &run.twin);
}

struct Run<'a, M: Kept> {
    program: &'a Program<M::Raw>,
    machine: Node<M>,
    twin: Node<M>,
    judge: Judge,
    audit: Audit,
    disk: Disk,
    now: Time,
    epochs: u64,
    timer: Option<Time>,
    queries: Vec<QueryId>,
}

impl<'a, M: Kept> Run<'a, M> {
    fn new(program: &'a Program<M::Raw>) -> Self {
        let config = program.exchange.config();
        let machine = M::begin(&program.options, config, BEGIN, &Disk::default());
        let mut private = M::private(&program.options);
        private.extend(program.exchange.private());
        let mut judge = M::judge(&program.options);
        judge.begin(BEGIN);
        Self {
            twin: machine.clone(),
            machine,
            judge,
            audit: Audit::new(program.exchange.clone(), private, BEGIN),
            disk: Disk::default(),
            now: BEGIN,
            epochs: 1_000,
            timer: None,
            queries: Vec::new(),
            program,
        }
    }

    fn step(&mut self, step: &Step) {
        self.now = step.span.after(self.now, self.machine.deadline());
        match &step.what {
            What::Request { on, v1 } => self.message(on, request(*v1)),
            What::Response { on, v1, places } => self.message(on, answer(*v1, places)),
            What::Flood {
                on,
                v1,
                first,
                count,
                spoiled,
            } => self.message(on, flood(*v1, *first, *count, *spoiled)),
            What::Raw { on, bytes } => self.bytes(on, bytes),
            What::Resolved { query, ips } => self.resolved(*query, ips),
            What::CarryOut { kind, told } => self.carry_out(*kind, told),
            What::Clone => {
                M::same(&self.machine, &self.twin);
                self.twin = self.machine.clone();
            }
            What::Rewind(span) => self.rewind(*span),
            What::Restart { killed } => self.restart(*killed),
            what => {
                let event = self.made_of(what);
                self.event(&event);
            }
        }
    }

    fn made_of(&mut self, what: &What) -> NodeEvent<'static> {
        match what {
            What::Named(place) => NodeEvent::Named {
                address: place.address(),
            },
            What::Dialed {
                dial,
                place,
                which,
                kind,
                elsewhere,
            } => {
                let address = self.dial(*dial, place);
                NodeEvent::Dialed {
                    epoch: self.epoch(address.id(), which),
                    kind: kind.kind(),
                    ip: elsewhere.map(|n| host(u32::from(n) % 24, 1)),
                    address,
                }
            }
            What::Failed { dial, place, why } => NodeEvent::DialFailed {
                address: self.dial(*dial, place),
                why: failure(*why),
            },
            What::Accepted {
                peer,
                which,
                kind,
                ip,
                listen,
            } => NodeEvent::Accepted {
                peer: somebody(*peer),
                epoch: self.epoch(somebody(*peer), which),
                kind: kind.kind(),
                ip: ip.map(ip_of),
                listen: listen.as_ref().map(Place::address),
            },
            What::Down(on) => {
                let (peer, epoch) = self.on(on);
                NodeEvent::Down { peer, epoch }
            }
            What::Unsent(on) => {
                let (to, epoch) = self.on(on);
                NodeEvent::Unsent { to, epoch }
            }
            What::Misbehaved { peer, how } => NodeEvent::Misbehaved {
                peer: somebody(*peer),
                how: misconduct(*how),
            },
            What::Behaved { peer } => NodeEvent::Behaved {
                peer: somebody(*peer),
            },
            What::Release { peer } => NodeEvent::Release {
                peer: somebody(*peer),
            },
            What::InUse { peer, in_use } => NodeEvent::InUse {
                peer: somebody(*peer),
                in_use: *in_use,
            },
            _ => NodeEvent::Tick,
        }
    }

    /// A dial that is under way, or another address if there is no such.
    fn dial(&self, number: u8, place: &Place) -> NodeAddress {
        let dial = self.judge.dialing.values().nth(number.into());
        dial.map_or_else(|| place.address(), |(address, _)| address.clone())
    }

    fn epoch(&mut self, peer: NodeId, which: &Which) -> Epoch {
        let present = self.judge.links.get(&peer).map(|link| link.epoch);
        match (which, present) {
            (Which::Present, Some(epoch)) => epoch,
            (Which::Present | Which::New, _) => self.new_epoch(),
            (Which::Number(number), _) => Epoch::new((*number).into()),
        }
    }

    const fn new_epoch(&mut self) -> Epoch {
        self.epochs += 1;
        Epoch::new(self.epochs)
    }

    /// One of those who are connected, or of anybody.
    fn on(&mut self, on: &On) -> (NodeId, Epoch) {
        let present = self.judge.links.keys().nth(on.peer.into()).copied();
        let peer = present.unwrap_or_else(|| somebody(on.peer));
        (peer, self.epoch(peer, &on.which))
    }

    fn message(&mut self, on: &On, message: Message<'_>) {
        let (from, epoch) = self.on(on);
        self.event(&NodeEvent::Message {
            from,
            epoch,
            message,
        });
    }

    fn bytes(&mut self, on: &On, bytes: &[u8]) {
        match wire::decode(bytes) {
            Ok(Some(message)) => self.message(on, message),
            Ok(None) => {}
            Err(error) => {
                let (from, epoch) = self.on(on);
                self.event(&NodeEvent::Garbage { from, epoch, error });
            }
        }
    }

    fn resolved(&mut self, query: u8, ips: &[(u8, u8)]) {
        // Counted from the newest, so that stale and answered questions come up too.
        let query = self.queries.iter().rev().nth(query.into()).copied();
        let ips: Vec<IpAddr> = ips.iter().copied().map(ip_of).collect();
        if let Some(query) = query {
            self.event(&NodeEvent::Resolved { query, ips: &ips });
        }
    }

    /// A driver that does what it was told, among nodes that do what they are asked.
    fn carry_out(&mut self, kind: program::AnyKind, told: &[Place]) {
        for (peer, epoch) in self.audit.going.clone() {
            self.event(&NodeEvent::Down { peer, epoch });
        }
        let dials: Vec<_> = self.judge.dialing.values().cloned().collect();
        for (address, _) in dials {
            let (epoch, kind) = (self.new_epoch(), kind.kind());
            self.event(&NodeEvent::Dialed {
                address,
                epoch,
                kind,
                ip: None,
            });
        }
        for (from, epoch, kind) in self.audit.asked() {
            let message = answer(kind == pex::Kind::V1, told);
            self.event(&NodeEvent::Message {
                from,
                epoch,
                message,
            });
        }
    }

    fn event(&mut self, event: &NodeEvent<'_>) {
        self.before(event);
        let actions = self.machine.handle(self.now, event.clone());
        assert_eq!(self.machine.check(), Ok(()));
        let again = self.twin.handle(self.now, event.clone());
        assert_eq!(actions, again, "the twin does otherwise");
        for action in &actions {
            self.judge_of(action);
            self.audit.action(action);
        }
        for action in actions {
            match action {
                NodeAction::SetTimer(at) => self.timer = Some(at),
                NodeAction::Resolve { query, .. } => self.queries.push(query),
                NodeAction::Persist(changes) => self.disk.change(changes),
                NodeAction::SaveBook => M::save(self.machine.peers(), &mut self.disk),
                _ => {}
            }
        }
        let deadline = self.machine.deadline();
        assert!(deadline.is_none() || deadline == self.timer, "I5");
        let now = self.now.min(LATEST);
        assert!(deadline.is_none_or(|at| at > now), "I5");
        self.judge.after(self.machine.peers());
    }

    /// Both onlookers learn what is about to happen.
    fn before(&mut self, event: &NodeEvent<'_>) {
        // The exchange reckons to the end of time.
        self.audit.now = self.audit.now.max(self.now);
        self.audit.coming = None;
        let now = self.now;
        let learned = |address: NodeAddress, from| peers::Event::Learned { address, from };
        match event.clone() {
            NodeEvent::Named { address } => {
                M::named(&mut self.judge, &address);
                self.judge.before(now, &learned(address, ME));
            }
            NodeEvent::DialFailed { address, why } => {
                let event = peers::Event::DialFailed { address, why };
                self.judge.before(now, &event);
            }
            NodeEvent::Dialed {
                address,
                epoch,
                kind,
                ip,
            } => {
                let peer = address.id();
                self.audit.comes(peer, epoch, kind);
                let event = peers::Event::Dialed { address, epoch, ip };
                self.judge.before(now, &event);
                self.judge.before(now, &peers::Event::Ready { peer, epoch });
            }
            NodeEvent::Accepted {
                peer,
                epoch,
                kind,
                ip,
                listen,
            } => {
                self.audit.comes(peer, epoch, kind);
                let event = peers::Event::Accepted {
                    peer,
                    epoch,
                    ip,
                    listen,
                };
                self.judge.before(now, &event);
                self.judge.before(now, &peers::Event::Ready { peer, epoch });
            }
            NodeEvent::Down { peer, epoch } => {
                self.audit.over(peer, epoch);
                let event = peers::Event::Disconnected { peer, epoch };
                self.judge.before(now, &event);
            }
            NodeEvent::Message {
                from,
                message: Message::Response(response),
                ..
            } => {
                let told = response.entries().filter_map(|entry| entry.parse().ok());
                for address in told {
                    self.judge.before(now, &learned(address, from));
                }
            }
            _ => {}
        }
        self.judge.before(now, &peers::Event::Tick);
    }

    /// What the manager wanted, as far as it can be seen.
    fn judge_of(&mut self, action: &NodeAction) {
        let action = match action.clone() {
            NodeAction::Dial { address, nearest } => peers::Action::Dial { address, nearest },
            NodeAction::Up { peer, epoch } => peers::Action::Up { peer, epoch },
            NodeAction::Down { peer, epoch } => peers::Action::Down { peer, epoch },
            NodeAction::HangUp {
                peer,
                epoch,
                why: HangUp::Evicted(why),
            } => peers::Action::Evict { peer, epoch, why },
            _ => return,
        };
        self.judge.action(&action, self.machine.peers());
    }

    fn rewind(&mut self, span: u16) {
        let earlier = self.now.min(LATEST) - (Time::EPOCH + secs(span.into()));
        let to = Time::EPOCH + earlier;
        if to < BEGIN {
            return;
        }
        self.now = to;
        self.machine.rewind(to);
        self.twin.rewind(to);
        self.judge.rewind(to);
        self.audit.rewind(to);
        assert_eq!(self.machine.check(), Ok(()));
        self.timer = self.machine.deadline();
    }

    /// The process ends, and two begin with what is on the disk: they are twins.
    fn restart(&mut self, killed: bool) {
        self.now = self.now.max(BEGIN);
        if !killed {
            let changes = self.machine.flush();
            assert_eq!(changes, self.twin.flush());
            self.disk.change(changes.into_iter().flatten());
            M::save(self.machine.peers(), &mut self.disk);
        }
        let begin = || {
            let config = self.program.exchange.config();
            M::begin(&self.program.options, config, self.now, &self.disk)
        };
        (self.machine, self.twin) = (begin(), begin());
        self.timer = None;
        self.queries.clear();
        self.judge.begin(self.now.min(LATEST));
        self.audit.forget(self.now);
        self.event(&NodeEvent::Tick);
    }
}

fn ip_of((network, of_it): (u8, u8)) -> IpAddr {
    host((network % 24).into(), (of_it % 4).into())
}
