//! Answers of those who lie, and ids that were chosen.

use core::time::Duration;
use std::collections::BTreeMap;

use pex::{Kind, NodeId};

use super::{FULL, History, SOON, compare, crowd};
use crate::network::{Network, id_at};
use crate::peers::{Answers, Crowd, Lies, Peer};

fn lies() -> String {
    let random = Crowd::honest(Answers::Random, FULL);
    let some = Crowd::honest(Answers::Random, 500);
    let arcs = Crowd::honest(Answers::Arc, FULL);
    #[rustfmt::skip]
    let rows = [
        ("six of 64 make up nodes anew", 1_000, random, 6, Lies::Fresh),
        ("six of 64 tell of one pool", 1_000, some, 6, Lies::Shared(500)),
        ("six of 64 tell the same", 4_000, random, 6, Lies::Same),
        ("21 of 64 make up nodes anew", 3_000, some, 21, Lies::Fresh),
        ("21 of 64 tell of one pool", 3_000, some, 21, Lies::Shared(500)),
        ("21 of 64 tell of one large pool", 3_000, some, 21, Lies::Shared(1_500)),
        ("21 of 64 tell the same", 3_000, random, 21, Lies::Same),
        ("six of 64 tell of arcs three times as dense", 9_000, arcs, 6, Lies::Dense(3)),
        ("21 of 64 tell of arcs a thousand times as dense", 9_000, arcs, 21, Lies::Dense(1_000)),
        ("six of 64 tell of arcs twice as sparse", 9_000, arcs, 6, Lies::Sparse(2)),
        ("21 of 64 tell of arcs fifty times as sparse", 9_000, arcs, 21, Lies::Sparse(50)),
    ];
    let mut text = String::new();
    for (name, size, honest, liars, lies) in rows {
        text += &crowd(name, size, honest.with(liars, lies), 130, 13);
    }
    text
}

#[test]
fn what_is_said_where_some_lie_is_as_written_down() {
    compare("lies", &lies());
}

/// Ids that were chosen to lie close together.
fn ground_ids() -> String {
    let mut history = History::new("9,000 nodes, and 900 in a thousandth of the ring");
    let mut network = Network::new(9_000, &mut history.chance);
    let start = history.chance.next();
    for _ in 0..900 {
        let off = history.chance.next() / 1_000;
        network.nodes.push(id_at(start.wrapping_add(off), off));
    }
    network.nodes.sort_unstable();
    let mut peers = Peer::all(
        Crowd::honest(Answers::Arc, FULL),
        &network,
        &mut history.chance,
    );
    history.tell(&network, &mut peers, 300, 20);
    history.text
}

#[test]
fn what_is_said_of_ids_that_were_chosen_is_as_written_down() {
    compare("ground_ids", &ground_ids());
}

/// Twelve ids each that were chosen to lie together, all around the ring.
fn clusters() -> String {
    let mut history = History::new("9,000 nodes, and 60 times twelve at one place");
    let mut network = Network::new(9_000, &mut history.chance);
    for _ in 0..60 {
        let start = history.chance.next();
        for _ in 0..12 {
            let off = history.chance.next() >> 30;
            network.nodes.push(id_at(start.wrapping_add(off), off));
        }
    }
    network.nodes.sort_unstable();
    let arcs = Crowd::honest(Answers::Arc, FULL);
    let mut peers = Peer::all(arcs, &network, &mut history.chance);
    history.tell(&network, &mut peers, 8, 1);
    history.tell(&network, &mut peers, 280, 20);
    // Some of them are new, and so are others.
    for turn in 0..120_usize {
        let old = history.chance.below(network.nodes.len());
        let near = u64::from_be_bytes(network.nodes[old].as_bytes()[..8].try_into().unwrap());
        network.gain_at(id_at(
            near.wrapping_add(1 + history.chance.next() % 1_000),
            1,
        ));
        let place = turn % peers.len();
        history.all_tell(Duration::from_secs(1), &network, &mut peers[place..=place]);
        if turn % 10 == 9 {
            history.write();
        }
    }
    history.text
}

#[test]
fn what_is_said_where_ids_were_chosen_to_lie_together_by_twelves_is_as_written_down() {
    compare("clusters", &clusters());
}

/// Whoever comes first lies, when nothing is usual yet.
fn first_who_lie() -> String {
    #[rustfmt::skip]
    let rows = [
        ("the first two of ten tell of dense arcs", 2, Lies::Dense(5)),
        ("the first two of ten tell of sparse arcs", 2, Lies::Sparse(5)),
        ("the first of ten tells of dense arcs", 1, Lies::Dense(5)),
    ];
    let mut text = String::new();
    for (name, liars, lies) in rows {
        let mut history = History::new(name);
        let mut arcs = Crowd::honest(Answers::Arc, FULL).with(liars, lies);
        arcs.peers = 10;
        let (network, mut peers) = history.crowd(8_000, arcs);
        peers.sort_by_key(|peer| !peer.lies());
        history.tell(&network, &mut peers, 10, 1);
        history.tell(&network, &mut peers, 30, 5);
        text += &history.text;
    }
    text
}

