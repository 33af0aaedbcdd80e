//! The tests of the reference's reactor, and what is to be better: one whole node, and whoever talks
//! to it.

use pex::peers::{Eviction, Misconduct};
use pex::v1::Options;
use pex::wire::{Dialect, Message};
use pex::{Directory as _, Fault, HangUp, NodeAction, NodeAddress};

use crate::lone::{Lone, answer, asked, dialed, hung_up, told};
use crate::nodes::{DAY, HOUR, NOBODY, START, at, host, node, secs, text};
use crate::world::{World, place};

#[test]
fn a_node_begins_with_nobody_and_an_empty_book_and_answers_all_the_same() {
    let mut lone = Lone::with(|it| it);
    assert_eq!(lone.event(pex::NodeEvent::Tick), []);
    lone.comes(1);
    // All that it knows is who asks.
    assert_eq!(told(&lone.asks(1)), Some(vec![]));
}

#[test]
fn a_peer_that_comes_is_added_to_the_book_and_its_going_takes_it_out_of_the_exchange_only() {
    let mut lone = Lone::with(|it| it.slots(0, 9));
    lone.comes(1);
    lone.comes(2);
    assert_eq!(lone.node.peers().book().size(), 2);
    assert_eq!(lone.node.pex().peers().len(), 2);
    lone.leaves(1);
    assert_eq!(lone.up(), [2]);
    assert_eq!(lone.node.pex().peers().len(), 1);
    assert_eq!(lone.node.peers().book().size(), 2);
}

#[test]
fn whom_we_have_dialed_is_asked_and_what_he_tells_goes_into_the_book_with_him_as_its_source() {
    let mut lone = Lone::with(|it| it.slots(1, 9).seeds(vec![node(1)]));
    lone.event(pex::NodeEvent::Tick);
    assert_eq!(asked(&lone.reached(&node(1))), [1]);
    lone.answers(1, &[node(2), node(3)]);
    let book = lone.node.peers().book();
    let source = book.known(&place(&node(2))).unwrap().source;
    assert_eq!(source, place(&node(1)));
    // And he is answered, with what we know.
    let answer = told(&lone.asks(1)).unwrap();
    assert_eq!(answer.len(), 2);
}

#[test]
fn who_comes_is_asked_once_he_has_stayed() {
    let mut lone = Lone::with(|it| it.slots(0, 9));
    assert_eq!(asked(&lone.comes(1)), NOBODY);
    assert_eq!(asked(&lone.pass(secs(119))), NOBODY);
    assert_eq!(asked(&lone.pass(secs(1))), [1]);
}

#[test]
fn who_asks_far_too_often_is_let_go_of_and_banned_if_he_goes_on() {
    let mut lone = Lone::with(|it| it.slots(0, 9));
    lone.comes(1);
    // Three at once are free; the reference bans for the third.
    for _ in 0..3 {
        assert!(told(&lone.asks(1)).is_some());
    }
    for _ in 0..8 {
        assert_eq!(told(&lone.asks(1)), None);
    }
    let ends = hung_up(&lone.asks(1));
    assert!(
        matches!(ends[..], [(1, HangUp::Fault(Fault::RequestTooSoon { .. }))]),
        "{ends:?}"
    );
    assert_eq!(lone.up(), NOBODY);
    let mut rounds = 1;
    while !lone.node.peers().is_banned(crate::nodes::id(1)) {
        lone.leaves(1);
        lone.comes(1);
        while hung_up(&lone.asks(1)).is_empty() {}
        rounds += 1;
        assert!(rounds < 20);
    }
    lone.leaves(1);
    let again = hung_up(&lone.comes(1));
    assert_eq!(again, [(1, HangUp::Evicted(Eviction::Banned))]);
}

#[test]
fn who_asks_too_soon_once_has_done_no_harm_and_it_is_only_said() {
    let mut lone = Lone::with(|it| it.slots(0, 9));
    lone.comes(1);
    for _ in 0..3 {
        lone.asks(1);
    }
    let actions = lone.asks(1);
    assert!(
        matches!(actions[..], [NodeAction::Fault { .. }]),
        "{actions:?}"
    );
    assert_eq!(lone.node.peers().score(crate::nodes::id(1)), 0);
    lone.asks(1);
    assert_eq!(lone.node.peers().score(crate::nodes::id(1)), -1);
}

