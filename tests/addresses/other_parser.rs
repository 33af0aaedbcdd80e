//! Where URLs are plain, the `url` crate must see in them what we see.

use pex::{NodeAddress, NodeId};
use quickcheck::{Arbitrary, Gen, QuickCheck};
use url::Url;

const UNRESERVED: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

fn some(g: &mut Gen, letters: &[u8], least: usize) -> String {
    let count = least + usize::arbitrary(g) % 12;
    (0..count)
        .map(|_| char::from(*g.choose(letters).unwrap()))
        .collect()
}

/// `protocol://id@host:port/path` of letters that need no thought.
#[derive(Clone, Debug)]
struct Plain {
    protocol: String,
    id: NodeId,
    host: String,
    port: u16,
    path: String,
}

impl Arbitrary for Plain {
    fn arbitrary(g: &mut Gen) -> Self {
        // The url crate has rules of its own for http, ws, ftp and file.
        let protocol = *g
            .choose(&["mconn", "tcp", "quic", "memory", "x", "a+b-c.d"])
            .unwrap();
        let id = NodeId::new(std::array::from_fn(|_| u8::arbitrary(g)));
        let host = match u8::arbitrary(g) % 3 {
            0 => std::net::Ipv4Addr::arbitrary(g).to_string(),
            1 => format!("[{}]", std::net::Ipv6Addr::from_bits(u128::arbitrary(g))),
            _ => some(g, b"abcdefghijklmnopqrstuvwxyz0123456789-_.", 1),
        };
        let path = *g.choose(&["", "/"]).unwrap();
        let path = if path.is_empty() {
            String::new()
        } else {
            path.to_owned() + &some(g, UNRESERVED, 0)
        };
        let port = u16::arbitrary(g).max(1);
        Self {
            protocol: protocol.to_owned(),
            id,
            host,
            port,
            path,
        }
    }
}

#[test]
fn the_url_crate_sees_the_same_protocol_id_host_and_port() {
    fn property(plain: Plain) -> bool {
        let Plain {
            protocol,
            id,
            host,
            port,
            path,
        } = plain;
        let text = format!("{protocol}://{id}@{host}:{port}{path}");
        let address = NodeAddress::parse(&text).unwrap();
        let seen = Url::parse(&address.to_string()).unwrap();
        let ours = address.host().unwrap().to_string();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        assert_eq!(ours, bare, "{text}");
        assert_eq!(address.path(), path, "{text}");
        (seen.scheme(), seen.username(), seen.host_str(), seen.port())
            == (
                address.protocol(),
                &id.to_string(),
                Some(&host),
                Some(address.port()),
            )
    }
    QuickCheck::new()
        .tests(3_000)
        .quickcheck(property as fn(Plain) -> bool);
}
