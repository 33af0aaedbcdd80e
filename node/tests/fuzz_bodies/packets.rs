//! What must hold of any bytes that a peer sends in place of packets.

use pex_node::transport::{
    Assembler, FRAME_DATA_MAX, MESSAGE_BYTES_MAX, PACKET_BYTES_MAX, PacketError, Received,
};
use pex_proto::p2p::{Packet, PacketMsg, PacketPing, PacketPong, packet::Sum};
use prost::Message as _;

/// What an assembler may take of memory: one message, in a buffer that grows by doubling and is
/// copied as it does, and little beside it.
const HELD_MAX: u64 = 4 * MESSAGE_BYTES_MAX as u64;

pub(crate) type Read = (Vec<Received>, Option<PacketError>);

/// Takes the first byte for the size of the pieces in which the others come.
pub(crate) fn packets(data: &[u8]) {
    let Some((size, stream)) = data.split_first() else {
        return;
    };
    let whole = read(stream.chunks(FRAME_DATA_MAX));
    assert_eq!(whole, expected(stream));
    assert_eq!(whole, read([stream].into_iter()), "all at once");
    let size = usize::from(*size) + 1;
    assert_eq!(whole, read(stream.chunks(size)), "in pieces of {size}");
    let used = allocation_counter::measure(|| drain(stream.chunks(FRAME_DATA_MAX)));
    assert!(used.bytes_max <= HELD_MAX, "{used:?}");

    let again: Vec<u8> = whole.0.iter().flat_map(written).collect();
    let read_again = read(again.chunks(FRAME_DATA_MAX));
    assert_eq!(read_again, (whole.0, None), "written again");
}

/// All that an assembler makes of these pieces.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Read {
    let (mut assembler, mut all) = (Assembler::default(), Vec::new());
    for piece in pieces {
        assembler.extend(piece);
        loop {
            match assembler.take() {
                Ok(Some(one)) => all.push(one),
                Ok(None) => break,
                Err(error) => return (all, Some(error)),
            }
        }
    }
    (all, None)
}

/// The same, and nobody keeps what was read.
fn drain<'a>(pieces: impl Iterator<Item = &'a [u8]>) {
    let mut assembler = Assembler::default();
    for piece in pieces {
        assembler.extend(piece);
        while let Ok(Some(_)) = assembler.take() {}
    }
}

/// The same, read as plainly as can be, from a stream that is there as a whole.
pub(crate) fn expected(mut stream: &[u8]) -> Read {
    let (mut all, mut message) = (Vec::new(), Vec::new());
    loop {
        let (length, prefix) = match varint(stream) {
            Ok(Some(found)) => found,
            Ok(None) => return (all, None),
            Err(error) => return (all, Some(error)),
        };
        if length > PACKET_BYTES_MAX as u64 {
            // What is too long to be counted is counted up to the end of all numbers.
            let bytes = usize::try_from(length).unwrap_or(usize::MAX);
            let bytes = bytes.min(usize::MAX - prefix);
            return (all, Some(PacketError::PacketTooLong { bytes }));
        }
        let end = prefix + usize::try_from(length).unwrap_or(usize::MAX);
        let Some(packet) = stream.get(prefix..end) else {
            return (all, None);
        };
        stream = &stream[end..];
        match Packet::decode(packet).map(|packet| packet.sum) {
            Err(_) => return (all, Some(PacketError::Malformed)),
            Ok(None) => return (all, Some(PacketError::UnknownPacket)),
            Ok(Some(Sum::PacketPing(_))) => all.push(Received::Ping),
            Ok(Some(Sum::PacketPong(_))) => all.push(Received::Pong),
            Ok(Some(Sum::PacketMsg(PacketMsg { channel_id, .. }))) if channel_id != 0 => {
                let channel = channel_id;
                return (all, Some(PacketError::UnknownChannel { channel }));
            }
            Ok(Some(Sum::PacketMsg(part))) => {
                message.extend(part.data);
                let bytes = message.len();
                if bytes > MESSAGE_BYTES_MAX {
                    return (all, Some(PacketError::MessageTooLong { bytes }));
                }
                if part.eof {
                    all.push(Received::Message(core::mem::take(&mut message)));
                }
            }
        }
    }
}

/// The number at the start, and its bytes; `None` if more of it may come.
pub(crate) fn varint(stream: &[u8]) -> Result<Option<(u64, usize)>, PacketError> {
    let mut number = 0_u128;
    for (place, byte) in stream.iter().take(10).enumerate() {
        number |= u128::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let number = u64::try_from(number).map_err(|_| PacketError::Malformed)?;
            return Ok(Some((number, place + 1)));
        }
    }
    if stream.len() < 10 {
        Ok(None)
    } else {
        Err(PacketError::Malformed)
    }
}

/// The packets that say this.
fn written(what: &Received) -> Vec<u8> {
    let packet = |sum| Packet { sum: Some(sum) }.encode_length_delimited_to_vec();
    match what {
        Received::Ping => packet(Sum::PacketPing(PacketPing {})),
        Received::Pong => packet(Sum::PacketPong(PacketPong {})),
        Received::Message(message) => {
            let part = |data: &[u8], eof| {
                let (channel_id, data) = (0, data.to_vec());
                packet(Sum::PacketMsg(PacketMsg {
                    channel_id,
                    eof,
                    data,
                }))
            };
            let parts = message.chunks(1_000).flat_map(|data| part(data, false));
            parts.chain(part(&[], true)).collect()
        }
        _ => Vec::new(),
    }
}
