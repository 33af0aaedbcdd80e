//! What is left of the threats and the known weaknesses: memory, determinism, damaged dumps, and
//! what the small roster holds against a flood.

use std::path::{Path, PathBuf};

use pex::wire::Dialect;
use pex::{
    Action, Config, Directory as _, Epoch, Event, Kind, NodeAddress, Pex, Policy, RestoreError,
    Roster, Seed,
};

use crate::support::{
    ME, START, Store, World, added, address, answer, asked, asks_names, id, ms, node, nodes,
    request, secs,
};

/// A world in which much has happened: peers at rest, asked, silent, cut, gone, and one whose
/// answer waits for a name.
fn lived_in(config: Config) -> World {
    let mut w = World::with(config);
    w.store = Store::of(nodes(100..150));
    w.store.add(address(&format!("{}@name.example:1", id(9))));
    for peer in 1..=6 {
        w.up(peer, if peer % 2 == 0 { Kind::V1 } else { Kind::V2 });
    }
    w.answers(1, &nodes(10..20));
    w.answers(2, &nodes(15..25));
    w.pass(secs(11));
    w.bytes(3, &[0xff]);
    w.down(5);
    w.requests(1, Dialect::V2);
    w.requests(2, Dialect::V1);
    w
}

/// Peers that come, answer, ask and go; what the machine did about it, in text.
fn life(w: &mut World) -> Vec<String> {
    let from = w.log.len();
    for step in 0..140 {
        w.pass(ms(370));
        let peer = 20 + step % 7;
        if w.judge.epoch(id(peer)).is_none() {
            w.up(peer, Kind::V2);
        } else if w.pex.is_awaiting(id(peer)) {
            w.answers(peer, &nodes(step..step + 9));
        } else if step % 3 == 0 {
            w.down(peer);
        } else {
            w.requests(peer, Dialect::V2);
            w.requests(2, Dialect::V1);
        }
    }
    w.log[from..].iter().map(|it| format!("{it:?}")).collect()
}

#[test]
fn the_same_events_at_the_same_times_give_the_same_actions_and_the_same_state() {
    let (mut one, mut two) = (lived_in(Config::default()), lived_in(Config::default()));
    assert_eq!(one.pex.dump(), two.pex.dump());
    let (a, b) = (life(&mut one), life(&mut two));
    assert!(a.len() > 100);
    assert_eq!(a, b);
    assert_eq!(one.pex.dump(), two.pex.dump());
}

#[test]
fn a_machine_restored_from_a_dump_goes_on_as_the_one_that_was_dumped() {
    let (mut one, mut two) = (lived_in(Config::default()), lived_in(Config::default()));
    let dump = two.pex.dump();
    two.pex = Pex::restore(Config::default(), Seed::new([7; 32]), &dump).unwrap();
    assert_eq!(two.pex.dump(), dump, "what is loaded is what was saved");
    assert_eq!(life(&mut one), life(&mut two));
    assert_eq!(one.pex.dump(), two.pex.dump());
}

#[test]
fn a_clone_shares_nothing_with_the_machine_it_came_from() {
    let mut w = lived_in(Config::default());
    let clone = w.pex.clone();
    let before = clone.dump();
    let went = life(&mut w);
    assert_eq!(clone.dump(), before);
    let mut again = lived_in(Config::default());
    again.pex = clone;
    assert_eq!(life(&mut again), went);
}

#[test]
fn limits_outlive_a_restart() {
    let mut w = World::new();
    w.up(1, Kind::V1);
    w.answers(1, &nodes(10..20));
    for _ in 0..3 {
        w.requests(1, Dialect::V1);
    }
    let dump = w.pex.dump();
    w.pex = Pex::restore(Config::default(), Seed::new([7; 32]), &dump).unwrap();
    // Connections do not outlive a process.
    w.down(1);
    assert_eq!(asked(&w.up(1, Kind::V1)), []);
    assert_eq!(crate::support::answered(&w.requests(1, Dialect::V1)), None);
    assert_eq!(asked(&w.pass(secs(12))), [id(1)]);
}

