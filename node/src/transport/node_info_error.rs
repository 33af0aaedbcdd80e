//! Why the node info of a peer, or our own, is refused.

use core::fmt;

use pex::NodeId;

use super::node_info::{CHANNELS_MAX, NODE_INFO_BYTES_MAX, TEXT_BYTES_MAX};

/// A text of a node info.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// Where the node can be dialed.
    ListenAddr,
    /// The chain id.
    Network,
    /// The version of the software.
    Version,
    /// The name for people.
    Moniker,
    /// Whether transactions are indexed.
    TxIndex,
    /// Where the RPC listens.
    RpcAddress,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ListenAddr => "listen address",
            Self::Network => "network",
            Self::Version => "version",
            Self::Moniker => "moniker",
            Self::TxIndex => "tx_index",
            Self::RpcAddress => "RPC address",
        })
    }
}

/// Why a node info is refused. Texts of the other side are escaped and cut to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeInfoError {
    /// The encoded info is longer than [`NODE_INFO_BYTES_MAX`].
    TooLong {
        /// Bytes that it has or states.
        bytes: usize,
    },
    /// The bytes are no node info.
    Malformed,
    /// The info is that of another node than the one whose key was proved.
    IdMismatch {
        /// The id in the info.
        told: String,
        /// The id of the proved key.
        proved: NodeId,
    },
    /// A text is longer than [`TEXT_BYTES_MAX`].
    TextTooLong {
        /// Which text.
        field: Field,
        /// Its bytes.
        bytes: usize,
    },
    /// A text holds a character outside of printable ASCII.
    NotAscii {
        /// Which text.
        field: Field,
    },
    /// A text that must say something is empty or all spaces.
    Blank {
        /// Which text.
        field: Field,
    },
    /// The listen address is not `host:port`.
    ListenAddr,
    /// More than [`CHANNELS_MAX`] channels.
    TooManyChannels {
        /// How many.
        found: usize,
    },
    /// One channel is listed twice.
    ChannelTwice {
        /// Which.
        channel: u8,
    },
    /// `tx_index` is neither empty nor `on` nor `off`.
    TxIndex,
    /// The chain is of another block format.
    WrongBlockVersion {
        /// Our version.
        ours: u64,
        /// The version of the other side.
        theirs: u64,
    },
    /// The node is of another chain.
    WrongNetwork {
        /// Our chain id.
        ours: String,
        /// The chain id of the other side.
        theirs: String,
    },
    /// No channel is known to both.
    NoCommonChannel,
}

impl fmt::Display for NodeInfoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => {
                write!(
                    f,
                    "the node info has {bytes} bytes, {NODE_INFO_BYTES_MAX} are allowed"
                )
            }
            Self::Malformed => f.write_str("the node info cannot be read; not a Tendermint node?"),
            Self::IdMismatch { told, proved } => {
                write!(
                    f,
                    "the node info is of {told}, but its key is that of {proved}"
                )
            }
            Self::TextTooLong { field, bytes } => {
                write!(
                    f,
                    "the {field} has {bytes} bytes, {TEXT_BYTES_MAX} are allowed; shorten it"
                )
            }
            Self::NotAscii { field } => {
                write!(
                    f,
                    "the {field} must be printable ASCII; remove other characters"
                )
            }
            Self::Blank { field } => write!(f, "the {field} must not be blank; set it"),
            Self::ListenAddr => {
                f.write_str("the listen address is not host:port; write it as tcp://1.2.3.4:26656")
            }
            Self::TooManyChannels { found } => {
                write!(
                    f,
                    "the node lists {found} channels, {CHANNELS_MAX} are allowed"
                )
            }
            Self::ChannelTwice { channel } => {
                write!(f, "the node lists channel {channel:#04x} twice")
            }
            Self::TxIndex => f.write_str("tx_index is neither on nor off nor empty"),
            Self::WrongBlockVersion { ours, theirs } => write!(
                f,
                "wrong block version: ours is {ours}, theirs {theirs}; the software does not match"
            ),
            Self::WrongNetwork { ours, theirs } => write!(
                f,
                "wrong chain: ours is {ours}, theirs {theirs}; check the chain id and the address"
            ),
            Self::NoCommonChannel => {
                f.write_str("no channel in common: the node does not do peer exchange")
            }
        }
    }
}

impl core::error::Error for NodeInfoError {}
