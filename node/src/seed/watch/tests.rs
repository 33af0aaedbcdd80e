//! What is said of nobody being there, when, and how often.

use std::path::Path;

use pex::book::AddrBook;
use pex::peers::Event;
use pex::{Epoch, NetAddress, NodeAddress, Seed, Time};

use super::*;
use crate::settings::Inputs;
use crate::transport::{Direction, NodeInfo, NodeKey, RemoteInfo};

const NOW: Time = Time::from_secs(1_700_000_000);

fn me() -> NodeId {
    NodeId::new([9; 20])
}

fn at(n: u8) -> NodeAddress {
    NodeAddress::mconn(NodeId::new([n; 20]), [8, 8, n, 8].into(), 26_656)
}

fn settings(seeds: &[NodeAddress]) -> NetworkSettings {
    let seeds: Vec<String> = seeds.iter().map(ToString::to_string).collect();
    let inputs = Inputs::new(Path::new("/")).with_flag("chain_id", "c");
    let read = inputs.with_flag("seeds", seeds.join(",")).read();
    read.unwrap().networks.remove(0)
}

/// A switch whose book holds so many addresses that were heard of, and so many that were reached.
fn switch(heard: u8, reached: u8) -> Switch {
    let mut book = AddrBook::new(true, Seed::new([1; 32]));
    for n in 100..100 + heard + reached {
        let address = NetAddress::try_from(&at(n)).unwrap();
        book.add_address(NOW, &address, &address).unwrap();
        if n >= 100 + heard {
            assert!(book.mark_good(NOW, &address));
        }
    }
    let options = settings(&[]).options(me()).unwrap();
    Switch::new(options, book, me(), Seed::new([2; 32]), NOW)
}

fn up(address: &NodeAddress) -> Notice {
    let key = NodeKey::from_seed(&[3; 32]);
    Notice::Up(Box::new(RemoteInfo {
        id: address.id(),
        info: NodeInfo::new(key.id(), "c", "node", "tcp://127.0.0.1:26656").unwrap(),
        socket_addr: ([127, 0, 0, 1], 1).into(),
        direction: Direction::Outbound,
    }))
}

fn failed(address: &NodeAddress, why: DialError) -> Notice {
    let address = address.clone();
    Notice::DialFailed { address, why }
}

fn refused() -> DialError {
    let kind = ErrorKind::ConnectionRefused;
    DialError::Transport(TransportError::Dial { kind })
}

/// What is said now, if something is.
fn said(watch: &mut Watch, switch: &Switch) -> Option<String> {
    match watch.look(switch)? {
        SeedEvent::Nobody(why) => Some(why.to_string()),
        SeedEvent::Somebody => Some("somebody".to_owned()),
        SeedEvent::Notice(_) | SeedEvent::ClockSet(_) => None,
    }
}

