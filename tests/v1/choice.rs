//! Which of those that may be dialed is dialed first.

use pex::Seed;
use pex::book::AddrBook;
use pex::peers::{Action, Event};
use pex::v1::{Options, Switch};

use crate::nodes::{HOUR, ME, START, node, secs};
use crate::world::{book, dials, place};

#[test]
fn of_those_who_were_reached_the_one_that_has_been_good_for_longest_is_dialed() {
    let options = Options::builder().slots(1, 1).feeler_every(None);
    let options = options.build().unwrap();
    let mut ages = 0;
    for seed in 0..20 {
        let mut book = AddrBook::new(true, Seed::new([seed; 32]));
        for n in 0..40 {
            let (since, address) = (START + n * HOUR, place(&node(n)));
            book.add_address(since, &address, &place(&node(9_000)))
                .unwrap();
            book.mark_good(since, &address);
        }
        let now = START + 40 * HOUR;
        let mut switch = Switch::new(options.clone(), book, ME, Seed::new([7; 32]), now);
        let actions: Vec<Action> = switch.handle(now, Event::Tick).into_iter().collect();
        ages += dials(&actions)[0];
    }
    // The best of twelve draws is the third of forty; any of them would be the twentieth.
    assert!(ages < 20 * 6, "{ages}");
}

#[test]
fn a_place_of_ours_goes_to_one_never_reached_now_and_then_and_more_often_where_no_feelers_try_them()
{
    let mut book = book(true);
    for n in 0..110 {
        book.add_address(START, &place(&node(n)), &place(&node(9_000)))
            .unwrap();
        if n < 10 {
            book.mark_good(START, &place(&node(n)));
        }
    }
    let mut share = |feeler_every| {
        let options = Options::builder().slots(1, 1).feeler_every(feeler_every);
        let options = options.build().unwrap();
        let first = (0..300).map(|_| {
            // Each book goes on from another point.
            book.pick_address(50);
            let (options, book) = (options.clone(), book.clone());
            let mut switch = Switch::new(options, book, ME, Seed::new([7; 32]), START);
            let actions: Vec<Action> = switch.handle(START, Event::Tick).into_iter().collect();
            dials(&actions)[0]
        });
        first.filter(|n| *n >= 10).count()
    };
    // Five of a hundred, and ten without peers, weighed with the roots of ten and a hundred.
    let (with, without) = (share(Some(secs(120))), share(None));
    assert!((25..61).contains(&with), "{with}");
    assert!((61..101).contains(&without), "{without}");
}

#[test]
fn of_those_whom_nobody_has_reached_each_is_as_likely_to_be_dialed_as_any_other() {
    let options = Options::builder().slots(1, 1).build().unwrap();
    let mut numbers = 0;
    for seed in 0..40 {
        let mut book = AddrBook::new(true, Seed::new([seed; 32]));
        for n in 0..40 {
            book.add_address(START, &place(&node(n)), &place(&node(9_000)))
                .unwrap();
        }
        let mut switch = Switch::new(options.clone(), book, ME, Seed::new([7; 32]), START);
        let actions: Vec<Action> = switch.handle(START, Event::Tick).into_iter().collect();
        numbers += dials(&actions)[0];
    }
    // Twenty on average, give or take two.
    assert!((40 * 14..40 * 26).contains(&numbers), "{numbers}");
}
