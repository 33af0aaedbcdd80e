use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use pex::peers::Eviction;
use pex::{Fault, NodeId, Time};

use super::super::probe::tests::{SIZE, down, id, reading, up};
use super::super::{Observatory, Probe};
use super::*;
use crate::notice::{DialError, Notice};
use crate::transport::{Direction, TransportError};

/// One that has seen something of everything.
fn busy(observatory: &Observatory, chain: &str) -> Probe {
    let mut probe = observatory.watch(chain, id(0), "1.2.3.4:26656");
    probe.saw(&up(1, "a", "0.38.17", Direction::Inbound));
    probe.saw(&up(2, "b", "0.35.9", Direction::Outbound));
    probe.saw(&down(2));
    probe.saw(&Notice::AcceptFailed(TransportError::NotTendermint));
    probe.saw(&Notice::DialFailed {
        address: "00112233445566778899aabbccddeeff00112233@8.8.8.8:26656"
            .parse()
            .unwrap(),
        why: DialError::UnknownName,
    });
    probe.saw(&Notice::Evicted {
        peer: id(2),
        why: Eviction::Served,
    });
    probe.saw(&Notice::Fault {
        peer: id(1),
        fault: Fault::UnsolicitedResponse,
        cut: true,
    });
    let mut reading = reading(7, 3);
    (reading.inbound, reading.outbound) = (1, 0);
    probe.take(Time::from_secs(1_000), reading, || SIZE);
    probe
}

/// The samples of a text, by name and labels. Panics where the text is not what the format asks for.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let mut families = BTreeSet::new();
    let mut lines = text.lines().peekable();
    assert!(text.ends_with('\n'));
    while let Some(help) = lines.next() {
        let help = help.strip_prefix("# HELP ").unwrap();
        let (name, words) = help.split_once(' ').unwrap();
        assert!(is_namespace(name) && !words.is_empty(), "{help}");
        assert!(families.insert(name.to_owned()), "{name} comes twice");
        let kind = lines.next().unwrap();
        let kind = kind.strip_prefix(&format!("# TYPE {name} ")).unwrap();
        assert!(["counter", "gauge"].contains(&kind), "{kind}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let (series, value) = sample.rsplit_once(' ').unwrap();
            let (begin, labels) = series.split_once('{').unwrap_or((series, "}"));
            assert_eq!(begin, name, "{sample} is not of {name}");
            let mut rest = labels.strip_suffix('}').unwrap();
            while !rest.is_empty() {
                let (label, value) = rest.split_once("=\"").unwrap();
                assert!(is_namespace(label), "{label}");
                let mut end = value.char_indices();
                let end = loop {
                    match end.next().unwrap() {
                        (_, '\\') => assert!(matches!(end.next().unwrap().1, '\\' | '"' | 'n')),
                        (at, '"') => break at,
                        (_, char) => assert_ne!(char, '\n'),
                    }
                };
                rest = &value[end + 1..];
                rest = rest.strip_prefix(',').unwrap_or(rest);
            }
            let value: f64 = value.parse().unwrap();
            assert!(
                samples.insert(series.to_owned(), value).is_none(),
                "{series} comes twice"
            );
        }
    }
    samples
}

