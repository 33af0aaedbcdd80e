//! An address book of V1 as records of V2's peer store, and back.
//!
//! | in a book | in a store |
//! |---|---|
//! | an old address | an address with its last success |
//! | attempts since the last success | failed dials, the last of them at the last attempt |
//! | who told, with its address | who told, by its id |
//! | a ban, with the addresses | the same |
//! | an anchor | the same |
//!
//! A store knows scores and inactive nodes, names and other protocols, which a book can't say; a book
//! has four addresses of a node at most.

use core::fmt;
use std::collections::BTreeMap;

use pex::book::{AddError, AddrBook, KnownAddress};
use pex::peers::{AddressRecord, PeerRecord};
use pex::{NetAddress, NetAddressError, NodeId, Time};

/// Everything that a book knows, as records, by id.
#[must_use]
pub fn to_records(book: &AddrBook) -> Vec<PeerRecord> {
    let mut records = BTreeMap::new();
    for known in book.addresses() {
        let record = of_node(&mut records, known.address.id());
        record.last_connected = record.last_connected.max(known.last_success);
        record.addresses.push(to_record(&known));
    }
    for (id, ban) in book.bans() {
        let record = of_node(&mut records, id);
        record.banned_until = Some(ban.until);
        for (address, source) in &ban.addresses {
            let known = KnownAddress::new(*address, *source, Time::EPOCH);
            let twice = |kept: &AddressRecord| kept.address == (*address).into();
            if !record.addresses.iter().any(twice) {
                record.addresses.push(to_record(&known));
            }
        }
        record.addresses.truncate(PeerRecord::MAX_ADDRESSES);
    }
    for &id in book.anchors() {
        of_node(&mut records, id).anchor = true;
    }
    records.into_values().collect()
}

fn of_node(records: &mut BTreeMap<NodeId, PeerRecord>, id: NodeId) -> &mut PeerRecord {
    records.entry(id).or_insert_with(|| PeerRecord::new(id))
}

fn to_record(known: &KnownAddress) -> AddressRecord {
    let mut record = AddressRecord::new(known.address.into());
    record.last_success = known.last_success;
    record.first_success = known.first_success;
    record.failures = known.attempts;
    record.source = Some(known.source.id());
    let last = Some(known.last_attempt).filter(|at| *at != Time::EPOCH);
    if known.attempts > 0 {
        record.last_failure = last;
    } else if known.last_success.is_none() {
        // What was never attempted has the time at which it came in.
        record.heard = last;
    }
    record
}

/// Why an address of a store is not in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOut {
    /// A book can't say it: it has a name, or another protocol.
    Unsaid(NetAddressError),
    /// The book does not take it in.
    Refused(AddError),
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsaid(error) => error.fmt(f),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

/// Takes records into a book. Returns what is left out of it, and why.
pub fn from_records(
    book: &mut AddrBook,
    records: &[PeerRecord],
    now: Time,
) -> Vec<(pex::NodeAddress, LeftOut)> {
    let mut left_out = Vec::new();
    // What was reached goes first, so that no hearsay is in its way.
    let all = records
        .iter()
        .flat_map(|record| record.addresses.iter().map(move |kept| (record, kept)));
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(_, kept)| core::cmp::Reverse(kept.last_success));
    let homes = homes(&all);
    for (record, kept) in all {
        let why = match NetAddress::try_from(&kept.address) {
            Err(error) => LeftOut::Unsaid(error),
            Ok(address) => {
                let known = known(address, record, kept, &homes, now);
                match book.adopt(now, &known) {
                    Ok(_) => continue,
                    Err(error) => LeftOut::Refused(error),
                }
            }
        };
        left_out.push((kept.address.clone(), why));
    }
    for record in records {
        if let Some(until) = record.banned_until.filter(|until| *until > now) {
            book.mark_bad(now, record.id, until - now);
        }
    }
    let anchors = records.iter().filter(|record| record.anchor);
    book.set_anchors(anchors.map(|record| record.id).collect());
    left_out
}

/// Where each node is, as far as a book can say it.
fn homes(all: &[(&PeerRecord, &AddressRecord)]) -> BTreeMap<NodeId, NetAddress> {
    let mut homes = BTreeMap::new();
    for (record, kept) in all {
        if let Ok(address) = NetAddress::try_from(&kept.address) {
            homes.entry(record.id).or_insert(address);
        }
    }
    homes
}

fn known(
    address: NetAddress,
    record: &PeerRecord,
    kept: &AddressRecord,
    homes: &BTreeMap<NodeId, NetAddress>,
    now: Time,
) -> KnownAddress {
    // Of whom it is not known where he is, the address counts as having told of itself.
    let source = kept.source.filter(|id| *id != record.id);
    let source = source.and_then(|id| homes.get(&id).copied());
    let heard = kept.heard.unwrap_or(now);
    let mut known = KnownAddress::new(address, source.unwrap_or(address), heard);
    known.attempts = kept.failures;
    known.last_success = kept.last_success;
    known.first_success = kept.first_success;
    known.last_attempt = [kept.last_success, kept.last_failure]
        .into_iter()
        .flatten()
        .max()
        .unwrap_or(heard);
    known.old = kept.last_success.is_some();
    known
}
