//! Events in any order, from anybody, at any time: the judge and the checks inside look at each.

use std::collections::BTreeSet;

use pex::peers::{Action, DialFailure, Event};
use pex::v1::{Options, OptionsBuilder, Switch};
use pex::{Epoch, NodeAddress, NodeId, Seed, Time};

use crate::anything::{Habits, carry_out, event, pause};
use crate::judge::Judge;
use crate::nodes::{Dice, HOUR, LATEST, ME, START, at, at_port, host, id, ms, node, secs, text};
use crate::world::{World, book};

/// Options under which everything happens that can happen, and everything is scarce.
fn options(seed: u64) -> OptionsBuilder {
    let it = if seed.is_multiple_of(3) {
        Options::seed()
            .crawl(secs(30), secs(600), 4)
            .tells_unchecked(seed.is_multiple_of(2))
    } else {
        Options::builder()
            .outbound_life(Some(2 * HOUR))
            .feeler_every(Some(secs(60)))
            .allow_duplicate_ip(seed.is_multiple_of(5))
    };
    it.slots(3, 3)
        .dials(4, 6)
        .inbound_per_ip(2)
        .seeds(seeds())
        .persistent(persistent())
        .unconditional([id(5)])
        .private([id(6)])
        .own_addresses(vec![at(7, host(7, 7))])
        .ban(4 * HOUR)
}

fn persistent() -> Vec<NodeAddress> {
    vec![node(3), text(8, "n8.example.org:26656")]
}

fn seeds() -> Vec<NodeAddress> {
    vec![node(9), text(10, "n10.example.org:26656")]
}

fn world(seed: u64) -> World {
    let options = options(seed).build().unwrap();
    let mut w = World::of(options, book(!seed.is_multiple_of(7)));
    w = w.trusting(&persistent()).trusting(&seeds());
    (w.judge.dialing_max, w.judge.dials_per_second) = (4, 6);
    w.judge.persistent.extend([id(3), id(8)]);
    if seed.is_multiple_of(7) {
        w.judge.nearest = pex::Reach::Host;
    }
    if seed.is_multiple_of(5) {
        // Any number of them may live at one IP address.
        w.judge.chosen.extend((0..30).map(id));
    }
    w
}

fn address(dice: &mut Dice) -> NodeAddress {
    let n = dice.below(30);
    match dice.below(12) {
        0 => text(n, &format!("n{n}.example.org:26656")),
        1 => at(n, [10, 0, 0, 1].into()),
        2 => at(n, [127, 0, 0, 1].into()),
        3 => text(n, &format!("[::ffff:32.{n}.1.1]:26656")),
        4 => at(n, host(7, 7)),
        5 => NodeAddress::mconn(ME, host(n, 1), 1),
        6 | 7 => at_port(n, host(dice.below(3), dice.below(3)), 1 + dice.below(2)),
        _ => node(n),
    }
}

/// The operator says little, and whom he names may live where another does.
fn teller(judge: &mut Judge, dice: &mut Dice, peer: NodeId, address: &NodeAddress) -> NodeId {
    let says = peer != ME || dice.below(4) == 0;
    let from = if says { peer } else { id(1) };
    if from == ME {
        judge.chosen.insert(address.id());
    }
    from
}

const HABITS: Habits = Habits { address, teller };

/// The places of ours that are taken or dialed for are no more than there are: persistent and
/// unconditional peers aside, who need none.
fn no_place_is_given_twice(w: &World, seed: u64) {
    let (outbound, inbound, dialing) = w.peers.peers();
    if !seed.is_multiple_of(3) {
        assert!(outbound + dialing <= 3 + 3, "{outbound} {dialing}");
        let dials = w.judge.dialing.keys();
        let links = w.judge.links.iter();
        let ours = links.filter(|(_, it)| it.outbound && it.evicted.is_none());
        let free = [3, 5, 8].map(id);
        let feelers = w.peers.counts().checks;
        let of_dials = dials.filter(|it| !free.contains(it)).count();
        let of_links = ours.filter(|(it, _)| !free.contains(it)).count();
        // One of the dials may be a feeler.
        let most = 3 + usize::from(feelers > 0);
        assert!(of_dials + of_links <= most, "{of_dials} {of_links}");
    }
    assert!(inbound <= 3 + 3, "{inbound}");
}

/// Lives with these seeds, of 6,500 events each; how often everything has happened that can.
fn live(seeds: core::ops::Range<u64>) {
    let mut sums = [0; 7];
    for seed in seeds {
        let (mut w, mut dice) = (world(seed), Dice(seed));
        for step in 0..6_500 {
            w.now = w.now + pause(&mut dice);
            let event = event(&mut w, &mut dice, HABITS);
            // The machine checks itself while its book is small.
            w.checks_inside = w.peers.book().size() > 14;
            w.event(event);
            carry_out(&mut w, &mut dice);
            no_place_is_given_twice(&w, seed);
            if step % 500 == 400 && dice.below(3) == 0 {
                let back = secs(dice.below(10_000).into());
                w.rewind(Time::EPOCH + (w.now - (Time::EPOCH + back)));
            }
            w.log.clear();
        }
        let counts = w.peers.counts();
        for (sum, count) in sums.iter_mut().zip([
            counts.learned,
            counts.reached,
            counts.failed,
            counts.given_up,
            counts.evicted,
            counts.bans,
            counts.checks,
        ]) {
            *sum += count;
        }
    }
    assert!(sums.iter().all(|it| *it > 100), "{sums:?}");
}

