//! Decimal numbers as text, without the machinery of formatting: with it, printing numbers would be
//! most of the work of an answer.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "digits of numbers of a known width, in a buffer that holds them"
)]

use core::net::Ipv4Addr;

/// The text of an IPv4 address with a port, the longest that fits.
const LONGEST: usize = "255.255.255.255:65535".len();

/// A short text on the stack.
pub(crate) struct Digits {
    text: [u8; LONGEST],
    len: usize,
}

impl Digits {
    pub(crate) const fn new() -> Self {
        Self {
            text: [0; LONGEST],
            len: 0,
        }
    }

    pub(crate) fn v4(mut self, ip: Ipv4Addr) -> Self {
        let [a, b, c, d] = ip.octets();
        self = self
            .number(a.into())
            .ascii(b'.')
            .number(b.into())
            .ascii(b'.');
        self.number(c.into()).ascii(b'.').number(d.into())
    }

    /// A colon and a port.
    pub(crate) fn port(self, port: u16) -> Self {
        self.ascii(b':').number(port)
    }

    pub(crate) fn as_str(&self) -> &str {
        // Only ASCII goes in, so the text is never empty by mistake.
        let text = self.text.get(..self.len).unwrap_or_default();
        core::str::from_utf8(text).unwrap_or_default()
    }

    fn number(mut self, number: u16) -> Self {
        let mut power = 10_000;
        while power > 1 && number < power {
            power /= 10;
        }
        while power > 0 {
            // One digit, so it fits a byte.
            self = self.ascii(b'0' + (number / power % 10) as u8);
            power /= 10;
        }
        self
    }

    fn ascii(mut self, byte: u8) -> Self {
        if let Some(place) = self.text.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use quickcheck::quickcheck;

    quickcheck! {
        fn numbers_print_as_display_prints_them(ip: u32, port: u16) -> bool {
            let ip = Ipv4Addr::from(ip);
            Digits::new().v4(ip).port(port).as_str() == format!("{ip}:{port}")
        }
    }

    #[test]
    fn the_longest_and_the_shortest_fit() {
        let longest = Digits::new().v4(Ipv4Addr::BROADCAST).port(u16::MAX);
        assert_eq!(longest.as_str(), "255.255.255.255:65535");
        let shortest = Digits::new().v4(Ipv4Addr::UNSPECIFIED).port(0);
        assert_eq!(shortest.as_str(), "0.0.0.0:0");
        assert_eq!(Digits::new().port(100).as_str(), ":100");
    }
}
