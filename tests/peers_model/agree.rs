//! Whether the machine and the model agree: on whom they know and tell of, on what is due, and on what
//! is on the disk.

use core::ops::ControlFlow;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::peers::{Action, Change, Event, PeerManager, PeerRecord, RecordKey};
use pex::{Directory as _, Seed, Time};

use super::{Check, Run, ensure, number, which_of};
use crate::naive::{Life, Naive};
use crate::program::{ME, PERSIST, address, id};

impl Run {
    /// Where there is a place and somebody to dial, somebody is dialed; and where somebody will be,
    /// the timer is set.
    pub(super) fn nothing_left_undone(&self) -> Check {
        let model = &self.model;
        if model.dialing() >= model.setting.dialing || !model.has_place_of_ours() {
            return Ok(());
        }
        let idle = Naive::all().filter(|&peer| model.peer(peer).life == Life::Idle);
        for peer in idle.filter(|&peer| !model.is_banned(peer)) {
            for known in model.peer(peer).known.iter().flatten() {
                let latest = known.from.1;
                ensure(latest > model.now, || {
                    format!("{peer} could be dialed: {:?}", model.peer(peer))
                })?;
                let deadline = self.machine.deadline();
                let slack = Duration::from_millis(2);
                ensure(deadline.is_some_and(|at| at <= latest + slack), || {
                    format!("{peer} can be dialed at {latest}, and the timer is at {deadline:?}")
                })?;
            }
        }
        Ok(())
    }

    pub(super) fn same_as_the_model(&self) -> Check {
        let (machine, model) = (&self.machine, &self.model);
        for peer in Naive::all() {
            let (its, ours) = (machine.standing(id(peer)), model.standing(peer));
            ensure(its == ours, || format!("{peer} is {its:?}, not {ours:?}"))?;
            let (its, ours) = (machine.score(id(peer)), model.score(peer));
            ensure(its == ours, || {
                format!("{peer} has score {its}, not {ours}")
            })?;
            let (its, ours) = (machine.is_banned(id(peer)), model.is_banned(peer));
            ensure(its == ours, || format!("{peer} banned: {its}, not {ours}"))?;
            let its: BTreeSet<_> = machine.addresses_of(id(peer)).into_iter().collect();
            let ours = (0..2).filter(|&which| model.peer(peer).known[usize::from(which)].is_some());
            let ours: BTreeSet<_> = ours.map(|which| address(peer, which)).collect();
            ensure(its == ours, || {
                format!("of {peer} is known {its:?}, not {ours:?}")
            })?;
        }
        ensure(machine.dialing() == model.dialing(), || {
            "dials are counted".into()
        })?;
        if let Some(at) = machine.deadline() {
            let armed = self.timer.filter(|timer| *timer > model.now);
            ensure(armed.is_some_and(|timer| timer <= at), || {
                format!("the deadline is {at}, the timer {armed:?}")
            })?;
        }
        // The longest to look at, and what went wrong stays wrong.
        if self.epochs.is_multiple_of(4) {
            self.told()
        } else {
            Ok(())
        }
    }

    /// Others are told of exactly those of whom they may be, the tested first.
    fn told(&self) -> Check {
        let (machine, model) = (&self.machine, &self.model);
        let mut told = Vec::new();
        machine.walk(machine.start(self.epochs << 40), &mut |_, address| {
            told.push((number(address.id()), which_of(address)));
            ControlFlow::Continue(())
        });
        let tested = |&(peer, which): &(u8, u8)| {
            let known = model.peer(peer).known[usize::from(which)];
            known.is_some_and(|known| known.tested)
        };
        let first = told.iter().take_while(|it| tested(it)).count();
        ensure(!told[first..].iter().any(tested), || {
            format!("tested first: {told:?}")
        })?;
        let all = Naive::all().flat_map(|peer| [(peer, 0), (peer, 1)]);
        let may: BTreeSet<_> = all.filter(|it| model.may_be_told(it.0, it.1)).collect();
        ensure(
            told.len() == may.len() && told.iter().all(|it| may.contains(it)),
            || format!("told {told:?}, not {may:?}"),
        )
    }

    pub(super) fn write_down(&mut self, changes: &[Change]) {
        for change in changes {
            match &change.value {
                Some(value) => self.disk.insert(change.key, value.clone()),
                None => self.disk.remove(&change.key),
            };
        }
    }

    /// What was written down is what there is, and a manager that loads it has the same.
    pub(super) fn persisted_in_the_end(mut self) -> Check {
        let later = self.model.now + PERSIST;
        for action in self.machine.handle(later, Event::Tick) {
            if let Action::Persist(changes) = action {
                self.write_down(&changes);
            }
        }
        let unwritten = self.machine.flush();
        // Only what this last event itself has changed may be left.
        self.write_down(&unwritten.unwrap_or_default());
        let mut expected: BTreeMap<RecordKey, Vec<u8>> = BTreeMap::new();
        for record in self.machine.records() {
            expected.insert(PeerRecord::key(record.id), record.encode());
        }
        // A ban that is over is not worth a write of its own.
        let disk: BTreeMap<_, _> = self
            .disk
            .iter()
            .map(|(key, value)| (*key, decode(value, later)))
            .collect();
        let expected: BTreeMap<_, _> = expected
            .iter()
            .map(|(key, value)| (*key, decode(value, later)))
            .collect();
        let disk: BTreeMap<_, _> = disk.into_iter().filter(|(_, it)| is_worth(it)).collect();
        ensure(disk == expected, || {
            format!("on disk {disk:?}, in memory {expected:?}")
        })?;
        let options = self.model.setting.options();
        let mut again = PeerManager::new(options, ME, Seed::new([9; 32]), later);
        for record in disk.values() {
            again.load(record);
        }
        let reloaded: BTreeMap<_, _> = again
            .records()
            .map(|it| (PeerRecord::key(it.id), decode(&it.encode(), later)))
            .collect();
        ensure(reloaded == expected, || {
            format!("loaded {reloaded:?}, not {expected:?}")
        })?;
        again.check().map_err(|broken| broken.to_string())
    }
}

fn decode(bytes: &[u8], now: Time) -> PeerRecord {
    let mut record = PeerRecord::decode(bytes).expect("the machine writes what can be read");
    record.banned_until = record.banned_until.filter(|until| *until > now);
    record.addresses.sort_by_key(|it| it.address.clone());
    record
}

fn is_worth(record: &PeerRecord) -> bool {
    !record.addresses.is_empty() || record.banned_until.is_some()
}