// More than 300,000 events in all.

#[test]
fn whatever_happens_in_whatever_order_the_invariants_hold() {
    live(100..124);
}

#[test]
fn whatever_else_happens_the_invariants_hold() {
    live(124..148);
}

#[test]
fn what_is_told_is_never_private_banned_or_our_own_and_of_a_seed_it_was_reached() {
    for seed in 20..32 {
        let (mut w, mut dice) = (world(seed), Dice(seed));
        for _ in 0..600 {
            w.now = w.now + pause(&mut dice);
            let event = event(&mut w, &mut dice, HABITS);
            w.event(event);
            carry_out(&mut w, &mut dice);
            let told = w.told();
            assert!(told.iter().all(|it| it.id() != id(6) && it.id() != ME));
            assert!(told.iter().all(|it| it.ip() != Some(host(7, 7))));
            assert!(told.iter().all(|it| !w.peers.is_banned(it.id())));
            assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len());
            if seed.is_multiple_of(3) && !seed.is_multiple_of(2) {
                let book = w.peers.book();
                let known = told.iter().map(|it| book.known(&crate::world::place(it)));
                assert!(known.flatten().all(|it| it.last_success.is_some()));
            }
        }
    }
}

#[test]
fn the_same_seed_and_events_give_the_same_actions_and_a_clone_goes_on_as_its_model() {
    for seed in [3, 4] {
        let (mut w, mut dice) = (world(seed), Dice(seed));
        let mut events: Vec<(Time, Event)> = Vec::new();
        let mut said: Vec<String> = Vec::new();
        for _ in 0..4_000 {
            w.now = w.now + pause(&mut dice);
            let event = event(&mut w, &mut dice, HABITS);
            let before = w.log.len();
            events.push((w.now, event.clone()));
            w.event(event);
            said.push(format!("{:?}", &w.log[before..]));
        }
        let options = options(seed).build().unwrap();
        let strict = !seed.is_multiple_of(7);
        let mut other = Switch::new(options, book(strict), ME, Seed::new([7; 32]), START);
        let mut clone = None;
        for (step, ((now, event), said)) in events.into_iter().zip(said).enumerate() {
            if step == 2_000 {
                clone = Some(other.clone());
            }
            let quiet = |it: &Action| !matches!(it, Action::SetTimer(_) | Action::SaveBook);
            let say = |actions: pex::Actions<Action>| {
                let told = actions.into_iter().filter(quiet);
                format!("{:?}", told.map(|it| (now, it)).collect::<Vec<_>>())
            };
            assert_eq!(say(other.handle(now, event.clone())), said, "{step}");
            if let Some(clone) = &mut clone {
                assert_eq!(say(clone.handle(now, event)), said, "{step}");
                assert_eq!(clone.deadline(), other.deadline());
            }
        }
        let clone = clone.unwrap();
        assert_eq!(clone.book().to_json(), other.book().to_json());
        assert_eq!(clone.counts(), other.counts());
    }
}

#[test]
fn an_event_that_makes_no_sense_changes_a_counter_and_nothing_else() {
    let (mut w, mut dice) = (world(4), Dice(4));
    for _ in 0..600 {
        w.now = w.now + ms(dice.below(5_000).into());
        let event = event(&mut w, &mut dice, HABITS);
        w.event(event);
        carry_out(&mut w, &mut dice);
    }
    w.tick();
    w.tick();
    let image = |w: &World| (w.peers.book().to_json(), w.up(), w.peers.deadline());
    let before = image(&w);
    let (stray, never) = (w.peers.counts().stray_events, Epoch::new(1 << 60));
    for n in 0..40 {
        let (peer, epoch) = (id(n), never);
        for event in [
            Event::Ready { peer, epoch },
            Event::Disconnected { peer, epoch },
            Event::DialFailed {
                address: at(n, host(4_000, 1)),
                why: DialFailure::Unreachable,
            },
        ] {
            assert_eq!(w.event(event), []);
        }
    }
    assert_eq!(w.peers.counts().stray_events, stray + 120);
    assert_eq!(image(&w), before);
}

#[test]
fn at_the_end_of_time_events_are_taken_and_nothing_becomes_due() {
    let mut w = world(4);
    w.now = LATEST;
    let mut dice = Dice(4);
    for _ in 0..300 {
        let event = event(&mut w, &mut dice, HABITS);
        w.event(event);
        w.now = Time::MAX;
    }
}
