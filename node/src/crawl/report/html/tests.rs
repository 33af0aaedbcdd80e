//! The page: what is in it, and what can't get in.

use core::time::Duration;

use pex::{Estimate, Kind, NodeAddress, NodeId, Time};

use super::layout::{DRAWN_MAX, Layout};
use super::*;
use crate::crawl::map::{Map, Outcome};

fn id(n: u32) -> NodeId {
    let mut bytes = [3; 20];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    NodeId::new(bytes)
}

fn at(n: u32) -> NodeAddress {
    NodeAddress::mconn(
        id(n),
        [9, 9, (n >> 8).to_le_bytes()[0], n.to_le_bytes()[0]].into(),
        1,
    )
}

/// A network in which each node was told of by one of those before it, and by its neighbour.
fn report(nodes: u32, moniker: &str) -> Report {
    let mut map = Map::default();
    if nodes > 0 {
        map.learn(&at(0), None);
    }
    for n in 1..nodes {
        map.learn(&at(n), Some(id(n / 3)));
        map.learn(&at(n), Some(id(n - 1)));
    }
    for n in (0..nodes).filter(|n| n % 5 < 4) {
        let as_told = Outcome::Reached {
            moniker: moniker.into(),
            version: format!("0.38.{}", n % 3),
            kind: Kind::V1,
            answers: 1,
        };
        map.arrived(id(n), Some(at(n)), as_told);
    }
    Report {
        chain_id: "chain-1".into(),
        began: Time::from_secs(1_700_000_000),
        answers: 7,
        starved: false,
        curve: Vec::new(),
        map,
        estimate: Estimate::Known {
            nodes: 100,
            low: 90,
            high: 110,
        },
        faults: 0,
        left_out: 0,
        elapsed: Duration::from_secs(3),
        complete: true,
    }
}

fn page(report: &Report) -> String {
    let mut out = Vec::new();
    write_html(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn what_a_peer_chose_is_text_wherever_it_stands() {
    let hostile = "<img src=x onerror=alert(1)></script><script>'\"&\u{202e}";
    let mut hostile = report(10, hostile);
    hostile.chain_id = "<b>chain".into();
    let page = page(&hostile);
    assert!(!page.contains("<img") && !page.contains("<b>chain"));
    // Our own, and the data.
    assert_eq!(page.matches("</script>").count(), 2);
    assert_eq!(page.matches("<script").count(), 2);
    assert!(!page.contains('\u{202e}'));
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(page.contains("\\u003cimg src=x"));
}

#[test]
fn the_page_allows_itself_its_own_script_and_style_and_nothing_else() {
    let page = page(&report(3, "m"));
    let (_, policy) = page
        .split_once("Content-Security-Policy\" content=\"")
        .unwrap();
    let (policy, _) = policy.split_once('"').unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(!policy.contains("unsafe"));
    for outside in [
        "http://", "https://", "src=", "href=", "@import", "url(", " style=",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_large_network_is_thinned_and_it_is_said_by_how_much() {
    let nodes = u32::try_from(DRAWN_MAX).unwrap() + 1_000;
    let page = page(&report(nodes, "m"));
    assert_eq!(page.matches("data-id=").count(), DRAWN_MAX);
    assert!(page.contains("4000 of 5000 nodes are drawn, 1000 are left out"));
    assert!(page.contains("are drawn, faintly, and"));
    assert!(page.len() < 3_000_000, "{}", page.len());
}

#[test]
fn the_picture_is_the_same_each_time_and_nodes_stand_within_it() {
    let report = report(700, "m");
    let spots = |layout: &Layout| {
        let spots = layout.spots.iter();
        spots
            .map(|it| (it.id, it.x.to_bits(), it.y.to_bits()))
            .collect::<Vec<_>>()
    };
    let layout = Layout::of(&report.map);
    assert_eq!(spots(&layout), spots(&Layout::of(&report.map)));
    assert_eq!(layout.spots.len(), 700);
    for spot in &layout.spots {
        assert!(spot.x.hypot(spot.y) < 490.0, "{spot:?}");
    }
    let distinct: std::collections::BTreeSet<_> =
        spots(&layout).into_iter().map(|(_, x, y)| (x, y)).collect();
    assert_eq!(distinct.len(), 700, "no two at one place");
}

#[test]
fn a_long_chain_of_tellers_is_drawn_and_does_not_overflow_the_stack() {
    let mut chain = report(1, "m");
    for n in 1..3_000 {
        chain.map.learn(&at(n), Some(id(n - 1)));
    }
    assert_eq!(Layout::of(&chain.map).spots.len(), 3_000);
}

#[test]
fn a_crawl_that_found_nobody_has_a_page_too() {
    let page = page(&report(0, "m"));
    assert!(page.contains("<b id=\"found\">0</b>") && !page.contains("NaN"));
}
