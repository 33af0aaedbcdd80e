//! What a vault promises: to keep what it was given, whatever happens to its process or its file.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

#[path = "vault/contract.rs"]
mod contract;
#[path = "vault/damage.rs"]
mod damage;
#[path = "vault/kill.rs"]
mod kill;
#[path = "vault/refusal.rs"]
mod refusal;

use pex::peers::{AddressRecord, PeerRecord};
use pex::{NodeAddress, NodeId, Time};

/// The record of the node with this number; another for each `version`.
fn record(n: u32, version: u32) -> PeerRecord {
    let mut id = [0x11; 20];
    id[..4].copy_from_slice(&n.to_be_bytes());
    let mut record = PeerRecord::new(NodeId::new(id));
    record.score = version.cast_signed();
    record.last_connected = Some(Time::from_secs(version.into()));
    for port in 1..=(n + version) % 4 {
        let ip = [10, 0, 0, port.to_le_bytes()[0]].into();
        let address = NodeAddress::mconn(record.id, ip, u16::try_from(port).unwrap());
        record.addresses.push(AddressRecord::new(address));
    }
    record
}
