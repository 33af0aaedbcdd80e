//! The reference's own test table: `address_test.go` and `node_id` rows at v0.35.9, by number.
//!
//! Rows 25 to 40 resolve names, which a driver does; what the address gives it is tested here. Row
//! 83 makes an id from a key, which the transport does.

use std::error::Error as _;
use std::net::IpAddr;

use pex::{AddressError, NodeAddress, NodeId, NodeIdError};

use crate::generate::U;

/// A text with `U` for the id, then protocol, host, port and path.
type Row = (&'static str, &'static str, &'static str, u16, &'static str);

fn id() -> NodeId {
    NodeId::parse(U).unwrap()
}

fn with_id(text: &str) -> String {
    text.replace("(U upper)", &U.to_uppercase()).replace('U', U)
}

fn parse(text: &str) -> Result<NodeAddress, AddressError> {
    NodeAddress::parse(&with_id(text))
}

fn assert_rows(rows: &[Row]) {
    for (text, protocol, host, port, path) in rows {
        let address = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let found = address
            .host()
            .map(|host| host.to_string())
            .unwrap_or_default();
        assert_eq!(
            (
                address.protocol(),
                found.as_str(),
                address.port(),
                address.path()
            ),
            (*protocol, *host, *port, *path),
            "{text}"
        );
        assert_eq!(address.id(), id(), "{text}");
    }
}

#[test]
fn rows_1_to_13_parse() {
    assert_rows(&[
        (
            "mconn://U@127.0.0.1:26657/some/path?foo=bar",
            "mconn",
            "127.0.0.1",
            26657,
            "/some/path?foo=bar",
        ),
        (
            "TCP://(U upper)@hostname.DOMAIN:8080/Path/%f0%9f%91%8B#Anchor",
            "tcp",
            "hostname.domain",
            8080,
            "/Path/👋#Anchor",
        ),
        ("U@127.0.0.1", "mconn", "127.0.0.1", 0, ""),
        ("U@hostname.domain", "mconn", "hostname.domain", 0, ""),
        ("U@hostname.domain:80", "mconn", "hostname.domain", 80, ""),
        ("U@%F0%9F%91%8B", "mconn", "👋", 0, ""),
        ("U@%F0%9F%91%8B:80/path", "mconn", "👋", 80, "/path"),
        ("U@127.0.0.1:26657", "mconn", "127.0.0.1", 26657, ""),
        (
            "U@127.0.0.1:26657/path",
            "mconn",
            "127.0.0.1",
            26657,
            "/path",
        ),
        ("U@0.0.0.0:0", "mconn", "0.0.0.0", 0, ""),
        ("memory:U", "memory", "", 0, ""),
        ("U@[1::]", "mconn", "1::", 0, ""),
        (
            "mconn://U@[fd80:b10c::2]:26657",
            "mconn",
            "fd80:b10c::2",
            26657,
            "",
        ),
    ]);
}

#[test]
fn rows_14_to_24_are_refused() {
    use AddressError::{Escape, Id, NoId, Port, PortWithoutHost, Protocol};
    let rows = [
        ("", NoId),
        ("127.0.0.1", NoId),
        ("hostname", NoId),
        ("scheme:", NoId),
        ("memory:foo", Id(NodeIdError::Length { found: 3 })),
        ("U@%F%F0", Escape),
        ("//U@127.0.0.1", NoId),
        ("://U@127.0.0.1", Protocol),
        (
            "mconn://foo@127.0.0.1",
            Id(NodeIdError::Length { found: 3 }),
        ),
        ("mconn://U@127.0.0.1:65536", Port),
        ("mconn://U@:80", PortWithoutHost),
    ];
    for (text, error) in rows {
        assert_eq!(parse(text), Err(error), "{text}");
    }
}