#[test]
fn a_dump_cut_short_anywhere_is_refused() {
    let dump = lived_in(Config::default()).pex.dump();
    for end in 0..dump.len() {
        let error = Pex::restore(Config::default(), Seed::new([7; 32]), &dump[..end]);
        assert!(error.is_err(), "cut to {end} of {} bytes", dump.len());
    }
    let mut longer = dump.clone();
    longer.push(0);
    let error = Pex::restore(Config::default(), Seed::new([7; 32]), &longer);
    assert_eq!(error.err(), Some(RestoreError::Damaged));
}

#[test]
fn a_dump_with_a_bit_of_any_byte_changed_is_refused_or_makes_a_sound_machine() {
    let dump = lived_in(Config::default()).pex.dump();
    let mut refused = 0;
    // Seven and eight have no factor in common, so every byte and every place in one gets its turn.
    for bit in (0..dump.len() * 8).step_by(7) {
        let mut bytes = dump.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(mut pex) = Pex::restore(Config::default(), Seed::new([7; 32]), &bytes) else {
            refused += 1;
            continue;
        };
        assert_eq!(pex.check(), Ok(()), "bit {bit}");
        for step in 1..4 {
            let now = START + secs(20 * step);
            let _ = pex.handle(now, Event::Tick, &Store::default());
            assert_eq!(pex.check(), Ok(()), "bit {bit}");
        }
    }
    assert!(refused > dump.len() / 7, "{refused}");
}

#[test]
fn a_dump_with_any_number_at_its_largest_is_refused_or_makes_a_machine_that_goes_on() {
    const LARGEST: [u8; 10] = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    let dump = lived_in(Config::default()).pex.dump();
    for start in 8..dump.len() {
        let length = dump[start..]
            .iter()
            .take_while(|byte| **byte >= 128)
            .count()
            + 1;
        let mut bytes = dump.clone();
        bytes.splice(start..dump.len().min(start + length), LARGEST);
        let Ok(mut pex) = Pex::restore(Config::default(), Seed::new([7; 32]), &bytes) else {
            continue;
        };
        for step in 1..40 {
            let _ = pex.handle(START + secs(20 * step), Event::Tick, &Store::default());
            assert_eq!(pex.check(), Ok(()), "byte {start}");
        }
        assert!(Pex::restore(Config::default(), Seed::new([7; 32]), &pex.dump()).is_ok());
    }
}

#[test]
fn a_dump_of_another_seed_or_a_larger_configuration_is_refused() {
    let dump = lived_in(Config::default()).pex.dump();
    let other = Pex::restore(Config::default(), Seed::new([8; 32]), &dump);
    assert_eq!(other.err(), Some(RestoreError::OtherSeed));
    let small = Config::builder().peers_max(2).build().unwrap();
    let other = Pex::restore(small, Seed::new([7; 32]), &dump);
    assert_eq!(other.err(), Some(RestoreError::OtherConfig));
    let mut asking = World::new();
    for n in 1..=4 {
        asking.up(n, Kind::V2);
    }
    let (dump, it) = (asking.pex.dump(), Config::builder);
    for small in [it().outstanding_max(1), it().request_timeout(secs(1))] {
        let other = Pex::restore(small.build().unwrap(), Seed::new([7; 32]), &dump);
        assert_eq!(other.err(), Some(RestoreError::OtherConfig));
    }
    let error = Pex::restore(Config::default(), Seed::new([7; 32]), b"something else");
    assert_eq!(error.err(), Some(RestoreError::NotADump));
}

