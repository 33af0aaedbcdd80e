//! What a stranger's text may cost.

use pex::{AddressError, NodeAddress, NodeId};

use crate::generate::U;

fn id() -> NodeId {
    NodeId::parse(U).unwrap()
}

#[test]
fn a_text_that_is_too_long_is_refused_before_it_is_read() {
    // That it is no UTF-8 would be found out by reading the first byte.
    let text = vec![0xff; 65_536];
    let refused = Err(AddressError::TextTooLong { length: 65_536 });
    assert_eq!(NodeAddress::parse_bytes(&text), refused);
    let text = "%".repeat(65_536);
    assert_eq!(NodeAddress::parse(&text), refused);
    let refused = Err(AddressError::TextTooLong { length: 65_576 });
    assert_eq!(NodeAddress::from_v1(U, &text, 1), refused);
    let refused = Err(AddressError::TextTooLong { length: 65_536 });
    assert_eq!(NodeAddress::new("mconn", id(), &text, 1, ""), refused);
    assert_eq!(NodeAddress::new("mconn", id(), "", 0, &text), refused);
}

#[test]
fn an_address_is_as_long_as_its_limit_and_no_longer() {
    let host = "h".repeat(41);
    let start = format!("mconn://{U}@{host}/");
    let longest = format!("{start}{}", "p".repeat(NodeAddress::MAX_TEXT - start.len()));
    let address = NodeAddress::parse(&longest).unwrap();
    assert_eq!(address.text_len(), NodeAddress::MAX_TEXT);
    let length = NodeAddress::MAX_TEXT + 1;
    let refused = Err(AddressError::TextTooLong { length });
    assert_eq!(NodeAddress::parse(&format!("{longest}p")), refused);
    assert_eq!(
        NodeAddress::new("mconn", id(), &host, 0, &format!("{}p", address.path())),
        refused
    );
}

#[test]
fn a_text_that_would_print_too_long_is_refused() {
    let text = format!("{U}@{}/{}", "h".repeat(41), "é".repeat(100));
    assert!(text.len() < NodeAddress::MAX_TEXT);
    let length = "mconn://".len() + U.len() + 43 + 600;
    assert_eq!(
        NodeAddress::parse(&text),
        Err(AddressError::TextTooLong { length })
    );
}

#[test]
fn a_short_host_counts_as_an_ip_address_so_that_it_can_become_one() {
    let room = NodeAddress::MAX_TEXT - format!("mconn://{U}@:1/").len() - 41;
    let text = format!("mconn://{U}@h:1/{}", "p".repeat(room));
    let address = NodeAddress::parse(&text).unwrap();
    let longest = address.with_ip("2001:1111:1111:1111:1111:1111:1111:1111".parse().unwrap());
    assert_eq!(longest.text_len(), NodeAddress::MAX_TEXT);
    let length = NodeAddress::MAX_TEXT + 1;
    let refused = Err(AddressError::TextTooLong { length });
    assert_eq!(NodeAddress::parse(&format!("{text}p")), refused);
}

#[test]
fn a_host_has_253_bytes_at_most_and_a_protocol_32() {
    let host = "h".repeat(253);
    assert!(NodeAddress::parse(&format!("{U}@{host}:1")).is_ok());
    let refused = Err(AddressError::HostTooLong { length: 254 });
    assert_eq!(NodeAddress::parse(&format!("{U}@{host}h:1")), refused);
    let protocol = "p".repeat(32);
    assert!(NodeAddress::parse(&format!("{protocol}:{U}")).is_ok());
    let refused = Err(AddressError::ProtocolTooLong { length: 33 });
    assert_eq!(NodeAddress::parse(&format!("{protocol}p:{U}")), refused);
    // Lowering can lengthen: Ⱥ has two bytes, ⱥ three.
    let grown = Err(AddressError::HostTooLong { length: 255 });
    assert_eq!(
        NodeAddress::parse(&format!("{U}@{}", "Ⱥ".repeat(85))),
        grown
    );
}

#[test]
fn a_common_address_has_48_bytes_and_compares_by_its_text_alone() {
    assert!(size_of::<NodeAddress>() <= 48);
    let one = NodeAddress::parse(&format!("{U}@1.2.3.4:80")).unwrap();
    let other = NodeAddress::parse(&format!("TCP://{U}@1.2.3.4:80")).unwrap();
    assert_ne!(one, other);
    assert_eq!(one.ip(), other.ip());
}
