//! What was found false is not taken in again for a day at least, however often it is told: places
//! where nobody answered, under whatever id, and places where another node than the one said lives.
//!
//! Without this a stranger could have us dial a victim for ever, by telling its address again each
//! time that we have given up. But that he tells a wrong id of a place says nothing against the
//! place: it is he, with his network, who is not believed any more of it. Only when several have told
//! wrong ids, nothing more is believed of the place. And what was in the store by then is still tried,
//! but no place is dialed more than a few times a day in all, under whatever ids and with whatever
//! outcome, unless somebody was reached there.

use alloc::collections::BTreeMap;
use core::time::Duration;

use super::PeerManager;
use super::arena::Slot;
use super::lanes::LaneKey;
use super::said::{Place, Said, Voice};
use super::sources::ITSELF;
use super::store::name_of;
use crate::{NodeAddress, Time};

/// What one generation holds. When it is full its day is over early: that takes as many dials of
/// distinct places, some two hours of all that a node may dial.
const GENERATION: usize = 65_536;

/// How long a generation takes them in, and how long it is kept after that.
const AGE: Duration = Duration::from_secs(86_400);

/// How often a place is dialed in a day of which strangers have told. One entry alone, left alone for
/// four times as long after each failure, is dialed as often.
const DIALS_MAX: u8 = 8;

/// How long the rest of what is said of such a place waits at most, before it is seen whether its day is
/// over.
const REST: Duration = Duration::from_secs(3_600);

const MINUTE: Duration = Duration::from_secs(60);

/// Who have told wrong ids of a place, after whom no stranger is believed who tells of it.
const LIARS_MAX: u8 = 4;

impl PeerManager {
    /// Whether this was found false not long ago, or its place was dialed as often as it may be; or
    /// who tells it, by any of these voices, has told a wrong id of the place.
    pub(super) fn is_forgotten<const N: usize>(
        &mut self,
        address: &NodeAddress,
        voices: impl FnOnce(&Self) -> [Voice; N],
    ) -> bool {
        let (said, now) = (self.said(address), self.now);
        if self.forgotten.refuses(said, now) {
            return true;
        }
        let place = said.place();
        self.forgotten.has_liars(place, now)
            && voices(self)
                .into_iter()
                .any(|voice| self.forgotten.has_lied(voice, place, now))
    }

    /// Forgets an entry and its place, where nobody answers.
    pub(super) fn forget_place(&mut self, slot: Slot) {
        let entry = self.store.get(slot);
        if let Some(address) = entry.and_then(|entry| self.store.address(entry)) {
            self.note_silence(&address);
        }
        self.forget(slot);
    }

    /// Forgets an entry whose node does not live where it is said to.
    pub(super) fn forget_claim(&mut self, slot: Slot) {
        if let Some(entry) = self.store.get(slot)
            && let Some(address) = self.store.address(entry)
        {
            let liar = match entry.source {
                ITSELF => self.store.ip(entry).map(|ip| {
                    let network = LaneKey::of(ip);
                    Voice::at(self.key, Some(network), entry.id)
                }),
                source => self.sources.id(source).map(|id| {
                    let network = self.sources.network(source);
                    Voice::at(self.key, network, id)
                }),
            };
            self.note_lie(&address, liar);
        }
        self.forget(slot);
    }

    pub(super) fn note_silence(&mut self, address: &NodeAddress) {
        self.forgotten.insert(self.place(address), self.now);
    }

    /// Until when what strangers say of a place waits, since it was dialed so often today.
    pub(super) fn place_waits_until(&mut self, address: &NodeAddress) -> Option<Time> {
        let spent = self.forgotten.is_spent(self.place(address), self.now);
        let rest = self.options.retry_max.clamp(MINUTE, REST);
        spent.then(|| self.now + rest)
    }

    /// A place is dialed on the word of strangers.
    pub(super) fn count_dial_of_place(&mut self, address: &NodeAddress) {
        self.forgotten.count_dial(self.place(address), self.now);
    }

    /// A dial that was counted was not made.
    pub(super) fn take_back_dial_of_place(&mut self, address: &NodeAddress) {
        self.forgotten.take_back_dial(self.place(address));
    }

    /// A node does not live where it is said to, by this one if that is known.
    pub(super) fn note_lie(&mut self, address: &NodeAddress, liar: Option<Voice>) {
        let said = self.said(address);
        self.forgotten.insert_lie(said, liar, self.now);
    }

    fn said(&self, address: &NodeAddress) -> Said {
        Said::of(self.key, self.place(address), address.id())
    }

