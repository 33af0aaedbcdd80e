//! Bugs that are put in, to see that they are found.

use core::time::Duration;

use pex::peers::Eviction;
use pex::wire::{Dialect, Message};
use pex::{HangUp, NodeAction, NodeId, Reach};

use crate::machine::Machine;
use crate::member::Member;
use crate::minimise::Minimal;
use crate::{Outcome, Scenario, Simulation};

/// Something that a machine does wrong.
pub(crate) type Bug = fn(&mut Vec<NodeAction>);

const SMALL: &str = "duration = '1min'\n[[nodes]]\ncount = 8\nknows = { some = 2 }\n";

fn run(text: &str, seed: u64, bug: Option<Bug>) -> Outcome {
    let mut simulation = Simulation::new(Scenario::parse(text).unwrap(), seed).unwrap();
    simulation.bug = bug;
    simulation.run()
}

fn breaks(bug: Bug) -> u8 {
    let outcome = run(SMALL, 1, Some(bug));
    outcome.breach.expect("the bug is found").invariant
}

fn request(action: &NodeAction) -> bool {
    matches!(
        action,
        NodeAction::Send {
            message: Message::Request(_),
            ..
        }
    )
}

#[test]
fn a_node_that_asks_twice_is_found() {
    let twice: Bug = |orders| {
        let again: Vec<_> = orders.iter().filter(|it| request(it)).cloned().collect();
        orders.extend(again);
    };
    assert_eq!(breaks(twice), 1);
}

#[test]
fn nodes_of_v1_without_the_extension_have_no_other_words() {
    let all_are_of_v1: Bug = |orders| {
        for order in orders {
            if let NodeAction::Send { message, .. } = order {
                let dialect = match message {
                    Message::Request(dialect) => *dialect,
                    Message::Response(response) => response.dialect(),
                    _ => continue,
                };
                assert_eq!(dialect, Dialect::V1);
            }
        }
    };
    let text = "duration = '1min'\n[[nodes]]\ncount = 8\nruns = 'pex-v1'\nclaims = 'v1'\n";
    let outcome = run(text, 1, Some(all_are_of_v1));
    assert_eq!(outcome.breach, None);
    assert!(outcome.population[0].answers > 8, "{outcome:?}");
}

#[test]
fn a_node_that_asks_in_the_wrong_words_or_somebody_else_is_found() {
    let other_words: Bug = |orders| {
        for order in orders.iter_mut() {
            if let NodeAction::Send { message, .. } = order
                && matches!(message, Message::Request(_))
            {
                *message = Message::Request(Dialect::V1);
            }
        }
    };
    assert_eq!(breaks(other_words), 2);
    let somebody: Bug = |orders| {
        for order in orders.iter_mut() {
            if let NodeAction::Send { to, .. } = order {
                *to = NodeId::new([7; 20]);
            }
        }
    };
    assert_eq!(breaks(somebody), 2);
}

#[test]
fn a_store_is_looked_at_as_often_as_its_size_allows() {
    let mut check = super::Check::default();
    let mut looks = |node, keeps, budget| {
        let due = (0..100).filter(|_| check.is_due(node, keeps, budget));
        due.count()
    };
    assert_eq!(looks(0, 32, Some(32)), 100);
    assert_eq!(looks(1, 33, Some(32)), 50);
    assert_eq!(looks(2, 320, Some(32)), 10);
    assert_eq!(looks(3, 5_000, None), 100);
}

#[test]
fn a_node_that_tells_an_address_twice_is_found() {
    let twice: Bug = |orders| {
        for order in orders.iter_mut() {
            if let NodeAction::Send {
                message: Message::Response(response),
                ..
            } = order
            {
                let mut answer = pex::wire::ResponseBuilder::new(response.dialect());
                for entry in response.entries().chain(response.entries()) {
                    let _full = answer.push(&entry);
                }
                *response = answer.finish();
            }
        }
    };
    assert!([13, 16].contains(&breaks(twice)));
}

#[test]
fn a_node_that_dials_whom_it_is_connected_with_or_dials_twice_is_found() {
    let twice: Bug = |orders| {
        let again = orders
            .iter()
            .find(|it| matches!(it, NodeAction::Dial { .. }));
        orders.extend(again.cloned());
    };
    assert_eq!(breaks(twice), 22);
    let hurries: Bug = |orders| {
        let dials = orders
            .iter()
            .any(|it| matches!(it, NodeAction::Dial { .. }));
        for n in 0..if dials { 12 } else { 0 } {
            let (id, ip) = (NodeId::new([n; 20]), [9, 9, 9, n].into());
            let address = pex::NodeAddress::mconn(id, ip, 1);
            let nearest = Reach::World;
            orders.push(NodeAction::Dial { address, nearest });
        }
    };
    assert_eq!(breaks(hurries), 25);
}

