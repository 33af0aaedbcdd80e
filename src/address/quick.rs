//! The short way for the common text: `id@ip:port`, with or without `mconn://` before it.
//!
//! It gives the answer of the whole grammar, or none and leaves the text to the whole grammar.
#![expect(clippy::arithmetic_side_effects, reason = "at most five digits")]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{NodeAddress, host};
use crate::NodeId;

/// The address, if the text is a common one.
pub(super) fn parse(text: &[u8]) -> Option<NodeAddress> {
    let rest = text.strip_prefix(b"mconn://").unwrap_or(text);
    let (id, rest) = rest.split_first_chunk::<{ NodeId::TEXT_LENGTH }>()?;
    let (ip, port) = match rest {
        [b'@', b'[', place @ ..] => v6(place)?,
        [b'@', place @ ..] => v4(place)?,
        _ => return None,
    };
    let id = NodeId::from_digits(id)?;
    Some(NodeAddress::mconn(id, ip, parse_port(port)?))
}

/// The IPv4 address before a colon, and what follows that.
fn v4(text: &[u8]) -> Option<(IpAddr, &[u8])> {
    let (a, rest) = number(text, b'.')?;
    let (b, rest) = number(rest, b'.')?;
    let (c, rest) = number(rest, b'.')?;
    let (d, port) = number(rest, b':')?;
    Some((Ipv4Addr::new(a, b, c, d).into(), port))
}

/// A number below 256 before this sign, without zeros before it, and what follows the sign.
fn number(text: &[u8], sign: u8) -> Option<(u8, &[u8])> {
    let (number, rest) = match text {
        [c, end, rest @ ..] if *end == sign => (digit(*c)?, rest),
        [b @ b'1'..=b'9', c, end, rest @ ..] if *end == sign => {
            (10 * digit(*b)? + digit(*c)?, rest)
        }
        [a @ b'1'..=b'2', b, c, end, rest @ ..] if *end == sign => {
            (100 * digit(*a)? + 10 * digit(*b)? + digit(*c)?, rest)
        }
        _ => return None,
    };
    Some((u8::try_from(number).ok()?, rest))
}

fn digit(byte: u8) -> Option<u16> {
    byte.is_ascii_digit().then(|| u16::from(byte - b'0'))
}

/// The IPv6 address before a bracket and a colon, and what follows those.
fn v6(text: &[u8]) -> Option<(IpAddr, &[u8])> {
    let end = text.iter().position(|&byte| byte == b']')?;
    let (text, after) = text.split_at_checked(end)?;
    let text = core::str::from_utf8(text).ok()?;
    let ip = IpAddr::V6(text.parse::<Ipv6Addr>().ok()?);
    // Another spelling of the same address is another host.
    if !host::prints_as(&ip, text) {
        return None;
    }
    Some((ip, after.strip_prefix(b"]:")?))
}

/// One to five digits and nothing else, not even the sign that `u16` takes.
fn parse_port(digits: &[u8]) -> Option<u16> {
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
            "0.0.0.0",
            "10.20.30.40",
            "100.200.199.249",
        ] {
            for port in ports {
                for start in ["", "mconn://"] {
                    let text = format!("{start}{U}@{place}:{port}");
                    let quick = parse(text.as_bytes());
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
            "1.2.3.04:1",
            "1.2.3.256:1",
            "260.2.3.4:1",
            "1.2.300.4:1",
            "1.2.3.0001:1",
            "1.2.3.a:1",
            "1.2.3.4.5:1",
            "1..3.4:1",
            ".1.2.3:1",
            "1.2.3.:1",
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
            assert_eq!(parse(format!("{U}@{place}").as_bytes()), None, "{place}");
        }
        for start in ["MCONN://", "tcp://", "mconn:", "//", "x"] {
            let text = format!("{start}{U}@1.2.3.4:1");
            assert_eq!(parse(text.as_bytes()), None, "{start}");
        }
    }
}
