//! Runs a program through the machine, and holds what it does against the model.

use core::time::Duration;
use std::collections::BTreeMap;

use pex::peers::{Action, DIAL_PATIENCE, Event, Eviction, PeerManager, RecordKey, Standing};
use pex::{Epoch, NodeAddress, NodeId, Seed, Time};

use crate::naive::{Effect, Known, Life, Link, Naive, Purpose};
use crate::program::{FEELER, ME, Op, Program, START, address, failure, id, misconduct, teller};

mod agree;

type Check = Result<(), String>;

struct Run {
    machine: PeerManager,
    model: Naive,
    epochs: u64,
    disk: BTreeMap<RecordKey, Vec<u8>>,
    timer: Option<Time>,
    /// When a feeler was last sent.
    felt: Option<Time>,
}

pub(crate) fn run(program: &Program) -> Check {
    let setting = program.setting;
    let seed = Seed::new([program.seed; 32]);
    let mut run = Run {
        machine: PeerManager::new(setting.options(), ME, seed, START),
        model: Naive::new(setting, START),
        epochs: 0,
        disk: BTreeMap::new(),
        timer: None,
        felt: None,
    };
    let mut now = START;
    for (number, (step, op)) in program.ops.iter().enumerate() {
        let millis = Duration::from_millis(step.unsigned_abs());
        now = if *step < 0 {
            Time::from_nanos(now.as_nanos() - u64::try_from(millis.as_nanos()).unwrap_or(0))
        } else {
            now + millis
        };
        run.step(now, *op)
            .map_err(|what| format!("event {number}, {op:?} at {now}: {what}"))?;
        if number % 16 == 0 {
            let sound = run.machine.check();
            sound.map_err(|broken| format!("event {number}, {op:?}: {broken}"))?;
        }
    }
    run.persisted_in_the_end()
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(what()) }
}

impl Run {
    fn step(&mut self, now: Time, op: Op) -> Check {
        self.model.now = self.model.now.max(now);
        let (event, expected) = self.event(op);
        let actions = self.machine.handle(now, event.clone());
        let mut seen: Vec<Effect> = Vec::new();
        let mut dials = Vec::new();
        for action in &actions {
            match action {
                Action::Dial { address, .. } => dials.push(address.clone()),
                Action::Up { peer, epoch } => seen.push(Effect::Up(number(*peer), *epoch)),
                Action::Down { peer, epoch } => seen.push(Effect::Down(number(*peer), *epoch)),
                Action::Evict { peer, epoch, why } => {
                    seen.push(Effect::Evict(number(*peer), *epoch, *why));
                }
                Action::SetTimer(at) => self.timer = Some(*at),
                Action::Persist(changes) => self.write_down(changes),
                _ => {}
            }
        }
        self.apply(op, &event, expected, &mut seen)?;
        self.fall_due(&mut seen)?;
        ensure(seen.is_empty(), || format!("nobody expects {seen:?}"))?;
        for address in dials {
            self.dial(&address)?;
        }
        self.nothing_left_undone()?;
        self.same_as_the_model()
    }

    fn epoch(&mut self) -> Epoch {
        self.epochs += 1;
        Epoch::new(self.epochs)
    }