#[test]
fn a_node_that_knows_what_nobody_has_told_is_found() {
    let invents: Bug = |orders| {
        for order in orders.iter_mut() {
            if let NodeAction::Heard { address, .. } = order {
                *address = address.with_ip([9, 9, 9, 9].into());
            }
        }
    };
    assert_eq!(breaks(invents), 36);
}

#[test]
fn a_message_that_vanishes_is_found() {
    let mut simulation = Simulation::new(Scenario::parse(SMALL).unwrap(), 1).unwrap();
    simulation.run_until(Duration::from_secs(2));
    let lost = simulation.parcels.iter().map(|(key, _)| key).next();
    if let Some(lost) = lost {
        // It is replaced, since its time of arrival stands in the queue.
        let parcel = simulation.parcels.remove(lost);
        simulation.parcels.insert(parcel);
        simulation.ledger.dropped += 1;
    } else {
        simulation.ledger.sent += 1;
    }
    let breach = simulation.run().breach.expect("it is found");
    assert_eq!(breach.invariant, 36);
}

#[test]
fn nodes_that_never_ask_are_found_by_what_they_do_not_know() {
    let text = "duration = '70min'\nsample-every = '10min'\n\
                [[nodes]]\ncount = 12\nknows = { first = 1 }\n";
    assert_eq!(run(text, 1, None).breach, None);
    let mute: Bug = |orders| orders.retain(|order| !request(order));
    let breach = run(text, 1, Some(mute)).breach.expect("it is found");
    assert!([34, 35].contains(&breach.invariant), "{breach:?}");
}

#[test]
fn nodes_that_never_dial_are_found_to_lie_apart_though_all_have_places() {
    let dials_nobody: Bug = |orders| {
        orders.retain(|it| !matches!(it, NodeAction::Dial { .. }));
    };
    let text = "duration = '11min'\n[[nodes]]\ncount = 8\nknows = { some = 2 }\n";
    let breach = run(text, 1, Some(dials_nobody)).breach.unwrap();
    assert_eq!(breach.invariant, 34, "{breach:?}");
}

#[test]
fn nodes_that_do_not_dial_whom_the_dead_have_told_them_of_are_found_to_lie_apart() {
    use std::cell::Cell;
    use std::thread_local;
    thread_local!(static FIRST: Cell<Option<NodeId>> = const { Cell::new(None) });
    let text = "duration = '16min'\n[[nodes]]\ncount = 8\nknows = { first = 1 }\n";
    let without_the_first = |bug: Option<Bug>| {
        let mut simulation = Simulation::new(Scenario::parse(text).unwrap(), 1).unwrap();
        FIRST.set(Some(simulation.places.id(0)));
        simulation.bug = bug;
        simulation.run_until(Duration::from_secs(5));
        simulation.die(0, false);
        simulation
    };
    let dials_nobody_else: Bug = |orders| {
        orders.retain(|it| match it {
            NodeAction::Dial { address, .. } => Some(address.id()) == FIRST.get(),
            _ => true,
        });
    };
    let mut apart = without_the_first(Some(dials_nobody_else));
    apart.is_connected(Duration::from_secs(600));
    let breach = apart.breach.take().expect("they were told of each other");
    assert_eq!(breach.invariant, 34, "{breach:?}");
    assert_eq!(without_the_first(None).run().breach, None);
}

#[test]
fn a_node_that_lets_a_persistent_peer_go_for_somebody_else_is_found() {
    let text = "duration = '1min'\n[[nodes]]\ncount = 8\nknows = { some = 3 }\npersists = 1\n";
    let rotates: Bug = |orders| {
        let up = orders.iter().find_map(|it| match it {
            NodeAction::Up { peer, epoch } => Some((*peer, *epoch)),
            _ => None,
        });
        let why = HangUp::Evicted(Eviction::Rotated);
        orders.extend(up.map(|(peer, epoch)| NodeAction::HangUp { peer, epoch, why }));
    };
    let breach = run(text, 1, Some(rotates)).breach.expect("it is found");
    assert_eq!(breach.invariant, 24, "{breach:?}");
    assert_eq!(run(text, 1, None).breach, None);
}

