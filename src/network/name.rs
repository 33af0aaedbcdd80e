//! What a host that is no IP address promises, by its text alone.

use core::fmt;

use super::Reach;

/// Most bytes of a label of a name, 63 (RFC 1035).
const LABEL_MAX: usize = 63;

/// Why the text of an address promises no place. The fault is its author's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimError {
    /// The address has no host, such as `memory:id`: where the node is, its transport knows.
    NoHost,
    /// The host is a name to us, but an IP address to the C library's resolver, as `127.1`,
    /// `0x7f.1`, `0177.0.0.1`, `2130706433` and `127.0.0.1.` are. Nobody who means well writes so.
    Number,
    /// The host is no name that DNS holds: it has a character other than ASCII letters, digits,
    /// `-`, `_` and `.`, or a label that is empty or longer than 63 bytes. So two hosts that look
    /// alike are alike, and a name in another script is written as DNS writes it, `xn--…`.
    NotAName,
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHost => "the address has no host",
            Self::Number => "write the IP address as four decimal numbers, as 192.168.0.1",
            Self::NotAName => {
                "a name is of ASCII letters, digits, '-' and '_', with single dots between; \
                 write others as xn--..."
            }
        })
    }
}

impl core::error::Error for ClaimError {}

/// The reach that a name in lower case promises.
///
/// The names that a machine or a site gives a meaning: RFC 6761, 6762 with its appendix G, 8375,
/// what hosts files hold, and `internal`, which ICANN set aside. A name of one label is looked up
/// among the machines of the site, as no public host has one. Those that nobody may give a meaning:
/// RFC 6761, 7686 and 9476.
pub(super) fn promise(name: &str) -> Result<Reach, ClaimError> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if names_a_number(name) {
        return Err(ClaimError::Number);
    }
    if !name.split('.').all(is_label) {
        return Err(ClaimError::NotAName);
    }
    let mut from_the_end = name.rsplit('.');
    let (last, before) = (from_the_end.next(), from_the_end.next());
    Ok(match last.unwrap_or_default() {
        "localhost" | "localhost4" | "localhost6" | "ip6-localhost" | "ip6-loopback"
        | "localdomain" | "localdomain4" | "localdomain6" => Reach::Host,
        "alt" | "example" | "invalid" | "onion" => Reach::Nowhere,
        "corp" | "home" | "internal" | "intranet" | "lan" | "local" | "private" | "test" => {
            Reach::Site
        }
        "arpa" if before == Some("home") => Reach::Site,
        _ if before.is_none() => Reach::Site,
        _ => Reach::World,
    })
}

/// Whether `inet_aton` of a C library reads a host, less its last dot, as an IPv4 address: one to
/// four numbers, each decimal, octal after `0` or hexadecimal after `0x`.
///
/// The libraries do not agree on numbers that are too large, on `8` and `9` in an octal one, and on
/// `0x` without a digit. Each counts as a number here: no name of DNS ends in one.
fn names_a_number(host: &str) -> bool {
    host.split('.').count() <= 4 && host.split('.').all(is_number)
}

fn is_number(label: &str) -> bool {
    match label.as_bytes() {
        [] => false,
        [b'0', b'x' | b'X', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LABEL_MAX).contains(&label.len()) && label.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_c_library_reads_as_an_ipv4_address_is_a_number() {
        for host in [
            "0",
            "127",
            "2130706433",
            "017700000001",
            "0x7f000001",
            "0X7F000001",
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0177.0.0.1",
            "127.0.0.01",
            "0x7f.0.0.0x1",
            "1.2.3.4",
            "256.1.1.1",
            "99999999999999999999",
            "08.1",
            "0x",
            "0x.0x",
        ] {
            assert!(names_a_number(host), "{host}");
        }
        for host in [
            "",
            ".",
            "1.",
            ".1",
            "1..2",
            "1.2.3.4.5",
            "a",
            "0xg",
            "x7f",
            "0x7f.a",
            "1a",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1_0",
            "0b1",
            "1.2.3.a",
            "１",
        ] {
            assert!(!names_a_number(host), "{host:?}");
        }
    }

    #[test]
    fn a_label_has_one_to_sixty_three_plain_characters() {
        let sixty_four = "a".repeat(64);
        for label in ["a", "A-z_0", "-", "xn--nxasmq6b", &sixty_four[1..]] {
            assert!(is_label(label), "{label}");
        }
        for label in ["", "a b", "a%b", "é", "a:b", "[", "!", &sixty_four] {
            assert!(!is_label(label), "{label}");
        }
    }
}