#[test]
fn rows_25_to_40_tell_a_driver_what_to_resolve() {
    let place = |text: &str| {
        let address = parse(text).unwrap();
        (address.ip(), address.name().map(str::to_owned))
    };
    let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
    let name = |text: &str| Some(text.to_owned());
    assert_eq!(place("tcp://U@127.0.0.1:80/path"), (ip("127.0.0.1"), None));
    assert_eq!(
        place("tcp://U@localhost:80/path"),
        (None, name("localhost"))
    );
    assert_eq!(place("tcp://U@127.0.0.1/path"), (ip("127.0.0.1"), None));
    assert_eq!(place("tcp://U@[::1]:80/path"), (ip("::1"), None));
    assert_eq!(
        place("U@[2001:0db8::ff00:0042:8329]"),
        (ip("2001:db8::ff00:42:8329"), None)
    );
    assert_eq!(place("memory:U"), (None, None));
    assert_eq!(place("U@💥"), (None, name("💥")));
    // A host with a port inside: no address for any resolver.
    assert_eq!(place("U@127.0.0.1:80:"), (None, name("127.0.0.1:80")));
    // Without its zone, as the reference dials it.
    assert_eq!(place("U@[fe80::1%25eth0]:80"), (ip("fe80::1"), None));
    assert_eq!(place("U@[fe80::1%25wlan]"), (ip("fe80::1"), None));
    // Spellings that are IP addresses to some operating systems only.
    for host in ["127.1", "0x7f.1", "127.0.0.1.", "0177.0.0.1"] {
        assert_eq!(place(&format!("U@{host}:80")), (None, name(host)));
    }
}

/// Rows 43, 46 to 49 and 51 to 54 print values without a protocol or an id: there are none here.
#[test]
fn rows_41_to_56_print() {
    let rows = [
        (
            "tcp",
            "host",
            80,
            "/path/sub?foo=bar&x=y#anchor",
            "tcp://U@host:80/path/sub%3Ffoo=bar&x=y%23anchor",
        ),
        ("tcp", "host.domain", 0, "", "tcp://U@host.domain"),
        ("tcp", "host", 80, "foo/bar", "tcp://U@host:80/foo/bar"),
        ("memory", "", 0, U, "memory:U"),
        ("memory", "", 0, "", "memory:U"),
        (
            "mconn",
            "💻",
            80,
            "🛣",
            "mconn://U@%F0%9F%92%BB:80/%F0%9F%9B%A3",
        ),
        ("memory", "", 0, "path", "memory://U@/path"),
    ];
    for (protocol, host, port, path, text) in rows {
        let address = NodeAddress::new(protocol, id(), host, port, path).unwrap();
        assert_eq!(address.to_string(), with_id(text));
    }
    let without_host = NodeAddress::new("memory", id(), "", 80, "");
    assert_eq!(without_host, Err(AddressError::PortWithoutHost));
    for protocol in ["", "💬", "1a", "a b", "a:"] {
        let refused = NodeAddress::new(protocol, id(), "host", 80, "");
        assert_eq!(refused, Err(AddressError::Protocol), "{protocol}");
    }
}

#[test]
fn rows_57_to_65_are_valid_or_not() {
    let new = |host, port, path| NodeAddress::new("mconn", id(), host, port, path);
    assert!(new("host", 80, "/path").is_ok());
    assert!(new("host", 0, "").is_ok());
    assert!(new("", 0, "/path").is_ok());
    assert!(new("👋", 0, "/👋").is_ok());
    assert!(new("", 0, "").is_ok());
    assert_eq!(new("", 80, "/path"), Err(AddressError::PortWithoutHost));
    // What the reference does not check, but prints so that it does not come back.
    for (host, byte) in [
        ("a/b", b'/'),
        ("a@b", b'@'),
        ("a b", b' '),
        ("a#", b'#'),
        ("a\n", b'\n'),
    ] {
        assert_eq!(
            new(host, 80, ""),
            Err(AddressError::HostCharacter { byte }),
            "{host}"
        );
    }
}

