//! From where a place can be reached.

use core::net::IpAddr;

/// How far a place is visible. The order is from near to far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reach {
    /// This machine only: loopback and unspecified addresses.
    Host,
    /// This site: private ranges (RFC 1918, 4193, 6598) and link-local addresses.
    Site,
    /// Everywhere.
    World,
}

impl Reach {
    /// The reach of an IP address. An IPv4 address inside an IPv6 one counts as itself.
    #[must_use]
    pub const fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let [first, second, ..] = ip.octets();
                let shared = first == 100 && second & 0xc0 == 64;
                if ip.is_loopback() || first == 0 {
                    Self::Host
                } else if ip.is_private() || ip.is_link_local() || shared {
                    Self::Site
                } else {
                    Self::World
                }
            }
            IpAddr::V6(ip) => {
                if ip.is_loopback() || ip.is_unspecified() {
                    Self::Host
                } else if ip.is_unique_local() || ip.is_unicast_link_local() {
                    Self::Site
                } else {
                    Self::World
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart_by_how_far_they_are_seen() {
        for (ip, reach) in [
            ("127.0.0.1", Reach::Host),
            ("0.0.0.0", Reach::Host),
            ("::1", Reach::Host),
            ("::ffff:127.0.0.1", Reach::Host),
            ("10.1.2.3", Reach::Site),
            ("192.168.0.1", Reach::Site),
            ("169.254.169.254", Reach::Site),
            ("100.64.0.1", Reach::Site),
            ("fd00::1", Reach::Site),
            ("fe80::1", Reach::Site),
            ("8.8.8.8", Reach::World),
            ("100.128.0.1", Reach::World),
            ("2a00::1", Reach::World),
        ] {
            assert_eq!(Reach::of(ip.parse().unwrap()), reach, "{ip}");
        }
    }
}
