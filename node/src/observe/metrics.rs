//! The metrics of all networks.
//!
//! Names and labels are those of CometBFT's `p2p/metrics.go` (v0.38) where it has the metric, but
//! `peer_id` is left out: no label is chosen by a stranger, so the number of series is bounded.

mod exposition;
mod page;

use pex::Estimate;

use super::names;
use super::snapshot::Snapshot;
use super::{View, health};
use crate::transport::{MessageType, PEX_CHANNEL};
use exposition::Exposition;
use page::Page;

pub(super) use exposition::CONTENT_TYPE;

/// Whether `text` can begin the name of a metric.
pub(super) fn is_namespace(text: &str) -> bool {
    let mut chars = text.chars();
    let first = |char: char| char.is_ascii_alphabetic() || char == '_';
    chars.next().is_some_and(first) && chars.all(|char| first(char) || char.is_ascii_digit())
}

/// Prints everything.
pub(super) fn text(view: &View, namespace: &str) -> String {
    let mut page = Page {
        out: Exposition::new(namespace.to_owned()),
        seen: &view.networks,
    };
    page.process(view);
    page.peers();
    page.exchange();
    page.book();
    page.dials();
    page.connections();
    page.bytes();
    page.out.finish()
}

impl Page<'_> {
    fn process(&mut self, view: &View) {
        let mut build = self.out.gauge("pex_build_info", "The software, always 1.");
        build.add(&[("version", &view.version)], 1);
        let up = (view.now - view.since).as_secs();
        let mut uptime = self
            .out
            .gauge("pex_uptime_seconds", "How long the process has run.");
        uptime.add(&[], up);
        let mut healthy = self.out.gauge(
            "pex_healthy",
            "Whether a network's loop is alive and its listener is there.",
        );
        for seen in self.seen {
            let well = u8::from(health::ailment(seen, view).is_none());
            healthy.add(&[("chain_id", &seen.network.chain_id)], well);
        }
    }

    fn peers(&mut self) {
        let all = |it: &Snapshot| it.reading.inbound.saturating_add(it.reading.outbound);
        let peers = |it: &Snapshot| u64::try_from(all(it)).ok();
        self.gauge("p2p_peers", "Number of peers.", peers);
        let latest = self.latest();
        let mut samples = self
            .out
            .gauge("pex_peers", "Peers by direction and dialect.");
        for (chain, it) in latest {
            for direction in names::DIRECTIONS {
                for dialect in names::DIALECTS {
                    let labels = [
                        ("chain_id", chain),
                        ("direction", direction),
                        ("dialect", dialect),
                    ];
                    samples.add(&labels, it.tallies.peers.get(&(direction, dialect)));
                }
            }
        }
        let slots = ("pex_slots", "Most peers that may be connected.");
        self.gauges(slots, "direction", |it| {
            let (outbound, inbound) = it.reading.slots;
            [("inbound", inbound), ("outbound", outbound)]
        });
    }

    fn exchange(&mut self) {
        let requests = (
            "pex_requests_total",
            "Requests for addresses, by what became of them.",
        );
        self.kinds(requests, "event", |it| {
            let stats = it.reading.stats;
            [
                ("sent", stats.requests_sent),
                ("timed_out", stats.timeouts),
                ("answered", stats.requests_served),
                ("too_soon", stats.requests_too_soon),
            ]
        });
        let responses = (
            "pex_responses_total",
            "Answers that came, by what became of them.",
        );
        self.kinds(responses, "event", |it| {
            let stats = it.reading.stats;
            [
                ("accepted", stats.responses_accepted),
                ("late", stats.late_responses),
                ("unsolicited", stats.unsolicited_responses),
                ("oversized", stats.oversized_responses),
            ]
        });
        let told = (
            "pex_addresses_told_total",
            "Texts in accepted answers, by what they are.",
        );
        self.kinds(told, "kind", |it| {
            let stats = it.reading.stats;
            let seen = stats.addresses_told.saturating_sub(stats.addresses_fresh);
            [
                ("fresh", stats.addresses_fresh),
                ("seen", seen),
                ("own", stats.addresses_own),
                ("bad", stats.addresses_bad),
            ]
        });
        let faults = ("pex_faults_total", "Rules that peers broke, by kind.");
        self.kinds(faults, "kind", |it| {
            names::FAULTS.map(|kind| (kind, it.tallies.faults.get(&kind)))
        });
        self.count(
            "pex_garbage_messages_total",
            "Messages that were none.",
            |it| it.reading.stats.garbage,
        );
    }

    fn book(&mut self) {
        let book = ("pex_book_addresses", "Addresses in the book.");
        self.gauges(book, "kind", |it| {
            let book = it.reading.book;
            [("new", book.new), ("old", book.old)]
        });
        self.gauge("pex_banned_nodes", "Nodes that are banned now.", |it| {
            u64::try_from(it.reading.book.banned).ok()
        });
        self.count("pex_bans_total", "Nodes that were banned.", |it| {
            it.reading.counts.bans
        });
        let learned = (
            "pex_addresses_learned_total",
            "Addresses heard of, by whether they were taken in and why not.",
        );
        self.kinds(learned, "result", |it| {
            let counts = it.reading.counts;
            [
                ("taken", counts.learned),
                ("known", counts.known),
                ("no_ip", counts.unfit),
                ("not_routable", counts.not_routable),
                ("unwanted", counts.unwanted),
                ("forgotten", counts.forgotten),
                ("crowded", counts.crowded),
            ]
        });
        self.count(
            "pex_addresses_given_up_total",
            "Addresses that nobody answered at.",
            |it| it.reading.counts.given_up,
        );
        self.count(
            "pex_book_write_failures_total",
            "Times that the book, or a seed's peer store, began not to be written.",
            |it| it.tallies.unwritten,
        );
        self.gauge(
            "pex_book_unwritten",
            "1 while the book, or a seed's peer store, can't be written, otherwise 0.",
            |it| Some(u64::from(it.tallies.is_unwritten)),
        );
        self.estimate();
    }

    fn estimate(&mut self) {
        self.gauge(
            "pex_network_nodes",
            "Nodes that peers are estimated to tell of.",
            |it| match it.estimate {
                Estimate::Known { nodes, .. } => Some(nodes),
                _ => None,
            },
        );
        self.gauge(
            "pex_network_nodes_lower",
            "Lower end of the 95 % interval of the estimate.",
            |it| match it.estimate {
                Estimate::Known { low, .. } => Some(low),
                Estimate::Unknown { at_least } => Some(at_least),
                _ => None,
            },
        );
        self.gauge(
            "pex_network_nodes_upper",
            "Upper end of the 95 % interval of the estimate.",
            |it| match it.estimate {
                Estimate::Known { high, .. } => Some(high),
                _ => None,
            },
        );
    }

    fn dials(&mut self) {
        let dials = (
            "pex_dials_total",
            "Dials, by whether they are to keep a peer or to check an address.",
        );
        self.kinds(dials, "purpose", |it| {
            let counts = it.reading.counts;
            let keep = counts.dials.saturating_sub(counts.checks);
            [("keep", keep), ("check", counts.checks)]
        });
        self.gauge(
            "pex_dialing",
            "Dials for a place that are under way.",
            |it| u64::try_from(it.reading.dialing).ok(),
        );
        self.count(
            "pex_dials_reached_total",
            "Dials that came through.",
            |it| it.reading.counts.reached,
        );
        let failed = (
            "pex_dials_failed_total",
            "Dials that came to nothing, by reason.",
        );
        self.tally(failed, "reason", |it| &it.tallies.failed_dials);
    }

    fn connections(&mut self) {
        self.count(
            "pex_handshakes_accepted_total",
            "Handshakes of those who dialed us that came through and were let in.",
            |it| it.tallies.accepted,
        );
        let refused = (
            "pex_handshakes_refused_total",
            "Handshakes of those who dialed us that came to nothing, by reason.",
        );
        self.tally(refused, "reason", |it| &it.tallies.refusals);
        let admissions = (
            "pex_admissions_total",
            "Connections after their handshake, by whether they were let in.",
        );
        self.kinds(admissions, "result", |it| {
            let counts = it.reading.counts;
            [("admitted", counts.admitted), ("refused", counts.refused)]
        });
        let evictions = (
            "pex_evictions_total",
            "Connections that had to end or were not let in, by reason.",
        );
        self.tally(evictions, "reason", |it| &it.tallies.evictions);
        let ends = ("pex_disconnects_total", "Peers that went, by reason.");
        self.tally(ends, "reason", |it| &it.tallies.ends);
        self.count(
            "pex_newcomers_served_total",
            "Newcomers that a seed node has answered and hung up on.",
            |it| it.reading.counts.served,
        );
    }

    fn bytes(&mut self) {
        let channel = format!("{PEX_CHANNEL:#x}");
        for (name, help, received) in [
            (
                "p2p_peer_receive_bytes_total",
                "Number of bytes received from all peers.",
                true,
            ),
            (
                "p2p_peer_send_bytes_total",
                "Number of bytes sent to all peers.",
                false,
            ),
        ] {
            let latest = self.latest();
            let mut samples = self.out.counter(name, help);
            for (chain, it) in latest {
                let moved = moved(it, received);
                let bytes = MessageType::ALL.map(|which| moved.messages(which));
                let bytes: u64 = bytes.iter().sum();
                samples.add(&[("chain_id", chain), ("chID", &channel)], bytes);
            }
        }
        for (name, help, received) in [
            (
                "p2p_message_receive_bytes_total",
                "Number of bytes of each message type received.",
                true,
            ),
            (
                "p2p_message_send_bytes_total",
                "Number of bytes of each message type sent.",
                false,
            ),
        ] {
            self.kinds((name, help), "message_type", |it| {
                let moved = moved(it, received);
                MessageType::ALL.map(|which| (which.name(), moved.messages(which)))
            });
        }
        self.count(
            "pex_socket_receive_bytes_total",
            "Bytes read from sockets of peers, sealed, handshakes included.",
            |it| it.reading.received.socket,
        );
        self.count(
            "pex_socket_send_bytes_total",
            "Bytes written to sockets of peers, sealed, handshakes included.",
            |it| it.reading.sent.socket,
        );
    }
}

const fn moved(it: &Snapshot, received: bool) -> crate::transport::Moved {
    if received {
        it.reading.received
    } else {
        it.reading.sent
    }
}

#[cfg(test)]
mod tests;
