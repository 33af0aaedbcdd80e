//! Counters and the time at their ends.
//!
//! No event leads there in a test's lifetime, so a dump is read, its numbers are set to the last
//! but one, and the machine that is restored from it goes on.

use core::time::Duration;

use pex::wire::Dialect;
use pex::{Config, Epoch, Event, Kind, NodeId, Pex, Policy, RestoreError, Seed, Stats, Time};
use serde::{Deserialize, Serialize};

use crate::support::{ME, START, Store, World, asked, id, ms, nodes, reported, secs, steps};

const SEED: Seed = Seed::new([7; 32]);

/// What stands before the peers in a dump; the last is the number of questions about names.
type Head = (NodeId, (u64, u64), u128, Time, Option<Time>, u64, u64);

/// When somebody may be asked again, and when his buckets are full again.
type Standing = (Time, Time, Time, Time);

/// A time at which something happens, and the number of its place in the agenda.
type Place = (Time, u64);

#[derive(Serialize, Deserialize)]
enum Phase {
    Ready,
    Waiting(Place),
    Awaiting(Place),
    Cut,
}

#[derive(Serialize, Deserialize)]
struct Peer {
    id: NodeId,
    epoch: Epoch,
    kind: Kind,
    phase: Phase,
    standing: Standing,
    interval: Duration,
    misses: u32,
    late: u32,
    asked: bool,
    answered: bool,
    /// Nobody has asked us yet, and nobody waits for names.
    telling: Option<()>,
    draft: Option<()>,
}

#[derive(Serialize, Deserialize)]
enum Gate {
    Open,
    A(Time, u32, u32, f32),
    B(Time, u64),
}

/// What may be asked for: two purses, when somebody was asked last, of all and of either line, and whether kin is next;
/// how many may be asked, when more may, and how long that takes.
type Means = (
    [(u32, Time); 2],
    [Time; 3],
    bool,
    u32,
    Option<Time>,
    Duration,
);

/// The order of the peers, what may be asked for, those that are gone with how they stood, and when
/// whoever is not among them may be asked.
type Lists = (Vec<NodeId>, Means, Vec<(NodeId, Standing)>, Time);

fn config(policy: Policy) -> Config {
    Config::builder().policy(policy).build().unwrap()
}

/// All fifteen counters of the statistics at this number.
fn all_at(number: u64) -> Stats {
    let bytes = postcard::to_allocvec(&[number; 15]).unwrap();
    let (stats, rest) = postcard::take_from_bytes(&bytes).unwrap();
    assert!(rest.is_empty(), "every counter is set");
    stats
}

/// The same machine, with its counters one below their ends. The numbers that order the agenda are
/// left alone: they name its entries, and two of one name are none of a machine's own making.
fn one_below_the_end(pex: &Pex, policy: Policy) -> Pex {
    let dump = pex.dump();
    let (magic, body) = dump.split_at(8);
    let ((head, mut peers, lists, mut gate), rest) =
        postcard::take_from_bytes::<(Head, Vec<Peer>, Lists, Gate)>(body).unwrap();
    let stats = postcard::to_allocvec(&pex.stats()).unwrap();
    let kept = rest.strip_suffix(&*stats).unwrap();
    for peer in &mut peers {
        (peer.misses, peer.late) = (u32::MAX - 1, u32::MAX - 1);
    }
    match &mut gate {
        Gate::Open => {}
        Gate::A(_, told, ..) => *told = u32::MAX - 1,
        Gate::B(_, total) => *total = u64::MAX - 1,
    }
    let mut bytes = magic.to_vec();
    bytes.extend(postcard::to_allocvec(&(head, peers, lists, gate)).unwrap());
    bytes.extend(kept);
    bytes.extend(postcard::to_allocvec(&all_at(u64::MAX - 1)).unwrap());
    Pex::restore(config(policy), SEED, &bytes).unwrap()
}

/// A world with two peers, of which the first has been asked, whose machine is at its end.
fn at_the_end(policy: Policy) -> World {
    let mut w = World::with(config(policy));
    w.up(1, Kind::V2);
    w.up(2, Kind::V1);
    w.pass(ms(200));
    assert!(w.pex.is_awaiting(id(1)), "{policy:?}");
    w.pex = one_below_the_end(&w.pex, policy);
    assert_eq!(w.pex.stats(), all_at(u64::MAX - 1));
    w
}

