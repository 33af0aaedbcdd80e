//! Packets of the multiplexed connection, without a socket.
//!
//! A message travels in packets, each behind its length; the last one is marked. To a reader they
//! are one stream of bytes: a packet may straddle frames and share them. The facts are those of
//! `p2p/conn/connection.go` (CometBFT v0.38, Tendermint v0.34 and v0.35). Stricter than the
//! reference: one channel, and messages of at most [`MESSAGE_BYTES_MAX`].

use core::fmt;

use pex_proto::p2p::{Packet, PacketMsg, PacketPing, PacketPong, packet::Sum};
use prost::Message as _;

use super::frame::FRAME_DATA_MAX;
use super::node_info::PEX_CHANNEL;

/// Most bytes of a message of peer exchange, in either direction: what the reference accepts.
pub const MESSAGE_BYTES_MAX: usize = 64_000;

/// Data bytes of a packet that we send: the most with which it fills one frame exactly.
///
/// Peers accept 1,024 (the default of v0.34 and v0.38). A packet of those takes two frames, and
/// frames have one size whatever they hold; so the smaller packets are the cheaper ones.
const SENT_DATA_MAX: usize = FRAME_DATA_MAX - 10;

/// Most bytes of a packet that we read, without its length: a whole message, and what is around it.
///
/// The reference cuts messages by a setting of the sender, `max_packet_msg_payload_size`. By default
/// that is 1,024 bytes, or 1,400 in v0.35; there are published settings with a million, and answers of
/// such nodes come in one packet.
pub const PACKET_BYTES_MAX: usize = MESSAGE_BYTES_MAX + 16;

/// What is kept of the room for packets once none is left in it: two frames.
const ROOM_KEPT: usize = 2 * FRAME_DATA_MAX;

/// Most bytes of a length prefix.
const PREFIX_BYTES_MAX: usize = 10;

/// The packets of `message` on the channel of peer exchange, each of which fits into one frame.
pub(super) fn packets_of(message: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut rest = Some(message);
    core::iter::from_fn(move || {
        let (data, after) = rest?
            .split_at_checked(SENT_DATA_MAX)
            .unwrap_or((rest?, &[]));
        rest = (!after.is_empty()).then_some(after);
        let packet = PacketMsg {
            channel_id: i32::from(PEX_CHANNEL),
            eof: rest.is_none(),
            data: data.to_vec(),
        };
        Some(encoded(Sum::PacketMsg(packet)))
    })
}

/// The packet that asks for a pong.
pub(super) fn ping() -> Vec<u8> {
    encoded(Sum::PacketPing(PacketPing {}))
}

/// The packet that answers a ping.
pub(super) fn pong() -> Vec<u8> {
    encoded(Sum::PacketPong(PacketPong {}))
}

fn encoded(sum: Sum) -> Vec<u8> {
    Packet { sum: Some(sum) }.encode_length_delimited_to_vec()
}

/// Where the message at the start of `bytes` begins and ends, once its length prefix is there;
/// [`None`] until then.
pub(super) fn delimited(bytes: &[u8]) -> Result<Option<(usize, usize)>, PacketError> {
    let mut rest = bytes;
    match prost::decode_length_delimiter(&mut rest) {
        Ok(length) => {
            let start = bytes.len() - rest.len();
            Ok(Some((start, start.saturating_add(length))))
        }
        // A prefix that does not decode from this many bytes never will.
        Err(_) if bytes.len() >= PREFIX_BYTES_MAX => Err(PacketError::Malformed),
        Err(_) => Ok(None),
    }
}

/// What the other side sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// It wants a pong.
    Ping,
    /// It answers a ping.
    Pong,
    /// A whole message on the channel of peer exchange.
    Message(Vec<u8>),
}

/// Makes messages of the stream of bytes that the frames carry.
///
/// Holds one packet, one frame's data and one message at most, if [`take`](Self::take) is called
/// until it has nothing before more bytes are put in.
#[derive(Debug, Default)]
pub struct Assembler {
    bytes: Vec<u8>,
    /// Bytes at the start of `bytes` that are done with.
    done: usize,
    message: Vec<u8>,
}

