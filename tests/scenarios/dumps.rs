//! What is written down of a machine, and what is made of it again, damaged or not.

use pex::wire::Dialect;
use pex::{Config, Event, Kind, Pex, Policy, RestoreError, Seed};

use crate::determinism::{life, lived_in};
use crate::support::{START, Store, World, address, asked, asks_names, id, ms, nodes, secs};

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
