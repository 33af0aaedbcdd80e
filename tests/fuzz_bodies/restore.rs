//! What must hold of any bytes taken for the dump of an exchange machine.

use pex::wire::{Dialect, Message, ResponseBuilder};
use pex::{Config, Epoch, Event, Kind, NodeAddress, NodeId, Pex, Roster, Seed, Time};

const SEED: Seed = Seed::new([7; 32]);

/// Takes the bytes for a dump, and for changes to one: three for each, where, and what is flipped.
pub(crate) fn restore(data: &[u8]) {
    take_in(data);
    let mut dump = lived().dump();
    take_in(&dump);
    for change in data.chunks_exact(3) {
        let [high, low, flip] = change else { return };
        let place = usize::from(u16::from_be_bytes([*high, *low])) % dump.len();
        if let Some(byte) = dump.get_mut(place) {
            *byte ^= flip;
        }
    }
    take_in(&dump);
}

/// A machine with peers of each kind, one of which has answered.
fn lived() -> Pex {
    let (now, roster) = (Time::from_secs(1_700_000_000), Roster::new(SEED, 8));
    let id = |n| NodeId::new([n; 20]);
    let mut machine = Pex::new(Config::default(), id(0), SEED, now);
    let epoch = Epoch::new(1);
    for (n, kind) in [(1, Kind::V1), (2, Kind::V2), (3, Kind::Kin)] {
        let peer = id(n);
        let _actions = machine.handle(now, Event::PeerUp { peer, epoch, kind }, &roster);
    }
    let mut answer = ResponseBuilder::new(Dialect::V2);
    let address = NodeAddress::mconn(id(9), [8, 8, 8, 8].into(), 26_656);
    assert_eq!(answer.push_address(&address), Ok(()));
    let (from, message) = (id(3), Message::Response(answer.finish()));
    let event = Event::Message {
        from,
        epoch,
        message,
    };
    let _actions = machine.handle(now, event, &roster);
    machine
}

/// They are refused, or make a machine that keeps its invariants, dumps what it was made of, and goes
/// on.
fn take_in(bytes: &[u8]) {
    let Ok(mut machine) = Pex::restore(Config::default(), SEED, bytes) else {
        return;
    };
    assert_eq!(machine.check(), Ok(()));
    let dump = machine.dump();
    let again = Pex::restore(Config::default(), SEED, &dump);
    assert!(again.is_ok(), "a dump is refused: {:?}", again.err());
    let Ok(mut again) = again else {
        return;
    };
    assert_eq!(again.dump(), dump, "a load changes the state");
    let roster = Roster::new(SEED, 8);
    for _ in 0..16 {
        let Some(at) = machine.deadline() else {
            return;
        };
        let actions = machine.handle(at, Event::Tick, &roster);
        assert_eq!(machine.check(), Ok(()));
        assert_eq!(actions, again.handle(at, Event::Tick, &roster));
    }
    assert_eq!(again.dump(), machine.dump());
}