#[test]
fn an_answer_that_nobody_asked_for_ends_the_connection_and_ten_of_them_are_a_ban() {
    let mut lone = Lone::with(|it| it.slots(1, 9).seeds(vec![node(1)]));
    lone.event(pex::NodeEvent::Tick);
    lone.reached(&node(1));
    // One request, one answer; the second is one too many.
    assert_eq!(hung_up(&lone.answers(1, &[node(2)])), []);
    let ends = hung_up(&lone.answers(1, &[node(3)]));
    assert_eq!(ends, [(1, HangUp::Fault(Fault::UnsolicitedResponse))]);
    assert!(!lone.node.peers().book().has_address(&place(&node(3))));
    lone.leaves(1);
    // He is in the book or not: what counts is the id.
    for round in 0..9 {
        assert!(!lone.node.peers().is_banned(crate::nodes::id(1)), "{round}");
        lone.comes(1);
        lone.answers(1, &[node(3)]);
        lone.leaves(1);
    }
    assert!(lone.node.peers().is_banned(crate::nodes::id(1)));
}

#[test]
fn of_more_than_250_addresses_none_is_taken_and_the_teller_is_banned() {
    for count in [250, 251] {
        let mut lone = Lone::with(|it| it.slots(1, 9).seeds(vec![node(1)]).dials(1, 1));
        lone.event(pex::NodeEvent::Tick);
        lone.reached(&node(1));
        let many: Vec<NodeAddress> = (100..100 + count).map(node).collect();
        lone.answers(1, &many);
        let size = lone.node.peers().book().size();
        assert_eq!(size, if count == 250 { 251 } else { 0 });
        assert_eq!(
            lone.node.peers().is_banned(crate::nodes::id(1)),
            count == 251
        );
    }
}

#[test]
fn what_a_private_peer_is_and_what_it_tells_stays_out_of_the_book_and_of_every_answer() {
    let private = crate::nodes::id(5);
    let mut lone = Lone::with(|it| it.slots(0, 9).private([private]));
    lone.comes(5);
    lone.pass(secs(121));
    lone.answers(5, &[node(6)]);
    assert_eq!(lone.node.peers().book().size(), 0, "nor what it tells");
    lone.comes(1);
    lone.pass(secs(121));
    lone.answers(1, &[node(5), node(7)]);
    assert_eq!(lone.node.peers().book().size(), 2);
    lone.comes(2);
    let answer = told(&lone.asks(2)).unwrap();
    assert!(answer.iter().all(|it| it.id() != private), "{answer:?}");
}

#[test]
fn honest_requests_keep_twelve_seconds_apart_however_often_the_peer_reconnects() {
    let mut lone = Lone::with(|it| it.slots(30, 9).dials(1, 10).seeds(vec![node(1)]));
    lone.event(pex::NodeEvent::Tick);
    lone.reached(&node(1));
    for round in 0..60 {
        lone.answers(1, &[node(100 + round)]);
        lone.leaves(1);
        lone.reached(&node(1));
        lone.pass(secs(1 + u64::from(round % 5)));
        if round % 7 == 0 {
            lone.pass(secs(20));
        }
    }
    let requests = lone
        .log
        .iter()
        .filter(|(_, it)| !asked(std::slice::from_ref(it)).is_empty());
    let times: Vec<_> = requests.map(|(at, _)| *at - START).collect();
    assert!(times.len() >= 5, "{times:?}");
    assert!(
        crate::world::steps(&times).iter().all(|it| *it >= secs(12)),
        "{times:?}"
    );
}

#[test]
fn whom_the_operator_names_while_the_node_runs_is_dialed_as_a_seed_by_his_name() {
    let mut lone = Lone::with(|it| it);
    lone.event(pex::NodeEvent::Tick);
    let address = text(1, "seed.example.org:26656");
    assert_eq!(dialed(&lone.event(pex::NodeEvent::Named { address })), [1]);
}

