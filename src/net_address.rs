//! `NetAddress`: where a node is, as V1 has it.

use core::cmp::Ordering;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use crate::{NodeAddress, NodeId, NodeIdError};

/// An id, an IP address and a port: all that V1 can say of a place.
///
/// It is `NetAddress` of the reference (`p2p/netaddress.go`, CometBFT v0.38), with its rules of what
/// is valid, local and routable, which are fewer than those of [`Reach`](crate::Reach). A name is
/// not looked up here: [`NodeAddress`] holds names, and a driver resolves them.
///
/// An IPv4 address that is mapped into IPv6 is the IPv4 address, as in the reference.
///
/// ```
/// use pex::NetAddress;
///
/// let address: NetAddress = "00112233445566778899aabbccddeeff00112233@[2a00:1450::8]:26656".parse()?;
/// assert_eq!(address.port(), 26656);
/// assert!(address.is_routable());
/// assert_eq!(address.to_string(), "00112233445566778899aabbccddeeff00112233@[2a00:1450::8]:26656");
/// # Ok::<(), pex::NetAddressError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NetAddress {
    id: NodeId,
    /// As an IPv6 address, into which an IPv4 address is mapped: plain bytes, which are copied and
    /// compared without a look at what they are. Books and answers do little else.
    ip: [u8; 16],
    port: u16,
}

impl NetAddress {
    /// The node `id` at this IP address and port.
    #[must_use]
    pub const fn new(id: NodeId, ip: IpAddr, port: u16) -> Self {
        let ip = match ip {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
            IpAddr::V6(ip) => ip.octets(),
        };
        Self { id, ip, port }
    }

    /// Reads `id@ip:port`, an IPv6 address in brackets. A protocol before it, as in `tcp://`, is
    /// ignored, as in the reference's `NewNetAddressString`.
    ///
    /// # Errors
    ///
    /// [`NetAddressError`] if the text is no such thing. A name in place of the IP address is
    /// [`NetAddressError::Name`]: it has to be looked up first.
    pub fn parse(text: &str) -> Result<Self, NetAddressError> {
        let rest = without_protocol(text);
        let mut parts = rest.split('@');
        let (Some(id), Some(place), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NetAddressError::NoId);
        };
        let id = NodeId::parse(id).map_err(NetAddressError::Id)?;
        let (host, port) = split_host_port(place).ok_or(NetAddressError::HostPort)?;
        if host.is_empty() {
            return Err(NetAddressError::NoHost);
        }
        let ip = IpAddr::from_str(host).map_err(|_| NetAddressError::Name)?;
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| digits);
        Ok(Self::new(id, ip, port.ok_or(NetAddressError::Port)?))
    }

    /// Whose place this is.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// The IP address.
    #[must_use]
    pub const fn ip(&self) -> IpAddr {
        let bits = u128::from_be_bytes(self.ip);
        if bits >> 32 == 0xffff {
            let [.., a, b, c, d] = self.ip;
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        } else {
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
    }

    /// The IP address as a number: an IPv4 address as the IPv6 address into which it is mapped.
    pub(crate) const fn ip_bits(&self) -> u128 {
        u128::from_be_bytes(self.ip)
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The same node at another IP address.
    #[must_use]
    pub const fn at(&self, ip: IpAddr) -> Self {
        Self::new(self.id, ip, self.port)
    }

    /// `Valid` of the reference: neither unspecified, nor the broadcast address, nor of the
    /// documentation's range `2001:db8::/32`.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        is_valid(self.ip())
    }

    /// `Local` of the reference: a loopback address, or of 0.0.0.0/8.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        is_local(self.ip())
    }

    /// `Routable` of the reference: valid, not local, and in none of the private, link-local,
    /// unique local and ORCHID ranges (RFC 1918, 3927, 4862, 4193, 4843).
    #[must_use]
    pub const fn is_routable(&self) -> bool {
        let ip = self.ip();
        let near = match ip {
            IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
            IpAddr::V6(ip) => matches!(
                ip.segments(),
                [0xfe80, 0, 0, 0, ..] | [0xfc00..=0xfdff, ..] | [0x2001, 0x10..=0x1f, ..]
            ),
        };
        is_valid(ip) && !is_local(ip) && !near
    }

    /// `ReachabilityTo` of the reference: how well `other` can be reached from here, by what either
    /// address says of its owner's network.
    #[must_use]
    pub const fn reachability_to(&self, other: &Self) -> Reachability {
        let (way, its) = (Way::of(self.ip()), Way::of(other.ip()));
        match (way, its) {
            _ if !self.is_routable() => Reachability::Unreachable,
            _ if !other.is_routable() => Reachability::Default,
            (Way::V4, Way::V4) => Reachability::Ipv4,
            (Way::V4, _) => Reachability::Default,
            (_, Way::Teredo) => Reachability::Teredo,
            (_, Way::V4) => Reachability::Ipv4,
            (Way::Teredo, _) | (_, Way::Tunnel) => Reachability::Ipv6Weak,
            (Way::Tunnel | Way::V6, Way::V6) => Reachability::Ipv6Strong,
        }
    }
}