#[test]
fn invented_nodes_leave_no_more_behind_than_the_bound() {
    let config = Config::builder().seen_max(1_000).build().unwrap();
    let mut w = World::with(config);
    w.up(1, Kind::V2);
    let (mut told, mut sizes) = (0, Vec::new());
    for round in 0..200 {
        w.answers(1, &nodes(told..told + 100));
        told += 100;
        w.pass(ms(300));
        assert!(w.pex.nodes_seen() <= 1_000);
        if round % 50 == 49 {
            sizes.push(w.pex.dump().len());
        }
    }
    assert!(sizes[3] < sizes[1] + 1_000, "{sizes:?}");
    assert!(w.log.len() >= 20_000);
}

#[test]
fn a_store_that_keeps_nothing_does_not_make_old_nodes_look_new() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.converse(secs(600), ms(0), |_| Some(nodes(0..50)));
    // The store of this world has taken none of the fifty, and yet the peer is asked ever less.
    assert_eq!(w.pex.stats().addresses_fresh, 50);
    assert!(w.asked(1).len() < 14, "{}", w.asked(1).len());
}

#[test]
fn what_the_store_knows_is_not_told_to_it_again() {
    let mut w = World::new();
    w.store = Store::of(nodes(10..15));
    w.up(1, Kind::V2);
    assert_eq!(added(&w.answers(1, &nodes(10..20))), nodes(15..20));
}

#[test]
fn every_address_comes_with_the_peer_that_told_it() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    for (teller, told) in [(2, nodes(10..15)), (1, nodes(20..25))] {
        for action in w.answers(teller, &told) {
            let Action::AddPeer { from, .. } = action else {
                panic!("{action:?}");
            };
            assert_eq!(from, id(teller));
        }
    }
}

#[test]
fn one_teller_fills_a_tenth_of_a_roster_and_pushes_nobody_out() {
    let mut roster = Roster::new(Seed::new([1; 32]), 1_000);
    assert!((0..50).all(|n| roster.add(node(n), id(n))));
    let taken = (1_000..9_000).filter(|&n| roster.add(node(n), id(666)));
    assert_eq!(taken.count(), 100);
    assert!((0..50).all(|n| roster.knows(&node(n))));
}

#[test]
fn variants_of_one_address_fill_four_places() {
    let mut roster = Roster::new(Seed::new([1; 32]), 10_000);
    let variant = |n| address(&format!("tcp://{}@10.0.0.1:1/{n}", id(5)));
    let taken = (0..1_000).filter(|&n| roster.add(variant(n), id(n % 50)));
    assert_eq!(taken.count(), 4);
}

#[test]
fn a_false_address_told_first_does_not_keep_out_the_true_one() {
    let mut roster = Roster::new(Seed::new([1; 32]), 1_000);
    let dead = address(&format!("{}@192.0.2.66:1", id(5)));
    assert!(roster.add(dead, id(666)));
    assert!(roster.add(node(5), id(7)));
    assert!(roster.addresses(id(5)).any(|it| *it == node(5)));
}

#[test]
fn an_ipv6_address_without_a_port_comes_through_the_wire_as_it_went() {
    let odd: Vec<NodeAddress> = ["[::1]", "[fd80:b10c::2]", "[::ffff:10.0.0.1]:5", "h/a?b#c"]
        .map(|rest| address(&format!("{}@{rest}", id(5))))
        .to_vec();
    let mut w = World::new();
    w.up(1, Kind::V2);
    assert_eq!(added(&w.bytes(1, &answer(Dialect::V2, &odd))), odd);
}

#[test]
fn a_machine_can_be_moved_to_another_thread_and_goes_on_there() {
    fn is_free<T: Send + Sync + Clone + 'static>(_: &T) {}
    let w = World::new();
    is_free(&w.pex);
    let mut pex = w.pex;
    let (peer, epoch, kind) = (id(1), Epoch::new(1), Kind::V2);
    let up = Event::PeerUp { peer, epoch, kind };
    let actions = std::thread::spawn(move || pex.handle(START, up, &Store::default()));
    assert_eq!(asked(&actions.join().unwrap()), [id(1)]);
}

/// The sources under a folder, with their paths.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