#[test]
fn asking_goes_on_whatever_the_book_holds() {
    let mut lone = Lone::with(|it| it.slots(1, 9).seeds(vec![node(1)]).outbound_life(None));
    lone.event(pex::NodeEvent::Tick);
    lone.reached(&node(1));
    for round in 0..12 {
        let base = 100 + 200 * round;
        let many: Vec<NodeAddress> = (base..base + 200).map(node).collect();
        let mut waited = 0;
        while !lone.node.pex().is_awaiting(crate::nodes::id(1)) {
            lone.pass(secs(1));
            waited += 1;
            assert!(waited <= 620, "{round} {:?}", lone.up());
        }
        lone.answers(1, &many);
    }
    assert!(lone.node.peers().book().size() >= 1_000);
    let before = lone.log.len();
    lone.pass(2 * HOUR);
    let requests = lone.log[before..].iter();
    let requests: usize = requests
        .map(|(_, it)| asked(std::slice::from_ref(it)).len())
        .sum();
    assert!(requests >= 10, "{requests}");
}

#[test]
fn a_seed_answers_before_it_hangs_up() {
    let mut lone = Lone::of(Options::seed());
    // Somebody whom it has reached.
    lone.comes(1);
    lone.event(pex::NodeEvent::Release {
        peer: crate::nodes::id(1),
    });
    lone.leaves(1);
    assert_eq!(dialed(&lone.pass(secs(3))), [1]);
    lone.reached(&node(1));
    lone.comes(2);
    let actions = lone.asks(2);
    let place_of = |wanted: fn(&NodeAction) -> bool| actions.iter().position(wanted).unwrap();
    let sent = place_of(|it| {
        matches!(
            it,
            NodeAction::Send {
                message: Message::Response(_),
                ..
            }
        )
    });
    let ended = place_of(|it| matches!(it, NodeAction::HangUp { .. }));
    assert!(sent < ended);
    assert_eq!(told(&actions), Some(vec![node(1)]));
    assert_eq!(hung_up(&actions), [(2, HangUp::Evicted(Eviction::Served))]);
}

#[test]
fn a_seed_lets_go_of_whom_it_checks_as_soon_as_he_has_answered() {
    let mut lone = Lone::of(Options::seed().seeds(vec![node(1)]));
    assert_eq!(dialed(&lone.event(pex::NodeEvent::Tick)), [1]);
    assert_eq!(asked(&lone.reached(&node(1))), [1]);
    let actions = lone.answers(1, &[node(2), node(3)]);
    assert_eq!(hung_up(&actions), [(1, HangUp::Evicted(Eviction::Feeler))]);
    let mut next = dialed(&actions);
    next.sort_unstable();
    assert_eq!(next, [2, 3]);
    for n in [2, 3] {
        lone.dies(&node(n));
    }
}

#[test]
fn a_persistent_peer_stays_with_a_seed_that_has_found_him_where_others_say_that_he_lives() {
    let name = text(1, "sentry.example.org:26656");
    let named = Options::seed().persistent(vec![name.clone()]);
    let mut lone = Lone::of(named.seeds(vec![node(2)]));
    lone.event(pex::NodeEvent::Tick);
    lone.reached(&node(2));
    lone.answers(2, &[node(1)]);
    // The name leads nowhere today, and he is checked as anybody else.
    let mut dials = lone.dies(&name);
    dials.extend(lone.pass(secs(10)));
    let is_there =
        |it: &NodeAction| matches!(it, NodeAction::Dial { address, .. } if *address == node(1));
    assert!(dials.iter().any(is_there), "{dials:?}");
    assert_eq!(asked(&lone.reached(&node(1))), [1]);
    assert_eq!(hung_up(&lone.answers(1, &[node(3)])), []);
    lone.dies(&node(3));
    assert_eq!(hung_up(&lone.pass(secs(60))), []);
    assert_eq!(lone.up(), [1]);
}