    /// The event of an op, and the connection that it is about.
    fn event(&mut self, op: Op) -> (Event, Option<Epoch>) {
        let link = |model: &Naive, peer: u8| match model.peer(peer).life {
            Life::Linked { link, .. } | Life::Evicting(link) | Life::Refused(link) => {
                Some(link.epoch)
            }
            Life::Idle | Life::Dialing { .. } => None,
        };
        let never = Epoch::new(u64::MAX);
        let dialed = |model: &Naive, peer: u8, which: u8| match model.peer(peer).life {
            Life::Dialing {
                which: Some(which), ..
            } => address(peer, which),
            _ => address(peer, which),
        };
        match op {
            Op::Learn {
                peer,
                which,
                operator,
            } => {
                let from = if operator { ME } else { teller(peer, which) };
                let address = address(peer, which);
                (Event::Learned { address, from }, None)
            }
            Op::Dialed { peer, which } => {
                let (address, epoch) = (dialed(&self.model, peer, which), self.epoch());
                let ip = None;
                (Event::Dialed { address, epoch, ip }, Some(epoch))
            }
            Op::Failed { peer, which, why } => {
                let (address, why) = (dialed(&self.model, peer, which), failure(why));
                (Event::DialFailed { address, why }, None)
            }
            Op::Accepted { peer } => {
                let epoch = self.epoch();
                let event = Event::Accepted {
                    peer: id(peer),
                    epoch,
                    ip: None,
                    listen: None,
                };
                (event, Some(epoch))
            }
            Op::Ready { peer } => {
                let epoch = link(&self.model, peer).unwrap_or(never);
                let peer = id(peer);
                (Event::Ready { peer, epoch }, Some(epoch))
            }
            Op::Gone { peer } => {
                let epoch = link(&self.model, peer).unwrap_or(never);
                let peer = id(peer);
                (Event::Disconnected { peer, epoch }, Some(epoch))
            }
            Op::Stray { peer } => {
                let (peer, epoch) = (id(peer), never);
                (Event::Disconnected { peer, epoch }, None)
            }
            Op::Misbehaved { peer, how } => {
                let (peer, how) = (id(peer), misconduct(how));
                (Event::Misbehaved { peer, how }, None)
            }
            Op::Behaved { peer } => (Event::Behaved { peer: id(peer) }, None),
            Op::Release { peer } => (Event::Release { peer: id(peer) }, None),
            Op::InUse { peer, in_use } => {
                let peer = id(peer);
                (Event::InUse { peer, in_use }, None)
            }
            Op::Tick => (Event::Tick, None),
        }
    }

    /// Lets the model go through the same event, and takes what it expects from what was seen.
    fn apply(
        &mut self,
        op: Op,
        event: &Event,
        epoch: Option<Epoch>,
        seen: &mut Vec<Effect>,
    ) -> Check {
        let model = &mut self.model;
        let mut expected = Vec::new();
        match (op, event) {
            (
                Op::Learn {
                    peer,
                    which,
                    operator,
                },
                _,
            ) => self.learned(peer, which, operator)?,
            (Op::Dialed { peer, .. }, Event::Dialed { address, .. }) => {
                let (which, epoch) = (which_of(address), epoch.unwrap_or_default());
                return self.dialed(peer, which, epoch, seen);
            }
            (Op::Failed { peer, .. }, Event::DialFailed { why, .. }) => {
                model.dial_failed(peer, *why);
            }
            (Op::Accepted { peer }, _) => {
                return self.accepted(peer, epoch.unwrap_or_default(), seen);
            }
            (Op::Ready { peer }, _) => {
                if let Life::Linked { ready, link, .. } = &mut model.peer_mut(peer).life
                    && !core::mem::replace(ready, true)
                {
                    expected.push(Effect::Up(peer, link.epoch));
                }
            }
            (Op::Gone { peer }, _) => expected.extend(model.end(peer)),
            (Op::Misbehaved { peer, .. }, Event::Misbehaved { how, .. }) => {
                expected = model.misbehaved(peer, *how);
            }
            (Op::Behaved { peer }, _) => model.behaved(peer),
            (Op::Release { peer }, _) => expected = model.evict(peer, Eviction::Released),
            (Op::InUse { peer, in_use }, _) => {
                if let Life::Linked { link, .. } = &mut model.peer_mut(peer).life {
                    link.in_use = in_use;
                }
            }
            _ => {}
        }
        take(seen, &expected)
    }

