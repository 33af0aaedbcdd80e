//! Whose turn it is, and what may be asked for.

use super::*;

const START: Time = Time::from_secs(1_000);
const INSTANT: Duration = Duration::from_nanos(1);

fn searching() -> Turns {
    let mut turns = Turns::new(&Config::default());
    turns.on_first_peer(START);
    turns
}

#[test]
fn newcomers_come_before_kin_and_kin_before_others() {
    let mut turns = searching();
    turns.push_back(1, Line::Others);
    turns.push_back(2, Line::Kin);
    turns.push_back(3, Line::Newcomers);
    let order = [(); 4].map(|()| turns.next(START));
    assert_eq!(order, [Some(3), Some(2), Some(1), None]);
}

#[test]
fn a_line_that_has_waited_for_260_seconds_comes_before_newcomers() {
    for (waits, other) in [(Line::Kin, Line::Others), (Line::Others, Line::Kin)] {
        let mut turns = searching();
        // So that it is not overdue that anybody is asked again.
        let asked_at = START + EACH_LINE.saturating_sub(EVERY / 2);
        turns.push_back(1, other);
        assert_eq!(turns.next(asked_at), Some(1));
        turns.push_back(2, waits);
        turns.push_back(3, Line::Newcomers);
        turns.push_back(4, Line::Newcomers);
        let due = START + EACH_LINE;
        assert_eq!(turns.next(due.back(INSTANT)), Some(3), "{waits:?}");
        assert_eq!(turns.next(due), Some(2));
        assert_eq!(turns.next(due), Some(4));
    }
}

#[test]
fn where_nobody_can_be_paid_for_a_line_has_its_turn_though_the_other_one_is_empty() {
    // No search has begun, so both purses are empty.
    let mut turns = Turns::new(&Config::default());
    let at = |times: u32| Time::EPOCH + EVERY * times;
    turns.push_back(1, Line::Kin);
    turns.push_back(2, Line::Others);
    assert_eq!(turns.next(at(1).back(INSTANT)), None);
    assert_eq!(turns.next(at(1)), Some(2));
    assert_eq!(turns.next(at(1)), None);
    turns.remove(1);
    turns.push_back(2, Line::Others);
    assert_eq!(turns.next(at(2).back(INSTANT)), None);
    assert_eq!(turns.next(at(2)), Some(2));
    turns.push_back(1, Line::Kin);
    assert_eq!(turns.next(at(3)), Some(1));
    turns.push_back(1, Line::Kin);
    assert_eq!(turns.next(at(4)), Some(1));
}

#[test]
fn means_are_taken_back_as_they_can_be_and_not_otherwise() {
    let mut turns = searching();
    let (means, later) = (turns.means(), START + INSTANT);
    let purse = |holds| {
        let mut purse = Purse::first(START);
        purse.earn(START, holds, holds);
        purse
    };
    let (full, too_full) = (purse(PURSE_MAX), purse(PURSE_MAX + 1));
    let ahead = Purse::first(later);
    #[rustfmt::skip]
    let can_be = [
        means,
        Means { kin: full, others: full, ..means },
        Means { wider_at: Some(START + PATIENCE_MAX), ..means },
        Means { patience: PATIENCE_MAX, ..means },
    ];
    assert!(can_be.into_iter().all(|it| turns.resume(START, it)));
    #[rustfmt::skip]
    let can_not = [
        Means { kin: too_full, ..means },
        Means { kin: ahead, ..means },
        Means { others: too_full, ..means },
        Means { others: ahead, ..means },
        Means { last_at: later, ..means },
        Means { kin_at: later, ..means },
        Means { others_at: later, ..means },
        Means { wider_at: Some(later + PATIENCE_MAX), ..means },
        Means { patience: PATIENCE.saturating_sub(INSTANT), ..means },
        Means { patience: PATIENCE_MAX + INSTANT, ..means },
    ];
    for it in can_not {
        assert!(!turns.resume(START, it), "{it:?}");
    }
}