#[test]
fn what_the_reference_knows_of_a_dial_is_known_too_attempts_too_early_and_the_last() {
    let mut lone = Lone::with(|it| it.slots(2, 9).seeds(vec![node(1)]));
    lone.event(pex::NodeEvent::Tick);
    lone.reached(&node(1));
    lone.answers(1, &[node(2)]);
    let attempts = |lone: &Lone| {
        let known = lone.node.peers().book().known(&place(&node(2)));
        known.map(|it| it.attempts)
    };
    assert_eq!(attempts(&lone), Some(0));
    for n in 1..3 {
        lone.dies(&node(2));
        assert_eq!(attempts(&lone), Some(n));
        // Too early.
        assert_eq!(dialed(&lone.pass(secs(30))), NOBODY);
        while dialed(&lone.pass(secs(1))).is_empty() {}
    }
    lone.dies(&node(2));
    assert_eq!(attempts(&lone), None, "that was the last");
}

#[test]
fn a_node_that_is_a_ban_away_is_judged_by_its_score() {
    let mut lone = Lone::with(|it| it.slots(0, 9));
    lone.comes(1);
    for _ in 0..99 {
        lone.misbehaves(1, Misconduct::Minor);
    }
    assert_eq!(lone.up(), [1]);
    lone.misbehaves(1, Misconduct::Minor);
    assert_eq!(lone.up(), NOBODY);
    lone.pass(DAY + HOUR);
    assert!(!lone.node.peers().is_banned(crate::nodes::id(1)));
}

#[test]
fn messages_are_the_bytes_of_the_reference() {
    assert_eq!(Message::Request(Dialect::V1).to_bytes(), [0x0a, 0x00]);
    let mut lone = Lone::with(|it| it.slots(0, 9));
    lone.comes(1);
    lone.comes(2);
    let answer_bytes = lone.asks(2).into_iter().find_map(|it| match it {
        NodeAction::Send { message, .. } => Some(message.to_bytes()),
        _ => None,
    });
    assert_eq!(answer_bytes, Some(answer(&[node(1)])));
    assert_eq!(at(1, host(1, 257)), node(1));
}

#[test]
fn any_number_of_silent_newcomers_keeps_a_seed_from_asking_nobody() {
    let mut seed = Lone::of(Options::seed());
    for n in 0..300 {
        seed.comes(n);
    }
    // They have stayed long enough to be asked, and none of them answers.
    seed.pass(secs(129));
    let unanswered = seed.node.pex().stats().requests_sent - seed.node.pex().stats().timeouts;
    assert!(unanswered > 64, "{unanswered} questions are open");
    let actions = seed.reached(&node(1_000));
    let soon = seed.pass(secs(1));
    let all: Vec<NodeAction> = actions.into_iter().chain(soon).collect();
    assert!(asked(&all).contains(&1_000));
}

#[test]
fn who_floods_the_book_does_not_have_the_others_asked_once_in_ten_minutes() {
    /// How often three are asked in an hour, of whose answers a tenth is new, beside one who floods or
    /// is silent.
    fn questions(floods: bool) -> usize {
        let mut lone = Lone::with(|it| it.slots(0, 9));
        for n in 1..=4 {
            lone.comes(n);
        }
        let (mut made_up, mut real, mut questions) = (0, 500, 0);
        for _ in 0..3_600 {
            let mut all = asked(&lone.pass(secs(1)));
            while let Some(n) = all.pop() {
                let answer: Vec<NodeAddress> = if n > 1 {
                    questions += 1;
                    real += 10;
                    (real - 100..real).map(node).collect()
                } else if floods {
                    made_up += 250;
                    let nodes = made_up - 250..made_up;
                    nodes.map(|n| node(8_000 + n % 8_000)).collect()
                } else {
                    vec![]
                };
                all.extend(asked(&lone.answers(n, &answer)));
            }
        }
        questions
    }
    let (with, without) = (questions(true), questions(false));
    assert!(without > 90, "{without}");
    assert!(with * 4 > without * 3, "{with} of {without}");
}

#[test]
fn a_switch_knows_what_is_in_its_book_and_no_more() {
    let mut w = World::quiet(|it| it);
    w.learn(&node(1), 9_000);
    assert!(w.peers.knows(&node(1)));
    assert!(!w.peers.knows(&node(2)));
}