impl Assembler {
    /// Puts bytes in behind those that are there.
    pub fn extend(&mut self, data: &[u8]) {
        // Once for each frame, not for each packet: a frame may hold hundreds.
        self.bytes.drain(..self.done);
        self.done = 0;
        if self.bytes.len() < ROOM_KEPT {
            // One large packet is not to cost its room for as long as the connection lasts.
            self.bytes.shrink_to(ROOM_KEPT);
        }
        self.bytes.extend_from_slice(data);
    }

    /// The next thing that the other side sent; [`None`] until more bytes are put in.
    ///
    /// # Errors
    ///
    /// [`PacketError`] if the other side broke a rule. End the connection then.
    pub fn take(&mut self) -> Result<Option<Received>, PacketError> {
        loop {
            let rest = self.bytes.get(self.done..).unwrap_or_default();
            let Some((start, end)) = delimited(rest)? else {
                return Ok(None);
            };
            if end - start > PACKET_BYTES_MAX {
                return Err(PacketError::PacketTooLong { bytes: end - start });
            }
            let Some(packet) = rest.get(start..end) else {
                return Ok(None);
            };
            let packet = Packet::decode(packet).map_err(|_| PacketError::Malformed)?;
            self.done += end;
            match packet.sum.ok_or(PacketError::UnknownPacket)? {
                Sum::PacketPing(_) => return Ok(Some(Received::Ping)),
                Sum::PacketPong(_) => return Ok(Some(Received::Pong)),
                Sum::PacketMsg(part) => {
                    if let Some(message) = self.append(&part)? {
                        return Ok(Some(Received::Message(message)));
                    }
                }
            }
        }
    }

    /// Bytes of what is not whole yet.
    pub(super) const fn held(&self) -> usize {
        let rest = self.bytes.len().saturating_sub(self.done);
        rest.saturating_add(self.message.len())
    }

    /// Adds a part to the message; returns the message if that was the last.
    fn append(&mut self, part: &PacketMsg) -> Result<Option<Vec<u8>>, PacketError> {
        if part.channel_id != i32::from(PEX_CHANNEL) {
            return Err(PacketError::UnknownChannel {
                channel: part.channel_id,
            });
        }
        let bytes = self.message.len().saturating_add(part.data.len());
        if bytes > MESSAGE_BYTES_MAX {
            return Err(PacketError::MessageTooLong { bytes });
        }
        if bytes > self.message.capacity() {
            // Twice the room as usual, and never more than a message can take.
            let room = bytes.max(2 * self.message.len()).min(MESSAGE_BYTES_MAX);
            self.message.reserve_exact(room - self.message.len());
        }
        self.message.extend_from_slice(&part.data);
        Ok(part.eof.then(|| core::mem::take(&mut self.message)))
    }
}

/// Which rule of the packets the other side broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PacketError {
    /// The bytes are no packet.
    Malformed,
    /// The packet is neither ping nor pong nor part of a message.
    UnknownPacket,
    /// The packet states more than [`PACKET_BYTES_MAX`].
    PacketTooLong {
        /// Bytes stated.
        bytes: usize,
    },
    /// The packet is on a channel that we did not announce.
    UnknownChannel {
        /// Which.
        channel: i32,
    },
    /// The message grows beyond [`MESSAGE_BYTES_MAX`].
    MessageTooLong {
        /// Bytes it would have with this packet.
        bytes: usize,
    },
}

impl fmt::Display for PacketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the peer sent bytes that are no packet; drop it"),
            Self::UnknownPacket => {
                f.write_str("the peer sent a packet of an unknown kind; drop it")
            }
            Self::PacketTooLong { bytes } => write!(
                f,
                "the peer sent a packet of {bytes} bytes, {PACKET_BYTES_MAX} are allowed; drop it"
            ),
            Self::UnknownChannel { channel } => {
                write!(
                    f,
                    "the peer uses channel {channel:#04x}, which we did not announce; drop it"
                )
            }
            Self::MessageTooLong { bytes } => write!(
                f,
                "the peer sent a message of at least {bytes} bytes, {MESSAGE_BYTES_MAX} are \
                 allowed; drop it"
            ),
        }
    }
}