async fn pass(secs: u64) {
    tokio::time::advance(Duration::from_secs(secs)).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_at_once_and_the_same_only_once() {
    let (mut watch, switch) = (Watch::new(&settings(&[]), me()), switch(0, 0));
    pass(4).await;
    assert_eq!(said(&mut watch, &switch), None);
    pass(2).await;
    let why = said(&mut watch, &switch).unwrap();
    assert!(why.starts_with("0 peers because no seeds are given and the address book is empty"));
    pass(1_000).await;
    assert_eq!(said(&mut watch, &switch), None);
}

#[tokio::test(start_paused = true)]
async fn another_reason_is_said_again_and_so_is_the_end_of_it() {
    let seeds = [at(1), at(2), at(3)];
    let (mut watch, switch) = (Watch::new(&settings(&seeds), me()), switch(0, 0));
    watch.saw(&failed(&at(1), refused()));
    watch.saw(&failed(&at(2), refused()));
    pass(6).await;
    let why = said(&mut watch, &switch).unwrap();
    assert!(
        why.starts_with("0 peers because of 2 seeds tried 2 refused the connection"),
        "{why}"
    );
    watch.saw(&failed(&at(1), refused()));
    assert_eq!(said(&mut watch, &switch), None);
    watch.saw(&failed(&at(3), DialError::UnknownName));
    let why = said(&mut watch, &switch).unwrap();
    assert!(
        why.contains("of 3 seeds tried 2 refused") && why.contains("1 had a name"),
        "{why}"
    );
    watch.saw(&up(&at(3)));
    assert_eq!(said(&mut watch, &switch).as_deref(), Some("somebody"));
    // It was the only one, and has gone again.
    watch.saw(&failed(&at(3), refused()));
    pass(61).await;
    let why = said(&mut watch, &switch).unwrap();
    assert!(why.contains("3 refused the connection"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn each_way_to_fail_is_said_with_what_to_look_at() {
    let (expected, actual) = (NodeId::new([1; 20]), NodeId::new([2; 20]));
    let theirs = "osmosis-1".to_owned();
    let wrong_chain = NodeInfoError::WrongNetwork {
        ours: "c".to_owned(),
        theirs,
    };
    for (why, says) in [
        (DialError::UnknownName, "is DNS working?"),
        (refused(), "is a node running there?"),
        (
            DialError::Transport(TransportError::TimedOut { step: Step::Dial }),
            "is a firewall between?",
        ),
        (
            DialError::Transport(TransportError::WrongId { expected, actual }),
            "correct the address",
        ),
        (
            DialError::Transport(TransportError::NodeInfo(wrong_chain)),
            "of the chain osmosis-1 (is chain_id right?)",
        ),
        (
            DialError::Transport(TransportError::NotTendermint),
            "is the port right?",
        ),
        (
            DialError::Transport(TransportError::HungUp {
                step: Step::NodeInfo,
            }),
            "full, or we are banned there",
        ),
        (
            DialError::Transport(TransportError::Dial {
                kind: ErrorKind::NetworkUnreachable,
            }),
            "is this machine on the network?",
        ),
    ] {
        let (mut watch, switch) = (Watch::new(&settings(&[at(1)]), me()), switch(0, 0));
        watch.saw(&failed(&at(1), why));
        pass(6).await;
        let told = said(&mut watch, &switch).unwrap();
        assert!(
            told.starts_with("0 peers because the seed tried ") && told.contains(says),
            "{told}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn addresses_that_are_not_taken_in_are_the_reason_though_somebody_is_there() {
    let mut switch = switch(0, 0);
    let near = NodeAddress::mconn(NodeId::new([5; 20]), [10, 0, 0, 5].into(), 26_656);
    let from = NodeId::new([6; 20]);
    let _actions = switch.handle(
        NOW,
        Event::Learned {
            address: near,
            from,
        },
    );
    let mut watch = Watch::new(&settings(&[at(1)]), me());
    pass(6).await;
    watch.saw(&up(&at(1)));
    let why = said(&mut watch, &switch).unwrap();
    assert!(why.contains("set addr_book_strict = false"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn without_descriptors_that_is_the_reason_whatever_else_is() {
    let (mut watch, switch) = (Watch::new(&settings(&[at(1)]), me()), switch(0, 3));
    watch.saw(&Notice::AcceptFailed(TransportError::OutOfDescriptors));
    pass(6).await;
    let why = said(&mut watch, &switch).unwrap();
    assert!(why.contains("LimitNOFILE"), "{why}");
    watch.saw(&up(&at(1)));
    assert_eq!(said(&mut watch, &switch).as_deref(), Some("somebody"));
}

#[tokio::test(start_paused = true)]
async fn where_only_some_found_no_descriptors_it_is_not_said_that_nobody_is_there() {
    let (mut watch, mut switch) = (Watch::new(&settings(&[at(1)]), me()), switch(0, 3));
    let _let_in = switch.handle(
        NOW,
        Event::Accepted {
            peer: at(7).id(),
            epoch: Epoch::new(1),
            ip: at(7).ip(),
            listen: None,
        },
    );
    assert_eq!(switch.peers().1, 1);
    watch.saw(&up(&at(7)));
    watch.saw(&Notice::AcceptFailed(TransportError::OutOfDescriptors));
    pass(6).await;
    let why = said(&mut watch, &switch).unwrap();
    assert!(why.starts_with("1 peer and no more because"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_seed_that_names_itself_alone_is_told_so() {
    let (mut watch, switch) = (Watch::new(&settings(&[at(9)]), me()), switch(0, 0));
    pass(6).await;
    let why = said(&mut watch, &switch).unwrap();
    assert!(
        why.contains("the only seed given is this node itself"),
        "{why}"
    );
}

#[tokio::test(start_paused = true)]
async fn between_two_rounds_of_checks_nothing_is_wrong_where_good_ones_are_known() {
    let (mut watch, switch) = (Watch::new(&settings(&[]), me()), switch(2, 5));
    watch.saw(&up(&at(105)));
    watch.saw(&failed(&at(100), refused()));
    pass(25 * 60).await;
    assert_eq!(said(&mut watch, &switch), None);
    // But not for ever.
    pass(40 * 60).await;
    let why = said(&mut watch, &switch).unwrap();
    assert!(
        why.contains("the address of the book tried refused"),
        "{why}"
    );
}

#[tokio::test(start_paused = true)]
async fn where_only_hearsay_is_known_it_is_said_that_it_is_being_tried() {
    let (mut watch, switch) = (Watch::new(&settings(&[]), me()), switch(4, 0));
    pass(6).await;
    let why = said(&mut watch, &switch).unwrap();
    assert!(
        why.contains("none of the 4 addresses of the book has been reached yet"),
        "{why}"
    );
}