#[test]
fn rows_66_to_82_are_ids_or_not() {
    let length = |found| Err(NodeIdError::Length { found });
    assert_eq!(NodeId::parse(""), length(0));
    assert_eq!(NodeId::parse("foo"), length(3));
    assert_eq!(NodeId::parse("00"), length(2));
    assert_eq!(NodeId::parse(&U[1..]), length(39));
    assert_eq!(NodeId::parse(&format!("{U}0")), length(41));
    assert_eq!(
        NodeId::parse(&U.replacen("00", "gg", 1)),
        Err(NodeIdError::Digit)
    );
    assert_eq!(NodeId::parse(U).map(|id| id.to_string()).as_deref(), Ok(U));
    // Row 71 makes an id of capitals, row 76 refuses one: so before an `@` and after a colon.
    assert_eq!(NodeId::parse(&U.to_uppercase()), Ok(id()));
    assert_eq!(parse("(U upper)@h").unwrap().id(), id());
    assert_eq!(parse("memory:(U upper)"), Err(AddressError::IdCase));
    assert_eq!(id().as_bytes()[..4], [0x00, 0x11, 0x22, 0x33]);
    assert_eq!(String::from(id()), U);
}

#[test]
fn further_texts_that_the_reference_takes() {
    assert_rows(&[
        ("mconn://U@", "mconn", "", 0, ""),
        ("U@h:", "mconn", "h", 0, ""),
        ("U@h:00080", "mconn", "h", 80, ""),
        ("U:pw@h", "mconn", "h", 0, ""),
        (
            "mconn://%30%30112233445566778899aabbccddeeff00112233@h",
            "mconn",
            "h",
            0,
            "",
        ),
        ("U@1.2.3.4:26656:1", "mconn", "1.2.3.4:26656", 1, ""),
        ("U@::1:80", "mconn", "::1", 80, ""),
        ("U@host.", "mconn", "host.", 0, ""),
        ("quic+x://U@h", "quic+x", "h", 0, ""),
        ("U@h/../x", "mconn", "h", 0, "/x"),
        ("mconn://U@h/../x", "mconn", "h", 0, "/../x"),
        ("U@h/%ff/../x", "mconn", "h", 0, "/x"),
        ("U@h/%ff/%2e%2e/é", "mconn", "h", 0, "/é"),
        ("U@h/x/%2e%2e/y", "mconn", "h", 0, "/x/../y"),
        ("U@h:80/://", "mconn", "h", 80, "/://"),
        ("U@[]", "mconn", "", 0, ""),
        ("U@İΣ.ex", "mconn", "iσ.ex", 0, ""),
        ("memory:U?query#fragment", "memory", "", 0, ""),
        (
            "memory://U@/U",
            "memory",
            "",
            0,
            "/00112233445566778899aabbccddeeff00112233",
        ),
    ]);
}