    fn place(&self, address: &NodeAddress) -> Place {
        match address.ip() {
            Some(ip) => Place::at(self.key, ip, address.port()),
            None => Place::named(self.key, name_of(address), address.port()),
        }
    }
}

/// What is held against a place, against a claim, or against what one teller says of a place.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    /// Nothing more is believed of it.
    is_false: bool,
    /// Tellers of whose claims about a place one has turned out wrong; each claim of which nobody
    /// knows who told it is one.
    liars: u8,
    /// Dials of a place on the word of strangers.
    dials: u8,
}

/// What was found false, by keyed hashes, in two generations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forgotten {
    young: BTreeMap<u64, Record>,
    old: BTreeMap<u64, Record>,
    began: Time,
}

impl Forgotten {
    /// Nothing more is believed of a place.
    pub(crate) fn insert(&mut self, place: Place, now: Time) {
        self.record(place.hash(), now).is_false = true;
    }

    /// A claim about a place has turned out wrong. Nothing more of the place is believed to who told
    /// it; after several such tellers, to nobody.
    pub(crate) fn insert_lie(&mut self, said: Said, liar: Option<Voice>, now: Time) {
        self.record(said.claim(), now).is_false = true;
        if let Some(liar) = liar {
            let about = liar.about(said.place());
            if self.sum(about, now).is_false {
                return;
            }
            self.record(about, now).is_false = true;
        }
        let before = self.sum(said.place().hash(), now).liars;
        let record = self.record(said.place().hash(), now);
        record.liars = record.liars.saturating_add(1);
        record.is_false |= before.saturating_add(1) >= LIARS_MAX;
    }

    /// Whether nothing is believed of a place, or not this, or the place was dialed often enough.
    pub(crate) fn refuses(&mut self, said: Said, now: Time) -> bool {
        let of_place = self.sum(said.place().hash(), now);
        of_place.is_false || of_place.dials >= DIALS_MAX || self.sum(said.claim(), now).is_false
    }

    /// Whether anybody has told a wrong id of a place: hardly ever, and only then it matters who tells.
    pub(crate) fn has_liars(&mut self, place: Place, now: Time) -> bool {
        self.sum(place.hash(), now).liars > 0
    }

    /// Whether this teller has told a wrong id of a place.
    pub(crate) fn has_lied(&mut self, teller: Voice, place: Place, now: Time) -> bool {
        self.sum(teller.about(place), now).is_false
    }

    pub(crate) fn count_dial(&mut self, place: Place, now: Time) {
        let record = self.record(place.hash(), now);
        record.dials = record.dials.saturating_add(1);
    }

    /// A dial that was counted was not made.
    pub(crate) fn take_back_dial(&mut self, place: Place) {
        for generation in [&mut self.young, &mut self.old] {
            if let Some(record) = generation.get_mut(&place.hash()).filter(|it| it.dials > 0) {
                record.dials = record.dials.saturating_sub(1);
                return;
            }
        }
    }

    /// Whether a place was dialed as often as it may be in a day.
    pub(crate) fn is_spent(&mut self, place: Place, now: Time) -> bool {
        self.sum(place.hash(), now).dials >= DIALS_MAX
    }

    /// What both generations hold against it.
    fn sum(&mut self, hash: u64, now: Time) -> Record {
        self.age(now);
        let of = |generation: &BTreeMap<u64, Record>| generation.get(&hash).copied();
        let (young, old) = (of(&self.young), of(&self.old));
        let (young, old) = (young.unwrap_or_default(), old.unwrap_or_default());
        Record {
            is_false: young.is_false || old.is_false,
            liars: young.liars.saturating_add(old.liars),
            dials: young.dials.saturating_add(old.dials),
        }
    }

    fn record(&mut self, hash: u64, now: Time) -> &mut Record {
        self.age(now);
        if self.young.len() >= GENERATION && !self.young.contains_key(&hash) {
            self.turn(now);
        }
        self.young.entry(hash).or_default()
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.len().saturating_add(self.old.len())
    }

    pub(crate) fn rewind(&mut self, back: Duration) {
        self.began = self.began.back(back);
    }

    fn age(&mut self, now: Time) {
        if now - self.began >= AGE {
            let long_ago = now - self.began >= AGE.saturating_mul(2);
            self.turn(now);
            if long_ago {
                self.old.clear();
            }
        }
    }