#[test]
fn statistics_at_their_end_stay_there() {
    let mut w = at_the_end(Policy::Unseen);
    for _ in 0..3 {
        w.answers(2, &nodes(0..101));
        // Told, fresh, bad, own and served; then too soon, unsolicited, oversized, garbage, stray.
        let own = format!("{ME}@192.0.2.1:1");
        w.bytes(1, &crate::support::texts(&["bad", "bad", &own]));
        w.pass(secs(20));
        w.answers(1, &nodes(10..20));
        w.pass(secs(20));
        (0..9).for_each(|_| drop(w.requests(1, Dialect::V2)));
        w.bytes(1, &[0xff]);
        w.bytes(1, &[0xff]);
        let _ = w.pex.handle(START, Event::Tick, &w.store);
        for (peer, kind) in [(1, Kind::V2), (2, Kind::V1)] {
            w.down(peer);
            w.up(peer, kind);
        }
        w.pass(secs(20));
        w.answers(1, &nodes(10..20));
        w.answers(1, &nodes(10..20));
        w.answers(1, &nodes(10..20));
        w.pass(secs(20));
    }
    assert_eq!(w.pex.stats(), all_at(u64::MAX));
}

#[test]
fn a_peer_silent_more_often_than_can_be_counted_is_still_asked_every_ten_minutes() {
    let mut w = at_the_end(Policy::Unseen);
    let done = w.pass(secs(4 * 3_600));
    let waits = steps(&w.asked(1));
    assert!(waits.len() > 20, "{waits:?}");
    assert!(waits.iter().all(|&wait| wait == secs(610)), "{waits:?}");
    let told = reported(&done)
        .into_iter()
        .filter(|(peer, _)| *peer == id(1));
    let in_a_row = u32::MAX;
    assert!(
        told.map(|(_, fault)| fault)
            .all(|it| it == pex::Fault::NoAnswer { in_a_row })
    );
    // And one answer still makes it a peer like any other.
    while !w.pex.is_awaiting(id(1)) {
        w.pass(secs(1));
    }
    w.answers(1, &nodes(10..20));
    assert_eq!(asked(&w.pass(ms(300))), [id(1)]);
}

#[test]
fn the_formulas_of_the_reference_at_the_end_of_their_sums_wait_for_years_and_do_not_wrap() {
    for policy in [Policy::Tendermint0350, Policy::Tendermint0359] {
        let mut w = at_the_end(policy);
        let made = w.requests_made().len();
        w.answers(1, &nodes(0..100));
        w.pass(secs(365 * 24 * 3_600));
        // Formula A reckons when it asks, so one more request goes out before its sum counts.
        let more = usize::from(policy == Policy::Tendermint0350);
        assert_eq!(w.requests_made().len() - made, more, "{policy:?}");
        // It is no end for good: the first peer after a time without any does not wait it out.
        w.down(1);
        w.down(2);
        w.up(3, Kind::V2);
        assert_eq!(asked(&w.pass(ms(200))), [id(3)], "{policy:?}");
    }
}

/// The dump of a machine with its head and its census changed.
fn changed(pex: &Pex, with: impl FnOnce(&mut Head, &mut Vec<(NodeId, u64)>)) -> Vec<u8> {
    type Seen = (Vec<u64>, Vec<u64>);
    type Front = (Head, Vec<Peer>, Lists, Gate, Seen, Vec<(NodeId, u64)>);
    let dump = pex.dump();
    let (magic, body) = dump.split_at(8);
    let ((mut head, peers, lists, gate, seen, mut occasions), rest) =
        postcard::take_from_bytes::<Front>(body).unwrap();
    with(&mut head, &mut occasions);
    let mut bytes = magic.to_vec();
    let front: Front = (head, peers, lists, gate, seen, occasions);
    bytes.extend(postcard::to_allocvec(&front).unwrap());
    bytes.extend(rest);
    bytes
}

