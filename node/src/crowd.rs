//! Why somebody who dials us is kept out.

use core::fmt;

/// Which limit keeps somebody out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Crowd {
    /// Sockets at once.
    Sockets,
    /// Sockets at once from one IP address.
    Ip,
    /// Sockets at once from one network.
    Network,
    /// New connections a second from one IP address.
    Rate,
    /// Handshakes at once: of all, of an IP address or of a network. The oldest of whoever has most ends.
    Handshakes,
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sockets => "as many sockets are open as may be",
            Self::Ip => "as many connections come from its IP address as may",
            Self::Network => "as many connections come from its network as may",
            Self::Handshakes => "more handshakes were begun than may be under way",
            Self::Rate => "its IP address opens connections faster than it may",
        })
    }
}
