//! What is known of nodes, as it is kept over a restart.

mod record;

pub use record::{AddressRecord, PeerRecord, RecordError, RecordKey, Salvaged};
