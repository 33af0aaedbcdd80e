//! What another book, or a store, knows of an address.

use super::entry::Entry;
use super::{AddError, Added, AddrBook, Crowd, KnownAddress};
use crate::peers::arena::Slot;
use crate::{Group, NetAddress, Time};

impl AddrBook {
    /// Takes in an address with what somebody else who keeps a book knows of it, as if it had been
    /// learned here: to bring two books together, or to make one of a store.
    ///
    /// What was reached is not held against its network or its teller, and takes the place of
    /// hearsay. What was good there is good here, where there is room among the good; elsewhere it
    /// is a new one that was reached. Of an address that both know, the later attempt counts, the
    /// first success and the last: then it is [`Added::Again`], if that says anything new.
    ///
    /// The book of the other is trusted. Its buckets mean nothing here, and are not looked at; times
    /// after `now` count as `now`.
    ///
    /// ```
    /// use pex::book::{Added, AddrBook, KnownAddress};
    /// use pex::{NetAddress, Seed, Time};
    ///
    /// let now = Time::from_secs(1_700_000_000);
    /// let address: NetAddress = "00112233445566778899aabbccddeeff00112233@8.8.8.8:26656".parse()?;
    /// let mut known = KnownAddress::new(address, address, now);
    /// known.last_success = Some(now);
    /// known.old = true;
    ///
    /// let mut book = AddrBook::new(true, Seed::new([7; 32]));
    /// assert_eq!(book.adopt(now, &known)?, Added::New);
    /// assert_eq!(book.adopt(now, &known)?, Added::Known);
    /// assert!(book.is_good(address.id()));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`AddError`], as for [`AddrBook::add_address`].
    pub fn adopt(&mut self, now: Time, known: &KnownAddress) -> Result<Added, AddError> {
        self.judge(now, &known.address, &known.source)?;
        let mut theirs = Entry::new(known.address, known.source, known.last_attempt.min(now));
        theirs.attempts = u16::try_from(known.attempts).unwrap_or(u16::MAX);
        let past = |time: Option<Time>| time.map(|at| at.min(now));
        theirs.set_successes(past(known.first_success), past(known.last_success));
        let good = known.old && theirs.last_success().is_some();
        if let Some(slot) = self.shelf.find(&known.address) {
            return Ok(self.adopt_again(now, slot, &theirs, good));
        }
        self.adopt_new(now, theirs, good)?;
        Ok(Added::New)
    }

    /// An address that nobody has here.
    fn adopt_new(&mut self, now: Time, mut entry: Entry, good: bool) -> Result<(), AddError> {
        let address = entry.address;
        let reached = entry.last_success().is_some();
        if !self.has_room_for(&address, reached) {
            return Err(AddError::Crowded(Crowd::Node));
        }
        let keys = self
            .shelf
            .keys_of(&address, self.placer.group(&entry.source));
        if !reached {
            self.judge_crowd(Group::of(address.ip()), &keys)?;
        }
        let bucket = self.placer.old_bucket(&address);
        if good && !self.shelf.old.is_full(bucket) {
            entry.old = true;
            self.touch();
            self.shelf.insert(entry, bucket, &keys, &mut self.chance);
            return Ok(());
        }
        let slot = self.put_new(now, entry, &keys)?;
        if good {
            self.promote(now, slot);
        }
        Ok(())
    }

    /// Room among the addresses of a node. What was reached takes the place of hearsay.
    fn has_room_for(&mut self, address: &NetAddress, reached: bool) -> bool {
        if reached {
            self.make_room_for(address)
        } else {
            self.shelf.of_node(address.id()).len() < super::add::OF_NODE
        }
    }

    fn adopt_again(&mut self, now: Time, slot: Slot, theirs: &Entry, good: bool) -> Added {
        let Some(entry) = self.shelf.get_mut(slot) else {
            return Added::Known;
        };
        let before = record(entry);
        if theirs.last_attempt > entry.last_attempt {
            entry.attempts = theirs.attempts;
            entry.last_attempt = theirs.last_attempt;
        }
        let firsts = [entry.first_success(), theirs.first_success()];
        let first = firsts.into_iter().flatten().min();
        let last = entry.last_success().max(theirs.last_success());
        entry.set_successes(first, last);
        let after = record(entry);
        let rises = good && !entry.old;
        if rises {
            self.promote(now, slot);
        }
        let is_old = rises && self.shelf.get(slot).is_some_and(|entry| entry.old);
        if before == after && !is_old {
            return Added::Known;
        }
        self.touch();
        Added::Again
    }
}

/// What is known of the address of an entry.
fn record(entry: &Entry) -> (u16, Time, Option<Time>, Option<Time>) {
    let (first, last) = (entry.first_success(), entry.last_success());
    (entry.attempts, entry.last_attempt, first, last)
}
