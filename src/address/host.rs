//! The host of an address: what it may hold, when it is an IP address, how it is printed.

use alloc::borrow::Cow;
use core::fmt::{self, Write};
use core::net::{IpAddr, Ipv6Addr};

use super::AddressError;
use super::escape::{escape, is_host};

/// The host of a [`NodeAddress`](super::NodeAddress). Prints as the reference holds it: in lower
/// case, unescaped, without brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Host<'a> {
    /// An IP address, written as IP addresses print.
    Ip(IpAddr),
    /// A name, or an IP address in another spelling or next to another protocol or a path.
    Text(&'a str),
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => fmt::Display::fmt(ip, f),
            Self::Text(text) => f.pad(text),
        }
    }
}

/// Checks that some text parses to this host, save for its case.
pub(super) fn check(host: &str) -> Result<(), AddressError> {
    // A space can be written in a zone only, which the first `%` opens.
    let mut in_zone = false;
    for byte in host.bytes() {
        in_zone |= byte == b'%';
        if !(is_host(byte) || byte == b'%' || !byte.is_ascii() || in_zone && byte == b' ') {
            return Err(AddressError::HostCharacter { byte });
        }
    }
    Ok(())
}

/// The host in lower case: each character by itself, as Go does, so `Σ` does not look at its
/// neighbours and `İ` is `i`.
pub(super) fn lower(host: &str) -> Cow<'_, str> {
    if !host
        .bytes()
        .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
    {
        return Cow::Borrowed(host);
    }
    host.chars()
        .map(|c| c.to_lowercase().next().unwrap_or(c))
        .collect()
}

/// The IP address, if it prints as this very text.
pub(super) fn canonical_ip(host: &str) -> Option<IpAddr> {
    let ip = bare_ip(host)?;
    // An IPv4 address has one spelling only.
    (ip.is_ipv4() || prints_as(&ip, host)).then_some(ip)
}

/// The IP address in any spelling, its zone left out.
pub(super) fn any_ip(host: &str) -> Option<IpAddr> {
    bare_ip(host).or_else(|| {
        let (ip, _zone) = host.split_once('%')?;
        ip.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    })
}

fn bare_ip(host: &str) -> Option<IpAddr> {
    // Most names end with a letter and hold no colon: they need not be tried.
    let last = *host.as_bytes().last()?;
    if !last.is_ascii_hexdigit() && last != b':' {
        return None;
    }
    host.parse().ok()
}

/// Whether a value prints as this text, found out without memory to print into.
pub(super) fn prints_as(value: &impl fmt::Display, text: &str) -> bool {
    struct Rest<'a>(&'a str);
    impl Write for Rest<'_> {
        fn write_str(&mut self, piece: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(piece).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}

/// Writes a host so that the parser reads it back.
///
/// With a colon it needs brackets, lest its end be read as a port; with a leading bracket, lest
/// that be read as ours; with a space, since only a zone may hold one and only brackets a zone.
pub(super) fn write(host: &str, out: &mut impl Write) -> fmt::Result {
    if !host.starts_with('[') && !host.contains([':', ' ']) {
        return escape(host, is_host, out);
    }
    let (before, zone) = host
        .split_at_checked(host.find('%').unwrap_or(host.len()))
        .unwrap_or_default();
    out.write_char('[')?;
    escape(before, is_host, out)?;
    // Go does not take back an escaped letter in a zone, only a plain one.
    escape(zone, |byte| is_host(byte) || !byte.is_ascii(), out)?;
    out.write_char(']')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn a_lowered_character_stays_as_it_is() {
        for c in '\0'..=char::MAX {
            let text = String::from(c);
            let once = lower(&text);
            assert_eq!(lower(&once), once, "{c:?}");
            assert_eq!(once.chars().count(), 1, "{c:?}");
        }
    }

    #[test]
    fn nothing_but_a_capital_becomes_a_character_that_means_something_in_a_host() {
        for c in ('\0'..=char::MAX).filter(|c| !c.is_ascii()) {
            let text = String::from(c);
            assert!(
                !lower(&text).contains(|c: char| !c.is_alphabetic() && c.is_ascii()),
                "{c:?}"
            );
        }
    }

    #[test]
    fn an_ip_address_is_canonical_only_as_it_prints() {
        for text in [
            "1.2.3.4",
            "::",
            "::1",
            "::ffff:1.2.3.4",
            "2001:db8::1",
            "1:0:0:2::3",
        ] {
            assert!(canonical_ip(text).is_some(), "{text}");
        }
        for text in [
            "",
            "0:0::1",
            "::FFFF",
            "1:0:0:2:0:0:0:3",
            "::1.2.3.4",
            "::0001",
            "::0",
            "[::1]",
            "a",
        ] {
            assert_eq!(canonical_ip(text), None, "{text}");
        }
    }
}
