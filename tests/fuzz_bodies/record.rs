//! What must hold of any bytes taken for a record of a node.

use pex::peers::PeerRecord;

/// Reads the bytes in both ways, and checks that nothing is lost by writing what was read.
pub(crate) fn record(data: &[u8]) {
    let (decoded, salvaged) = (PeerRecord::decode(data), PeerRecord::salvage(data));
    if let Ok(record) = &decoded {
        keeps(record);
        let whole = salvaged.as_ref();
        assert!(whole.is_ok_and(|found| found.record == *record && found.left_out == 0));
    }
    if let Ok(found) = salvaged {
        keeps(&found.record);
        assert_eq!(found.left_out > 0, found.why.is_some());
        let whole = found.left_out == 0 && data.len() <= PeerRecord::MAX_BYTES;
        assert_eq!(decoded.is_ok(), whole);
    }
}

fn keeps(record: &PeerRecord) {
    assert!(record.addresses.len() <= PeerRecord::MAX_ADDRESSES);
    for (place, known) in record.addresses.iter().enumerate() {
        assert_eq!(known.address.id(), record.id);
        let equal = |other: &pex::peers::AddressRecord| other.address == known.address;
        assert_eq!(record.addresses.iter().position(equal), Some(place));
    }
    let bytes = record.encode();
    assert!(bytes.len() <= PeerRecord::MAX_BYTES);
    assert_eq!(PeerRecord::decode(&bytes).as_ref(), Ok(record));
    assert_eq!(
        PeerRecord::id_of_key(PeerRecord::key(record.id).as_bytes()),
        Some(record.id)
    );
}