#[test]
fn a_dump_whose_numbers_are_about_to_run_out_is_refused() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.up(2, Kind::V1);
    let restored = |bytes: &[u8]| Pex::restore(Config::default(), SEED, bytes).map(|_| ());
    assert_eq!(restored(&changed(&w.pex, |_, _| {})), Ok(()));
    for number in [1 << 63, u64::MAX - 1, u64::MAX] {
        let entries = changed(&w.pex, |head, _| head.5 = number);
        assert_eq!(restored(&entries), Err(RestoreError::Damaged), "{number}");
        let questions = changed(&w.pex, |head, _| head.6 = number);
        assert_eq!(restored(&questions), Err(RestoreError::Damaged), "{number}");
    }
    let most = changed(&w.pex, |head, _| head.5 = (1 << 63) - 1);
    assert_eq!(restored(&most), Ok(()));
    // Fewer entries made than there are: the next would take the name of one that is there.
    let too_few = changed(&w.pex, |head, _| head.5 = 1);
    assert_eq!(restored(&too_few), Err(RestoreError::Damaged));
}

#[test]
fn a_dump_with_more_occasions_than_a_census_has_is_refused() {
    let w = World::new();
    let bytes = changed(&w.pex, |_, occasions| {
        occasions.extend((0..65).map(|n| (id(n), 1)));
    });
    let restored = Pex::restore(Config::default(), SEED, &bytes).map(|_| ());
    assert_eq!(restored, Err(RestoreError::Damaged));
}

#[test]
fn at_the_end_of_time_events_are_taken_and_timers_lie_ahead_of_the_machine() {
    let longest = secs(600);
    let config = Config::builder()
        .ask_gaps(longest, longest, longest)
        .request_timeout(longest)
        .strikes(1_000, secs(24 * 3_600))
        .build()
        .unwrap();
    let mut pex = Pex::new(config, ME, SEED, Time::MAX);
    let (store, kind) = (Store::default(), Kind::V2);
    for n in 0..200 {
        let (peer, epoch) = (id(n % 3), Epoch::new(u64::from(n)));
        let up = Event::PeerUp { peer, epoch, kind };
        let _ = pex.handle(Time::MAX, up, &store);
        assert_eq!(pex.check(), Ok(()));
        for _ in 0..5 {
            let message = pex::wire::Message::Request(Dialect::V2);
            let from = peer;
            let event = Event::Message {
                from,
                epoch,
                message,
            };
            let _ = pex.handle(Time::MAX, event, &store);
            assert_eq!(pex.check(), Ok(()));
        }
        let _ = pex.handle(Time::MAX, Event::Tick, &store);
        assert!(pex.deadline().is_none_or(|at| at < Time::MAX));
    }
    assert_eq!(pex.stats().requests_sent, 3, "nothing becomes due any more");
    assert_eq!(pex.stats().clock_stalls, 0);
}

/// The dump of a machine with its peers and its lines changed.
fn with_lines(pex: &Pex, with: impl FnOnce(&mut Vec<Peer>, &mut Vec<NodeId>)) -> Vec<u8> {
    let dump = pex.dump();
    let (magic, body) = dump.split_at(8);
    let ((head, mut peers, mut lists), rest) =
        postcard::take_from_bytes::<(Head, Vec<Peer>, Lists)>(body).unwrap();
    with(&mut peers, &mut lists.0);
    let front = postcard::to_allocvec(&(head, peers, lists)).unwrap();
    [magic, &front, rest].concat()
}

#[test]
fn a_dump_in_which_somebody_is_in_no_line_or_waits_for_over_ten_minutes_is_refused() {
    let config = Config::builder().outstanding_max(1).build().unwrap();
    let mut w = World::with(config.clone());
    for peer in 1..=4 {
        w.up(peer, Kind::V2);
    }
    // So that the first is the next to be asked, however long the second waits.
    w.answers(1, &nodes(10..20));
    w.answers(2, &nodes(20..30));
    let restored = |bytes: &[u8]| Pex::restore(config.clone(), SEED, bytes).map(|_| ());
    let in_no_line = with_lines(&w.pex, |_, lines| assert_eq!(lines.pop(), Some(id(4))));
    assert_eq!(restored(&in_no_line), Err(RestoreError::Damaged));
    let longest = w.now + secs(600);
    for (until, expected) in [
        (longest, Ok(())),
        (longest + ms(1), Err(RestoreError::Damaged)),
    ] {
        let waits = with_lines(&w.pex, |peers, _| {
            let Phase::Waiting((at, _)) = &mut peers[1].phase else {
                panic!("the second has answered");
            };
            *at = until;
        });
        assert_eq!(restored(&waits), expected);
    }
}