    /// An address was told: it is known now, unless it was forgotten not long ago.
    fn learned(&mut self, peer: u8, which: u8, operator: bool) -> Check {
        let at = usize::from(which);
        let now = self.model.now;
        let known = self
            .machine
            .addresses_of(id(peer))
            .contains(&address(peer, which));
        if self.model.peer(peer).known[at].is_some() {
            if operator {
                self.model.take_over(peer, which);
            }
            return Ok(());
        }
        if !known && self.model.is_banned(peer) {
            return Ok(());
        }
        let forgotten = self.model.peer(peer).forgotten[at].filter(|_| !operator);
        let day = Duration::from_secs(86_400);
        let lately = forgotten.is_some_and(|at| now - at < day);
        let perhaps = forgotten.is_some_and(|at| now - at < 3 * day);
        ensure(!(known && lately), || {
            "taken in, and forgotten a moment ago".into()
        })?;
        ensure(known || perhaps, || {
            "not taken in, and nothing speaks against it".into()
        })?;
        ensure(!(known && self.model.is_banned(peer)), || {
            "banned, and taken in".into()
        })?;
        if known {
            // One node is left alone as a whole, so it may be that this address waits with the others.
            let others = self.model.peer(peer).known.iter().flatten();
            let latest = others.map(|other| other.from.1).max().unwrap_or(now);
            self.model.peer_mut(peer).known[at] = Some(Known {
                named: operator,
                from: (now, latest.max(now)),
                ..Known::default()
            });
        }
        Ok(())
    }

    fn dialed(&mut self, peer: u8, which: u8, epoch: Epoch, seen: &mut Vec<Effect>) -> Check {
        let model = &mut self.model;
        let life = model.peer(peer).life;
        let purpose = match life {
            Life::Dialing { purpose, .. } => purpose,
            _ => Purpose::Keep,
        };
        take(seen, &model.end(peer).into_iter().collect::<Vec<_>>())?;
        model.give_back(purpose, peer);
        model.peer_mut(peer).life = Life::Idle;
        let (now, at) = (model.now, usize::from(which));
        let known = model.peer_mut(peer).known[at].get_or_insert_with(|| Known {
            found: true,
            ..Known::default()
        });
        known.tested = true;
        known.reached = Some(now);
        if purpose == Purpose::Feel {
            known.failures = 0;
        }
        let verdict = model.judge_dialed(peer, purpose);
        self.let_in(peer, Some(which), epoch, verdict, seen)
    }

    fn accepted(&mut self, peer: u8, epoch: Epoch, seen: &mut Vec<Effect>) -> Check {
        let model = &mut self.model;
        if let Life::Dialing { purpose, .. } = model.peer(peer).life {
            model.give_back(purpose, peer);
            model.peer_mut(peer).life = Life::Idle;
            model.release(peer, model.now);
        } else {
            take(seen, &model.end(peer).into_iter().collect::<Vec<_>>())?;
        }
        let verdict = model.judge_accepted(peer);
        self.let_in(peer, None, epoch, verdict, seen)
    }

    fn let_in(
        &mut self,
        peer: u8,
        which: Option<u8>,
        epoch: Epoch,
        verdict: Result<Vec<u8>, Eviction>,
        seen: &mut Vec<Effect>,
    ) -> Check {
        let model = &mut self.model;
        let link = Link {
            epoch,
            which,
            since: model.now,
            in_use: false,
        };
        let victims = match verdict {
            Err(why) => {
                model.peer_mut(peer).life = Life::Refused(link);
                return take(seen, &[Effect::Evict(peer, epoch, why)]);
            }
            Ok(victims) => victims,
        };
        if !victims.is_empty() {
            // Among equals, the machine draws.
            let upgraded = |it: &Effect| matches!(it, Effect::Evict(peer, _, Eviction::Upgraded) if victims.contains(peer));
            let Some(Effect::Evict(victim, ..)) = seen.iter().copied().find(upgraded) else {
                return Err(format!("one of {victims:?} has to go, and {seen:?}"));
            };
            let effects = model.evict(victim, Eviction::Upgraded);
            take(seen, &effects)?;
        }
        model.peer_mut(peer).life = Life::Linked {
            link,
            ready: false,
            claimed_by: None,
        };
        Ok(())
    }

    /// Dials are given up and connections rotated as they fall due. When a rotation fell due only
    /// the machine knows, so either order is tried: who is alone by then holds less against others.
    fn fall_due(&mut self, seen: &mut Vec<Effect>) -> Check {
        let (before, effects) = (self.model.clone(), seen.clone());
        self.given_up();
        self.rotations(seen)?;
        let same = |run: &Self| {
            let mut all = Naive::all();
            all.all(|peer| {
                let known = run.model.peer(peer).known.iter().flatten().count();
                known == run.machine.addresses_of(id(peer)).len()
            })
        };
        if !same(self) {
            (self.model, *seen) = (before, effects);
            self.rotations(seen)?;
            self.given_up();
        }
        Ok(())
    }

