//! What options can be built, and why others can't.

use core::time::Duration;

use pex::ConfigError;
use pex::v1::{Options, OptionsBuilder};

use crate::nodes::{DAY, HOUR, ms, node, secs};

type Set<T> = fn(OptionsBuilder, T) -> OptionsBuilder;

fn refusal(builder: OptionsBuilder) -> Option<&'static str> {
    match builder.build() {
        Err(ConfigError::OutOfBounds { option, .. }) => Some(option),
        Err(error) => panic!("{error}"),
        Ok(_) => None,
    }
}

#[test]
fn the_defaults_and_those_of_a_seed_can_be_built() {
    assert_eq!(Options::default(), Options::builder().build().unwrap());
    assert_eq!(Options::default().slots(), (10, 40));
    assert!(!Options::default().is_seed());
    let seed = Options::seed().build().unwrap();
    assert!(seed.is_seed());
    assert_eq!(seed.slots(), (10, 10_000));
}

#[test]
fn numbers_outside_their_bounds_are_refused_by_name() {
    let bounds: [(&str, Set<usize>, usize, usize); 9] = [
        ("seeds", |it, n| it.seeds(vec![node(1); n]), 0, 1_024),
        (
            "persistent",
            |it, n| it.persistent(vec![node(1); n]),
            0,
            1_024,
        ),
        (
            "own_addresses",
            |it, n| it.own_addresses(vec![node(1); n]),
            0,
            16,
        ),
        ("slots", |it, n| it.slots(n, 40), 0, 1_000_000),
        ("slots", |it, n| it.slots(10, n), 0, 1_000_000),
        (
            "inbound_per_ip",
            OptionsBuilder::inbound_per_ip,
            1,
            usize::MAX,
        ),
        ("dials", |it, n| it.dials(n, 10), 1, 10_000),
        ("anchors", OptionsBuilder::anchors, 0, 100),
        ("crawl", |it, n| it.crawl(secs(30), HOUR, n), 1, 10_000),
    ];
    let of_u32: [(&str, Set<u32>, u32, u32); 2] = [
        ("dials", |it, n| it.dials(8, n), 1, 10_000),
        ("attempts_max", OptionsBuilder::attempts_max, 1, 1_000),
    ];
    for (name, set, min, max) in bounds {
        for good in [min, max] {
            assert_eq!(
                refusal(set(Options::builder(), good)),
                None,
                "{name} {good}"
            );
        }
        for bad in [min.checked_sub(1), max.checked_add(1)]
            .into_iter()
            .flatten()
        {
            assert_eq!(refusal(set(Options::builder(), bad)), Some(name), "{bad}");
        }
    }
    for (name, set, min, max) in of_u32 {
        assert_eq!(refusal(set(Options::builder(), min)), None);
        assert_eq!(refusal(set(Options::builder(), max)), None);
        assert_eq!(refusal(set(Options::builder(), min - 1)), Some(name));
        assert_eq!(refusal(set(Options::builder(), max + 1)), Some(name));
    }
    let none = Options::builder().hearsay_dials_per_subnet(0);
    assert_eq!(refusal(none), Some("hearsay_dials_per_subnet"));
}

#[test]
fn times_outside_their_bounds_are_refused_by_name() {
    let year = 365 * DAY;
    let bounds: [(&str, Set<Duration>, Duration, Duration); 11] = [
        (
            "ensure_period",
            OptionsBuilder::ensure_period,
            secs(1),
            HOUR,
        ),
        ("retry", |it, t| it.retry(t, 365 * DAY), ms(1), year),
        ("retry", |it, t| it.retry(ms(1), t), ms(1), year),
        (
            "retry_persistent_max",
            OptionsBuilder::retry_persistent_max,
            ms(1),
            year,
        ),
        (
            "feeler_every",
            |it, t| it.feeler_every(Some(t)),
            ms(100),
            DAY,
        ),
        (
            "outbound_life",
            |it, t| it.outbound_life(Some(t)),
            HOUR,
            year,
        ),
        ("ban", OptionsBuilder::ban, secs(1), year),
        ("save_every", OptionsBuilder::save_every, secs(1), DAY),
        (
            "newcomer_stays",
            OptionsBuilder::newcomer_stays,
            secs(1),
            DAY,
        ),
        ("crawl", |it, t| it.crawl(t, HOUR, 9), secs(1), DAY),
        ("crawl", |it, t| it.crawl(secs(30), t, 9), secs(1), DAY),
    ];
    for (name, set, min, max) in bounds {
        for good in [min, max] {
            assert_eq!(
                refusal(set(Options::builder(), good)),
                None,
                "{name} {good:?}"
            );
        }
        for bad in [min - ms(1), max + ms(1)] {
            assert_eq!(refusal(set(Options::builder(), bad)), Some(name), "{bad:?}");
        }
    }
}

#[test]
fn a_first_retry_after_the_last_is_refused_and_both_are_named() {
    let error = Options::builder()
        .retry(secs(60), secs(59))
        .build()
        .unwrap_err();
    assert!(matches!(
        error,
        ConfigError::Disagree {
            value: 60_000,
            bound: 59_000,
            ..
        }
    ));
    let text = error.to_string();
    assert!(
        text.contains("retry") && text.contains("60000") && text.contains("59000"),
        "{text}"
    );
}

#[test]
fn what_was_set_is_what_a_driver_reads() {
    let options = Options::builder().hearsay_dials_per_subnet(7);
    let options = options.retry(secs(8), secs(9)).build().unwrap();
    assert_eq!(options.hearsay_dials_per_subnet(), 7);
    assert_eq!(options.retry_min(), secs(8));
}
