//! The short way for the common text: `id@ip:port`, with or without `mconn://` before it.
//!
//! It gives the answer of the whole grammar, or none and leaves the text to the whole grammar.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{NodeAddress, host};
use crate::NodeId;

/// The address, if the text is a common one.
pub(super) fn parse(text: &str) -> Option<NodeAddress> {
    let rest = text.strip_prefix("mconn://").unwrap_or(text);
    let (id, rest) = rest.split_at_checked(NodeId::TEXT_LENGTH)?;
    let place = rest.strip_prefix('@')?;
    let (ip, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (text, after) = bracketed.split_once(']')?;
            let ip = IpAddr::V6(text.parse::<Ipv6Addr>().ok()?);
            // Another spelling of the same address is another host.
            (
                host::prints_as(&ip, text).then_some(ip)?,
                after.strip_prefix(':')?,
            )
        }
        None => {
            let (text, port) = place.split_once(':')?;
            (IpAddr::V4(text.parse::<Ipv4Addr>().ok()?), port)
        }
    };
    Some(NodeAddress::mconn(
        NodeId::parse(id).ok()?,
        ip,
        parse_port(port)?,
    ))
}

/// One to five digits and nothing else, not even the sign that `u16` takes.
fn parse_port(digits: &str) -> Option<u16> {
    let digits = digits.as_bytes();
    if digits.is_empty() || digits.len() > 5 {
        return None;
    }
    let mut port = 0_u32;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        port = port * 10 + digit;
    }
    u16::try_from(port).ok()
}
