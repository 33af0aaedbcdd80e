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

/// The digits of each byte and a point behind them, from the left.
const POINTED: [[u8; 4]; 256] = {
    let mut table = [[b'.'; 4]; 256];
    let mut byte = 0;
    while byte < table.len() {
        let [digits @ .., used] = BYTES[byte];
        let mut place = 0;
        while place < used as usize {
            table[byte][place] = digits[place];
            place += 1;
        }
        byte += 1;
    }
    table
};

/// Each number below a hundred as two digits.
const PAIRS: [[u8; 2]; 100] = {
    let mut table = [[0; 2]; 100];
    let mut number = 0_u8;
    while number < 100 {
        table[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    table
};

/// A short text on the stack.
pub(crate) struct Digits {
    text: [u8; Self::ROOM],
    len: usize,
}

impl Digits {
    /// The longest text that fits: an IPv4 address and a port.
    pub(crate) const LONGEST: usize = "255.255.255.255:65535".len();

    /// Bytes that are written for it: each part is written as if it were the longest of its kind and
    /// fetched at once, and what it does not use is written over.
    pub(crate) const ROOM: usize = Self::LONGEST + 2;

    pub(crate) fn v4(ip: Ipv4Addr) -> Self {
        Self::v4_port(ip, 0)
    }

    /// A colon and a port.
    pub(crate) fn port(port: u16) -> Self {
        let mut text = [0; Self::ROOM];
        let len = put_port(&mut text, 0, port);
        Self { text, len }
    }

    /// An IPv4 address, and a colon and a port if that is not zero.
    pub(crate) fn v4_port(ip: Ipv4Addr, port: u16) -> Self {
        let mut text = [0; Self::ROOM];
        let len = put_v4_port(&mut text, ip, port);
        Self { text, len }
    }

    pub(crate) fn as_str(&self) -> &str {
        let bytes = self.text.get(..self.len).unwrap_or_default();
        // Only ASCII goes in, so the text is never empty by mistake.
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// Writes an IPv4 address, and a colon and a port if that is not zero; returns how many bytes that
/// is. Those behind may have been written too.
#[inline]
pub(crate) fn put_v4_port(text: &mut [u8; Digits::ROOM], ip: Ipv4Addr, port: u16) -> usize {
    let mut len = 0;
    for byte in ip.octets() {
        put(text, len, POINTED[usize::from(byte)]);
        len += 2 + usize::from(byte >= 10) + usize::from(byte >= 100);
    }
    // Without the last point.
    len -= 1;
    if port > 0 {
        len += put_port(text, len, port);
    }
    len
}

/// Writes a colon and a port at this place; returns how many bytes that is.
#[inline]
fn put_port(text: &mut [u8; Digits::ROOM], at: usize, port: u16) -> usize {
    let (first, rest) = (port / 10_000, usize::from(port % 10_000));
    let ([a, b], [c, d]) = (PAIRS[rest / 100], PAIRS[rest % 100]);
    // One digit, so it fits a byte.
    let all = [b'0' + first.to_le_bytes()[0], a, b, c, d, 0, 0, 0];
    let unused = [10, 100, 1_000, 10_000].map(|power| usize::from(port < power));
    let unused: usize = unused.iter().sum();
    // In one word, the first digit lowest: what is left out is shifted out.
    let word = u64::from_le_bytes(all) >> (8 * unused);
    put(text, at, (word << 8 | u64::from(b':')).to_le_bytes());
    6 - unused
}

#[inline]
fn put<const N: usize>(text: &mut [u8; Digits::ROOM], at: usize, bytes: [u8; N]) {
    if let Some(place) = text.get_mut(at..at + N) {
        place.copy_from_slice(&bytes);
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