#[test]
fn the_text_is_what_prometheus_reads_and_says_what_was_seen() {
    let observatory = Observatory::new("1.2.3");
    let _one = busy(&observatory, "hub-4");
    let _other = busy(&observatory, "a \"strange\"\n\\ chain");
    let text = text(&observatory.look(), "cometbft");
    let samples = parse(&text);
    for (series, value) in [
        ("p2p_peers{chain_id=\"hub-4\"}", 1.0),
        ("pex_build_info{version=\"1.2.3\"}", 1.0),
        (
            "pex_peers{chain_id=\"hub-4\",direction=\"inbound\",dialect=\"v1\"}",
            1.0,
        ),
        (
            "pex_peers{chain_id=\"hub-4\",direction=\"outbound\",dialect=\"v2\"}",
            0.0,
        ),
        (
            "pex_requests_total{chain_id=\"hub-4\",event=\"answered\"}",
            3.0,
        ),
        (
            "pex_faults_total{chain_id=\"hub-4\",kind=\"unsolicited_response\"}",
            1.0,
        ),
        ("pex_faults_total{chain_id=\"hub-4\",kind=\"garbage\"}", 0.0),
        ("pex_book_addresses{chain_id=\"hub-4\",kind=\"new\"}", 7.0),
        ("pex_network_nodes{chain_id=\"hub-4\"}", 30.0),
        ("pex_network_nodes_lower{chain_id=\"hub-4\"}", 20.0),
        ("pex_network_nodes_upper{chain_id=\"hub-4\"}", 50.0),
        (
            "pex_dials_failed_total{chain_id=\"hub-4\",reason=\"unknown_name\"}",
            1.0,
        ),
        ("pex_handshakes_accepted_total{chain_id=\"hub-4\"}", 1.0),
        (
            "pex_handshakes_refused_total{chain_id=\"hub-4\",reason=\"not_tendermint\"}",
            1.0,
        ),
        (
            "pex_evictions_total{chain_id=\"hub-4\",reason=\"served\"}",
            1.0,
        ),
        (
            "pex_disconnects_total{chain_id=\"hub-4\",reason=\"closed_by_peer\"}",
            1.0,
        ),
        ("pex_slots{chain_id=\"hub-4\",direction=\"inbound\"}", 40.0),
        (
            "p2p_peer_receive_bytes_total{chain_id=\"hub-4\",chID=\"0x0\"}",
            0.0,
        ),
        (
            "p2p_message_send_bytes_total{chain_id=\"hub-4\",message_type=\"p2p_PexAddrs\"}",
            0.0,
        ),
        (
            "p2p_peers{chain_id=\"a \\\"strange\\\"\\n\\\\ chain\"}",
            1.0,
        ),
    ] {
        let found = samples.get(&format!("cometbft_{series}"));
        assert_eq!(found, Some(&value), "{series}\n{text}");
    }
}

#[test]
fn no_label_is_chosen_by_a_stranger_so_there_are_no_more_series_with_more_peers() {
    let observatory = Observatory::new("1");
    let mut probe = busy(&observatory, "c");
    let before = parse(&text(&observatory.look(), "cometbft")).len();
    for number in 3..2_000 {
        probe.saw(&up(
            number,
            &format!("m{number}"),
            &format!("0.38.{number}"),
            Direction::Inbound,
        ));
        probe.saw(&Notice::Fault {
            peer: NodeId::new([9; 20]),
            fault: Fault::UnsolicitedResponse,
            cut: false,
        });
    }
    probe.take(Time::from_secs(2_000), reading(7, 3), || SIZE);
    let text = text(&observatory.look(), "cometbft");
    assert_eq!(parse(&text).len(), before);
    for stranger in ["m77", "0.38.77", "1.0.77"] {
        assert!(!text.contains(stranger), "{stranger}");
    }
}

#[test]
fn the_namespace_is_the_operators() {
    let observatory = Observatory::new("1");
    let _probe = busy(&observatory, "c");
    let text = text(&observatory.look(), "seed");
    assert!(
        parse(&text)
            .keys()
            .all(|series| series.starts_with("seed_p")),
        "{text}"
    );
}

/// Judged by Prometheus's own tool, where it is installed.
#[test]
fn promtool_finds_nothing_wrong_but_what_cometbft_has_as_well() {
    let observatory = Observatory::new("1");
    let _probe = busy(&observatory, "c");
    let text = text(&observatory.look(), "cometbft");
    let tool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut tool) = tool else {
        return;
    };
    tool.stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let said = tool.wait_with_output().unwrap();
    let said = String::from_utf8(said.stderr).unwrap();
    // The label is CometBFT's.
    let others: Vec<_> = said
        .lines()
        .filter(|line| !line.ends_with("not 'camelCase'"))
        .collect();
    assert_eq!(others, [""; 0]);
}

#[test]
fn the_guide_lists_every_metric_and_no_other() {
    let guide = include_str!("../../../../docs/observe.md");
    let (_, guide) = guide.split_once("## Metrics").unwrap();
    let (guide, _) = guide.split_once("## Log").unwrap();
    let rows = guide.lines().filter(|line| line.starts_with("| `"));
    let listed: BTreeSet<&str> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap().split('`'))
        .filter(|word| word.starts_with("p2p_") || word.starts_with("pex_"))
        .collect();
    let observatory = Observatory::new("1");
    let _probe = busy(&observatory, "c");
    let text = text(&observatory.look(), "cometbft");
    let helps = text
        .lines()
        .filter_map(|line| line.strip_prefix("# HELP cometbft_"));
    let shown: BTreeSet<&str> = helps.filter_map(|it| Some(it.split_once(' ')?.0)).collect();
    assert_eq!(listed, shown);
}
