//! Addresses as text, and what they say: the tests of the reference, `netaddress_test.go`.

use pex::{NetAddress, NetAddressError, NodeAddress, Reachability};

use crate::kit::{PORT, id, parse};

const ID: &str = "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

fn at(place: &str) -> String {
    format!("{ID}@{place}")
}

/// TestNetAddress_String, TestNewNetAddress. An id that is none cannot be written down in Rust.
#[test]
fn an_address_prints_as_id_ip_and_port() {
    let address = NetAddress::new(ID.parse().unwrap(), [127, 0, 0, 1].into(), 8080);
    assert_eq!(address.to_string(), at("127.0.0.1:8080"));
    let address = NetAddress::new(ID.parse().unwrap(), "2a00::1".parse().unwrap(), 8080);
    assert_eq!(address.to_string(), at("[2a00::1]:8080"));
    let mapped = NetAddress::new(ID.parse().unwrap(), "::ffff:1.2.3.4".parse().unwrap(), 1);
    assert_eq!(mapped.to_string(), at("1.2.3.4:1"));
}

/// TestNewNetAddressString.
#[test]
fn texts_are_read_or_refused_as_in_the_references_own_table() {
    use NetAddressError::{Id, NoId};
    for protocol in ["", "tcp://", "udp://"] {
        let text = format!("{protocol}{}", at("127.0.0.1:8080"));
        assert_eq!(parse(&text).to_string(), at("127.0.0.1:8080"));
    }
    let without_id = [
        "127.0.0.1:8080",
        "tcp://127.0.0.1:8080",
        "udp://127.0.0.1:8080",
        "notahost",
        "127.0.0.1:notapath",
        "notahost:8080",
        "8082",
        "127.0.0:8080000",
        "tcp://:26656",
        "",
    ];
    for text in without_id {
        assert_eq!(NetAddress::parse(text), Err(NoId), "{text}");
    }
    let with_another = [
        "tcp//deadbeefdeadbeefdeadbeefdeadbeefdeadbeef@127.0.0.1:8080",
        "udp//deadbeefdeadbeefdeadbeefdeadbeefdeadbeef@127.0.0.1:8080",
        "deadbeef@127.0.0.1:8080",
        "this-isnot-hex@127.0.0.1:8080",
        "xxxxbeefdeadbeefdeadbeefdeadbeefdeadbeef@127.0.0.1:8080",
        "tcp://deadbeef@127.0.0.1:8080",
        "tcp://this-isnot-hex@127.0.0.1:8080",
        "tcp://xxxxbeefdeadbeefdeadbeefdeadbeefdeadbeef@127.0.0.1:8080",
        "tcp://@127.0.0.1:8080",
        "tcp://@",
        "@",
        " @",
        " @ ",
    ];
    for text in with_another {
        assert!(matches!(NetAddress::parse(text), Err(Id(_))), "{text}");
    }
}

/// TestNewNetAddressStrings.
#[test]
fn one_text_that_is_no_address_does_not_take_the_others_with_it() {
    let other = "deadbeefdeadbeefdeadbeefdeadbeefdeadbeed@127.0.0.2:8080";
    let texts = ["127.0.0.1:8080", &at("127.0.0.1:8080"), other];
    let read: Vec<_> = texts.iter().map(|text| NetAddress::parse(text)).collect();
    assert_eq!(read.iter().filter(|it| it.is_err()).count(), 1);
    assert_eq!(read.iter().filter(|it| it.is_ok()).count(), 2);
}

/// TestNewNetAddressIPPort. There is no address without an id; the other two parts are these.
#[test]
fn an_address_has_the_parts_it_was_made_of() {
    let address = NetAddress::new(id(1), [127, 0, 0, 1].into(), 8080);
    let parts = (address.id(), address.ip(), address.port());
    assert_eq!(parts, (id(1), [127, 0, 0, 1].into(), 8080));
}

/// TestNetAddressProperties. Names are looked up before: this is an address of ya.ru.
#[test]
fn a_loopback_address_is_valid_and_local_and_one_of_the_world_is_routable() {
    let properties = |text: &str| {
        let it = parse(text);
        (it.is_valid(), it.is_local(), it.is_routable())
    };
    assert_eq!(properties(&at("127.0.0.1:8080")), (true, true, false));
    assert_eq!(properties(&at("5.255.255.242:80")), (true, false, true));
}

/// TestNetAddressReachabilityTo.
#[test]
fn from_loopback_nothing_is_reached_and_to_loopback_perhaps() {
    let (here, there) = (parse(&at("127.0.0.1:8080")), parse(&at("5.255.255.242:80")));
    let next_door = parse(&at("127.0.0.1:8081"));
    assert_eq!(here.reachability_to(&next_door), Reachability::Unreachable);
    assert_eq!(there.reachability_to(&here), Reachability::Default);
}

#[test]
fn each_refusal_of_a_text_names_what_is_wrong() {
    use NetAddressError::{HostPort, Name, NoHost, NoId, Port};
    let refusals = [
        ("1.2.3.4:80", NoId),
        (&at("1.2.3.4:80@"), NoId),
        (&at("1.2.3.4"), HostPort),
        (&at("2a00::1:80"), HostPort),
        (&at("[2a00::1]80"), HostPort),
        (&at("[2a00::1:80"), HostPort),
        (&at("1.2.3[.4:80"), HostPort),
        (&at("1.2.3.4:8]0"), HostPort),
        (&at(":80"), NoHost),
        (&at("[]:80"), NoHost),
        (&at("seed.example:80"), Name),
        (&at("01.2.3.4:80"), Name),
        (&at("[fe80::1%eth0]:80"), Name),
        (&at("1.2.3.4:"), Port),
        (&at("1.2.3.4:+80"), Port),
        (&at("1.2.3.4:65536"), Port),
    ];
    for (text, why) in refusals {
        assert_eq!(NetAddress::parse(text), Err(why), "{text}");
        assert!(!why.to_string().is_empty());
    }
}

#[test]
fn an_address_of_v1_is_one_of_v2_and_back_if_it_is_no_name() {
    let address = parse(&at("[2a00::1]:26656"));
    let wide = NodeAddress::from(address);
    assert_eq!(
        wide.to_string(),
        format!("mconn://{}", at("[2a00::1]:26656"))
    );
    assert_eq!(NetAddress::try_from(&wide), Ok(address));
    let read = |text: &str| NetAddress::try_from(&NodeAddress::parse(&at(text)).unwrap());
    assert_eq!(read("a.example:26656"), Err(NetAddressError::Name));
    let other = NodeAddress::parse(&format!("quic://{}", at("1.2.3.4:26656"))).unwrap();
    assert_eq!(NetAddress::try_from(&other), Err(NetAddressError::Protocol));
    assert_eq!(address.at([9, 9, 9, 9].into()).port(), PORT);
}