#[test]
fn further_texts_that_the_reference_refuses() {
    let texts = [
        "U",
        "memory:(U upper)",
        "memory://U",
        "mconn:/U@h",
        "mconn:///U",
        "U@a@b:80",
        "U@h:-1",
        "U@h:+80",
        "U@h:abc",
        " U@h",
        "U@h ",
        "U@a b",
        "U@h/\n",
        "U@[fe80::1%eth0]",
        "memory:U/p",
        "host:80",
        "U@h/://",
        "U@[::1",
        "U@[::1]80",
        "U@h%20",
        "U@h%41",
        "U@h/%zz",
        "memory:U#%zz",
        "U:%zz@h",
    ];
    for text in texts {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn an_entry_of_v1_is_read_without_brackets() {
    let told = |ip, port| NodeAddress::from_v1(U, ip, port);
    assert_eq!(
        told("::1", 80),
        Ok(NodeAddress::mconn(id(), "::1".parse().unwrap(), 80))
    );
    assert_eq!(
        told("1.2.3.4", 80),
        Ok(NodeAddress::mconn(id(), "1.2.3.4".parse().unwrap(), 80))
    );
    assert_eq!(told("1.2.3.4", 65_536), Err(AddressError::Port));
    assert_eq!(told("", 80), Err(AddressError::PortWithoutHost));
    assert_eq!(told("", 0), parse("mconn:U"));
    assert_eq!(told("0:0::1", 80), parse("U@[0:0::1]:80"));
    assert_eq!(told("[::1]", 80), told("::1", 80));
    assert_eq!(told("host.name", 80), parse("U@host.name:80"));
    assert_eq!(
        NodeAddress::from_v1("", "1.2.3.4", 80),
        Err(AddressError::NoId)
    );
}

#[test]
fn an_ip_address_in_another_spelling_is_another_address_of_the_same_ip() {
    let (long, short) = (
        parse("U@[0:0::1]:80").unwrap(),
        parse("U@[::1]:80").unwrap(),
    );
    assert_ne!(long, short);
    assert_eq!(long.ip(), short.ip());
    assert_eq!(long.to_string(), with_id("mconn://U@[0:0::1]:80"));
}

#[test]
fn hosts_that_the_reference_prints_so_that_they_do_not_come_back_get_brackets() {
    let rows = [
        ("U@[::1]", "mconn://U@[::1]"),
        ("U@h:80:", "mconn://U@[h:80]"),
        ("U@[[x]]", "mconn://U@[[x]]"),
        ("U@[a%25%20b]", "mconn://U@[a%25%20b]"),
        ("U@[::1%25é]:1", "mconn://U@[::1%25é]:1"),
        ("U@a%25é:1", "mconn://U@a%25%C3%A9:1"),
    ];
    for (text, printed) in rows {
        assert_eq!(parse(text).unwrap().to_string(), with_id(printed), "{text}");
        assert_eq!(parse(printed), parse(text), "{text}");
    }
}

#[test]
fn an_error_says_what_to_write_and_has_what_is_wrong_with_an_id_for_its_cause() {
    for (text, said) in [
        ("U@h:abc", "a port is a decimal number from 0 to 65535"),
        ("a b@h", "only a node id may stand before the '@'"),
        ("U@[::1", "close the '[' of the host with a ']'"),
        ("U@:80", "give the port a host, or leave it out"),
        ("1.2.3.4", "put the node id and an '@' before the host"),
        ("U@a b", "a host may not hold the byte 0x20 here"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.to_string(), said);
        assert!(error.source().is_none());
    }
    let error = parse("02@h").unwrap_err();
    assert_eq!(
        error.source().unwrap().to_string(),
        "a node id has 40 hexadecimal digits, this text has 2 bytes"
    );
}

#[test]
fn a_protocol_that_is_none_is_said_to_be_none_unless_host_and_port_stand_before_it() {
    for text in [
        "U@h:/a://b",
        "U@h:x://y",
        "U@h:80x://y",
        "U@h/a:80://y",
        "U@h://y",
    ] {
        assert_eq!(parse(text), Err(AddressError::Protocol), "{text}");
    }
    assert_eq!(parse("U@h:80/a://b").unwrap().port(), 80);
}

#[test]
fn a_host_that_is_nearly_an_ip_address_is_a_name() {
    for host in ["1x2.3.4", "12x2.3.4", "123x2.3.4", "1.2.3.4x5"] {
        let address = parse(&format!("U@{host}:80")).unwrap();
        assert_eq!((address.ip(), address.name()), (None, Some(host)));
    }
}

#[test]
fn a_space_stands_in_a_zone_and_nowhere_else() {
    let new = |host| NodeAddress::new("mconn", id(), host, 80, "").map(drop);
    let refused = Err(AddressError::HostCharacter { byte: b' ' });
    assert_eq!(new("fe80::1%a b"), Ok(()));
    assert_eq!(new("fe80: :1%ab"), refused);
}
