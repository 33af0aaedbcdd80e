//! The options: their bounds, and the combinations that can't be built.
//!
//! That a bound holds is for the tests of what it bounds: `accept`, `dialing`, `learn`, `shares`,
//! `retry`, `cooldown`, `choice`, `upgrade`, `feelers`, `rotation`, `anchors`, `conduct`, `persistence`.

use core::time::Duration;

use pex::peers::{Fairness, Options, OptionsBuilder, OptionsError};
use pex::{NodeAddress, Reach};

use crate::world::{DAY, HOUR, host, id, ms, node, secs};

const MONTH: Duration = secs(30 * 86_400);
const YEAR: Duration = secs(365 * 86_400);

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap()
}

/// Holds an option to the least and the most that it may be.
fn bounded(
    option: &str,
    least: u64,
    most: u64,
    set: impl Fn(OptionsBuilder, u64) -> OptionsBuilder,
) {
    let build = |value| set(Options::builder(), value).build();
    for value in [least, most] {
        assert!(build(value).is_ok(), "{option} {value}: {:?}", build(value));
    }
    let below = least.checked_sub(1);
    for value in below.into_iter().chain(most.checked_add(1)) {
        match build(value).unwrap_err() {
            OptionsError::OutOfBounds {
                option: named,
                value: set,
                min,
                max,
            } => {
                assert_eq!((named, set), (option, value.into()));
                assert_eq!(min, least.into());
                assert!(max >= most.into());
            }
            error => panic!("{option} {value}: {error}"),
        }
    }
}

#[test]
fn numbers_outside_their_bounds_are_refused_by_name() {
    bounded("addresses_max", 1, 4_000_000, |it, n| {
        let it = it.connected_max(1).slots(0, 0).upgrade_max(0);
        it.addresses_max(size(n))
    });
    bounded("addresses_per", 1, 16, |it, n| it.addresses_per(size(n), 4));
    bounded("addresses_per", 1, u64::MAX, |it, n| {
        it.addresses_per(4, size(n))
    });
    bounded("teller_percent", 1, 100, |it, n| {
        it.teller_percent(n.try_into().unwrap())
    });
    bounded("network_share", 1, u64::MAX, |it, n| {
        it.network_share(size(n), 8)
    });
    bounded("network_share", 1, u64::MAX, |it, n| {
        it.network_share(32, n.try_into().unwrap_or(u32::MAX))
    });
    bounded("connected_max", 1, 1_000_000, |it, n| {
        it.connected_max(size(n))
            .slots(0, 0)
            .addresses_max(4_000_000)
    });
    bounded("upgrade_max", 0, 1_000, |it, n| it.upgrade_max(size(n)));
    bounded("per_network", 1, u64::MAX, |it, n| {
        it.per_network(n.try_into().unwrap_or(u32::MAX), 4)
    });
    bounded("per_network", 1, u64::MAX, |it, n| {
        it.per_network(1, size(n))
    });
    bounded("dials", 0, 10_000, |it, n| it.dials(size(n), 10));
    bounded("dials", 1, 10_000, |it, n| {
        it.dials(8, n.try_into().unwrap())
    });
    bounded("hearsay_dials_per_subnet", 1, u64::MAX, |it, n| {
        it.hearsay_dials_per_subnet(size(n))
    });
    bounded("tested_percent", 0, 100, |it, n| {
        it.tested_percent(n.try_into().unwrap())
    });
    bounded("oldest_of", 1, 100, |it, n| {
        it.oldest_of(n.try_into().unwrap())
    });
    bounded("forget", 1, 1_000, |it, n| {
        it.forget(n.try_into().unwrap(), DAY)
    });
    bounded("anchors", 0, 100, |it, n| it.anchors(size(n)));
    let own =
        |n: u64| -> Vec<NodeAddress> { (0..n).map(|n| node(n.try_into().unwrap())).collect() };
    bounded("own_addresses", 0, 16, |it, n| it.own_addresses(own(n)));
}

/// The same for a time.
fn times(
    option: &str,
    least: Duration,
    most: Duration,
    set: impl Fn(OptionsBuilder, Duration) -> OptionsBuilder,
) {
    let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap();
    bounded(option, millis(least), millis(most), |it, n| set(it, ms(n)));
}