#[test]
fn what_is_said_where_the_first_lie_is_as_written_down() {
    compare("first_who_lie", &first_who_lie());
}

/// Some of those who tell at random make up their answers, where more of kin tell of arcs.
fn outvoted() -> String {
    #[rustfmt::skip]
    let rows = [
        ("forty of kin, and six others who make up nodes", 6, 40),
        ("forty of kin, and three others, two of whom make up nodes", 2, 40),
        ("four of kin, and six others who make up nodes", 6, 4),
        ("five of kin, and five others who make up nodes", 5, 5),
    ];
    let mut text = String::new();
    for (name, liars, kin) in rows {
        let mut history = History::new(name);
        let network = Network::new(3_000, &mut history.chance);
        let mut arcs = Crowd::honest(Answers::Arc, FULL);
        arcs.peers = kin;
        let mut kin = Peer::all(arcs, &network, &mut history.chance);
        let mut others = Crowd::honest(Answers::Random, FULL).with(liars, Lies::Fresh);
        others.peers = liars.max(3);
        let mut others = Peer::all(others, &network, &mut history.chance);
        for turn in 0..80 {
            let (one, other) = (turn % kin.len(), turn % others.len());
            history.all_tell(SOON, &network, &mut kin[one..=one]);
            history.all_tell(SOON, &network, &mut others[other..=other]);
            if turn % 5 == 4 {
                history.write();
            }
        }
        text += &history.text;
    }
    text
}

#[test]
fn what_is_said_where_kin_and_those_who_make_up_nodes_outvote_each_other_is_as_written_down() {
    compare("outvoted", &outvoted());
}

/// Some tell what one of them tells.
fn echoes() -> String {
    let mut text = String::new();
    for (name, size, echo) in [
        ("five of 40 say the same of 700 nodes", 700, 5),
        ("twelve of 40 say the same of 700 nodes", 700, 12),
        ("two of 40 say the same of 3,000 nodes", 3_000, 2),
    ] {
        let mut history = History::new(name);
        let mut all = Crowd::honest(Answers::Random, FULL);
        all.peers = 40;
        let (network, mut peers) = history.crowd(size, all);
        let said = peers[0].answer(&network, &mut history.chance);
        for turn in 0..80_usize {
            let peer = &mut peers[turn * 7 % 40];
            let nodes = if turn * 7 % 40 < echo {
                said.clone()
            } else {
                peer.answer(&network, &mut history.chance)
            };
            let id = peer.id;
            history.told(SOON, id, Kind::V2, &nodes);
            if turn % 5 == 4 {
                history.write();
            }
        }
        text += &history.text;
    }
    text
}

#[test]
fn what_is_said_where_some_say_what_another_says_is_as_written_down() {
    compare("echoes", &echoes());
}

/// Those who stay are asked in their turn, and guests come and go.
fn guests() -> String {
    #[rustfmt::skip]
    let rows = [
        ("six stay, guests make up dense arcs", 6, Lies::Dense(4), None),
        ("six stay, guests make up sparse arcs", 6, Lies::Sparse(4), None),
        ("two stay, guests make up dense arcs", 2, Lies::Dense(4), None),
        ("six stay, guests make up dense arcs, the clock is set back", 6, Lies::Dense(2), Some(10)),
    ];
    let mut text = String::new();
    for (name, stay, lies, set_back) in rows {
        let mut history = History::new(name);
        let network = Network::new(12_000, &mut history.chance);
        let honest = Peer::all(
            Crowd::honest(Answers::Arc, FULL),
            &network,
            &mut history.chance,
        );
        let mut honest: BTreeMap<NodeId, Peer> = honest
            .into_iter()
            .take(stay)
            .map(|it| (it.id, it))
            .collect();
        for &id in honest.keys() {
            history.world.stays(id, Kind::Kin);
        }
        let guests = Crowd::honest(Answers::Arc, FULL).with(64, lies);
        let mut guests = Peer::all(guests, &network, &mut history.chance);
        for turn in 0..120_usize {
            if set_back == Some(turn) {
                history.world.set_back(Duration::from_secs(600));
            }
            let until = history.world.now + Duration::from_secs(1);
            while let Some(asked) = history.world.asks_until(until) {
                let peer = honest.get_mut(&asked).expect("who stays");
                let nodes = peer.answer(&network, &mut history.chance);
                history.world.answers(asked, &nodes);
                history.answers += 1;
            }
            if turn % 2 == 1 {
                let guest = turn / 2 % guests.len();
                history.all_tell(SOON, &network, &mut guests[guest..=guest]);
            }
            if turn % 8 == 7 {
                history.write();
            }
        }
        text += &history.text;
    }
    text
}

#[test]
fn what_is_said_where_some_stay_and_guests_come_is_as_written_down() {
    compare("guests", &guests());
}
