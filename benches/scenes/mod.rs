//! What is measured: each scene prepares everything, and gives back one operation.

use core::time::Duration;
use std::rc::Rc;

use pex::peers::{self, Options, PeerManager};
use pex::wire::{self, Dialect, Message, ResponseBuilder};
use pex::{
    Action, Actions, Config, Epoch, Event, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId,
    Pex, Seed, Time,
};

/// The peers of the scenes with many.
const PEERS: u32 = 1_000;

/// The addresses of the store.
pub(crate) const STORE: u32 = 1_000;

/// An operation, ready to run once; what it makes is handed out, so that it is not part of it to
/// throw that away.
pub(crate) type Operation = Box<dyn FnMut() -> Made>;

/// What operations make.
#[derive(Debug)]
#[expect(dead_code, reason = "only kept until the operation is over")]
pub(crate) enum Made {
    Number(usize),
    Actions(Actions),
    NodeActions(Actions<NodeAction>),
    Bytes(Vec<u8>),
}

pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) prepare: fn() -> Operation,
}

const fn scene(name: &'static str, prepare: fn() -> Operation) -> Scene {
    Scene { name, prepare }
}

pub(crate) const SCENES: [Scene; 14] = [
    scene("parse 1 address", parse_one),
    scene("format 1 address", format_one),
    scene("decode a response of 100", decode),
    scene("decode and parse 100", decode_and_parse),
    scene("format and encode 100", encode),
    scene("response of 100, all known", all_known),
    scene("response of 100, all fresh", all_fresh),
    scene("request, answer of 100 encoded", request),
    scene("tick, nothing to do", tick),
    scene("peer up", peer_up),
    scene("peer down", peer_down),
    scene("peer up and down", peer_up_and_down),
    scene("node of 1,000 peers: request, answer of 100", node_request),
    scene("node of 1,000 peers: message of nobody", node_stray),
];

const fn id(number: u32) -> NodeId {
    let mut bytes = [0x5a; 20];
    [bytes[0], bytes[1], bytes[2], bytes[3]] = number.to_be_bytes();
    NodeId::new(bytes)
}

fn address(number: u32) -> NodeAddress {
    let [_, a, b, c] = number.to_be_bytes();
    NodeAddress::mconn(id(number), [100 + a, b, c, 7].into(), 26_656)
}

/// The bytes of an answer that tells of a hundred nodes from `first` on.
fn hundred(first: u32) -> Vec<u8> {
    let mut answer = ResponseBuilder::new(Dialect::V2);
    for number in first..first + 100 {
        assert_eq!(answer.push_address(&address(number)), Ok(()));
    }
    Message::Response(answer.finish()).to_bytes()
}

fn message(bytes: &[u8]) -> Message<'_> {
    match wire::decode(bytes) {
        Ok(Some(message)) => message,
        other => unreachable!("{other:?}"),
    }
}

/// The store that a node has, with as many addresses.
fn store() -> PeerManager {
    let options = Options::builder()
        .network_share(usize::MAX, u32::MAX)
        .addresses_per(4, usize::MAX)
        .teller_percent(100)
        .slots(0, 52)
        .build();
    let options = options.unwrap_or_else(|error| unreachable!("{error}"));
    let mut store = PeerManager::new(options, id(u32::MAX), Seed::new([1; 32]), Time::EPOCH);
    for number in 0..STORE {
        let (address, from) = (address(number), id(2_000_000));
        let _ = store.handle(Time::EPOCH, peers::Event::Learned { address, from });
    }
    assert_eq!(store.nodes(), STORE as usize);
    store
}

