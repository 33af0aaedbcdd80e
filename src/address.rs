//! Where a node may be reached: parse, check, print.
//!
//! The text of an address is a URL, `protocol://id@host:port/path`, or `protocol:id` for a
//! transport that needs no host. A text without a protocol means `mconn`. The language is that of
//! `ParseNodeAddress` and `NodeAddress.String` in Tendermint v0.35.9 (`internal/p2p/address.go`)
//! over `net/url` of Go 1.19, odd corners included: a password is dropped, a port may have leading
//! zeros, dot segments go away only where the protocol was left out.
//!
//! # Where this parser differs, and why
//!
//! [`NodeAddress::parse`] of what an address prints gives that address back, always. The reference
//! does not hold this, and does not bound what it takes. Each difference has a name, which the
//! tests use too; nothing else differs over the 2,505 vectors.
//!
//! | name | the reference | here | because |
//! |---|---|---|---|
//! | `BracketsRoundIpv6` | prints a host with a colon in brackets only before a port | always in brackets | `id@::1` means host `:` and port 1 |
//! | `PathStartsWithSlash` | a query or fragment without a path is a path that starts with `?` or `#` | starts with `/?` or `/#` | it prints with the slash, so it would not come back the same |
//! | `NotUtf8` | a host or path may unescape to any bytes | refused | text stays text: in JSON, in logs, in other languages |
//! | `TooLong` | no limit | [`MAX_TEXT`], [`MAX_HOST`], [`MAX_PROTOCOL`] | an address of a stranger costs bounded memory and time |
//!
//! `BracketsRoundIpv6` covers three rarer spellings that the reference also prints so that they do
//! not come back: a host that itself starts with `[`, a zone with a space (both get brackets), and
//! a zone that is not ASCII (it is printed unescaped, as it has to be written). The vectors hold
//! none of the three.
//!
//! A host is lowered by the Unicode tables of this compiler, the reference by those of Go 1.19
//! (Unicode 13). They part only over letters that were added since.
//!
//! # Security
//!
//! A parsed address is a claim: nothing says that the node is there, or that the host is public.
//! [`NodeAddress::ip`] sees every spelling of an IP address that the reference dials without asking
//! a resolver. Spellings that only a resolver of the operating system takes for an IP address, such
//! as `127.1` or `0x7f.1`, are names here: judge the resolved address, not the text.
//! [`Reach::claimed_by`](crate::Reach::claimed_by) refuses them.
//!
//! [`MAX_TEXT`]: NodeAddress::MAX_TEXT
//! [`MAX_HOST`]: NodeAddress::MAX_HOST
//! [`MAX_PROTOCOL`]: NodeAddress::MAX_PROTOCOL
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of lengths of what lies in memory"
)]

mod error;
mod escape;
mod format;
mod host;
mod parse;
mod path;
mod quick;

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::Write;
use core::net::IpAddr;
use core::str::FromStr;

use smallvec::SmallVec;

use crate::NodeId;

pub use error::AddressError;
pub(crate) use format::COMMON;
pub use host::Host;

/// Scratch space of the parser. On the stack for all but unusually long parts.
type Buffer = SmallVec<[u8; 128]>;

/// More bytes than an address has besides protocol, host and path: id, port and signs between.
const FRAME: usize = 64;

/// The protocol of an address that names none.
const MCONN: &str = "mconn";

/// Where a node may be reached: protocol, id, host, port, path.
///
/// Two addresses are equal if and only if they print alike. An `mconn` address of an IP address
/// without a path, which is nearly every address there is, takes 48 bytes and no heap.
///
/// ```
/// use pex::NodeAddress;
///
/// let text = "00112233445566778899aabbccddeeff00112233@[2001:db8::1]:26656";
/// let address = NodeAddress::parse(text)?;
/// assert_eq!(address.protocol(), "mconn");
/// assert_eq!(address.ip(), Some("2001:db8::1".parse()?));
/// assert_eq!(address.port(), 26656);
/// assert_eq!(address.to_string(), format!("mconn://{text}"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeAddress {
    id: NodeId,
    port: u16,
    place: Place,
}

/// All of an address but the id and the port. There is one way only to hold a given address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    /// Protocol `mconn`, a host that is exactly what this IP address prints, no path.
    Ip(IpAddr),
    /// Everything else. The text is protocol, host and path without anything between; the numbers
    /// are the bytes of the first two.
    Text {
        text: Box<str>,
        protocol: u8,
        host: u8,
    },
}