#[test]
fn a_bug_is_found_in_a_swarm_and_the_scenario_made_small_and_replays() {
    // Whoever sees a fault in a peer asks twice from then on.
    let bug: Bug = |orders| {
        if orders
            .iter()
            .any(|it| matches!(it, NodeAction::HangUp { .. }))
        {
            let again: Vec<_> = orders.iter().filter(|it| request(it)).cloned().collect();
            orders.extend(again);
            let hang_up = orders
                .iter()
                .find(|it| matches!(it, NodeAction::HangUp { .. }));
            orders.extend(hang_up.cloned());
        }
    };
    let text = "duration = '5min'\n[[nodes]]\ncount = 12\n[[nodes]]\ncount = 6\nruns = 'pex-v1'\n\
                [faults]\nduplicate = 0.2\nloss = 0.1\ncuts = 0.2\nhangs = 1\n";
    let scenario = Scenario::parse(text).unwrap();
    let with_bug = |scenario: &Scenario| {
        let mut simulation = Simulation::new(scenario.clone(), 5)?;
        simulation.bug = Some(bug);
        Ok(simulation.run())
    };
    let minimal = Minimal::by(&scenario, 200, &with_bug).unwrap();
    let minimal = minimal.expect("the bug is found");
    assert_eq!(minimal.breach.invariant, 2);
    let nodes: u32 = minimal.scenario.nodes.iter().map(|group| group.count).sum();
    assert!(nodes <= 6, "{:?}", minimal.scenario);
    let on = crate::scenario::Faults::EACH.iter();
    let on = on.filter(|fault| *fault(&mut minimal.scenario.faults.clone()) > 0.0);
    assert!(on.count() <= 1, "{:?}", minimal.scenario.faults);
    // Its text is all that is needed to see it again.
    let again = Scenario::parse(&minimal.scenario.to_toml().unwrap()).unwrap();
    assert_eq!(again, minimal.scenario);
    assert_eq!(with_bug(&again).unwrap().breach, Some(minimal.breach));
    // And without the bug nothing breaks.
    assert_eq!(Minimal::of(&scenario, 5, 10).unwrap(), None);
}

#[test]
fn a_node_that_tells_of_whom_it_is_to_keep_to_itself_is_found() {
    use std::cell::Cell;
    use std::thread_local;
    thread_local!(static SECRET: Cell<Option<u32>> = const { Cell::new(None) });
    let text = "duration = '1min'\n[[nodes]]\ncount = 8\nknows = { some = 3 }\nkeeps-private = 1\n";
    let mut simulation = Simulation::new(Scenario::parse(text).unwrap(), 1).unwrap();
    simulation.run_until(Duration::from_millis(1));
    let members = simulation.members.iter();
    let secrets = members.filter_map(|it| it.private.first());
    let secret = secrets.copied().next().unwrap();
    // The id is another, and the place is its own: that is a leak too.
    SECRET.set(Some(simulation.places.ip_bits(secret)));
    simulation.bug = Some(|orders| {
        for order in orders.iter_mut() {
            if let NodeAction::Send {
                message: Message::Response(response),
                ..
            } = order
                && let Some(ip) = SECRET.get()
            {
                let ip = core::net::Ipv4Addr::from_bits(ip).into();
                let address = pex::NodeAddress::mconn(NodeId::new([7; 20]), ip, 26_656);
                let mut answer = pex::wire::ResponseBuilder::new(response.dialect());
                answer.push_address(&address).unwrap();
                *response = answer.finish();
            }
        }
    });
    let breach = simulation.run().breach.expect("it is found");
    assert_eq!(breach.invariant, 15, "{breach:?}");
    assert_eq!(run(text, 1, None).breach, None);
}

#[test]
fn whoever_finds_strangers_and_clocks_set_back_breaks_no_rule() {
    let text = "duration = '20min'\n[[nodes]]\ncount = 10\nknows = { some = 3 }\n\
                [[nodes]]\ncount = 6\nruns = 'pex-v1'\nknows = { some = 3 }\n\
                [faults]\nstrangers = 0.3\nclock-jumps = 12\ncuts = 0.2\n";
    for seed in 1..=3 {
        let mut simulation = Simulation::new(Scenario::parse(text).unwrap(), seed).unwrap();
        let outcome = simulation.run();
        assert_eq!(outcome.breach, None, "seed {seed}");
        // Nothing else makes a dial fail here.
        let failed = |it: &Member| match &it.machine {
            Machine::V2(node) => node.peers().counts().failed,
            _ => 0,
        };
        let failed: u64 = simulation.members.iter().map(failed).sum();
        assert!(failed > 10, "{failed}");
    }
}
