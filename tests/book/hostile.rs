//! Files made to do harm: reading them takes memory in proportion to the text.

use allocation_counter::measure;
use pex::book::AddrBook;

use crate::kit::{NOW, host, id, seed, sound};

const KEY: &str = r#""key":"0123456789abcdef01234567""#;

/// Bytes that an empty book takes, with some room.
const EMPTY: u64 = 40_000;

/// Reads a text, and returns the bytes that were held at once and the allocations, for each byte.
fn cost(text: &str) -> (f64, f64) {
    let length = f64::from(u32::try_from(text.len()).unwrap());
    let found = measure(|| {
        let (loaded, _) = AddrBook::salvage(text.as_bytes(), true, seed(), NOW);
        assert!(loaded.book.size() <= 20_480);
    });
    let float = |number: u64| f64::from(u32::try_from(number).unwrap());
    let bytes = float(found.bytes_max.saturating_sub(EMPTY));
    (
        bytes / length,
        float(found.count_total.saturating_sub(400)) / length,
    )
}

fn assert_cheap(what: &str, text: &str) {
    let (bytes, allocations) = cost(text);
    println!("{what}: {bytes:.1} bytes and {allocations:.3} allocations a byte");
    assert!(bytes < 40.0, "{what}: {bytes}");
    assert!(allocations < 2.0, "{what}: {allocations}");
}

fn book(addrs: &str) -> String {
    format!("{{{KEY},\"addrs\":[{addrs}]}}")
}

#[test]
fn what_a_hostile_file_costs_is_in_proportion_to_its_text() {
    let empties = "{},".repeat(1_000_000);
    assert_cheap("empty entries", &book(empties.trim_end_matches(',')));
    let zeros = "0,".repeat(300_000);
    assert_cheap("zeros", &book(zeros.trim_end_matches(',')));
    for open in ["[", "{\"a\":", "{\"addr\":"] {
        let deep = open.repeat(60_000);
        assert_cheap("depth", &deep);
        assert_cheap("depth in an entry", &book(&deep));
        assert_cheap("depth beside", &format!("{{\"x\":{deep}"));
        assert_cheap(
            "depth in ours",
            &format!("{{{KEY},\"addrs\":[],\"pex\":{deep}"),
        );
        assert_cheap("depth in the key", &format!("{{\"key\":{deep}"));
    }
    let digits = "9".repeat(300_000);
    assert_cheap("a huge number", &book(&digits));
    assert_cheap(
        "a huge port",
        &book(&format!(
            r#"{{"addr":{{"id":"","ip":"","port":{digits}}}}}"#
        )),
    );
    assert_cheap(
        "a huge key",
        &format!("{{\"key\":\"{digits}\",\"addrs\":[]}}"),
    );
    assert_cheap("a huge name", &format!("{{\"{digits}\":1,\"addrs\":[]}}"));
    let escapes = "\\u0041".repeat(60_000);
    assert_cheap(
        "escapes",
        &book(&format!(
            r#"{{"addr":{{"id":"{escapes}","ip":"{escapes}","port":1}}}}"#
        )),
    );
    let buckets = "9,".repeat(500_000);
    let one = format!(
        r#"{{"addr":{{"id":"{}","ip":"{}","port":1}},"buckets":[{}],"bucket_type":1}}"#,
        id(1),
        host(1, 1),
        buckets.trim_end_matches(',')
    );
    assert_cheap("a million buckets", &book(&one));
    let keys = format!("{KEY},").repeat(50_000);
    assert_cheap("a key twice", &format!("{{{keys}\"addrs\":[]}}"));
    let lists = "\"addrs\":[{}],".repeat(50_000);
    assert_cheap("lists", &format!("{{{lists}{KEY}}}"));
    let anchors = "\"\",".repeat(300_000);
    let anchors = anchors.trim_end_matches(',');
    assert_cheap(
        "anchors",
        &format!("{{{KEY},\"addrs\":[],\"pex\":{{\"anchors\":[{anchors}]}}}}"),
    );
    let bans = "{},".repeat(300_000);
    let bans = bans.trim_end_matches(',');
    assert_cheap(
        "bans",
        &format!("{{{KEY},\"addrs\":[],\"pex\":{{\"bans\":[{bans}]}}}}"),
    );
}

/// All that can be told of one IP address, and of one node: the tables by place and by node hold
/// them under one hash.
#[test]
fn many_at_one_place_are_read_as_fast_as_many_elsewhere() {
    let entry = |n: u32, id: pex::NodeId| {
        let place = format!(
            r#"{{"id":"{id}","ip":"{}","port":{}}}"#,
            host(1, 1),
            n % 60_000 + 1
        );
        format!(
            r#"{{"addr":{place},"src":{place},"buckets":[{}],"bucket_type":1}}"#,
            n / 64 % 256
        )
    };
    let one_ip: Vec<_> = (0..30_000).map(|n| entry(n, id(n))).collect();
    assert_cheap("one place", &book(&one_ip.join(",")));
    let one_node: Vec<_> = (0..30_000).map(|n| entry(n, id(1))).collect();
    let text = book(&one_node.join(","));
    assert_cheap("one node", &text);
    let (loaded, _) = AddrBook::salvage(text.as_bytes(), true, seed(), NOW);
    assert_eq!((loaded.book.size(), loaded.lost()), (4, 29_996));
    sound(&loaded.book);
}