#[test]
fn times_outside_their_bounds_are_refused_by_name() {
    times("retry", ms(1), MONTH, |it, t| {
        it.retry(t, MONTH).retry_persistent_max(MONTH)
    });
    times("retry", ms(1), MONTH, |it, t| it.retry(ms(1), t));
    times("retry_persistent_max", ms(1), MONTH, |it, t| {
        it.retry(ms(1), HOUR).retry_persistent_max(t)
    });
    times("cooldown", ms(0), YEAR, OptionsBuilder::cooldown);
    times("forget", HOUR, YEAR, |it, t| it.forget(3, t));
    times("feeler_every", ms(100), DAY, |it, t| {
        it.feeler_every(Some(t))
    });
    times("outbound_life", HOUR, YEAR, |it, t| {
        it.outbound_life(Some(t))
    });
    times("ban", secs(1), YEAR, OptionsBuilder::ban);
    times("persist_every", ms(1), HOUR, OptionsBuilder::persist_every);
}

#[test]
fn no_combination_of_a_bound_and_none_is_refused() {
    for feelers in [None, Some(HOUR)] {
        for life in [None, Some(DAY)] {
            let options = Options::builder().feeler_every(feelers).outbound_life(life);
            assert!(options.build().is_ok());
        }
    }
    for fairness in [Fairness::Network, Fairness::Teller] {
        for nearest in [Reach::Host, Reach::Site, Reach::World] {
            let options = Options::builder().fairness(fairness).nearest(nearest);
            assert!(options.build().is_ok());
        }
    }
}

#[test]
fn options_that_disagree_are_refused_and_both_are_named() {
    let it = Options::builder;
    let wrong = [
        (
            it().connected_max(20).slots(8, 13),
            "slots add up to 21 and connected_max is 20; lower the first or raise the second",
        ),
        (
            it().slots(2, 3).persistent((0..3).map(id)),
            "persistent nodes (less the unconditional) are 3 and the first of slots is 2; \
             lower the first or raise the second",
        ),
        (
            it().addresses_max(67),
            "connected_max and upgrade_max add up to 68 and addresses_max is 67; \
             lower the first or raise the second",
        ),
        (
            it().retry(HOUR, HOUR / 2),
            "retry begins at (ms) 3600000 and its end is 1800000; \
             lower the first or raise the second",
        ),
        (
            it().retry(HOUR, 2 * HOUR),
            "retry begins at (ms) 3600000 and retry_persistent_max is 300000; \
             lower the first or raise the second",
        ),
    ];
    for (builder, expected) in wrong {
        assert_eq!(builder.build().unwrap_err().to_string(), expected);
    }
}

#[test]
fn options_that_just_agree_are_built() {
    let it = Options::builder;
    let unconditional = it()
        .slots(1, 3)
        .persistent((0..3).map(id))
        .unconditional((1..3).map(id));
    for builder in [
        it().connected_max(20).slots(8, 12),
        it().slots(3, 0).persistent((0..3).map(id)),
        unconditional,
        it().addresses_max(68),
        it().retry(HOUR, HOUR).retry_persistent_max(HOUR),
        it().connected_max(1)
            .slots(0, 0)
            .upgrade_max(0)
            .addresses_max(1),
    ] {
        assert!(builder.clone().build().is_ok(), "{builder:?}");
    }
    // Sums do not wrap.
    let wide = it().connected_max(10).slots(usize::MAX, usize::MAX);
    assert!(matches!(wide.build(), Err(OptionsError::Disagree { .. })));
}

#[test]
fn the_defaults_and_those_of_a_crawler_can_be_built() {
    for options in [Options::default(), Options::crawler()] {
        // A crawler forgets nothing, and that can be built as well.
        let again = OptionsBuilder::from(options.clone()).build();
        assert_eq!(again, Ok(options.clone()));
        let forgets = OptionsBuilder::from(options).forget(3, DAY);
        assert!(forgets.build().is_ok());
    }
    assert_eq!(Options::builder().build(), Ok(Options::default()));
}

#[test]
fn an_error_says_what_to_set() {
    let error = Options::builder().teller_percent(0).build().unwrap_err();
    let expected = "teller_percent is 0; set it to a value from 1 to 100";
    assert_eq!(error.to_string(), expected);
    let error: &dyn core::error::Error = &error;
    assert!(error.source().is_none());
    assert_ne!(host(1, 1), host(1, 2));
}

#[test]
fn a_score_of_zero_is_none() {
    let options = Options::builder().scores([(id(1), 0)]).build();
    assert_eq!(options, Ok(Options::default()));
}

#[test]
fn what_was_set_is_what_a_driver_reads() {
    let options = Options::builder().slots(3, 4).dials(5, 6);
    let options = options.hearsay_dials_per_subnet(7).retry(secs(8), secs(9));
    let options = options.build().unwrap();
    assert_eq!((options.outbound_max(), options.inbound_max()), (3, 4));
    assert_eq!(options.dialing_max(), 5);
    assert_eq!(options.hearsay_dials_per_subnet(), 7);
    assert_eq!(options.retry_min(), secs(8));
}
