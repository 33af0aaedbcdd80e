//! IPv4 addresses inside IPv6 ones.

use core::net::{IpAddr, Ipv4Addr};

/// The IPv4 address that an IPv6 address carries, or else the address itself.
#[expect(clippy::match_same_arms, reason = "an arm is a way to carry one")]
pub(crate) const fn innermost(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(outer) = ip else {
        return ip;
    };
    match outer.segments() {
        // Unspecified and loopback, which look like compatible ones.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => ip,
        // Compatible, then mapped.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => v4(high, low),
        // Translated.
        [0, 0, 0, 0, 0xffff, 0, high, low] => v4(high, low),
        // NAT64.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        // 6to4.
        [0x2002, high, low, ..] => v4(high, low),
        // Teredo, which inverts it to hide it from address translators.
        [0x2001, 0, .., high, low] => v4(!high, !low),
        _ => ip,
    }
}

const fn v4(high: u16, low: u16) -> IpAddr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}