impl core::error::Error for PacketError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(channel_id: i32, eof: bool, data: Vec<u8>) -> Vec<u8> {
        encoded(Sum::PacketMsg(PacketMsg {
            channel_id,
            eof,
            data,
        }))
    }

    fn read(bytes: &[u8]) -> Result<Vec<Received>, PacketError> {
        let mut assembler = Assembler::default();
        assembler.extend(bytes);
        core::iter::from_fn(|| assembler.take().transpose()).collect()
    }

    #[test]
    fn a_full_packet_fills_a_frame_exactly() {
        let packets: Vec<_> = packets_of(&[7; 3_000]).collect();
        let lengths: Vec<_> = packets.iter().map(Vec::len).collect();
        assert_eq!(lengths, [1_022, 1_022, 3_000 - 2 * 1_014 + 10]);
        let last = packets_of(&[7; SENT_DATA_MAX]).next().unwrap();
        assert_eq!(last.len(), FRAME_DATA_MAX);
    }

    #[test]
    fn a_message_of_any_length_arrives_whole() {
        for length in [0, 1, 1_013, 1_014, 1_015, 2_028, 25_600, MESSAGE_BYTES_MAX] {
            let message = vec![7; length];
            let stream: Vec<u8> = packets_of(&message).flatten().collect();
            assert_eq!(
                read(&stream),
                Ok(vec![Received::Message(message)]),
                "{length}"
            );
        }
    }

    #[test]
    fn packets_arrive_however_the_stream_is_cut() {
        let stream = [
            part(0, false, vec![1; 700]),
            ping(),
            part(0, true, vec![2; 1_400]),
            pong(),
            part(0, true, vec![3]),
        ]
        .concat();
        let whole = read(&stream).unwrap();
        let message = [vec![1; 700], vec![2; 1_400]].concat();
        let expected = [
            Received::Ping,
            Received::Message(message),
            Received::Pong,
            Received::Message(vec![3]),
        ];
        assert_eq!(whole, expected);
        for size in [1, 2, 3, 7, 500, 1_023, 1_024] {
            let mut assembler = Assembler::default();
            let mut received = Vec::new();
            for piece in stream.chunks(size) {
                assembler.extend(piece);
                while let Some(one) = assembler.take().unwrap() {
                    received.push(one);
                }
            }
            assert_eq!(received, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_message_is_refused_at_the_packet_with_which_it_grows_too_long() {
        let most: Vec<u8> = (0..64)
            .flat_map(|_| part(0, false, vec![0; 1_000]))
            .collect();
        assert_eq!(read(&most), Ok(Vec::new()));
        let beyond = [most.clone(), part(0, false, vec![0])].concat();
        assert_eq!(
            read(&beyond),
            Err(PacketError::MessageTooLong { bytes: 64_001 })
        );
        let ended = [most, part(0, true, Vec::new())].concat();
        assert_eq!(read(&ended), Ok(vec![Received::Message(vec![0; 64_000])]));
    }

    #[test]
    fn a_channel_that_was_not_announced_is_an_error() {
        for channel in [1, 0x20, 256, -1] {
            let refused = read(&part(channel, true, vec![0]));
            assert_eq!(refused, Err(PacketError::UnknownChannel { channel }));
        }
    }

    #[test]
    fn a_packet_is_refused_by_its_stated_length_before_it_is_read() {
        // 64,017 as a length prefix, and none of the bytes.
        let refused = read(&[0x91, 0xf4, 0x03]);
        assert_eq!(refused, Err(PacketError::PacketTooLong { bytes: 64_017 }));
        assert_eq!(read(&[0x90, 0xf4, 0x03]), Ok(Vec::new()));
    }

    #[test]
    fn a_message_comes_in_one_packet_from_who_is_set_to_send_large_ones() {
        for bytes in [1_401, 10_240, MESSAGE_BYTES_MAX] {
            let whole = part(0, true, vec![7; bytes]);
            assert_eq!(read(&whole), Ok(vec![Received::Message(vec![7; bytes])]));
        }
        let refused = read(&part(0, true, vec![7; MESSAGE_BYTES_MAX + 1]));
        assert_eq!(refused, Err(PacketError::MessageTooLong { bytes: 64_001 }));
    }

    #[test]
    fn bytes_that_are_no_packet_are_refused() {
        assert_eq!(read(&[0xff; 10]), Err(PacketError::Malformed));
        assert_eq!(read(&[0xff; 9]), Ok(Vec::new()));
        assert_eq!(read(&[2, 0xff, 0xff]), Err(PacketError::Malformed));
        assert_eq!(read(&[0]), Err(PacketError::UnknownPacket));
        // Field 9, which no version has.
        assert_eq!(read(&[2, 0x4a, 0]), Err(PacketError::UnknownPacket));
    }
}
