//! The invariants of the book, as code.

use alloc::vec;
use alloc::vec::Vec;

use super::AddrBook;
use super::add::{AT_IP, NEW_IN_NETWORK, OF_NODE};
use super::buckets::BUCKET_SIZE;
use super::entry::BUCKETS_OF_NEW;
use super::mark::{BANS_MAX, CHALLENGES_MAX};
use crate::invariant::{hold, most_alike};
use crate::{Broken, Group};

impl AddrBook {
    /// Checks what holds after every call, whatever the calls were: I17 to I20 of the threat model.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold.
    pub fn check(&self) -> Result<(), Broken> {
        self.check_ours()?;
        self.check_buckets()?;
        let most = self.shelf.is_indexed();
        hold(
            19,
            most.is_some(),
            "every index finds every entry, and nothing else",
        )?;
        self.check_challenges()?;
        let bans = self.bans.values().all(|ban| ban.addresses.len() <= OF_NODE);
        hold(17, bans && self.bans.len() <= BANS_MAX, "bans are bounded")?;
        let few = most.is_some_and(|most| most <= OF_NODE);
        hold(17, few, "a node has at most four addresses")
    }

    /// Checks that what was never reached keeps to the share of its IP address and of its network, as
    /// all does that was told. A file from elsewhere may hold more, and is taken as it is.
    ///
    /// # Errors
    ///
    /// The first share that is exceeded.
    pub fn check_shares(&self) -> Result<(), Broken> {
        let (mut ips, mut groups) = (Vec::new(), Vec::new());
        for (_, entry) in self.shelf.iter() {
            let group = Group::of(entry.address.ip());
            if !group.is_of_world() || entry.last_success().is_some() {
                continue;
            }
            ips.push(entry.address.ip());
            groups.push(group);
        }
        hold(
            17,
            most_alike(ips) <= AT_IP,
            "at most four at an IP address",
        )?;
        hold(
            17,
            most_alike(groups) <= NEW_IN_NETWORK as usize,
            "no network has more than its share of the book",
        )
    }

    fn check_challenges(&self) -> Result<(), Broken> {
        let is = |address, old| {
            let slot = self.shelf.find(address);
            let entry = slot.and_then(|slot| self.shelf.get(slot));
            entry.is_some_and(|it| it.old == old)
        };
        let mut challenges = self.challenges.iter();
        let right = challenges.all(|(newcomer, holder)| is(newcomer, false) && is(holder, true));
        let few = self.challenges.len() <= CHALLENGES_MAX;
        hold(
            20,
            right && few,
            "a new one waits for the place of an old one",
        )
    }

    fn check_ours(&self) -> Result<(), Broken> {
        let mut entries = self.shelf.iter().map(|(_, entry)| entry);
        hold(
            16,
            entries.all(|entry| {
                !self.is_our_address(&entry.address) && !self.private.contains(&entry.address.id())
            }),
            "neither we nor private nodes are in the book",
        )
    }

    fn check_buckets(&self) -> Result<(), Broken> {
        let old = self.shelf.iter().filter(|(_, entry)| entry.old).count();
        hold(18, old == self.old(), "old entries are counted")?;
        let tables = [(true, &self.shelf.old), (false, &self.shelf.new)];
        // By slot, a bit for each bucket that an entry names and that holds it.
        let mut held = vec![0_u8; self.shelf.bound()];
        for (old, table) in tables {
            for (number, bucket) in table.iter() {
                hold(18, bucket.len() <= BUCKET_SIZE, "no bucket is overfull")?;
                for &slot in bucket {
                    let entry = self.shelf.get(slot).filter(|it| it.old == old);
                    let at = entry.and_then(|it| it.buckets.iter().position(|&its| its == number));
                    let bit = at.map_or(0, |at| 1 << at);
                    let seen = held.get_mut(slot as usize);
                    // Nobody is in a bucket twice.
                    let theirs = seen.is_some_and(|seen| {
                        let before = *seen;
                        *seen |= bit;
                        *seen != before
                    });
                    hold(18, theirs, "a bucket holds those who say so")?;
                }
            }
        }
        for (slot, entry) in self.shelf.iter() {
            let fits = match entry.buckets.len() {
                1 => true,
                len => !entry.old && (2..=BUCKETS_OF_NEW).contains(&len),
            };
            hold(
                18,
                fits,
                "an old entry has one bucket, a new one up to four",
            )?;
            let held = held.get(slot as usize).map(|it| it.count_ones() as usize);
            let holds = held == Some(entry.buckets.len());
            hold(18, holds, "an entry is in the buckets it names")?;
            let rightly = if entry.old {
                let bucket = self.placer.old_bucket(&entry.address);
                entry.buckets.contains(&bucket)
            } else {
                true
            };
            hold(18, rightly, "an old entry is where the hash places it")?;
            hold(
                20,
                !entry.old || entry.last_success().is_some(),
                "who is old was reached",
            )?;
        }
        Ok(())
    }
}
