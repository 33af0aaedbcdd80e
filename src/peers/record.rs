//! One node as a store keeps it: the reference's own record, and a few fields of ours on top.
//!
//! The record is the protobuf message `PeerInfo` of Tendermint v0.35.9
//! (`proto/tendermint/p2p/types.proto`), the key that of its peer store, so that a store of
//! Tendermint can be read, and Tendermint reads what is written here. A record in which none of our
//! own fields is set is what the reference would write, byte for byte.
//!
//! # Fields of ours
//!
//! Their numbers are 100 and up. The reference skips them when it reads a record, and loses them
//! when it writes the record again.
//!
//! | of | number | field | kind |
//! |---|---|---|---|
//! | a node | 100 | `score` | `sint32` |
//! | a node | 101 | `banned_until` | `Timestamp` |
//! | a node | 102 | `anchor` | `bool` |
//! | an address | 100 | `source` | `bytes`, 20 of them |
//! | an address | 101 | `source_group` | `uint64` |
//! | an address | 102 | `heard` | `Timestamp` |
//! | an address | 103 | `first_success` | `Timestamp` |
//!
//! # Where this reader differs from the reference's
//!
//! The reference refuses a whole store for one record that it can't read, and bounds nothing.
//!
//! | rule | the reference | here | because |
//! |---|---|---|---|
//! | `TooLong` | no limit | [`PeerRecord::MAX_BYTES`] | a record costs bounded memory and time |
//! | `TooManyAddresses` | no limit | [`PeerRecord::MAX_ADDRESSES`] | as above |
//! | `Id` | any text that is not empty | a node id in lower case | nothing else can be proved in a handshake |
//! | `OtherId` | an address may have another id than its record | refused | the reference never writes one, so it is damage; its dial would be booked on another node |
//! | `Address` | as [`NodeAddress`] says | | |
//! | clamped | times from the year 1 to 9999 | those before 1970 are 1970, those past 2554 are the end of [`Time`] | nothing happened then, and order is kept |
//!
//! [`PeerRecord::decode`] refuses the record for any of them: it is for records of our own, where
//! each is a sign of damage. [`PeerRecord::salvage`] leaves out the addresses that are refused and
//! keeps the node: it is for stores of others, who may have been told such addresses by strangers.

mod error;
mod key;
mod read;
mod write;

use alloc::vec::Vec;

use crate::{NodeAddress, NodeId, Time};

pub use error::RecordError;
pub use key::RecordKey;
pub use read::Salvaged;

/// What is kept of a node.
///
/// ```
/// use pex::peers::{AddressRecord, PeerRecord};
/// use pex::{NodeAddress, Time};
///
/// let address = NodeAddress::parse("00112233445566778899aabbccddeeff00112233@192.0.2.1:26656")?;
/// let mut record = PeerRecord::new(address.id());
/// record.last_connected = Some(Time::from_secs(1_700_000_000));
/// record.addresses.push(AddressRecord::new(address));
///
/// let (key, value) = (PeerRecord::key(record.id), record.encode());
/// assert_eq!(PeerRecord::id_of_key(key.as_bytes()), Some(record.id));
/// assert_eq!(PeerRecord::decode(&value)?, record);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerRecord {
    /// Whose record this is.
    pub id: NodeId,
    /// Where the node may be reached, no address twice. The order has no meaning.
    pub addresses: Vec<AddressRecord>,
    /// When a connection with it last came up; `None` is never.
    pub last_connected: Option<Time>,
    /// Whether its node info did not fit ours, so that it is not to be used.
    pub inactive: bool,
    /// How it behaved; more is better, 0 is nothing known. Ours.
    pub score: i32,
    /// Until when it is not to be used. Ours.
    pub banned_until: Option<Time>,
    /// Whether it is one of the nodes to connect with first after a restart. Ours.
    pub anchor: bool,
}

/// What is kept of one address of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddressRecord {
    /// The address. Its id is that of the record.
    pub address: NodeAddress,
    /// When a dial last came through; `None` is never.
    pub last_success: Option<Time>,
    /// When a dial last failed; `None` is never.
    pub last_failure: Option<Time>,
    /// Dials that failed since the last that came through.
    pub failures: u32,
    /// Who told of the address; `None` if nobody did or it is not known. Ours.
    pub source: Option<NodeId>,
    /// The group of networks in which the teller was, as the peer manager numbers them; 0 if it is
    /// not known, and the largest number if it is not, but was not the address's own. Ours.
    pub source_group: u64,
    /// When the address was last told; `None` if it is not known. Ours.
    pub heard: Option<Time>,
    /// When a dial came through for the first time; `None` if it is not known. Ours.
    pub first_success: Option<Time>,
}

impl PeerRecord {
    /// Most addresses of a record, 64. Ours; the reference has no limit.
    pub const MAX_ADDRESSES: usize = 64;

    /// Most bytes of a record that [`decode`](Self::decode) reads, 40 KiB: as many as the longest
    /// record has that [`encode`](Self::encode) can write. Ours; the reference has no limit.
    pub const MAX_BYTES: usize = 40 * 1024;

    /// Most bytes of a record that [`salvage`](Self::salvage) reads, 1 MiB. Ours. A node of which
    /// the reference was told 2,000 of the longest addresses is still read.
    pub const MAX_SALVAGE_BYTES: usize = 1024 * 1024;

    /// A record of a node of which nothing is known.
    #[must_use]
    pub const fn new(id: NodeId) -> Self {
        Self {
            id,
            addresses: Vec::new(),
            last_connected: None,
            inactive: false,
            score: 0,
            banned_until: None,
            anchor: false,
        }
    }
}

impl AddressRecord {
    /// An address of which nothing else is known.
    #[must_use]
    pub const fn new(address: NodeAddress) -> Self {
        Self {
            address,
            last_success: None,
            last_failure: None,
            failures: 0,
            source: None,
            source_group: 0,
            heard: None,
            first_success: None,
        }
    }
}

/// The numbers of the fields. Those from 100 are ours.
mod field {
    pub(super) const ID: u32 = 1;
    pub(super) const ADDRESS_INFO: u32 = 2;
    pub(super) const LAST_CONNECTED: u32 = 3;
    pub(super) const INACTIVE: u32 = 4;
    pub(super) const SCORE: u32 = 100;
    pub(super) const BANNED_UNTIL: u32 = 101;
    pub(super) const ANCHOR: u32 = 102;

    pub(super) const ADDRESS: u32 = 1;
    pub(super) const LAST_DIAL_SUCCESS: u32 = 2;
    pub(super) const LAST_DIAL_FAILURE: u32 = 3;
    pub(super) const DIAL_FAILURES: u32 = 4;
    pub(super) const SOURCE: u32 = 100;
    pub(super) const SOURCE_GROUP: u32 = 101;
    pub(super) const HEARD: u32 = 102;
    pub(super) const FIRST_SUCCESS: u32 = 103;

    pub(super) const SECONDS: u32 = 1;
    pub(super) const NANOS: u32 = 2;
}
