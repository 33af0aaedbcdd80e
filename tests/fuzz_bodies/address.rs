//! What must hold of any bytes that claim to be an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pex::{ClaimError, NodeAddress, NodeId, Reach};

/// Reads the bytes as an address in text, as the parts of one and as an entry of V1.
///
/// # Panics
///
/// If anything that must hold does not.
pub fn address(data: &[u8]) {
    as_text(data);
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (first, second, third) = (line(), line(), line());
    let number = data
        .iter()
        .fold(0_u32, |sum, byte| sum.wrapping_mul(31) ^ u32::from(*byte));
    as_parts(first, second, number, third);
    as_v1(first, second, number);
}

fn as_text(data: &[u8]) {
    let parsed = NodeAddress::parse_bytes(data);
    let Ok(text) = std::str::from_utf8(data) else {
        assert!(parsed.is_err(), "not UTF-8");
        return;
    };
    assert_eq!(parsed, NodeAddress::parse(text));
    if let Some(rest) = text.strip_prefix("mconn://") {
        // In capitals the text takes the long way through the parser, to the same end.
        assert_eq!(parsed, NodeAddress::parse(&format!("MCONN://{rest}")));
    }
    if let Ok(address) = parsed {
        assert!(text.len() <= NodeAddress::MAX_TEXT);
        comes_back(&address);
    }
}

fn as_parts(protocol: &str, host: &str, number: u32, path: &str) {
    let id = NodeId::new([number.to_le_bytes()[1]; 20]);
    let port = u16::from_le_bytes([number.to_le_bytes()[2], number.to_le_bytes()[3]]);
    for (protocol, port) in [(protocol, port), ("mconn", port), ("tcp", 0)] {
        if let Ok(address) = NodeAddress::new(protocol, id, host, port, path) {
            assert_eq!((address.id(), address.port()), (id, port));
            assert_eq!(address.protocol(), protocol.to_ascii_lowercase());
            comes_back(&address);
        }
    }
}

fn as_v1(id: &str, ip: &str, number: u32) {
    // Half of the ports are too large.
    for (id, port) in [
        (id, number >> 15),
        ("00112233445566778899aabbccddeeff00112233", number),
    ] {
        let told = NodeAddress::from_v1(id, ip, port);
        assert_eq!(
            told.ok(),
            NodeAddress::parse(&format!("{id}@{ip}:{port}")).ok()
        );
    }
}

/// An address prints a text that is within the limits and parses to the same address.
fn comes_back(address: &NodeAddress) {
    same_again(address);
    let ips = [
        IpAddr::V4(Ipv4Addr::new(1, 2, 3, 4)),
        IpAddr::V6(Ipv6Addr::from_bits(u128::MAX)),
    ];
    for ip in ips {
        let dialled = address.with_ip(ip);
        assert_eq!(dialled.ip(), Some(ip));
        assert_eq!(dialled.name(), None);
        assert_eq!(
            (
                dialled.id(),
                dialled.protocol(),
                dialled.port(),
                dialled.path()
            ),
            (
                address.id(),
                address.protocol(),
                address.port(),
                address.path()
            )
        );
        same_again(&dialled);
    }
}

fn same_again(address: &NodeAddress) {
    let text = address.to_string();
    assert_eq!(NodeAddress::parse(&text).as_ref(), Ok(address), "{text}");
    assert_eq!(address.text_len(), text.len());
    assert!(text.len() <= NodeAddress::MAX_TEXT);
    assert!(address.protocol().len() <= NodeAddress::MAX_PROTOCOL);
    let host = address
        .host()
        .map(|host| host.to_string())
        .unwrap_or_default();
    assert!(host.len() <= NodeAddress::MAX_HOST);
    assert_eq!(
        address.ip().is_some() || address.name().is_some(),
        !host.is_empty()
    );
    assert!(address.port() == 0 || !host.is_empty());
    match (Reach::claimed_by(address), address.ip()) {
        (claim, Some(ip)) => assert_eq!(claim, Ok(Reach::of(ip))),
        (claim, None) => assert_eq!(claim == Err(ClaimError::NoHost), host.is_empty()),
    }
    assert!(address.path().is_empty() || address.path().starts_with('/'));
    // A host that was taken apart is put together to the same address, whatever it holds.
    let (protocol, path) = (address.protocol(), address.path());
    let again = NodeAddress::new(protocol, address.id(), &host, address.port(), path);
    assert_eq!(again.as_ref(), Ok(address));
}
