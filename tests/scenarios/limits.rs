//! The limits under chance and under load: what is granted, to whom, and for how long.

use pex::wire::{self, Dialect, Message};
use pex::{Action, Config, Epoch, Event, Kind, Pex, Seed, Time};
use quickcheck::QuickCheck;

use crate::support::{ME, START, Store, World, answer, answered, cut, id, ms, nodes};

/// A small generator for arrivals: the multiplier of Knuth's MMIX.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn whatever_the_arrivals_and_reconnects_no_more_is_served_than_the_burst_and_one_an_interval() {
    fn holds(v1: bool, steps: Vec<(u16, bool)>) -> bool {
        let (kind, dialect, interval, unit) = if v1 {
            (Kind::V1, Dialect::V1, 10_000, 20)
        } else {
            (Kind::V2, Dialect::V2, 100, 1)
        };
        // Strikes are another limit, so they are out of the way here.
        let config = Config::builder().strikes(1_000, ms(1)).build().unwrap();
        let mut w = World::with(config);
        w.up(1, kind);
        let (mut served, mut first) = (0, None);
        steps.into_iter().all(|(wait, reconnect)| {
            w.pass(ms(u64::from(wait % 400) * unit));
            if reconnect {
                w.down(1);
                w.up(1, kind);
            }
            let granted = answered(&w.requests(1, dialect)).is_some();
            served += u128::from(granted);
            let since = *first.get_or_insert(w.now);
            served <= 3 + (w.now - since).as_millis() / interval
        })
    }
    QuickCheck::new()
        .tests(200)
        .quickcheck(holds as fn(bool, Vec<(u16, bool)>) -> bool);
}

#[test]
fn honest_peers_with_jitter_are_never_refused_and_never_cut() {
    let request = Event::Message {
        from: id(1),
        epoch: Epoch::new(1),
        message: Message::Request(Dialect::V2),
    };
    let mut pex = Pex::new(Config::default(), ME, Seed::new([1; 32]), START);
    let (store, kind, epoch) = (Store::default(), Kind::V2, Epoch::new(1));
    let mut now = START;
    for seed in 0..10_000 {
        // A peer of its own for each seed, so that none inherits another's limits.
        let peer = id(seed + 10);
        let mut dice = Dice(u64::from(seed));
        let _ = pex.handle(now, Event::PeerUp { peer, epoch, kind }, &store);
        let begin = now;
        for k in 0..12 {
            now = now.max(begin + ms(k * 200 + dice.below(150)));
            let mut request = request.clone();
            if let Event::Message { from, .. } = &mut request {
                *from = peer;
            }
            let actions = pex.handle(now, request, &store);
            assert!(answered(&actions).is_some(), "seed {seed}, request {k}");
        }
        let _ = pex.handle(now, Event::PeerDown { peer, epoch }, &store);
    }
    assert_eq!(pex.stats().requests_too_soon, 0);
    assert_eq!(pex.stats().requests_served, 120_000);
}

#[test]
fn honest_peers_of_the_fastest_release_are_not_refused_either() {
    // 0.35.0 waits 100 ms from one request to the next at the least, whatever we do to them.
    let mut dice = Dice(5);
    let mut w = World::new();
    w.up(1, Kind::V2);
    for k in 0..2_000 {
        let at = START + ms(k * 100 + dice.below(150));
        w.now = w.now.max(at);
        assert!(answered(&w.requests(1, Dialect::V2)).is_some(), "{k}");
    }
}

#[test]
fn a_million_unsolicited_answers_teach_nothing_and_cost_one_disconnect_a_connection() {
    let bytes = answer(Dialect::V2, &nodes(0..3));
    let unsolicited = wire::decode(&bytes).unwrap().unwrap();
    let empty = answer(Dialect::V2, &[]);
    let nothing = wire::decode(&empty).unwrap().unwrap();
    let mut pex = Pex::new(Config::default(), ME, Seed::new([1; 32]), START);
    let (store, from, kind) = (Store::default(), id(1), Kind::V2);
    let (mut disconnects, mut now) = (0, START);
    for connection in 0..100 {
        let epoch = Epoch::new(connection);
        now = now + ms(400);
        let peer = from;
        let _ = pex.handle(now, Event::PeerUp { peer, epoch, kind }, &store);
        let event = |message: &Message<'static>| Event::Message {
            from,
            epoch,
            message: message.clone(),
        };
        let (solicited, unsolicited) = (
            event(&nothing.clone().into_owned()),
            event(&unsolicited.clone().into_owned()),
        );
        let _ = pex.handle(now, solicited, &store);
        for _ in 0..10_000 {
            for action in pex.handle(now, unsolicited.clone(), &store) {
                match action {
                    Action::Disconnect { .. } => disconnects += 1,
                    Action::SetTimer(_) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        let _ = pex.handle(now, Event::PeerDown { peer, epoch }, &store);
    }
    assert_eq!(disconnects, 100);
    assert_eq!(pex.nodes_seen(), 0);
    assert_eq!(pex.stats().responses_accepted, 100);
}

#[test]
fn a_stranger_a_connection_leaves_no_more_behind_than_the_bound() {
    let config = Config::builder().remembered_max(64).build().unwrap();
    let mut pex = Pex::new(config, ME, Seed::new([1; 32]), START);
    let (store, epoch, kind) = (Store::default(), Epoch::new(1), Kind::V2);
    let mut sizes = Vec::new();
    for n in 0..4_000 {
        let peer = id(n);
        // Three seconds apart: no limit of anyone is in force any more.
        let now = Time::from_secs(2_000 + u64::from(n) * 3);
        let _ = pex.handle(now, Event::PeerUp { peer, epoch, kind }, &store);
        let _ = pex.handle(now, Event::PeerDown { peer, epoch }, &store);
        if n % 1_000 == 999 {
            sizes.push(pex.dump().len());
        }
    }
    assert_eq!(pex.check(), Ok(()));
    // A dump spells its numbers in as many bytes as they need, so it may grow by a few.
    assert!(sizes[3] < sizes[0] + 300, "{sizes:?}");
}

#[test]
fn a_flood_of_requests_is_answered_with_a_bounded_number_of_bytes() {
    let mut w = World::new();
    w.store = Store::of(nodes(0..1_000));
    w.up(1, Kind::V2);
    w.answers(1, &[]);
    let mut bytes = 0;
    let mut ended = false;
    for _ in 0..1_000 {
        w.now = w.now + ms(1);
        let actions = w.requests(1, Dialect::V2);
        ended |= !cut(&actions).is_empty();
        for action in actions {
            if let Action::Send { message, .. } = action {
                bytes += message.encoded_len();
            }
        }
    }
    assert!(ended, "whoever goes on is disconnected");
    // The burst is answered, a hundred addresses of over sixty bytes each time.
    let served = usize::try_from(w.pex.stats().requests_served).unwrap();
    assert!((3..=4).contains(&served), "{served}");
    let each = 6_000..=wire::MAX_ANSWER_BYTES;
    assert!(each.contains(&(bytes / served)), "{bytes}");
}
