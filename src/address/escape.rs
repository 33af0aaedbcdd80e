//! Which bytes stand for themselves in which part of an address, and the percent escapes.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "each range bounds its difference"
)]

use core::fmt::{self, Write};

use super::{AddressError, Buffer};

/// A part of an address with escaping rules of its own.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// Id, path and fragment: whatever is escaped, or was let through before, is taken.
    Free,
    /// A host. Only `%` and what is not ASCII may be escaped (RFC 3986).
    Host,
    /// A host from its zone on, inside brackets. What is not ASCII may not be escaped, a space
    /// must be (RFC 6874, as Go reads it).
    Zone,
}

impl Part {
    /// Looks at bytes that stand for themselves.
    fn check(self, plain: &[u8]) -> Result<(), AddressError> {
        let odd = match self {
            Self::Free => None,
            Self::Host | Self::Zone => plain
                .iter()
                .find(|byte| byte.is_ascii() && !is_host(**byte)),
        };
        odd.map_or(Ok(()), |byte| {
            Err(AddressError::HostCharacter { byte: *byte })
        })
    }

    const fn takes_escaped(self, byte: u8) -> bool {
        match self {
            Self::Free => true,
            Self::Host => byte == b'%' || !byte.is_ascii(),
            Self::Zone => byte == b'%' || byte == b' ' || is_host(byte),
        }
    }
}

/// Whether an ASCII byte stands for itself in a host.
pub(super) const fn is_host(byte: u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'!' | b'$' | b'&'
        | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'[' | b']' | b'<'
        | b'>' | b'"')
}

/// Whether a byte is printed as itself in a path.
pub(super) const fn is_path(byte: u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+'
        | b',' | b'/' | b':' | b';' | b'=' | b'@')
}

/// Appends what the text stands for.
pub(super) fn unescape(text: &str, part: Part, out: &mut Buffer) -> Result<(), AddressError> {
    let mut pieces = text.split('%');
    let plain = pieces.next().unwrap_or_default();
    part.check(plain.as_bytes())?;
    out.extend_from_slice(plain.as_bytes());
    for piece in pieces {
        let [high, low, plain @ ..] = piece.as_bytes() else {
            return Err(AddressError::Escape);
        };
        let byte = (digit(*high)? << 4) | digit(*low)?;
        if !part.takes_escaped(byte) {
            return Err(AddressError::HostCharacter { byte });
        }
        out.push(byte);
        part.check(plain)?;
        out.extend_from_slice(plain);
    }
    Ok(())
}

const fn digit(byte: u8) -> Result<u8, AddressError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(AddressError::Escape),
    }
}

/// Writes the text with every character escaped that is not plain.
pub(super) fn escape(text: &str, plain: fn(u8) -> bool, out: &mut impl Write) -> fmt::Result {
    let mut rest = text;
    loop {
        let run = rest.bytes().take_while(|byte| plain(*byte)).count();
        let (head, tail) = rest.split_at_checked(run).unwrap_or((rest, ""));
        out.write_str(head)?;
        let mut tail = tail.chars();
        let Some(odd) = tail.next() else {
            return Ok(());
        };
        for byte in odd.encode_utf8(&mut [0; 4]).bytes() {
            write!(out, "%{byte:02X}")?;
        }
        rest = tail.as_str();
    }
}