impl NodeAddress {
    /// Most bytes of an address as text, 512, both as it comes in and as it prints. Ours; the
    /// reference reckons with 256 bytes an address but does not enforce it.
    ///
    /// The printed text counts its host as at least 41 bytes, the longest IP address, so that
    /// [`NodeAddress::with_ip`] cannot go beyond the limit.
    pub const MAX_TEXT: usize = 512;

    /// Most bytes of a host, 253: the longest name that DNS can hold.
    pub const MAX_HOST: usize = 253;

    /// Most bytes of a protocol, 32. Ours; the longest one in use is `memory`.
    pub const MAX_PROTOCOL: usize = 32;

    /// Reads an address.
    ///
    /// The length is looked at first, so a text that is too long costs nothing; any other takes
    /// time linear in its length.
    ///
    /// # Errors
    ///
    /// [`AddressError`] if the text is no address, or is beyond a limit.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        check_length(text.len())?;
        quick::parse(text.as_bytes()).map_or_else(|| parse::parse(text), Ok)
    }

    /// Reads an address from bytes, as they come from the network.
    ///
    /// # Errors
    ///
    /// [`AddressError::TextTooLong`], then [`AddressError::NotUtf8`] if the bytes are no text, then
    /// whatever [`NodeAddress::parse`] says of the text.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, AddressError> {
        check_length(bytes.len())?;
        // What is common is ASCII, and that is seen on the way.
        if let Some(address) = quick::parse(bytes) {
            return Ok(address);
        }
        parse::parse(core::str::from_utf8(bytes).map_err(|_| AddressError::NotUtf8)?)
    }

    /// The address of a node that speaks `mconn` at an IP address. Port 0 is none.
    #[must_use]
    pub const fn mconn(id: NodeId, ip: IpAddr, port: u16) -> Self {
        Self {
            id,
            port,
            place: Place::Ip(ip),
        }
    }

    /// An address of these parts, each as its accessor gives it back, none of them escaped.
    ///
    /// Protocol and host may be in either case and are lowered. The host is a name or an IP
    /// address, without brackets; it may be empty if the port is 0, which means none. A path that
    /// lacks its leading slash gets one; without a host, a path that is the id means no path, as in
    /// the reference's `String`.
    ///
    /// # Errors
    ///
    /// [`AddressError::Protocol`] or [`AddressError::HostCharacter`] if no text parses to such a
    /// protocol or host, [`AddressError::PortWithoutHost`], or one of the limits.
    pub fn new(
        protocol: &str,
        id: NodeId,
        host: &str,
        port: u16,
        path: &str,
    ) -> Result<Self, AddressError> {
        if !parse::is_protocol(protocol) {
            return Err(AddressError::Protocol);
        }
        check_length(protocol.len().max(host.len()).max(path.len()))?;
        host::check(host)?;
        let host = host::lower(host);
        let hex = id.to_hex();
        let path = if host.is_empty() && path.as_bytes() == hex {
            ""
        } else {
            path
        };
        if path.is_empty() || path.starts_with('/') {
            return Self::assemble(protocol, id, &host, port, path);
        }
        Self::assemble(protocol, id, &host, port, &alloc::format!("/{path}"))
    }

    /// Reads an address as peers of V1 tell it: an id, an IP address and a port, apart.
    ///
    /// It is what the reference makes of it: [`NodeAddress::parse`] of `id@ip:port`, with no
    /// brackets added. So a name in place of the IP address is taken too.
    ///
    /// # Errors
    ///
    /// As [`NodeAddress::parse`] of that text: [`AddressError::Port`] if the port is above 65,535.
    pub fn from_v1(id: &str, ip: &str, port: u32) -> Result<Self, AddressError> {
        check_length(id.len().saturating_add(ip.len()))?;
        if let (Ok(id), Some(ip), Ok(port)) = (
            NodeId::parse(id),
            host::canonical_ip(ip),
            u16::try_from(port),
        ) {
            return Ok(Self::mconn(id, ip, port));
        }
        let mut text = Ink(Buffer::new());
        // Ink does not run out, so writing does not fail; and what was written is UTF-8.
        let _ = write!(text, "{id}@{ip}:{port}");
        Self::parse_bytes(&text.0)
    }

    /// Whose address this is.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// The protocol, in lower case: `mconn`, `tcp`, `memory`, or any other.
    #[must_use]
    pub fn protocol(&self) -> &str {
        self.parts().0
    }

    /// The host, or none for an address such as `memory:id`.
    #[must_use]
    pub fn host(&self) -> Option<Host<'_>> {
        match &self.place {
            Place::Ip(ip) => Some(Host::Ip(*ip)),
            Place::Text { .. } => match self.parts().1 {
                "" => None,
                text => Some(Host::Text(text)),
            },
        }
    }

    /// The IP address, if the host is one in any spelling that the reference knows. A zone, as in
    /// `fe80::1%eth0`, is left out, as the reference leaves it out of what it dials.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match &self.place {
            Place::Ip(ip) => Some(*ip),
            Place::Text { .. } => host::any_ip(self.parts().1),
        }
    }

    /// The name that must be resolved before the node can be dialled; none if the host is an IP
    /// address or absent.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let host = self.parts().1;
        (!host.is_empty() && host::any_ip(host).is_none()).then_some(host)
    }

    /// The port. 0 is none, and then what it means is for the transport to say.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The path, unescaped, with its query and fragment: empty, or starting with a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        self.parts().2
    }

    /// The same node at the same port, with this IP address in place of the host. For a resolver's
    /// answer.
    #[must_use]
    pub fn with_ip(&self, ip: IpAddr) -> Self {
        let (protocol, _, path) = self.parts();
        if protocol == MCONN && path.is_empty() {
            return Self::mconn(self.id, ip, self.port);
        }
        let host = alloc::format!("{ip}");
        Self {
            id: self.id,
            port: self.port,
            place: Place::text(protocol, &host, path),
        }
    }

    /// Protocol, host and path. The host is empty where the place is a bare IP address.
    fn parts(&self) -> (&str, &str, &str) {
        match &self.place {
            Place::Ip(_) => (MCONN, "", ""),
            Place::Text {
                text,
                protocol,
                host,
            } => {
                let (protocol, rest) = split(text, *protocol);
                let (host, path) = split(rest, *host);
                (protocol, host, path)
            }
        }
    }

    /// The one door to an address: lowers the protocol, holds the limits, picks the form. The host
    /// is checked and in lower case, the path empty or with its slash.
    fn assemble(
        protocol: &str,
        id: NodeId,
        host: &str,
        port: u16,
        path: &str,
    ) -> Result<Self, AddressError> {
        if protocol.len() > Self::MAX_PROTOCOL {
            return Err(AddressError::ProtocolTooLong {
                length: protocol.len(),
            });
        }
        if host.len() > Self::MAX_HOST {
            return Err(AddressError::HostTooLong { length: host.len() });
        }
        if port > 0 && host.is_empty() {
            return Err(AddressError::PortWithoutHost);
        }
        let common = path.is_empty() && protocol.eq_ignore_ascii_case(MCONN);
        if let Some(ip) = host::canonical_ip(host).filter(|_| common) {
            return Ok(Self::mconn(id, ip, port));
        }
        let address = Self {
            id,
            port,
            place: Place::text(protocol, host, path),
        };
        // Most addresses are so short that they need no counting: an escape is three bytes.
        if FRAME + 3 * (protocol.len() + host.len().max(16) + path.len()) > Self::MAX_TEXT {
            check_length(address.roomy_length())?;
        }
        Ok(address)
    }
}

