//! The short way for the common text: `id@ip:port`, with or without `mconn://` before it.
//!
//! It gives the answer of the whole grammar, or none and leaves the text to the whole grammar.
#![expect(clippy::arithmetic_side_effects, reason = "at most five digits")]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{NodeAddress, host};
use crate::NodeId;

/// The address, if the text is a common one.
pub(super) fn parse(text: &str) -> Option<NodeAddress> {
    let rest = text.strip_prefix("mconn://").unwrap_or(text);
    let (id, rest) = rest.split_at_checked(NodeId::TEXT_LENGTH)?;
    let place = rest.strip_prefix('@')?;
    let (ip, port) = if let Some(bracketed) = place.strip_prefix('[') {
        let (text, after) = bracketed.split_once(']')?;
        let ip = IpAddr::V6(text.parse::<Ipv6Addr>().ok()?);
        // Another spelling of the same address is another host.
        if !host::prints_as(&ip, text) {
            return None;
        }
        (ip, after.strip_prefix(':')?)
    } else {
        let (text, port) = place.split_once(':')?;
        (IpAddr::V4(text.parse::<Ipv4Addr>().ok()?), port)
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

#[cfg(test)]
mod tests {
    use super::super::parse as whole;
    use super::*;
    use alloc::format;

    const U: &str = "00112233445566778899AABBCCDDEEFF00112233";

    #[test]
    fn the_short_way_leads_where_the_whole_grammar_leads() {
        let ports = ["0", "1", "26656", "00080", "65535"];
        for place in [
            "1.2.3.4",
            "255.255.255.255",
            "[::]",
            "[2001:db8::1]",
            "[::ffff:1.2.3.4]",
        ] {
            for port in ports {
                for start in ["", "mconn://"] {
                    let text = format!("{start}{U}@{place}:{port}");
                    let quick = parse(&text);
                    assert!(quick.is_some(), "{text}");
                    assert_eq!(quick, whole::parse(&text).ok(), "{text}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_common_is_left_to_the_whole_grammar() {
        let places = [
            "host:1",
            "1.2.3.4",
            "1.2.3.4:",
            "1.2.3.4:+1",
            "1.2.3.4:65536",
            "1.2.3.4:000001",
            "1.2.3:1",
            "01.2.3.4:1",
            "1.2.3.4:1/p",
            "1.2.3.4:1?q",
            "1.2.3.4:1:1",
            "::1:1",
            "[::1]",
            "[::1]1",
            "[0:0::1]:1",
            "[::FFFF]:1",
            "[1.2.3.4]:1",
            "[::1%25a]:1",
            "[::1]:1]:1",
        ];
        for place in places {
            assert_eq!(parse(&format!("{U}@{place}")), None, "{place}");
        }
        for start in ["MCONN://", "tcp://", "mconn:", "//", "x"] {
            assert_eq!(parse(&format!("{start}{U}@1.2.3.4:1")), None, "{start}");
        }
    }
}