    /// Connections of ours may be given up, if they may at all.
    fn rotations(&mut self, seen: &mut Vec<Effect>) -> Check {
        while let Some(Effect::Evict(peer, ..)) = seen
            .iter()
            .copied()
            .find(|it| matches!(it, Effect::Evict(_, _, Eviction::Rotated)))
        {
            let model = &mut self.model;
            let Life::Linked { link, .. } = model.peer(peer).life else {
                return Err(format!("{peer} is not connected, and rotated"));
            };
            let may = model.setting.rotates && link.which.is_some() && !link.in_use;
            ensure(may && !model.is_persistent(peer), || {
                format!("{peer} may not be rotated")
            })?;
            let effects = model.evict(peer, Eviction::Rotated);
            take(seen, &effects)?;
        }
        Ok(())
    }

    /// Dials without an answer are given up in the end, the first first.
    fn given_up(&mut self) {
        let now = self.model.now;
        loop {
            let dials = Naive::all().filter_map(|peer| match self.model.peer(peer).life {
                Life::Dialing { until, .. } => Some((until, peer)),
                _ => None,
            });
            let Some((_, peer)) = dials.min().filter(|(until, _)| *until <= now) else {
                return;
            };
            self.model.dial_failed(peer, failure(u8::MAX));
        }
    }

    fn dial(&mut self, address: &NodeAddress) -> Check {
        let (peer, which) = (number(address.id()), which_of(address));
        let model = &self.model;
        let (now, it) = (model.now, model.peer(peer));
        let known = it.known[usize::from(which)];
        let what = || format!("{peer} is dialed: {it:?}");
        let idle = it.life == Life::Idle;
        ensure(idle && !model.is_banned(peer), what)?;
        ensure(known.is_some_and(|known| known.from.0 <= now), what)?;
        ensure(model.dialing() < model.setting.dialing, what)?;
        let worse = model.worst_below(model.score(peer), true);
        let upgrade = model.is_chosen(peer)
            && model.setting.upgrade > 0
            && model.has_upgrade_slot()
            && !worse.is_empty();
        let unconditional =
            model.is_chosen(peer) && model.judge_dialed(peer, Purpose::Keep) == Ok(Vec::new());
        let purpose = if model.has_place_of_ours() || unconditional {
            Purpose::Keep
        } else if upgrade {
            Purpose::Upgrade
        } else {
            let gap = FEELER / 4 * 3;
            ensure(
                model.setting.feelers && model.dialing_to(Purpose::Feel) == 0,
                what,
            )?;
            ensure(self.felt.is_none_or(|at| now - at >= gap), || {
                "feelers too fast".into()
            })?;
            self.felt = Some(now);
            Purpose::Feel
        };
        if purpose == Purpose::Upgrade {
            let claimed = |&victim: &u8| {
                self.machine.standing(id(victim)) == Standing::Claimed
                    && matches!(
                        self.model.peer(victim).life,
                        Life::Linked {
                            claimed_by: None,
                            ..
                        }
                    )
            };
            let Some(victim) = worse.iter().copied().find(claimed) else {
                return Err(format!("{peer} takes the place of nobody among {worse:?}"));
            };
            if let Life::Linked { claimed_by, .. } = &mut self.model.peer_mut(victim).life {
                *claimed_by = Some(peer);
            }
        }
        self.model.peer_mut(peer).life = Life::Dialing {
            which: Some(which),
            purpose,
            until: now + DIAL_PATIENCE,
        };
        Ok(())
    }
}

/// Takes what is expected from what was seen.
fn take(seen: &mut Vec<Effect>, expected: &[Effect]) -> Check {
    for effect in expected {
        let Some(place) = seen.iter().position(|it| it == effect) else {
            return Err(format!("{effect:?} is missing among {seen:?}"));
        };
        seen.remove(place);
    }
    Ok(())
}

fn number(peer: NodeId) -> u8 {
    peer.as_bytes()[0]
}

fn which_of(address: &NodeAddress) -> u8 {
    match address.ip() {
        Some(core::net::IpAddr::V4(ip)) => ip.octets()[0] - 20,
        _ => 0,
    }
}
