//! What becomes due, and when: the deadlines behind the machine's one timer.

use alloc::collections::BTreeMap;
use core::time::Duration;

use super::rotation::Slot;
use crate::Time;

/// What is to happen to a peer when its time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Its own limit has passed: it may be asked.
    Ask,
    /// It has not answered.
    Silence,
    /// Its answer has waited long enough for names to be resolved.
    Answer,
}

/// Names an entry. Entries of one time come in the order in which they were made, so no slot
/// number ever decides an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) at: Time,
    pub(crate) number: u64,
}

impl Entry {
    pub(crate) fn rewound(self, back: Duration) -> Self {
        Self {
            at: self.at.back(back),
            ..self
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    entries: BTreeMap<Entry, (Slot, Due)>,
    made: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: Time, slot: Slot, due: Due) -> Entry {
        self.made = self.made.saturating_add(1);
        let entry = Entry {
            at,
            number: self.made,
        };
        self.entries.insert(entry, (slot, due));
        entry
    }

    pub(crate) fn remove(&mut self, entry: Entry) {
        self.entries.remove(&entry);
    }

    /// When the first entry is due.
    pub(crate) fn first(&self) -> Option<Time> {
        self.entries.first_key_value().map(|(entry, _)| entry.at)
    }

    /// Takes the first entry that is due by `now`.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<(Slot, Due)> {
        let first = self.entries.first_entry()?;
        (first.key().at <= now).then(|| first.remove())
    }

    pub(crate) fn get(&self, entry: Entry) -> Option<(Slot, Due)> {
        self.entries.get(&entry).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The same agenda, with everything due `back` earlier.
    pub(crate) fn rewound(self, back: Duration) -> Self {
        let entries = self.entries.into_iter();
        let entries = entries
            .map(|(entry, what)| (entry.rewound(back), what))
            .collect();
        Self {
            entries,
            made: self.made,
        }
    }

    /// How many entries have been made, from which the next number follows.
    pub(crate) const fn made(&self) -> u64 {
        self.made
    }

    /// Puts an entry back that another agenda had under this name; false if it had made no such
    /// entry.
    pub(crate) fn put_back(&mut self, entry: Entry, slot: Slot, due: Due) -> bool {
        let made = (1..=self.made).contains(&entry.number);
        made && self.entries.insert(entry, (slot, due)).is_none()
    }

    /// An agenda that goes on after `made` entries.
    pub(crate) const fn after(made: u64) -> Self {
        Self {
            entries: BTreeMap::new(),
            made,
        }
    }
}
