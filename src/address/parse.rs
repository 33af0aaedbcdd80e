//! The whole grammar, as Go's `net/url` and the reference's `ParseNodeAddress` read it together.

use super::escape::{Part, unescape};
use super::path::{Dots, join};
use super::{AddressError, Buffer, MCONN, NodeAddress, host};
use crate::NodeId;

/// Reads a text that is not too long.
pub(super) fn parse(text: &str) -> Result<NodeAddress, AddressError> {
    let (body, fragment) = text.split_once('#').unwrap_or((text, ""));
    if body.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(AddressError::Control);
    }
    let Some((protocol, rest)) = split_protocol(body) else {
        // A "://" behind something that is no protocol is a mistake, unless host and port stand
        // first, so that it can only be part of a path.
        if text.contains("://") && !starts_with_host_and_port(text) {
            return Err(AddressError::Protocol);
        }
        return networked(MCONN, Dots::Remove, body, fragment);
    };
    if let Some(rest) = rest.strip_prefix("//") {
        return networked(protocol, Dots::Keep, rest, fragment);
    }
    // A path without a host has no id.
    if rest.starts_with('/') {
        return Err(AddressError::NoId);
    }
    opaque(protocol, rest, fragment)
}

/// Whether a text is a protocol: a letter, then letters, digits, `+`, `-`, `.`.
pub(super) fn is_protocol(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn split_protocol(body: &str) -> Option<(&str, &str)> {
    body.split_once(':')
        .filter(|(protocol, _)| is_protocol(protocol))
}

/// Whether the text starts as `host:80/` or is `host:80`.
fn starts_with_host_and_port(text: &str) -> bool {
    let Some((host, rest)) = text.split_once(':') else {
        return false;
    };
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    !host.is_empty()
        && !host.contains('/')
        && after.len() < rest.len()
        && (after.is_empty() || after.starts_with('/'))
}

/// `protocol:id`. Query and fragment are dropped, the id is taken as written.
fn opaque(protocol: &str, rest: &str, fragment: &str) -> Result<NodeAddress, AddressError> {
    check_escapes(fragment)?;
    let (id, _query) = rest.split_once('?').unwrap_or((rest, ""));
    if id.is_empty() {
        return Err(AddressError::NoId);
    }
    let parsed = NodeId::parse(id).map_err(AddressError::Id)?;
    if id.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(AddressError::IdCase);
    }
    NodeAddress::assemble(protocol, parsed, "", 0, "")
}

/// `id@host:port/path?query`, what stands behind `protocol://`.
fn networked(
    protocol: &str,
    dots: Dots,
    rest: &str,
    fragment: &str,
) -> Result<NodeAddress, AddressError> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let start = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(start).unwrap_or((rest, ""));
    let (user, host_and_port) = authority.rsplit_once('@').ok_or(AddressError::NoId)?;
    let id = parse_id(user)?;
    let mut host = Buffer::new();
    let port = parse_host(host_and_port, &mut host)?;
    host.make_ascii_lowercase();
    let host = core::str::from_utf8(&host).map_err(|_| AddressError::NotUtf8)?;
    let path = join(path, dots, query, fragment)?;
    let path = core::str::from_utf8(&path).map_err(|_| AddressError::NotUtf8)?;
    NodeAddress::assemble(protocol, id, &host::lower(host), port, path)
}

/// The id out of what stands before the last `@`. A password is checked and dropped.
fn parse_id(user: &str) -> Result<NodeId, AddressError> {
    if !user.bytes().all(is_user) {
        return Err(AddressError::User);
    }
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    check_escapes(password)?;
    let mut id = Buffer::new();
    unescape(name, Part::Free, &mut id)?;
    if id.is_empty() {
        return Err(AddressError::NoId);
    }
    let id = core::str::from_utf8(&id).map_err(|_| AddressError::NotUtf8)?;
    NodeId::parse(id).map_err(AddressError::Id)
}

const fn is_user(byte: u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b':' | b'~' | b'!' | b'$'
        | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b'%' | b'@')
}

/// Unescapes the host, without its brackets, and reads the port; 0 if there is none.
fn parse_host(text: &str, host: &mut Buffer) -> Result<u16, AddressError> {
    let Some(bracketed) = text.strip_prefix('[') else {
        let (name, port) = text.rsplit_once(':').unwrap_or((text, ""));
        let port = parse_port(port)?;
        unescape(name, Part::Host, host)?;
        return Ok(port);
    };
    let (inside, after) = bracketed.rsplit_once(']').ok_or(AddressError::Bracket)?;
    let port = match after {
        "" => 0,
        _ => parse_port(after.strip_prefix(':').ok_or(AddressError::Port)?)?,
    };
    let zone = inside.find("%25").unwrap_or(inside.len());
    let (address, zone) = inside.split_at_checked(zone).unwrap_or((inside, ""));
    unescape(address, Part::Host, host)?;
    unescape(zone, Part::Zone, host)?;
    Ok(port)
}

/// Reads digits, any number of leading zeros among them; no digit at all is port 0.
fn parse_port(digits: &str) -> Result<u16, AddressError> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::Port);
    }
    match digits.trim_start_matches('0') {
        "" => Ok(0),
        number => number.parse().map_err(|_| AddressError::Port),
    }
}

fn check_escapes(text: &str) -> Result<(), AddressError> {
    unescape(text, Part::Free, &mut Buffer::new())
}