    fn turn(&mut self, now: Time) {
        self.old = core::mem::take(&mut self.young);
        self.began = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeId;
    use crate::seed::HashKey;

    const HOUR: u64 = 3_600;

    const KEY: HashKey = HashKey::fixed(7, 18);

    fn place(ip: &str) -> Place {
        Place::at(KEY, ip.parse().unwrap(), 26_656)
    }

    fn said(place: Place, id: u8) -> Said {
        Said::of(KEY, place, NodeId::new([id; 20]))
    }

    fn voice(ip: &str, id: u8) -> Voice {
        let network = LaneKey::of(ip.parse().unwrap());
        Voice::at(KEY, Some(network), NodeId::new([id; 20]))
    }

    const fn at(hour: u64) -> Time {
        Time::from_secs((24 * 365 + hour) * HOUR)
    }

    #[test]
    fn a_place_is_kept_for_a_day_and_not_for_ever() {
        let here = place("12.0.0.1");
        for began in [0, 1, 23] {
            let mut forgotten = Forgotten::default();
            forgotten.insert(place("12.0.0.2"), at(0));
            forgotten.insert(here, at(began));
            assert!(forgotten.refuses(said(here, 1), at(began + 23)));
            assert!(!forgotten.refuses(said(here, 1), at(began + 49)));
        }
    }

    #[test]
    fn what_was_said_wrongly_is_kept_for_a_day_and_who_said_it_is_not_believed_of_that_place() {
        let mut forgotten = Forgotten::default();
        let (here, there) = (place("12.0.0.1"), place("12.0.0.2"));
        let (liar, other) = (voice("13.0.0.1", 1), voice("14.0.0.1", 2));
        forgotten.insert_lie(said(here, 1), Some(liar), at(0));
        assert!(forgotten.refuses(said(here, 1), at(23)));
        assert!(!forgotten.refuses(said(here, 2), at(23)));
        assert!(forgotten.has_liars(here, at(23)) && !forgotten.has_liars(there, at(23)));
        assert!(forgotten.has_lied(liar, here, at(23)));
        assert!(!forgotten.has_lied(other, here, at(23)));
        assert!(!forgotten.has_lied(liar, there, at(23)));
        assert!(!forgotten.has_lied(liar, here, at(49)) && !forgotten.has_liars(here, at(49)));
    }

    #[test]
    fn a_place_is_believed_of_nobody_after_four_networks_lied_or_four_of_one_site() {
        let here = place("12.0.0.1");
        let of_one_network = ["13.0.0.1", "13.0.0.2", "13.0.1.1", "13.0.1.2"];
        let of_four = ["13.0.0.1", "14.0.0.1", "15.0.0.1", "16.0.0.1"];
        let of_one_site = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];
        for (liars, refused) in [
            (of_one_network, false),
            (of_four, true),
            (of_one_site, true),
        ] {
            let mut forgotten = Forgotten::default();
            for (ip, n) in liars.into_iter().zip(0..) {
                assert!(!forgotten.refuses(said(here, 9), at(0)));
                forgotten.insert_lie(said(here, n), Some(voice(ip, n)), at(0));
            }
            assert_eq!(forgotten.refuses(said(here, 9), at(0)), refused);
        }
    }

    #[test]
    fn a_place_may_be_dialed_again_a_day_after_the_last_of_too_many_dials() {
        let mut forgotten = Forgotten::default();
        let (here, there) = (place("12.0.0.1"), place("12.0.0.2"));
        for hour in 20..28 {
            assert!(!forgotten.is_spent(here, at(hour)), "{hour}");
            forgotten.count_dial(here, at(hour));
        }
        assert!(forgotten.is_spent(here, at(28)) && !forgotten.is_spent(there, at(28)));
        assert!(forgotten.is_spent(here, at(27 + 23)));
        assert!(!forgotten.is_spent(here, at(27 + 49)));
    }

    #[test]
    fn a_dial_that_was_not_made_does_not_count_even_if_a_day_began_meanwhile() {
        let mut forgotten = Forgotten::default();
        let here = place("12.0.0.1");
        for _ in 0..8 {
            forgotten.count_dial(here, at(0));
        }
        assert!(forgotten.is_spent(here, at(23)) && forgotten.is_spent(here, at(25)));
        // That something else is held against the place since then takes nothing away.
        forgotten.insert_lie(said(here, 1), None, at(25));
        forgotten.take_back_dial(here);
        assert!(!forgotten.is_spent(here, at(25)));
        forgotten.take_back_dial(place("12.0.0.2"));
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut forgotten = Forgotten::default();
        for n in 0..3 * GENERATION as u64 {
            forgotten.insert(Place::from_hash(n), Time::from_secs(1));
            forgotten.count_dial(Place::from_hash(u64::MAX - n), Time::from_secs(1));
            assert!(forgotten.len() <= 2 * GENERATION);
        }
    }
}
