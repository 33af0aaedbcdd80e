//! What two nodes tell about themselves before they talk.
//!
//! The rules are those of `p2p/node_info.go` (CometBFT v0.38) and `types/node_info.go` (Tendermint
//! v0.35). Stricter than the reference: a single text has at most [`TEXT_BYTES_MAX`] bytes, every
//! text is printable ASCII, and the listen address is not looked up in the DNS.

use core::net::{IpAddr, SocketAddr};

use pex::NodeId;
use pex_proto::p2p::{DefaultNodeInfo, DefaultNodeInfoOther, ProtocolVersion};
use prost::Message as _;

use super::node_info_error::{Field, NodeInfoError};
use crate::kind::VERSION;

/// Most bytes of an encoded node info, without its length prefix.
pub const NODE_INFO_BYTES_MAX: usize = 10_240;

/// Most channels that a node may list.
pub const CHANNELS_MAX: usize = 16;

/// Most bytes of one text of a node info.
pub const TEXT_BYTES_MAX: usize = 512;

/// The channel of peer exchange.
pub const PEX_CHANNEL: u8 = 0x00;

/// The version of the peer-to-peer protocol that we state. Nobody checks it.
const P2P_VERSION: u64 = 8;

/// The version of the block format. Nodes of another one refuse us, and we them.
const BLOCK_VERSION: u64 = 11;

/// What a node tells about itself. Every text in it is printable ASCII, so it is safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    id: NodeId,
    listen_addr: String,
    network: String,
    version: String,
    channels: Vec<u8>,
    moniker: String,
    p2p_version: u64,
    block_version: u64,
    app_version: u64,
    tx_index: String,
    rpc_address: String,
}

impl NodeInfo {
    /// The info of a node that speaks peer exchange alone, of p2p version 8 and block version 11.
    /// Its software is this one, [`VERSION`].
    ///
    /// `network` is the chain id, `moniker` a name for people, `listen_addr` where others can dial
    /// the node, as `tcp://host:port` or `host:port`.
    ///
    /// # Errors
    ///
    /// [`NodeInfoError`] if other nodes would refuse a text.
    pub fn new(
        id: NodeId,
        network: &str,
        moniker: &str,
        listen_addr: &str,
    ) -> Result<Self, NodeInfoError> {
        let info = Self {
            id,
            listen_addr: listen_addr.to_owned(),
            network: network.to_owned(),
            version: VERSION.to_owned(),
            channels: vec![PEX_CHANNEL],
            moniker: moniker.to_owned(),
            p2p_version: P2P_VERSION,
            block_version: BLOCK_VERSION,
            app_version: 0,
            tx_index: "off".to_owned(),
            rpc_address: String::new(),
        };
        info.validate()?;
        Ok(info)
    }

    /// The same info with another version of the software.
    ///
    /// # Errors
    ///
    /// [`NodeInfoError`] if other nodes would refuse the text.
    pub fn with_version(mut self, version: &str) -> Result<Self, NodeInfoError> {
        version.clone_into(&mut self.version);
        self.validate()?;
        Ok(self)
    }

    /// The same info with another block version, for chains that are not of version 11.
    #[must_use]
    pub const fn with_block_version(mut self, version: u64) -> Self {
        self.block_version = version;
        self
    }

    /// The node's id.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// Where the node says it can be dialed, as it says it. Nothing has checked that it is true.
    #[must_use]
    pub fn listen_addr(&self) -> &str {
        &self.listen_addr
    }

    /// The listen address, if it is an IP and a port. A host name is not looked up.
    #[must_use]
    pub fn listen_socket(&self) -> Option<SocketAddr> {
        let (host, port) = host_and_port(&self.listen_addr)?;
        Some(SocketAddr::new(host.parse::<IpAddr>().ok()?, port))
    }

    /// The port of the listen address, if it has one.
    #[must_use]
    pub fn listen_port(&self) -> Option<u16> {
        host_and_port(&self.listen_addr).map(|(_, port)| port)
    }

