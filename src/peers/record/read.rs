//! A record out of bytes.

use core::cmp::Reverse;

use super::{AddressRecord, PeerRecord, RecordError, field};
use crate::wire::reader::Reader;
use crate::{NodeAddress, NodeId, Time};

/// The first second of the year 1. Go's zero time; a time that is not set, though the reference
/// does not write it.
const GO_ZERO: i64 = -62_135_596_800;

/// The first second of the year 10000.
const YEAR_10000: i64 = 253_402_300_800;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// What [`PeerRecord::salvage`] could read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// The record, with the addresses that could be read.
    pub record: PeerRecord,
    /// How many addresses were left out.
    pub left_out: usize,
    /// Why the first of them was.
    pub why: Option<RecordError>,
}

impl PeerRecord {
    /// Reads a record that this crate wrote.
    ///
    /// The length is looked at first; any record that is not too long takes time linear in its
    /// bytes. Fields that are not known are skipped, fields that are absent are as in
    /// [`PeerRecord::new`]. Of two values of one field the last counts, and of two equal addresses.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if anything in the record can't be read, or is beyond a limit.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        read(bytes, Self::MAX_BYTES, &mut Err)
    }

    /// Reads as much of a record as can be read, for records that others wrote.
    ///
    /// An address that is refused is left out. Of too many addresses, those are kept that came
    /// through last, then those that failed least, then those that stand first.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the record is longer than [`MAX_SALVAGE_BYTES`](Self::MAX_SALVAGE_BYTES),
    /// or if what can't be read is not an address.
    pub fn salvage(bytes: &[u8]) -> Result<Salvaged, RecordError> {
        let (mut left_out, mut why) = (0_usize, None);
        let record = read(bytes, Self::MAX_SALVAGE_BYTES, &mut |error| {
            left_out = left_out.saturating_add(1);
            why.get_or_insert(error);
            Ok(())
        })?;
        Ok(Salvaged {
            record,
            left_out,
            why,
        })
    }

    /// Adds an address, or replaces the one that is equal. If there are too many, the least useful
    /// goes, and that is the error.
    fn learn(&mut self, new: AddressRecord) -> Result<(), RecordError> {
        let mut known = self.addresses.iter_mut();
        if let Some(equal) = known.find(|known| known.address == new.address) {
            *equal = new;
            return Ok(());
        }
        self.addresses.push(new);
        if self.addresses.len() <= Self::MAX_ADDRESSES {
            return Ok(());
        }
        // The last of several that are least useful.
        let places = self.addresses.iter().enumerate();
        let worst = places.min_by_key(|(place, known)| {
            (known.last_success, Reverse(known.failures), Reverse(*place))
        });
        if let Some((place, _)) = worst {
            self.addresses.remove(place);
        }
        Err(RecordError::TooManyAddresses)
    }
}

/// Reads a record. What is wrong with an address goes to `refuse`, which may let it pass.
fn read(
    bytes: &[u8],
    max: usize,
    refuse: &mut dyn FnMut(RecordError) -> Result<(), RecordError>,
) -> Result<PeerRecord, RecordError> {
    if bytes.len() > max {
        let bytes = bytes.len();
        return Err(RecordError::TooLong { bytes, max });
    }
    let mut record = read_node(bytes)?;
    let mut fields = Reader::new(bytes);
    while let Some(tag) = fields.tag()? {
        if tag.field != field::ADDRESS_INFO {
            fields.skip(tag)?;
            continue;
        }
        let read = read_address(fields.bytes(tag)?, record.id);
        if let Err(error) = read.and_then(|known| record.learn(known)) {
            refuse(error)?;
        }
    }
    Ok(record)
}

/// All of a record but its addresses. The id is needed first to judge those, and may stand last.
fn read_node(bytes: &[u8]) -> Result<PeerRecord, RecordError> {
    let mut id = None;
    let mut record = PeerRecord::new(NodeId::default());
    let mut fields = Reader::new(bytes);
    while let Some(tag) = fields.tag()? {
        match tag.field {
            field::ID => id = Some(fields.bytes(tag)?),
            field::LAST_CONNECTED => record.last_connected = read_time(fields.bytes(tag)?)?,
            field::INACTIVE => record.inactive = fields.boolean(tag)?,
            field::SCORE => record.score = fields.sint32(tag)?,
            field::BANNED_UNTIL => record.banned_until = read_time(fields.bytes(tag)?)?,
            field::ANCHOR => record.anchor = fields.boolean(tag)?,
            _ => fields.skip(tag)?,
        }
    }
    record.id = id.and_then(read_id).ok_or(RecordError::Id)?;
    Ok(record)
}

fn read_id(text: &[u8]) -> Option<NodeId> {
    let id = NodeId::parse(core::str::from_utf8(text).ok()?).ok()?;
    (id.to_hex() == text).then_some(id)
}

fn read_address(bytes: &[u8], id: NodeId) -> Result<AddressRecord, RecordError> {
    let mut text: &[u8] = &[];
    let (mut success, mut failure, mut failures) = (None, None, 0);
    let (mut source, mut source_group, mut heard, mut first_success) = (None, 0, None, None);
    let mut fields = Reader::new(bytes);
    while let Some(tag) = fields.tag()? {
        match tag.field {
            field::ADDRESS => text = fields.bytes(tag)?,
            field::LAST_DIAL_SUCCESS => success = read_time(fields.bytes(tag)?)?,
            field::LAST_DIAL_FAILURE => failure = read_time(fields.bytes(tag)?)?,
            field::DIAL_FAILURES => failures = fields.uint32(tag)?,
            field::SOURCE => source = Some(read_source(fields.bytes(tag)?)?),
            field::SOURCE_GROUP => source_group = fields.uint64(tag)?,
            field::HEARD => heard = read_time(fields.bytes(tag)?)?,
            field::FIRST_SUCCESS => first_success = read_time(fields.bytes(tag)?)?,
            _ => fields.skip(tag)?,
        }
    }
    let address = NodeAddress::parse_bytes(text).map_err(RecordError::Address)?;
    if address.id() != id {
        return Err(RecordError::OtherId { id: address.id() });
    }
    Ok(AddressRecord {
        address,
        last_success: success,
        last_failure: failure,
        failures,
        source,
        source_group,
        heard,
        first_success,
    })
}

fn read_source(bytes: &[u8]) -> Result<NodeId, RecordError> {
    let found = bytes.len();
    let id = bytes.try_into();
    id.map(NodeId::new)
        .map_err(|_| RecordError::Source { bytes: found })
}

/// A protobuf `Timestamp`, which the reference refuses outside the years 1 to 9999.
fn read_time(bytes: &[u8]) -> Result<Option<Time>, RecordError> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut fields = Reader::new(bytes);
    while let Some(tag) = fields.tag()? {
        match tag.field {
            field::SECONDS => seconds = fields.uint64(tag)?.cast_signed(),
            // Negative as an int32 is above a second.
            field::NANOS => nanos = u64::from(fields.uint32(tag)?),
            _ => fields.skip(tag)?,
        }
    }
    if !(GO_ZERO..YEAR_10000).contains(&seconds) || nanos >= NANOS_PER_SECOND {
        return Err(RecordError::Timestamp);
    }
    if seconds == GO_ZERO && nanos == 0 {
        return Ok(None);
    }
    let Ok(seconds) = u64::try_from(seconds) else {
        return Ok(Some(Time::EPOCH));
    };
    let nanos = seconds
        .saturating_mul(NANOS_PER_SECOND)
        .saturating_add(nanos);
    Ok(Some(Time::from_nanos(nanos)))
}
