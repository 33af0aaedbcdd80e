//! What must hold of a peer manager, whatever the events and the options.
//!
//! The onlooker is that of the tests of the peer manager: whoever runs this body has it, its world
//! and its nodes at the root of the crate.

#[path = "peers/options.rs"]
pub(crate) mod options;
#[path = "peers/places.rs"]
pub(crate) mod places;
#[path = "peers/program.rs"]
mod program;

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use pex::peers::{Action, AddressRecord, Event, Options, PeerManager, PeerRecord};
use pex::{Epoch, NodeAddress, NodeId, Seed, Time};

use crate::common::World;
use crate::nodes::{LATEST, ME, host, id, node, secs};
use options::RawOptions;
use places::{NODES, Place, Which, failure, misconduct, somebody};
use program::{Program, Step, What};

/// The steps of one program that are carried out: bounds the time of a run.
const STEPS_MAX: usize = 400;

const SEED: Seed = Seed::new([7; 32]);

/// When a program begins. The judge reckons with the time since START, so nothing that counts may lie
/// before it.
const BEGIN: Time = Time::from_secs(1_700_000_000 + 86_400);

/// Reads options and a program from the bytes, and runs it. A twin, copied or loaded when the program
/// says so, must do the same from then on.
pub(crate) fn peers(data: &[u8]) {
    let Ok(program) = Program::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let mut run = Run::new(program.options);
    for step in program.steps.iter().take(STEPS_MAX) {
        run.step(step);
    }
    run.same();
}

struct Run {
    raw: RawOptions,
    options: Options,
    world: World<PeerManager>,
    twin: PeerManager,
}

impl Run {
    fn new(raw: RawOptions) -> Self {
        let options = raw.options();
        let now = BEGIN;
        let peers = PeerManager::new(options.clone(), ME, SEED, now);
        let twin = peers.clone();
        let mut judge = raw.judge(&options);
        judge.begin(now);
        let world = World::around(peers, judge, now);
        Self {
            raw,
            options,
            world,
            twin,
        }
    }

    fn step(&mut self, step: &Step) {
        let deadline = self.world.peers.deadline();
        self.world.now = step.span.after(self.world.now, deadline);
        match &step.what {
            What::CarryOut => self.carry_out(),
            What::Clone => {
                self.same();
                self.twin = self.world.peers.clone();
            }
            What::Rewind(span) => self.rewind(*span),
            What::Restart { killed } => self.restart(*killed),
            What::Flush => self.flush(),
            What::Flood { from, first, count } => {
                for n in u32::from(*first)..u32::from(*first) + u32::from(*count % 64) {
                    self.event(Event::Learned {
                        address: node(n % 16_000),
                        from: somebody(*from),
                    });
                }
            }
            what => {
                let event = self.made_of(what);
                self.event(event);
            }
        }
        self.listen();
    }

    fn made_of(&mut self, what: &What) -> Event {
        match what {
            What::Learned { place, from } => Event::Learned {
                address: place.address(),
                from: somebody(*from),
            },
            What::Dialed {
                dial,
                place,
                epoch,
                elsewhere,
            } => {
                let address = self.dial(*dial, place);
                Event::Dialed {
                    epoch: self.epoch(address.id(), epoch),
                    ip: elsewhere.map(|n| host(u32::from(n) % 24, 1)),
                    address,
                }
            }
            What::Failed { dial, place, why } => Event::DialFailed {
                address: self.dial(*dial, place),
                why: failure(*why),
            },
            What::Accepted {
                peer,
                epoch,
                ip,
                listen,
            } => Event::Accepted {
                peer: somebody(*peer),
                epoch: self.epoch(somebody(*peer), epoch),
                ip: ip.map(|(network, of_it)| host((network % 24).into(), (of_it % 4).into())),
                listen: listen.as_ref().map(Place::address),
            },
            What::Ready { peer, epoch } => Event::Ready {
                peer: somebody(*peer),
                epoch: self.epoch(somebody(*peer), epoch),
            },
            What::Disconnected { peer, epoch } => Event::Disconnected {
                peer: somebody(*peer),
                epoch: self.epoch(somebody(*peer), epoch),
            },
            What::Misbehaved { peer, how } => Event::Misbehaved {
                peer: somebody(*peer),
                how: misconduct(*how),
            },
            What::Behaved { peer } => Event::Behaved {
                peer: somebody(*peer),
            },
            What::Release { peer } => Event::Release {
                peer: somebody(*peer),
            },
            What::InUse { peer, in_use } => Event::InUse {
                peer: somebody(*peer),
                in_use: *in_use,
            },
            _ => Event::Tick,
        }
    }

    /// A dial that is under way, or another address if there is no such.
    fn dial(&self, number: u8, place: &Place) -> NodeAddress {
        let dial = self.world.judge.dialing.values().nth(number.into());
        dial.map_or_else(|| place.address(), |(address, _)| address.clone())
    }

