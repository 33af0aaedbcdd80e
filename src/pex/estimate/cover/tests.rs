//! The cover of the ring: what it holds, keeps and compares.

use super::*;

const AT_FIRST: Word = Word {
    now: 1,
    counts: true,
};

/// The gaps between nodes at these places.
fn gaps(places: &[u64]) -> Vec<Stretch> {
    places
        .windows(2)
        .map(|pair| Stretch::gap(pair[0], pair[1]))
        .collect()
}

#[test]
fn a_cover_holds_what_lies_behind_its_first_node_up_to_its_last() {
    let mut cover = Cover::default();
    cover.add(AT_FIRST, &gaps(&[100, 200, 300]), None, &[]);
    cover.add(AT_FIRST, &gaps(&[500, 600]), None, &[]);
    let held = [99, 100, 101, 200, 300, 301, 500, 501, 600, 601].map(|at| cover.holds(at));
    let behind = |at: u64| (101..=300).contains(&at) || (501..=600).contains(&at);
    assert_eq!(
        held,
        [99, 100, 101, 200, 300, 301, 500, 501, 600, 601].map(behind)
    );
}

#[test]
fn four_nodes_say_how_many_there_are_and_three_do_not() {
    let quarter = 1 << 62;
    for nodes in [3, 4, 5] {
        let mut cover = Cover::default();
        let places: Vec<u64> = (0..=nodes).map(|n| n * (quarter / 8)).collect();
        cover.add(AT_FIRST, &gaps(&places), None, &[]);
        let known = cover.density().map(|it| it.known);
        assert_eq!(known, (nodes >= 4).then_some(nodes));
    }
    assert!(Cover::default().density().is_none());
}

#[test]
fn of_more_stretches_than_are_kept_the_one_with_the_fewest_nodes_goes_unless_it_is_the_new_one() {
    let mut cover = Cover::default();
    let stretch = |place: u64, nodes: u32| Stretch {
        after: place * 1_000,
        to: place * 1_000 + 500,
        nodes,
        told_at: 0,
    };
    for place in 0..STRETCHES as u64 {
        cover.insert(stretch(place, if place == 40 { 3 } else { 5 }));
    }
    for (nodes, least) in [(2, 3), (3, 3), (4, 4), (9, 5)] {
        cover.insert(stretch(1_000, nodes));
        assert_eq!(cover.stretches.len(), STRETCHES);
        assert_eq!(cover.stretches.iter().map(|it| it.nodes).min(), Some(least));
        let has_new = cover
            .stretches
            .iter()
            .any(|it| it.nodes == nodes && it.after == 1_000_000);
        assert_eq!(has_new, nodes > 3);
        cover
            .stretches
            .retain(|it| it.after != 1_000_000 || it.nodes == 4);
        if cover.stretches.len() < STRETCHES {
            cover.insert(stretch(2_000, 5));
        }
    }
}

#[test]
fn stretches_that_meet_are_one_as_soon_as_half_of_the_places_are_taken() {
    let (mut cover, part) = (Cover::default(), u64::MAX / 100);
    for place in 0..=STRETCHES as u64 / 2 {
        assert_eq!(cover.stretches.len() as u64, place);
        let gap = Stretch::gap(place * part, (place + 1) * part);
        cover.add(AT_FIRST, &[gap], Some(100.0), &[]);
    }
    assert_eq!(cover.stretches.len(), 1);
}

#[test]
fn stretches_that_meet_are_one_when_there_are_too_many_and_none_is_lost() {
    let mut cover = Cover::default();
    for place in 0..STRETCHES as u64 {
        cover.insert(Stretch::gap(place * 10, place * 10 + 10));
    }
    cover.insert(Stretch::gap(5_000, 5_010));
    assert_eq!(cover.stretches.len(), 2);
    assert_eq!(
        total(&cover.stretches),
        (STRETCHES as u64 + 1, STRETCHES as u64 * 10 + 10)
    );
    assert!(cover.is_sound());
}

/// What a teller at this time finds who tells of these places, of whom the last so many are new.
fn finds(cover: &mut Cover, now: u32, places: &[u64], fresh: usize) -> Vec<(u8, u8)> {
    let word = Word { now, counts: true };
    let fresh = &places[places.len() - fresh..];
    let compared = cover.add(word, &gaps(places), None, fresh);
    compared.iter().map(|it| (it.told, it.fresh)).collect()
}

#[test]
fn what_is_told_where_one_other_has_told_is_compared_with_it_once() {
    let mut cover = Cover::default();
    assert!(finds(&mut cover, 1_000, &[100, 200, 300, 400], 3).is_empty());
    assert!(finds(&mut cover, 1_000, &[700, 800, 900], 2).is_empty());
    // From between the first two up to behind the last: three in the one stretch, two in the other.
    let again = [150, 210, 300, 310, 500, 710, 900, 1_000];
    assert_eq!(finds(&mut cover, 1_001, &again, 3), [(3, 0), (2, 2)]);
    assert!(finds(&mut cover, 1_001, &[150, 210, 300], 1).is_empty());
    assert!(finds(&mut cover, 1_001, &[700, 720, 890], 1).is_empty());
}

#[test]
fn what_was_told_longer_ago_than_a_minute_or_by_who_does_not_count_is_not_compared_with() {
    for (after, compared) in [(LATELY, 1), (LATELY + 1, 0)] {
        let mut cover = Cover::default();
        finds(&mut cover, 1_000, &[100, 200, 300, 400], 3);
        let found = finds(&mut cover, 1_000 + after, &[150, 250, 350], 1);
        assert_eq!(found.len(), compared, "{after}");
    }
    let guest = Word {
        now: 1_000,
        counts: false,
    };
    let mut cover = Cover::default();
    finds(&mut cover, 1_000, &[100, 200, 300, 400], 3);
    // Nor is what he tells; and what he has told of by then is known from him.
    assert!(
        cover
            .add(guest, &gaps(&[150, 250]), None, &[250])
            .is_empty()
    );
    assert!(
        cover
            .add(guest, &gaps(&[600, 700, 800]), None, &[])
            .is_empty()
    );
    assert!(finds(&mut cover, 1_000, &[110, 260, 610, 710], 2).is_empty());
}

#[test]
fn with_the_clock_what_was_told_is_set_back() {
    let mut cover = Cover::default();
    finds(&mut cover, 1_000, &[100, 200, 300, 400], 3);
    cover.rewind(500);
    assert!(finds(&mut cover.clone(), 501 + LATELY, &[150, 250], 1).is_empty());
    assert_eq!(finds(&mut cover, 500 + LATELY, &[150, 250], 1), [(1, 1)]);
}

#[test]
fn two_stretches_that_become_one_were_told_when_the_earlier_one_was() {
    let mut cover = Cover::default();
    finds(&mut cover, 1_000, &[100, 200], 1);
    finds(&mut cover, 1_050, &[200, 300], 1);
    cover.join();
    assert_eq!(cover.stretches.len(), 1);
    assert!(finds(&mut cover, 1_000 + LATELY + 1, &[150, 250], 1).is_empty());
}