const fn is_valid(ip: IpAddr) -> bool {
    let refused = match ip {
        IpAddr::V4(ip) => ip.is_unspecified() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unspecified() || matches!(ip.segments(), [0x2001, 0xdb8, ..]),
    };
    !refused
}

const fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || matches!(ip.octets(), [0, ..]),
        IpAddr::V6(ip) => ip.is_loopback(),
    }
}

/// By the id, then the IP address, IPv4 first, then the port.
impl Ord for NetAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        let rest = |it: &Self| (it.ip(), it.port);
        let ids = self.id.cmp(&other.id);
        ids.then_with(|| rest(self).cmp(&rest(other)))
    }
}

impl PartialOrd for NetAddress {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for NetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetAddress")
            .field("id", &self.id)
            .field("ip", &self.ip())
            .field("port", &self.port)
            .finish()
    }
}

/// How an address is carried.
#[derive(Clone, Copy)]
enum Way {
    V4,
    /// RFC 4380.
    Teredo,
    /// An IPv4 address inside: RFC 3964, 6052 or 6145.
    Tunnel,
    V6,
}

impl Way {
    const fn of(ip: IpAddr) -> Self {
        let IpAddr::V6(ip) = ip else {
            return Self::V4;
        };
        match ip.segments() {
            [0x2001, 0, ..] => Self::Teredo,
            [0x2002, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => {
                Self::Tunnel
            }
            _ => Self::V6,
        }
    }
}

/// How well a place can be reached, from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reachability {
    /// From an address that nobody can route to, nothing is said.
    Unreachable,
    /// Perhaps.
    Default,
    /// Through a Teredo tunnel.
    Teredo,
    /// Over IPv6, one end of which is a tunnel.
    Ipv6Weak,
    /// Over IPv4.
    Ipv4,
    /// Over IPv6.
    Ipv6Strong,
}

/// What stands behind the first `://`, up to the next.
fn without_protocol(text: &str) -> &str {
    text.split("://").nth(1).unwrap_or(text)
}

/// Host and port, apart, as Go's `net.SplitHostPort` does it.
fn split_host_port(place: &str) -> Option<(&str, &str)> {
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        (host, port.strip_prefix(':')?)
    } else {
        let (host, port) = place.rsplit_once(':')?;
        if host.contains(':') {
            return None;
        }
        (host, port)
    };
    let bracket = |text: &str| text.contains(['[', ']']);
    (!bracket(host) && !bracket(port) && !port.contains(':')).then_some((host, port))
}

impl FromStr for NetAddress {
    type Err = NetAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// `id@ip:port`, with brackets around an IPv6 address. Ignores width and fill.
impl fmt::Display for NetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip() {
            IpAddr::V4(ip) => write!(f, "{}@{ip}:{}", self.id, self.port),
            IpAddr::V6(ip) => write!(f, "{}@[{ip}]:{}", self.id, self.port),
        }
    }
}

/// V1 has no other protocol than `mconn`.
impl From<NetAddress> for NodeAddress {
    fn from(address: NetAddress) -> Self {
        Self::mconn(address.id, address.ip(), address.port)
    }
}

/// An address of V2 that V1 can say: its host is an IP address.
impl TryFrom<&NodeAddress> for NetAddress {
    type Error = NetAddressError;

    fn try_from(address: &NodeAddress) -> Result<Self, Self::Error> {
        if !matches!(address.protocol(), "mconn" | "tcp") {
            return Err(NetAddressError::Protocol);
        }
        let ip = address.ip().ok_or(NetAddressError::Name)?;
        Ok(Self::new(address.id(), ip, address.port()))
    }
}

/// Why a text is no [`NetAddress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetAddressError {
    /// It does not have one `@`.
    NoId,
    /// What stands before the `@` is no id.
    Id(NodeIdError),
    /// What stands behind the `@` is not a host, a colon and a port.
    HostPort,
    /// There is no host.
    NoHost,
    /// The host is no IP address: a name has to be looked up first.
    Name,
    /// The port is no number up to 65,535.
    Port,
    /// V1 knows no other protocol than `mconn`, which is also called `tcp`.
    Protocol,
}

impl fmt::Display for NetAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoId => f.write_str("no node id; write the address as id@ip:port"),
            Self::Id(error) => write!(f, "{error}"),
            Self::HostPort => f.write_str(
                "no host and port; write id@ip:port, with brackets around an IPv6 address",
            ),
            Self::NoHost => f.write_str("no host; write the address as id@ip:port"),
            Self::Name => f.write_str("the host is no IP address; look the name up first"),
            Self::Port => f.write_str("the port is no number from 0 to 65535"),
            Self::Protocol => f.write_str("the protocol is not mconn, which is all that V1 has"),
        }
    }
}

impl core::error::Error for NetAddressError {}
