//! Decimal numbers as text, without the machinery of formatting: with it, printing numbers would be
//! most of the work of an answer.
#![cfg_attr(
    not(test),
    expect(clippy::indexing_slicing, reason = "a table of 256, by a byte")
)]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "digits of numbers of a known width, in a buffer that holds them"
)]

use core::net::Ipv4Addr;

/// The digits of each byte, from the left, and how many there are.
pub(crate) const BYTES: [[u8; 4]; 256] = {
    let mut table = [[0; 4]; 256];
    let mut byte = 0_u8;
    loop {
        let (a, b, c) = (b'0' + byte / 100, b'0' + byte / 10 % 10, b'0' + byte % 10);
        table[byte as usize] = match byte {
            0..10 => [c, 0, 0, 1],
            10..100 => [b, c, 0, 2],
            100.. => [a, b, c, 3],
        };
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// A short text on the stack.
pub(crate) struct Digits {
    text: [u8; Self::LONGEST],
    len: usize,
}

impl Digits {
    /// The longest text that fits: an IPv4 address and a port.
    pub(crate) const LONGEST: usize = "255.255.255.255:65535".len();

    pub(crate) fn v4(ip: Ipv4Addr) -> Self {
        let mut digits = Self::new();
        let [a, b, c, d] = ip.octets();
        digits.byte(a);
        for part in [b, c, d] {
            digits.ascii(b'.');
            digits.byte(part);
        }
        digits
    }

    /// A colon and a port.
    pub(crate) fn port(port: u16) -> Self {
        let mut digits = Self::new();
        digits.port_after(port);
        digits
    }

    /// An IPv4 address, and a colon and a port if that is not zero.
    pub(crate) fn v4_port(ip: Ipv4Addr, port: u16) -> Self {
        let mut digits = Self::v4(ip);
        if port > 0 {
            digits.port_after(port);
        }
        digits
    }

    fn port_after(&mut self, port: u16) {
        self.ascii(b':');
        // One digit each, so they fit a byte.
        let digit = |power: u16| b'0' + (port / power % 10) as u8;
        let digits = [digit(10_000), digit(1_000), digit(100), digit(10), digit(1)];
        let unused = [10_000, 1_000, 100, 10];
        let unused = unused.iter().filter(|&&power| port < power).count();
        for &digit in &digits[unused..] {
            self.ascii(digit);
        }
    }

    /// The text, and what may stand behind it.
    pub(crate) const fn whole(&self) -> &[u8; Self::LONGEST] {
        &self.text
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn as_str(&self) -> &str {
        // Only ASCII goes in, so the text is never empty by mistake.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    const fn new() -> Self {
        Self {
            text: [0; Self::LONGEST],
            len: 0,
        }
    }

    fn byte(&mut self, number: u8) {
        let [digits @ .., used] = BYTES[usize::from(number)];
        // All three are written, and what is not used is written over.
        if let Some(place) = self.text.get_mut(self.len..self.len + digits.len()) {
            place.copy_from_slice(&digits);
            self.len += usize::from(used);
        }
    }

    fn ascii(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
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
            let both = if port == 0 { format!("{ip}") } else { format!("{ip}:{port}") };
            Digits::v4(ip).as_str() == format!("{ip}")
                && Digits::port(port).as_str() == format!(":{port}")
                && Digits::v4_port(ip, port).as_str() == both
        }
    }

    #[test]
    fn the_digits_of_each_byte_are_those_that_display_prints() {
        for (byte, &[a, b, c, used]) in BYTES.iter().enumerate() {
            let digits = &[a, b, c][..used.into()];
            assert_eq!(digits, format!("{byte}").as_bytes());
        }
    }

    #[test]
    fn the_longest_and_the_shortest_fit() {
        assert_eq!(Digits::v4(Ipv4Addr::BROADCAST).as_str(), "255.255.255.255");
        assert_eq!(Digits::v4(Ipv4Addr::UNSPECIFIED).as_str(), "0.0.0.0");
        assert_eq!(Digits::port(0).as_str(), ":0");
        assert_eq!(Digits::port(100).as_str(), ":100");
        assert_eq!(Digits::port(u16::MAX).as_str(), ":65535");
    }
}