/// A whole node with so many peers, each of whom has said where he can be dialed, before anything
/// is due.
fn node() -> (Node, Time) {
    let (most, me) = (PEERS as usize + 1, id(u32::MAX));
    let config = Config::builder().peers_max(most).build();
    let options = Options::builder()
        .network_share(usize::MAX, u32::MAX)
        .connected_max(most)
        .slots(1, PEERS as usize)
        .build();
    let config = config.unwrap_or_else(|error| unreachable!("{error}"));
    let options = options.unwrap_or_else(|error| unreachable!("{error}"));
    let start = Time::from_secs(1);
    let mut node = Node::new(config, options, me, Seed::new([7; 32]), start);
    for number in 0..PEERS {
        let place = address(number);
        let accepted = NodeEvent::Accepted {
            peer: id(number),
            epoch: Epoch::new(1),
            kind: Kind::V2,
            ip: place.ip(),
            listen: Some(place),
        };
        let _ = node.handle(start, accepted);
    }
    let now = start + Duration::from_secs(10);
    let _ = node.handle(now, NodeEvent::Tick);
    (node, now)
}

fn machine(peers: u32, store: &PeerManager) -> Pex {
    let mut pex = Pex::new(
        Config::default(),
        id(u32::MAX),
        Seed::new([7; 32]),
        Time::EPOCH,
    );
    for number in 0..peers {
        let _ = pex.handle(Time::EPOCH, up(1_000_000 + number), store);
    }
    pex
}

const fn up(number: u32) -> Event<'static> {
    Event::PeerUp {
        peer: id(number),
        epoch: Epoch::new(1),
        kind: Kind::V2,
    }
}

const fn down(number: u32) -> Event<'static> {
    Event::PeerDown {
        peer: id(number),
        epoch: Epoch::new(1),
    }
}