#[test]
fn where_nobody_was_asked_again_for_130_seconds_somebody_is_before_newcomers() {
    let mut turns = searching();
    turns.push_back(1, Line::Kin);
    (2..=3).for_each(|slot| turns.push_back(slot, Line::Newcomers));
    let due = START + EVERY;
    let order = [due.back(INSTANT), due, due].map(|at| turns.next(at));
    assert_eq!(order, [Some(2), Some(1), Some(3)]);
}

#[test]
fn a_line_in_which_nobody_stands_makes_nothing_overdue() {
    for line in [Line::Kin, Line::Others] {
        let mut turns = searching();
        let asked_at = START + EACH_LINE.saturating_sub(EVERY / 2);
        turns.push_back(1, line);
        assert_eq!(turns.next(asked_at), Some(1));
        turns.push_back(1, line);
        turns.push_back(2, Line::Newcomers);
        assert_eq!(turns.next(START + EACH_LINE), Some(2), "{line:?}");
        assert_eq!(turns.next(START + EACH_LINE), Some(1));
    }
}

/// Somebody in each line was asked just now, and these are the purses.
fn just_asked(turns: &mut Turns, now: Time, kin: Purse, others: Purse) {
    let means = Means {
        kin,
        others,
        last_at: now,
        kin_at: now,
        others_at: now,
        ..turns.means()
    };
    assert!(turns.resume(now, means));
}

fn holding(holds: u32) -> Purse {
    let mut purse = Purse::default();
    purse.earn(START, holds, holds);
    purse
}

#[test]
fn where_nobody_can_be_paid_for_the_two_lines_take_turns() {
    let mut turns = Turns::new(&Config::default());
    turns.push_back(1, Line::Kin);
    turns.push_back(2, Line::Others);
    let order = [(); 4].map(|()| {
        just_asked(&mut turns, START, Purse::default(), Purse::default());
        let slot = turns.next(START + EVERY)?;
        turns.push_back(slot, turns.line(slot == 1, true));
        Some(slot)
    });
    assert_eq!(order, [2, 1, 2, 1].map(Some));
}

#[test]
fn it_is_somebodys_turn_when_it_is_said_to_be_and_not_before() {
    let evenly = Duration::from_millis(10_500);
    for (holds, wait) in [
        (COST - 1, EVERY),
        (COST, evenly),
        (LEAN_MAX, evenly),
        (LEAN_MAX + 1, Duration::ZERO),
    ] {
        for line in [Line::Kin, Line::Others] {
            let mut turns = Turns::new(&Config::default());
            // The other line could pay for a question at once.
            let (poor, rich) = (holding(holds), holding(PURSE_MAX));
            let (kin, others) = match line {
                Line::Kin => (poor, rich),
                _ => (rich, poor),
            };
            just_asked(&mut turns, START, kin, others);
            assert_eq!(turns.next_at(START), None);
            turns.push_back(1, line);
            let at = START + wait;
            assert_eq!(turns.next_at(START).map(|it| it.max(START)), Some(at));
            if wait > Duration::ZERO {
                assert_eq!(turns.next(at.back(INSTANT)), None);
            }
            assert_eq!(turns.next(at), Some(1), "{line:?} {holds}");
        }
    }
}

#[test]
fn a_line_waits_for_260_seconds_though_the_other_was_asked_of_late() {
    for line in [Line::Kin, Line::Others] {
        let mut turns = Turns::new(&Config::default());
        just_asked(&mut turns, START, Purse::default(), Purse::default());
        turns.means.last_at = START + EACH_LINE.saturating_sub(INSTANT);
        turns.push_back(1, line);
        let due = START + EACH_LINE;
        assert_eq!(turns.next_at(turns.means.last_at), Some(due));
        assert_eq!(turns.next(due.back(INSTANT)), None);
        assert_eq!(turns.next(due), Some(1), "{line:?}");
    }
}

#[test]
fn when_a_search_begins_nine_questions_to_each_line_are_paid_for_at_once() {
    for line in [Line::Kin, Line::Others] {
        let mut turns = searching();
        let mut paid = 0;
        turns.push_back(1, line);
        while turns.next(START).is_some() {
            turns.push_back(1, line);
            paid += 1;
        }
        assert_eq!(paid, 9, "{line:?}");
    }
}

