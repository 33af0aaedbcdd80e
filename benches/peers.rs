//! The peer manager at a thousand, a hundred thousand and a million nodes: `cargo bench --bench peers`.
//!
//! Prints the time of each operation, and the memory of a known node. Times depend on the machine;
//! `benches/peers.sh` counts instructions, which do not.
#![expect(
    clippy::disallowed_types,
    clippy::cast_precision_loss,
    reason = "times and means are what it prints"
)]

mod reference;

use core::ops::ControlFlow;
use core::time::Duration;
use std::hint::black_box;
use std::time::Instant;

use allocation_counter::measure;
use pex::peers::{Action, DialFailure, Event, Options, PeerManager};
use pex::{Cursor, Directory as _, Epoch, NodeAddress, NodeId, Seed, Time};
use reference::{Reference, beside, time};

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];

/// Tellers of the nodes: each tells of the same number.
const TELLERS: u32 = 1_000;

/// How long whoever was dialed is left alone: everybody can be dialed again and again.
const MOMENT: Duration = Duration::from_millis(1);

const START: Time = Time::from_secs(1_700_000_000);

/// An operation by name, and how it is prepared with so many nodes.
const OPERATIONS: [(&str, Prepare); 7] = [
    ("learn a new address", learn),
    ("hear of a known address", hear_again),
    ("next to dial, after a dial that failed", next_to_dial),
    ("worst to evict, for a better peer", evict),
    ("peer accepted, then gone", come_and_go),
    ("advertise 100 addresses", advertise),
    ("write down a node that has changed", write_down),
];

type Prepare = fn(u32) -> Operation;

/// Runs once for each number it is given.
type Operation = Box<dyn FnMut(u32) -> usize>;

/// Scatters numbers, so that neighbours have nothing in common.
const fn mix(number: u32) -> u32 {
    let mixed = (number ^ number >> 16).wrapping_mul(0x7feb_352d);
    let mixed = (mixed ^ mixed >> 15).wrapping_mul(0x846c_a68b);
    mixed ^ mixed >> 16
}

fn id(number: u32) -> NodeId {
    let mut bytes = [0x5a; 20];
    bytes[..4].copy_from_slice(&mix(number).to_be_bytes());
    NodeId::new(bytes)
}

/// The address of a node, somewhere in what anybody can reach.
fn address(number: u32) -> NodeAddress {
    let [a, b, c, d] = mix(number).to_be_bytes();
    NodeAddress::mconn(id(number), [20 + a % 70, b, c, d].into(), 26_656)
}

fn options(nodes: u32) -> pex::peers::OptionsBuilder {
    let max = nodes as usize + 200_000;
    Options::builder()
        .addresses_max(max)
        .addresses_per(4, max)
        .teller_percent(100)
        .network_share(100, u32::MAX)
        .dials(8, 10_000)
        .hearsay_dials_per_subnet(usize::MAX)
        .retry(MOMENT, MOMENT)
}

fn manager(options: pex::peers::OptionsBuilder) -> PeerManager {
    let options = options.build();
    let options = options.unwrap_or_else(|error| unreachable!("{error}"));
    PeerManager::new(options, id(u32::MAX), Seed::new([7; 32]), START)
}

/// Whoever tells of node `number`.
fn teller(number: u32) -> NodeId {
    id(2_000_000_000 + number % TELLERS)
}

fn fill(peers: &mut PeerManager, nodes: u32) {
    for number in 0..nodes {
        let event = Event::Learned {
            address: address(number),
            from: teller(number),
        };
        drop(peers.handle(START, event));
    }
    drop(peers.flush());
}

fn learn(nodes: u32) -> Operation {
    let mut peers = manager(options(nodes).slots(0, 52));
    fill(&mut peers, nodes);
    Box::new(move |n| {
        let (address, from) = (address(nodes + n), teller(n));
        peers.handle(START, Event::Learned { address, from }).len()
    })
}

fn hear_again(nodes: u32) -> Operation {
    let mut peers = manager(options(nodes).slots(0, 52));
    fill(&mut peers, nodes);
    Box::new(move |n| {
        let (address, from) = (address(mix(n) % nodes), teller(n));
        peers.handle(START, Event::Learned { address, from }).len()
    })
}

fn next_to_dial(nodes: u32) -> Operation {
    let mut peers = manager(options(nodes).slots(1, 0));
    fill(&mut peers, nodes);
    let first = peers.handle(START, Event::Tick);
    let mut dialed: Vec<NodeAddress> = dials(&first).collect();
    let mut now = START;
    if dialed.is_empty() {
        // It was dialed while the addresses came in.
        dialed.extend(
            (0..nodes)
                .map(address)
                .find(|address| peers.standing(address.id()) == pex::peers::Standing::Dialing),
        );
    }
    Box::new(move |_| {
        now = now + MOMENT;
        let Some(address) = dialed.pop() else {
            unreachable!("somebody is dialed");
        };
        let why = DialFailure::NotTried;
        let actions = peers.handle(now, Event::DialFailed { address, why });
        dialed.extend(dials(&actions));
        dialed.len()
    })
}

fn dials(actions: &[Action]) -> impl Iterator<Item = NodeAddress> {
    actions.iter().filter_map(|action| match action {
        Action::Dial { address, .. } => Some(address.clone()),
        _ => None,
    })
}