impl Place {
    /// Of a protocol of at most 32 and a host of at most 253 bytes.
    fn text(protocol: &str, host: &str, path: &str) -> Self {
        let mut text = String::with_capacity(protocol.len() + host.len() + path.len());
        text.push_str(protocol);
        text.make_ascii_lowercase();
        text.push_str(host);
        text.push_str(path);
        Self::Text {
            text: text.into_boxed_str(),
            protocol: u8::try_from(protocol.len()).unwrap_or(u8::MAX),
            host: u8::try_from(host.len()).unwrap_or(u8::MAX),
        }
    }
}

/// Scratch space to print into.
struct Ink(Buffer);

impl Write for Ink {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl FromStr for NodeAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

fn split(text: &str, at: u8) -> (&str, &str) {
    text.split_at_checked(usize::from(at)).unwrap_or_default()
}

const fn check_length(length: usize) -> Result<(), AddressError> {
    if length > NodeAddress::MAX_TEXT {
        return Err(AddressError::TextTooLong { length });
    }
    Ok(())
}

// The limits fit the one-byte lengths of `Place`, and the common case stays small.
const _: () = assert!(NodeAddress::MAX_PROTOCOL <= 255 && NodeAddress::MAX_HOST <= 255);
const _: () = assert!(size_of::<NodeAddress>() <= 48 || size_of::<usize>() != 8);