const fn from_peer(message: Message<'_>) -> Event<'_> {
    Event::Message {
        from: id(1_000_000),
        epoch: Epoch::new(1),
        message,
    }
}

fn parse_one() -> Operation {
    let text = address(1).to_string();
    Box::new(move || Made::Number(NodeAddress::parse(&text).map_or(0, |a| a.port().into())))
}

fn format_one() -> Operation {
    let (address, mut text) = (address(1), String::with_capacity(512));
    Box::new(move || {
        text.clear();
        let _ = core::fmt::Write::write_fmt(&mut text, format_args!("{address}"));
        Made::Number(text.len())
    })
}

fn decode() -> Operation {
    let bytes = hundred(0);
    Box::new(move || match message(&bytes) {
        Message::Response(response) => Made::Number(response.len()),
        other => unreachable!("{other:?}"),
    })
}

fn decode_and_parse() -> Operation {
    let bytes = hundred(0);
    Box::new(move || match message(&bytes) {
        Message::Response(response) => {
            let parsed = response.entries().filter_map(|entry| entry.parse().ok());
            Made::Number(parsed.map(|address| usize::from(address.port())).sum())
        }
        other => unreachable!("{other:?}"),
    })
}

fn encode() -> Operation {
    let addresses: Vec<_> = (0..100).map(address).collect();
    Box::new(move || {
        let mut answer = ResponseBuilder::new(Dialect::V2);
        for address in &addresses {
            assert!(answer.push_address(address).is_ok());
        }
        Made::Bytes(Message::Response(answer.finish()).to_bytes())
    })
}

/// A machine that has heard a hundred nodes of its only peer, and has asked it again.
fn asked(store: &PeerManager) -> (Pex, Time) {
    let mut pex = machine(1, store);
    let first = hundred(0);
    let _ = pex.handle(Time::from_secs(1), from_peer(message(&first)), store);
    let at = pex.deadline().unwrap_or(Time::MAX);
    let actions = pex.handle(at, Event::Tick, store);
    assert!(matches!(actions.first(), Some(Action::Send { .. })));
    (pex, at)
}

thread_local! {
    /// Made once: what is measured neither makes nor changes it.
    static BASE: (Rc<PeerManager>, Pex, Time) = {
        let store = Rc::new(store());
        let (pex, at) = asked(&store);
        (store, pex, at)
    };
    static NODE: (Node, Time) = node();
    static MANY: (Rc<PeerManager>, Pex) = {
        let store = Rc::new(store());
        let pex = machine(PEERS, &store);
        (store, pex)
    };
}

fn response(first: u32) -> Operation {
    let (store, mut pex, at) = BASE.with(Clone::clone);
    // Once before: a machine that has run for a while has the room it needs, and a clone has not.
    let known = hundred(0);
    let _ = pex.handle(at, from_peer(message(&known)), &*store);
    let at = pex.deadline().unwrap_or(Time::MAX);
    let _ = pex.handle(at, Event::Tick, &*store);
    let bytes = hundred(first);
    Box::new(move || Made::Actions(pex.handle(at, from_peer(message(&bytes)), &*store)))
}

fn all_known() -> Operation {
    response(0)
}

fn all_fresh() -> Operation {
    response(STORE)
}

fn request() -> Operation {
    let (store, mut pex, mut at) = BASE.with(Clone::clone);
    let bytes = Message::Request(Dialect::V2).to_bytes();
    Box::new(move || {
        at = at + Duration::from_millis(100);
        let actions = pex.handle(at, from_peer(message(&bytes)), &*store);
        let sent = actions.iter().rev().find_map(|action| match action {
            Action::Send {
                message: message @ Message::Response(_),
                ..
            } => Some(message.to_bytes()),
            _ => None,
        });
        Made::Bytes(sent.unwrap_or_else(|| unreachable!("no answer")))
    })
}

fn tick() -> Operation {
    let (store, mut pex) = MANY.with(Clone::clone);
    let due = pex.deadline().unwrap_or(Time::MAX);
    let at = Time::from_nanos(due.as_nanos() - 1);
    Box::new(move || {
        let actions = pex.handle(at, Event::Tick, &*store);
        assert!(actions.is_empty());
        Made::Actions(actions)
    })
}

fn peer_up() -> Operation {
    let (store, mut pex) = MANY.with(Clone::clone);
    let _ = pex.handle(Time::EPOCH, up(1), &*store);
    let _ = pex.handle(Time::EPOCH, down(1), &*store);
    Box::new(move || Made::Actions(pex.handle(Time::EPOCH, up(1), &*store)))
}

fn peer_down() -> Operation {
    let (store, mut pex) = MANY.with(Clone::clone);
    // Once before, so that the tables have their size.
    let _ = pex.handle(Time::EPOCH, up(1), &*store);
    let _ = pex.handle(Time::EPOCH, down(1), &*store);
    let _ = pex.handle(Time::EPOCH, up(1), &*store);
    Box::new(move || Made::Actions(pex.handle(Time::EPOCH, down(1), &*store)))
}

fn peer_up_and_down() -> Operation {
    let (store, mut pex) = MANY.with(Clone::clone);
    let _ = pex.handle(Time::EPOCH, up(1), &*store);
    let _ = pex.handle(Time::EPOCH, down(1), &*store);
    Box::new(move || {
        let first = pex.handle(Time::EPOCH, up(1), &*store);
        let second = pex.handle(Time::EPOCH, down(1), &*store);
        Made::Number(first.len() + second.len())
    })
}

fn node_request() -> Operation {
    // Each of the peers may ask again by the time when all have.
    const EACH: Duration = Duration::from_micros(200);
    let (mut node, mut at) = NODE.with(Clone::clone);
    let mut of = 0;
    Box::new(move || {
        (of, at) = ((of + 1) % PEERS, at + EACH);
        let actions = node.handle(at, to_node(of, Message::Request(Dialect::V2)));
        let of_hundred = |action: &NodeAction| match action {
            NodeAction::Send {
                message: Message::Response(response),
                ..
            } => response.len() == 100,
            _ => false,
        };
        assert!(actions.iter().any(of_hundred));
        Made::NodeActions(actions)
    })
}

fn node_stray() -> Operation {
    let (mut node, at) = NODE.with(Clone::clone);
    Box::new(move || {
        let actions = node.handle(at, to_node(PEERS, Message::Request(Dialect::V2)));
        assert!(actions.is_empty());
        Made::NodeActions(actions)
    })
}

const fn to_node(from: u32, message: Message<'_>) -> NodeEvent<'_> {
    NodeEvent::Message {
        from: id(from),
        epoch: Epoch::new(1),
        message,
    }
}