/// So many peers are connected, all of the same score; one of a higher score comes, and another.
fn evict(nodes: u32) -> Operation {
    let better = |n: u32| id(3_000_000_000 + n);
    let connected = nodes as usize;
    let scores = (0..20_000).map(|n| (better(n), 1 + u16::try_from(n).unwrap_or(1)));
    let mut peers = manager(
        options(nodes)
            .connected_max(connected)
            .slots(0, connected)
            .scores(scores),
    );
    for number in 0..nodes {
        drop(peers.handle(START, accepted(id(number), 0)));
    }
    Box::new(move |n| {
        let actions = peers.handle(START, accepted(better(n), 1));
        let gone = actions.iter().find_map(|action| match action {
            Action::Evict { peer, epoch, .. } => Some((*peer, *epoch)),
            _ => None,
        });
        let Some((peer, epoch)) = gone else {
            unreachable!("somebody has to go");
        };
        peers
            .handle(START, Event::Disconnected { peer, epoch })
            .len()
    })
}

const fn accepted(peer: NodeId, epoch: u64) -> Event {
    Event::Accepted {
        peer,
        epoch: Epoch::new(epoch),
        ip: None,
        listen: None,
    }
}

fn come_and_go(nodes: u32) -> Operation {
    let mut peers = manager(options(nodes).slots(0, 52));
    fill(&mut peers, nodes);
    Box::new(move |n| {
        let (peer, epoch) = (id(mix(n) % nodes), Epoch::new(n.into()));
        drop(peers.handle(START, accepted(peer, n.into())));
        peers
            .handle(START, Event::Disconnected { peer, epoch })
            .len()
    })
}

fn advertise(nodes: u32) -> Operation {
    let mut peers = manager(options(nodes).slots(0, 52));
    fill(&mut peers, nodes);
    Box::new(move |n| {
        let mut told = 0;
        let from = peers.start(u64::from(mix(n)) << 32);
        peers.walk(from, &mut |_: Cursor, address| {
            black_box(address);
            told += 1;
            if told == 100 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        told
    })
}

fn write_down(nodes: u32) -> Operation {
    let mut peers = manager(options(nodes).slots(0, 52));
    fill(&mut peers, nodes);
    Box::new(move |n| {
        let peer = id(mix(n) % nodes);
        drop(peers.handle(START, Event::Behaved { peer }));
        peers.flush().map_or(0, |changes| changes.len())
    })
}

/// The tool counts in here and nowhere else.
#[inline(never)]
fn measured(operation: &mut Operation, number: u32) -> usize {
    operation(number)
}

/// Bytes of heap for each known node: when all were heard of, and when all were reached and have
/// gone, and are left alone.
fn memory(nodes: u32) -> (f64, f64) {
    let (mut heard, mut reached) = (0, 0);
    let mut all = None;
    let made = measure(|| {
        let mut peers = manager(options(nodes).slots(0, 52));
        fill(&mut peers, nodes);
        all = Some(peers);
    });
    heard += made.bytes_current;
    let more = measure(|| {
        let Some(peers) = &mut all else { return };
        for number in 0..nodes {
            let (address, epoch) = (address(number), Epoch::new(1));
            let peer = address.id();
            drop(peers.handle(
                START,
                Event::Dialed {
                    address,
                    epoch,
                    ip: None,
                },
            ));
            drop(peers.handle(START, Event::Disconnected { peer, epoch }));
        }
        drop(peers.flush());
    });
    reached += heard + more.bytes_current;
    let known = all.map_or(0, |peers| peers.nodes()).max(1) as f64;
    (heard as f64 / known, reached as f64 / known)
}

fn main() {
    // Cargo adds `--bench`.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| it != "--bench")
        .collect();
    if let [name, nodes, times] = words.as_slice() {
        let prepare = OPERATIONS.iter().find(|(its, _)| its == name);
        let (Some((_, prepare)), Ok(nodes), Ok(times)) = (prepare, nodes.parse(), times.parse())
        else {
            eprintln!("usage: peers [OPERATION NODES TIMES]; without them, prints a table");
            std::process::exit(2);
        };
        let mut operation = prepare(nodes);
        for number in 0..times {
            black_box(measured(&mut operation, number));
        }
        return;
    }
    if words == ["list"] {
        for (name, _) in OPERATIONS {
            println!("{name}");
        }
        return;
    }
    let reference = Reference::read();
    println!("| operation | nodes | ours | Tendermint | ratio |");
    println!("|---|---:|---:|---:|---:|");
    let print = |name: &str, nodes, ours, theirs, print: fn(f64) -> String| {
        let [theirs, ratio] = beside(theirs, ours, print);
        println!(
            "| {name} | {nodes} | {} | {theirs} | {ratio} |",
            print(ours)
        );
    };
    for (name, prepare) in OPERATIONS {
        for nodes in SIZES {
            let theirs = reference.of(name, nodes).map(|it| it.ns);
            print(name, nodes, nanos(&mut prepare(nodes)), theirs, time);
        }
    }
    for nodes in SIZES {
        let (heard, reached) = memory(nodes);
        let name = "bytes a node, heard of";
        let theirs = reference.of(name, nodes).map(|it| it.bytes);
        print(name, nodes, heard, theirs, |bytes| format!("{bytes:.0}"));
        println!("| bytes a node, reached | {nodes} | {reached:.0} | - | - |");
    }
}

/// The median of the time that the operation takes.
fn nanos(operation: &mut Operation) -> f64 {
    let mut all: Vec<f64> = (0..10_000)
        .map(|number| {
            let start = Instant::now();
            black_box(operation(number));
            start.elapsed().as_secs_f64() * 1e9
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
