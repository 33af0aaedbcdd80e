//! The invariants that can be seen from outside, checked at every action of every scenario.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::wire::{
    Dialect, MAX_ANSWER_ADDRESSES, MAX_ANSWER_ADDRESSES_V1, MAX_ANSWER_BYTES, MAX_MESSAGE_BYTES,
    Message, Response,
};
use pex::{Action, Epoch, Event, Kind, NodeId, Time};

use super::{ME, ms, secs};

#[derive(Clone, Copy, Debug)]
struct Connection {
    epoch: Epoch,
    kind: Kind,
    awaiting: Option<Time>,
    told_ourselves: bool,
    cut: bool,
}

/// What an onlooker knows of the machine, and holds it to.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    connections: BTreeMap<NodeId, Connection>,
    asked: BTreeMap<NodeId, (Time, Kind)>,
    now: Time,
    /// Texts that no message of ours may hold: private ids and places.
    pub(crate) secrets: Vec<String>,
    /// The shortest times between two requests to a peer of V1, V2 and kin.
    pub(crate) gaps: [Duration; 3],
    pub(crate) timeout: Duration,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            connections: BTreeMap::new(),
            asked: BTreeMap::new(),
            now: Time::EPOCH,
            secrets: Vec::new(),
            gaps: [secs(12), ms(300), ms(110)],
            timeout: secs(10),
        }
    }
}

impl Judge {
    pub(crate) fn epoch(&self, peer: NodeId) -> Option<Epoch> {
        self.connections.get(&peer).map(|it| it.epoch)
    }

    pub(crate) fn kind(&self, peer: NodeId) -> Option<Kind> {
        self.connections.get(&peer).map(|it| it.kind)
    }

    /// Learns what is about to happen.
    pub(crate) fn before(&mut self, now: Time, event: &Event<'_>) {
        // The machine takes the latest time it knows for the present.
        self.now = self.now.max(now);
        match event {
            Event::PeerUp { peer, epoch, kind } if self.epoch(*peer) != Some(*epoch) => {
                let connection = Connection {
                    epoch: *epoch,
                    kind: *kind,
                    awaiting: None,
                    told_ourselves: false,
                    cut: false,
                };
                self.connections.insert(*peer, connection);
            }
            Event::PeerDown { peer, epoch } if self.epoch(*peer) == Some(*epoch) => {
                self.connections.remove(peer);
            }
            Event::Message {
                from,
                epoch,
                message: Message::Response(_),
            }
            | Event::Unsent { to: from, epoch }
                if self.epoch(*from) == Some(*epoch) =>
            {
                if let Some(connection) = self.connections.get_mut(from) {
                    connection.awaiting = None;
                }
            }
            _ => {}
        }
    }

    /// Holds an action to the invariants; the numbers are those of `INVARIANTS.md`.
    pub(crate) fn action(&mut self, action: &Action) {
        let now = self.now;
        match action {
            Action::Send { to, epoch, message } => {
                let known = self.connections.get(to);
                let connection = known.copied().unwrap_or_else(|| panic!("I2: {to} is up"));
                assert_eq!(connection.epoch, *epoch, "I2: the present connection");
                assert!(!connection.cut, "I2: no message after a disconnect");
                self.keeps_secrets(message);
                match message {
                    Message::Request(dialect) => self.request(now, *to, connection, *dialect),
                    Message::Response(response) => self.response(*to, response, message),
                    _ => panic!("an unknown message"),
                }
            }
            Action::AddPeer { address, from } => {
                assert_ne!(address.id(), ME, "I16: we are not told of ourselves");
                assert!(self.connections.contains_key(from), "I12: the teller is up");
            }
            Action::Disconnect { peer, epoch, .. } => {
                if let Some(connection) = self.connections.get_mut(peer)
                    && connection.epoch == *epoch
                {
                    assert!(!connection.cut, "one disconnect a connection");
                    connection.cut = true;
                }
            }
            _ => {}
        }
    }

    fn request(&mut self, now: Time, to: NodeId, connection: Connection, dialect: Dialect) {
        assert_eq!(dialect, connection.kind.dialect(), "I2: its own dialect");
        let awaiting = connection.awaiting.filter(|&at| now < at + self.timeout);
        assert_eq!(awaiting, None, "I1: one request at a time");
        if let Some((last, kind)) = self.asked.insert(to, (now, connection.kind)) {
            let [v1, v2, kin] = self.gaps;
            let gap = match kind {
                Kind::V1 => v1,
                Kind::Kin => kin,
                _ => v2,
            };
            let since = now - last;
            assert!(since >= gap, "I7: {to} is asked after {since:?}");
        }
        if let Some(connection) = self.connections.get_mut(&to) {
            connection.awaiting = Some(now);
        }
    }

    fn response(&mut self, to: NodeId, response: &Response<'_>, message: &Message<'_>) {
        let kind = self.connections.get(&to).map(|it| it.kind);
        let (addresses, bytes) = match (kind, response.dialect()) {
            (Some(Kind::V1), Dialect::V1) => (MAX_ANSWER_ADDRESSES_V1, MAX_MESSAGE_BYTES),
            _ => (MAX_ANSWER_ADDRESSES, MAX_ANSWER_BYTES),
        };
        assert!(response.len() <= addresses, "I13: 100, or 250 to V1");
        assert!(message.encoded_len() <= bytes, "I13: bounded");
        let mut entries = BTreeSet::new();
        for entry in response.entries() {
            let address = entry.parse().expect("I14: what we tell, we would take");
            assert_ne!(address.id(), to, "I13: not the asker's own");
            if address.id() == ME
                && let Some(connection) = self.connections.get_mut(&to)
                && response.dialect() == Dialect::V2
            {
                assert!(!connection.told_ourselves, "I16: ourselves at most once");
                connection.told_ourselves = true;
            }
            assert!(entries.insert(address), "I13: nothing twice");
        }
    }

    fn keeps_secrets(&self, message: &Message<'_>) {
        let bytes = message.to_bytes();
        for secret in &self.secrets {
            let leaks = bytes
                .windows(secret.len())
                .any(|window| window.eq_ignore_ascii_case(secret.as_bytes()));
            assert!(!leaks, "I15: {secret} is told");
        }
    }
}