    fn epoch(&mut self, peer: NodeId, which: &Which) -> Epoch {
        let present = self.world.judge.links.get(&peer).map(|link| link.epoch);
        match (which, present) {
            (Which::Present, Some(epoch)) => epoch,
            (Which::Present | Which::New, _) => self.world.epoch(),
            (Which::Number(number), _) => Epoch::new((*number).into()),
        }
    }

    fn event(&mut self, event: Event) {
        let again = self.twin.handle(self.world.now, event.clone());
        let done = self.world.event(event);
        let loud = |it: &Action| !matches!(it, Action::SetTimer(_) | Action::Persist(_));
        let again = again.into_iter().filter(loud);
        assert_eq!(done, again.collect::<Vec<_>>(), "the twin does otherwise");
        assert_eq!(self.world.peers.deadline(), self.twin.deadline());
        self.world.log.clear();
    }

    /// Nothing is told that may not be.
    fn listen(&self) {
        let told = self.world.told();
        let private: BTreeSet<NodeId> = self.raw.private().collect();
        let own = self.raw.own().and_then(|own| own.ip());
        for address in &told {
            let id = address.id();
            assert!(id != ME && !private.contains(&id), "I15: {address}");
            assert!(!self.world.peers.is_banned(id), "I21: {address}");
            assert!(own.is_none() || address.ip() != own, "I16: {address}");
        }
        assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len());
    }

    /// A driver that does what it was told, and gets every connection ready.
    fn carry_out(&mut self) {
        let links = self.world.judge.links.iter();
        let links: Vec<_> = links
            .map(|(id, link)| (*id, link.epoch, link.evicted.is_some()))
            .collect();
        for (peer, epoch, goes) in links {
            self.event(if goes {
                Event::Disconnected { peer, epoch }
            } else {
                Event::Ready { peer, epoch }
            });
        }
    }

    fn rewind(&mut self, span: u16) {
        let earlier = self.world.now.min(LATEST) - (Time::EPOCH + secs(span.into()));
        let to = Time::EPOCH + earlier;
        if to < BEGIN {
            return;
        }
        self.world.rewind(to);
        self.twin.rewind(to);
    }

    /// What was handed out and what is handed out now is all that is kept.
    fn flush(&mut self) {
        self.event(Event::Tick);
        let changes = self.world.peers.flush();
        assert_eq!(changes, self.twin.flush());
        for change in changes.into_iter().flatten() {
            match change.value {
                Some(value) => self.world.disk.insert(change.key, value),
                None => self.world.disk.remove(&change.key),
            };
        }
        let sorted = |mut record: PeerRecord| {
            let order = |it: &AddressRecord| it.address.clone();
            record.addresses.sort_by_key(order);
            record
        };
        let kept: Vec<PeerRecord> = self.world.peers.records().map(sorted).collect();
        let disk = self
            .world
            .disk
            .values()
            .flat_map(|it| PeerRecord::decode(it));
        let disk: Vec<PeerRecord> = disk.map(sorted).collect();
        let differs = kept.iter().zip(&disk).find(|(one, other)| one != other);
        assert_eq!(differs, None, "the disk is not what is kept");
        assert_eq!(
            (kept.len(), disk.len()),
            (disk.len(), self.world.disk.len())
        );
    }

    /// The process ends, and two begin with what is on the disk: they are twins.
    fn restart(&mut self, killed: bool) {
        self.world.now = self.world.now.max(BEGIN);
        if !killed {
            self.flush();
        }
        let now = self.world.now;
        let load = || {
            let mut peers = PeerManager::new(self.options.clone(), ME, SEED, now);
            for bytes in self.world.disk.values() {
                let record = PeerRecord::decode(bytes);
                assert!(record.is_ok(), "a record is refused: {:?}", record.err());
                let known = peers.addresses();
                let taken = record.map_or(0, |record| peers.load(&record));
                assert_eq!(peers.addresses(), known + taken);
            }
            assert_eq!(peers.check(), Ok(()));
            peers
        };
        let (peers, twin) = (load(), load());
        let mut judge = self.world.judge.clone();
        judge.begin(now.min(LATEST));
        let disk = core::mem::take(&mut self.world.disk);
        self.world = World::around(peers, judge, now);
        self.world.disk = disk;
        self.twin = twin;
        self.event(Event::Tick);
    }

    /// The twins keep the same.
    fn same(&self) {
        assert!(self.world.peers.records().eq(self.twin.records()));
        assert_eq!(self.world.peers.counts(), self.twin.counts());
        assert!(self.world.peers.ready().eq(self.twin.ready()));
        assert!(self.world.peers.anchors().eq(self.twin.anchors()));
        for n in 0..NODES {
            let standing = self.world.peers.standing(id(n));
            assert_eq!(standing, self.twin.standing(id(n)), "{n}");
        }
    }
}
