//! Where a node may be reached. (Stub.)

use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

use crate::NodeId;

/// A node's address. (Stub.)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeAddress {
    id: NodeId,
    host: String,
    port: u16,
}

impl NodeAddress {
    /// Parses. (Stub.)
    ///
    /// # Errors
    ///
    /// Stub.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.strip_prefix("mconn://").unwrap_or(text);
        let (id, place) = text.split_once('@').ok_or(AddressError::Stub)?;
        let (host, port) = place.rsplit_once(':').ok_or(AddressError::Stub)?;
        Ok(Self {
            id: id.parse().map_err(|_| AddressError::Stub)?,
            host: host.into(),
            port: port.parse().map_err(|_| AddressError::Stub)?,
        })
    }

    /// From V1. (Stub.)
    ///
    /// # Errors
    ///
    /// Stub.
    pub fn from_v1(id: &str, ip: &str, port: u32) -> Result<Self, AddressError> {
        Ok(Self {
            id: id.parse().map_err(|_| AddressError::Stub)?,
            host: ip.into(),
            port: port.try_into().map_err(|_| AddressError::Stub)?,
        })
    }

    /// Whose address this is.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// The IP. (Stub.)
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The port. (Stub.)
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mconn://{}@{}:{}", self.id, self.host, self.port)
    }
}

/// Stub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// Stub.
    Stub,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stub")
    }
}

impl core::error::Error for AddressError {}