    /// The chain id.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.network
    }

    /// The version of the node's software; may be empty.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The channels that the node knows, none twice.
    #[must_use]
    pub fn channels(&self) -> &[u8] {
        &self.channels
    }

    /// The node's name for people.
    #[must_use]
    pub fn moniker(&self) -> &str {
        &self.moniker
    }

    /// The versions of the p2p, block and application protocols, in this order.
    #[must_use]
    pub const fn protocol_versions(&self) -> (u64, u64, u64) {
        (self.p2p_version, self.block_version, self.app_version)
    }

    /// The bytes of the info, behind their length: what the handshake sends.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        DefaultNodeInfo {
            protocol_version: Some(ProtocolVersion {
                p2p: self.p2p_version,
                block: self.block_version,
                app: self.app_version,
            }),
            default_node_id: self.id.to_string(),
            listen_addr: self.listen_addr.clone(),
            network: self.network.clone(),
            version: self.version.clone(),
            channels: self.channels.clone(),
            moniker: self.moniker.clone(),
            other: Some(DefaultNodeInfoOther {
                tx_index: self.tx_index.clone(),
                rpc_address: self.rpc_address.clone(),
            }),
        }
        .encode_length_delimited_to_vec()
    }

    /// Reads the info, without its length prefix, of the node that has proved to be `proved`.
    ///
    /// # Errors
    ///
    /// [`NodeInfoError`] if the bytes are no node info, the reference would refuse it, or it is
    /// the info of somebody else.
    pub fn decode(bytes: &[u8], proved: NodeId) -> Result<Self, NodeInfoError> {
        if bytes.len() > NODE_INFO_BYTES_MAX {
            return Err(NodeInfoError::TooLong { bytes: bytes.len() });
        }
        let told = DefaultNodeInfo::decode(bytes).map_err(|_| NodeInfoError::Malformed)?;
        if proved.to_string() != told.default_node_id {
            let told = shown(&told.default_node_id);
            return Err(NodeInfoError::IdMismatch { told, proved });
        }
        let versions = told.protocol_version.unwrap_or_default();
        let other = told.other.unwrap_or_default();
        let info = Self {
            id: proved,
            listen_addr: told.listen_addr,
            network: told.network,
            version: told.version,
            channels: told.channels,
            moniker: told.moniker,
            p2p_version: versions.p2p,
            block_version: versions.block,
            app_version: versions.app,
            tx_index: other.tx_index,
            rpc_address: other.rpc_address,
        };
        info.validate()?;
        Ok(info)
    }

    fn validate(&self) -> Result<(), NodeInfoError> {
        text(Field::ListenAddr, &self.listen_addr)?;
        text(Field::Network, &self.network)?;
        text(Field::Version, &self.version)?;
        text(Field::Moniker, &self.moniker)?;
        text(Field::TxIndex, &self.tx_index)?;
        text(Field::RpcAddress, &self.rpc_address)?;
        host_and_port(&self.listen_addr).ok_or(NodeInfoError::ListenAddr)?;
        required(Field::Moniker, &self.moniker)?;
        for (field, text) in [
            (Field::Version, &self.version),
            (Field::RpcAddress, &self.rpc_address),
        ] {
            if !text.is_empty() {
                required(field, text)?;
            }
        }
        if self.channels.len() > CHANNELS_MAX {
            return Err(NodeInfoError::TooManyChannels {
                found: self.channels.len(),
            });
        }
        let mut rest = self.channels.as_slice();
        while let Some((channel, after)) = rest.split_first() {
            if after.contains(channel) {
                return Err(NodeInfoError::ChannelTwice { channel: *channel });
            }
            rest = after;
        }
        match self.tx_index.as_str() {
            "" | "on" | "off" => Ok(()),
            _ => Err(NodeInfoError::TxIndex),
        }
    }

    /// Checks that this node and `theirs` can talk: the same block version and network, and at
    /// least one channel in common.
    ///
    /// # Errors
    ///
    /// [`NodeInfoError`] with what differs.
    pub fn check_compatible(&self, theirs: &Self) -> Result<(), NodeInfoError> {
        if self.block_version != theirs.block_version {
            return Err(NodeInfoError::WrongBlockVersion {
                ours: self.block_version,
                theirs: theirs.block_version,
            });
        }
        if self.network != theirs.network {
            return Err(NodeInfoError::WrongNetwork {
                ours: shown(&self.network),
                theirs: shown(&theirs.network),
            });
        }
        if !self
            .channels
            .iter()
            .any(|channel| theirs.channels.contains(channel))
        {
            return Err(NodeInfoError::NoCommonChannel);
        }
        Ok(())
    }
}

/// The host and the port of `host:port`, `[v6]:port`, or either behind a `scheme://`.
/// A host and a port, with a scheme before them or without, as Go takes them apart.
pub(crate) fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (host, port) = rest.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        // A second colon needs brackets.
        None if host.contains(':') => return None,
        None => host,
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    if host.is_empty() || !digits || host.contains(['[', ']', '@']) {
        return None;
    }
    Some((host, port.parse().ok()?))
}

/// Whether a node may call itself so.
pub(crate) fn check_moniker(moniker: &str) -> Result<(), NodeInfoError> {
    text(Field::Moniker, moniker)?;
    required(Field::Moniker, moniker)
}

fn text(field: Field, text: &str) -> Result<(), NodeInfoError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(NodeInfoError::TextTooLong {
            field,
            bytes: text.len(),
        });
    }
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        Ok(())
    } else {
        Err(NodeInfoError::NotAscii { field })
    }
}

fn required(field: Field, text: &str) -> Result<(), NodeInfoError> {
    if text.bytes().all(|byte| byte == b' ') {
        return Err(NodeInfoError::Blank { field });
    }
    Ok(())
}

/// A stranger's text for the terminal of ours: control and other odd characters escaped, cut short.
fn shown(text: &str) -> String {
    const CHARACTERS: usize = 64;
    text.chars()
        .flat_map(char::escape_default)
        .take(CHARACTERS)
        .collect()
}

#[cfg(test)]
#[path = "node_info_tests.rs"]
mod tests;
