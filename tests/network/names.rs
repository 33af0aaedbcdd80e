//! Hosts that are no IP addresses to us.

use pex::{ClaimError, NodeAddress, Reach};

const ID: &str = "00112233445566778899aabbccddeeff00112233";

fn claim(host: &str) -> Result<Reach, ClaimError> {
    let text = format!("{ID}@{host}:26656");
    Reach::claimed_by(&NodeAddress::parse(&text).unwrap_or_else(|error| panic!("{host}: {error}")))
}

#[test]
fn an_ip_address_that_only_a_resolver_would_see_is_refused() {
    for host in [
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0X7F.0.0.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.0x1",
        "127.0.0.1.",
        "127.1.",
        "2130706433.",
        "0",
        "0.",
        "00.0.0.0",
        "1",
        "10.1",
        "0xa9fea9fe",
        "169.254.43518",
        "192.168.257",
        "0x",
        "256.256.256.256",
        "340282366920938463463374607431768211455",
    ] {
        assert_eq!(claim(host), Err(ClaimError::Number), "{host}");
        let told = NodeAddress::from_v1(ID, host, 26_656).unwrap();
        assert_eq!(
            Reach::claimed_by(&told),
            Err(ClaimError::Number),
            "{host} in V1"
        );
    }
}

#[test]
fn names_of_our_own_machine_and_site_are_near() {
    for (host, reach) in [
        ("localhost", Reach::Host),
        ("LOCALHOST", Reach::Host),
        ("localhost.", Reach::Host),
        ("a.b.localhost", Reach::Host),
        ("localhost.localdomain", Reach::Host),
        ("localhost6.localdomain6", Reach::Host),
        ("ip6-loopback", Reach::Host),
        ("printer.local", Reach::Site),
        ("Printer.LOCAL.", Reach::Site),
        ("api.default.svc.cluster.local", Reach::Site),
        ("metadata.google.internal", Reach::Site),
        ("nas.home.arpa", Reach::Site),
        ("home.arpa", Reach::Site),
        ("router.lan", Reach::Site),
        ("metadata", Reach::Site),
        ("node0", Reach::Site),
        ("local", Reach::Site),
        ("com.", Reach::Site),
        ("node.invalid", Reach::Nowhere),
        (
            "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion",
            Reach::Nowhere,
        ),
    ] {
        assert_eq!(claim(host), Ok(reach), "{host}");
    }
}

#[test]
fn other_names_promise_the_world() {
    for host in [
        "seed.cosmos.network",
        "seed.cosmos.network.",
        "SEED.Cosmos.NETWORK",
        "a.b",
        "localhost.com",
        "notlocalhost.org",
        "local.net",
        "internal.io",
        "x.mylocal",
        "in-addr.arpa",
        "home.arpa.com",
        "1.2.3.4.com",
        "127.0.0.1.nip.io",
        "0x7f.1.com",
        "xn--bcher-kva.example.com",
        "under_score.org",
        "1.a",
        "0x7f.g",
    ] {
        assert_eq!(claim(host), Ok(Reach::World), "{host}");
    }
}

#[test]
fn what_dns_does_not_hold_is_no_name() {
    let long = format!("{}.com", "a".repeat(64));
    for host in [
        "bücher.example.com",
        "%F0%9F%91%8B",
        "１２７.0.0.1",
        "127。0。0。1",
        "ⓛocalhost",
        "a..b",
        ".",
        "..",
        ".a",
        "a.b..",
        "1..2",
        "a!b.com",
        "a,b",
        "[::g]",
        "[1.2.3.4%25eth0]",
        "127.0.0.1%25x",
        "+1.2",
        &long,
    ] {
        assert_eq!(claim(host), Err(ClaimError::NotAName), "{host}");
    }
}

#[test]
fn an_address_without_a_host_promises_nothing() {
    let address = NodeAddress::parse(&format!("memory:{ID}")).unwrap();
    assert_eq!(Reach::claimed_by(&address), Err(ClaimError::NoHost));
}

#[test]
fn a_refusal_says_what_to_write_instead() {
    for (error, word) in [
        (ClaimError::NoHost, "no host"),
        (ClaimError::Number, "four decimal numbers"),
        (ClaimError::NotAName, "xn--"),
    ] {
        assert!(error.to_string().contains(word), "{error}");
    }
}