#[test]
fn no_source_of_the_core_names_a_lock_an_atomic_a_cell_or_a_static() {
    let shared = [
        "Mutex",
        "RwLock",
        "Condvar",
        "Atomic",
        "Cell<",
        "Cell::",
        "cell::",
        "LazyLock",
        "OnceLock",
        "static mut",
        "thread_local",
        "critical_section",
    ];
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(sources.len() > 40, "{}", sources.len());
    for (path, text) in &sources {
        for word in shared {
            let line = text.lines().find(|line| line.contains(word));
            assert_eq!(line, None, "{}", path.display());
        }
        let of_its_own = |line: &&str| {
            let line = line.trim_start();
            line.starts_with("static ") || line.starts_with("pub static ")
        };
        assert_eq!(text.lines().find(of_its_own), None, "{}", path.display());
    }
}

#[test]
fn after_a_clock_a_year_ahead_the_next_request_is_due_within_ten_minutes_of_the_latest_time() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.now = w.now + secs(365 * 24 * 3_600);
    w.tick();
    w.answers(1, &nodes(10..20));
    // Backwards again: the machine goes by the latest time it knows.
    let latest = w.now;
    let actions = w.pex.handle(START, Event::Tick, &w.store);
    assert!(actions.iter().all(|it| !matches!(it, Action::Send { .. })));
    let deadline = w.pex.deadline();
    assert!(deadline.is_some_and(|at| latest < at && at <= latest + secs(600)));
    assert_eq!(w.pex.stats().clock_stalls, 1);
}

#[test]
fn a_request_of_two_bytes_gets_no_more_than_the_bound_in_bytes() {
    let bytes = request(Dialect::V2);
    assert_eq!(bytes, [0x1a, 0x00]);
    let mut pex = Pex::new(Config::default(), ME, Seed::new([1; 32]), START);
    let long = |n: u32| address(&format!("{}@h:1/{}", id(n), "x".repeat(400)));
    let store = Store::of((0..500).map(long));
    let (from, epoch, kind) = (id(1), Epoch::new(1), Kind::V2);
    let peer = from;
    let _ = pex.handle(START, Event::PeerUp { peer, epoch, kind }, &store);
    let message = pex::wire::decode(&bytes).unwrap().unwrap();
    let event = Event::Message {
        from,
        epoch,
        message,
    };
    let actions = pex.handle(START, event, &store);
    let sent = actions.iter().filter_map(|action| match action {
        Action::Send { message, .. } => Some(message.encoded_len()),
        _ => None,
    });
    let sent: Vec<usize> = sent.collect();
    // One answer, and no room in it for one more of these addresses.
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!((25_600 - 470..=25_600).contains(&sent[0]), "{sent:?}");
}

#[test]
fn a_dump_is_taken_by_a_configuration_just_as_large_as_what_it_holds_and_by_no_smaller_one() {
    let config = || Config::builder().outstanding_max(2).resolve_max(2);
    let mut w = World::with(config().build().unwrap());
    for n in [8, 9] {
        w.store
            .add(address(&format!("{}@name{n}.example:26656", id(n))));
    }
    for n in 1..=5 {
        w.up(n, Kind::V2);
    }
    w.down(4);
    w.down(5);
    assert_eq!(asks_names(&w.requests(3, Dialect::V1)).len(), 2);
    let dump = w.pex.dump();
    let timeout = secs(10);
    for (fits, small) in [
        (config().peers_max(3), config().peers_max(2)),
        (config().remembered_max(2), config().remembered_max(1)),
        (config(), config().outstanding_max(1)),
        (config(), config().resolve_max(1)),
        (config(), config().policy(Policy::Tendermint0359)),
        (
            config().request_timeout(timeout),
            config().request_timeout(timeout.saturating_sub(ms(1))),
        ),
    ] {
        let [fits, small] = [fits, small].map(|it| {
            let config = it.build().unwrap();
            Pex::restore(config, Seed::new([7; 32]), &dump).map(|_| ())
        });
        assert_eq!((fits, small), (Ok(()), Err(RestoreError::OtherConfig)));
    }
}
