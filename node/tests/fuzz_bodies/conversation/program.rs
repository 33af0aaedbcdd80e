//! What a stranger does, as a fuzzer can make it up.

use arbitrary::Arbitrary;
use pex_node::transport::{NodeInfo, PEX_CHANNEL};
use pex_proto::p2p::{DefaultNodeInfo, Packet, PacketMsg, PacketPing, PacketPong, packet::Sum};
use prost::Message as _;

/// Bytes of the longest part of a message: one more than a message can have.
const PART_MAX: u16 = 64_002;

#[derive(Arbitrary, Debug)]
pub(crate) struct Program {
    pub(crate) expected: Expected,
    pub(crate) first: First,
    pub(crate) proof: Proof,
    pub(crate) info: Info,
    pub(crate) says: Vec<Say>,
    /// Data bytes of its frames, but one.
    pub(crate) frame: u16,
    pub(crate) faults: Vec<Fault>,
    /// Bytes of a frame that does not end.
    pub(crate) tail: u8,
    /// Where its bytes are cut when they come in pieces.
    pub(crate) pieces: Vec<u16>,
    /// Bytes of the messages that it is sent.
    pub(crate) told: Vec<u16>,
}

/// Whom we take it for.
#[derive(Arbitrary, Debug)]
pub(crate) enum Expected {
    Anybody,
    Itself,
    SomebodyElse,
}

/// Its ephemeral key.
#[derive(Arbitrary, Debug)]
pub(crate) enum First {
    Honest,
    /// Ours, sent back.
    Ours,
    Edited(Vec<Edit>),
    Raw(Vec<u8>),
}

/// Its proof of who it is.
#[derive(Arbitrary, Debug)]
pub(crate) enum Proof {
    Honest,
    /// The key of somebody else.
    Stolen,
    Edited(Vec<Edit>),
    Raw(Vec<u8>),
}

/// What it tells about itself.
#[derive(Arbitrary, Debug)]
pub(crate) enum Info {
    Honest,
    Told {
        block: u64,
        ours: bool,
        channels: Vec<u8>,
        moniker: String,
        listen: String,
    },
    /// Behind the length that it has.
    Body(Vec<u8>),
    Edited(Vec<Edit>),
    Raw(Vec<u8>),
}

/// A change of honest bytes.
#[derive(Arbitrary, Debug)]
pub(crate) enum Edit {
    Flip(u16, u8),
    Insert(u16, u8),
    Remove(u16),
}

/// What it says once the handshake is over.
#[derive(Arbitrary, Debug)]
pub(crate) enum Say {
    Part {
        bytes: u16,
        last: bool,
    },
    /// So many parts of so many bytes, none of which is the last.
    Parts(u8, u16),
    OtherChannel(i32),
    Ping,
    Pong,
    Raw(Vec<u8>),
}

/// Something is wrong with the frame of this number.
#[derive(Arbitrary, Debug)]
pub(crate) struct Fault {
    pub(crate) frame: u8,
    pub(crate) how: How,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum How {
    /// It is changed on its way.
    Flipped(u16, u8),
    /// It states a length.
    States(u32),
    Twice,
    Lost,
}

/// The bytes with these changes.
pub(crate) fn edited(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let place = |place: &u16, room: usize| usize::from(*place) % room.max(1);
        match edit {
            Edit::Flip(at, bits) => {
                let at = place(at, bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bits;
                }
            }
            Edit::Insert(at, byte) => bytes.insert(place(at, bytes.len() + 1), *byte),
            Edit::Remove(at) if !bytes.is_empty() => {
                bytes.remove(place(at, bytes.len()));
            }
            Edit::Remove(_) => {}
        }
    }
    bytes
}

impl Info {
    /// What it sends, where an honest node would send this.
    pub(crate) fn bytes(&self, honest: &NodeInfo) -> Vec<u8> {
        let encoded = honest.encode();
        match self {
            Self::Honest => encoded,
            Self::Told {
                block,
                ours,
                channels,
                moniker,
                listen,
            } => {
                let told = DefaultNodeInfo::decode_length_delimited(&encoded[..]);
                let mut told = told.unwrap_or_default();
                if let Some(versions) = &mut told.protocol_version {
                    versions.block = versions.block.wrapping_add(*block);
                }
                if !ours {
                    told.network.push('x');
                }
                told.channels.clone_from(channels);
                told.moniker.clone_from(moniker);
                told.listen_addr.push_str(listen);
                told.encode_length_delimited_to_vec()
            }
            Self::Body(body) => {
                let mut all = Vec::new();
                // There is room in a vector.
                let _written = prost::encode_length_delimiter(body.len(), &mut all);
                all.extend_from_slice(body);
                all
            }
            Self::Edited(edits) => edited(encoded, edits),
            Self::Raw(bytes) => bytes.clone(),
        }
    }
}

impl Say {
    /// The packets that say it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let packet = |sum| Packet { sum: Some(sum) }.encode_length_delimited_to_vec();
        let part = |channel_id: i32, bytes: u16, eof| {
            let data = vec![bytes.to_le_bytes()[0]; usize::from(bytes % PART_MAX)];
            packet(Sum::PacketMsg(PacketMsg {
                channel_id,
                eof,
                data,
            }))
        };
        let channel = i32::from(PEX_CHANNEL);
        match self {
            Self::Part { bytes, last } => part(channel, *bytes, *last),
            Self::Parts(count, bytes) => part(channel, *bytes, false).repeat((*count).into()),
            Self::OtherChannel(channel) => part(*channel, 1, true),
            Self::Ping => packet(Sum::PacketPing(PacketPing {})),
            Self::Pong => packet(Sum::PacketPong(PacketPong {})),
            Self::Raw(bytes) => bytes.clone(),
        }
    }
}
