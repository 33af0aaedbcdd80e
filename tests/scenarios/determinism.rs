//! That a machine depends on nothing but what it is told, and shares nothing with others.

use std::path::{Path, PathBuf};

use pex::wire::Dialect;
use pex::{Config, Epoch, Event, Kind};

use crate::support::{START, Store, World, address, asked, id, ms, nodes, secs};

/// A world in which much has happened: peers at rest, asked, silent, cut, gone, and one whose
/// answer waits for a name.
pub(crate) fn lived_in(config: Config) -> World {
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
pub(crate) fn life(w: &mut World) -> Vec<String> {
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