/// What a purse holds that held so much before such an answer, of which so much was told and new.
fn after(holds: u32, is_kin: bool, is_first: bool, told: [u32; 2], order: Order) -> Purse {
    let mut turns = Turns::new(&Config::default());
    just_asked(&mut turns, START, holding(holds), holding(holds));
    let [told, fresh] = told;
    let worth = Worth {
        is_kin,
        is_first,
        told,
        fresh,
        order,
    };
    turns.on_answer(START, worth);
    assert_eq!(*turns.purse(!is_kin), holding(holds));
    *turns.purse(is_kin)
}

#[test]
fn each_new_node_pays_for_a_question_or_for_three_out_of_a_lean_purse() {
    for (holds, told, now_holds) in [
        (0, [100, 0], 0),
        (1, [100, 1], 7),
        (0, [3, 1], 6),
        // Half of it is new, which pays for one more.
        (0, [2, 1], 12),
        (0, [100, 24], LEAN_MAX),
        // So many are part of a network that was never heard of.
        (0, [100, 25], 50),
        (LEAN_MAX, [100, 1], LEAN_MAX),
        (LEAN_MAX + 1, [100, 1], LEAN_MAX + 3),
        (PURSE_MAX - 1, [100, 100], PURSE_MAX),
    ] {
        let others = after(holds, false, false, told, Order::Any);
        assert_eq!(others, holding(now_holds), "{holds}, then {told:?}");
        if told[1] > 0 {
            for is_first in [true, false] {
                let kin = after(holds, true, is_first, told, Order::Arc(None));
                assert_eq!(kin, holding(now_holds), "{holds}, then {told:?}");
            }
        }
    }
}

#[test]
fn what_somebody_tells_first_or_in_no_order_where_there_is_one_pays_for_little() {
    for (holds, now_holds) in [(0, PURSE_FIRST), (100, 100)] {
        let first = after(holds, false, true, [100, 100], Order::Any);
        assert_eq!(first, holding(now_holds));
        let disorderly = after(holds, true, false, [100, 100], Order::Disorder);
        assert_eq!(disorderly, holding(now_holds));
    }
}

#[test]
fn kin_without_news_costs_an_eighth_of_what_its_purse_holds_and_others_cost_nothing() {
    for (holds, now_holds) in [(16, 14), (100, 87), (1, 0)] {
        let kin = after(holds, true, false, [100, 0], Order::Arc(None));
        assert_eq!(kin, holding(now_holds));
        let others = after(holds, false, false, [100, 0], Order::Any);
        assert_eq!(others, holding(holds));
    }
}

#[test]
fn a_question_that_nobody_answers_has_cost_nothing_and_another_may_be_asked() {
    for (holds, now_holds) in [(0, 2), (LEAN_MAX - 1, LEAN_MAX), (100, 102)] {
        for is_kin in [true, false] {
            let mut turns = Turns::new(&Config::default());
            just_asked(&mut turns, START, holding(holds), holding(holds));
            turns.on_silence(START, is_kin);
            assert_eq!(*turns.purse(is_kin), holding(now_holds));
            assert_eq!(*turns.purse(!is_kin), holding(holds));
            assert_eq!(turns.means.width, turns.first + 1);
        }
    }
}

#[test]
fn of_each_eighty_nodes_by_the_arcs_one_may_be_asked_and_of_few_as_many_as_at_first() {
    for (nodes, width) in [
        (None, 12),
        (Some(80), 12),
        (Some(13 * 80 - 1), 12),
        (Some(13 * 80), 13),
        (Some(100 * 80), 100),
    ] {
        let mut turns = searching();
        let worth = Worth {
            is_kin: true,
            is_first: true,
            told: 100,
            fresh: 100,
            order: Order::Arc(nodes),
        };
        turns.on_answer(START, worth);
        assert_eq!(turns.means.width, width, "{nodes:?}");
    }
}
