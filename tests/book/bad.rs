//! What makes an address worthless, and who goes from a full new bucket.

use core::time::Duration;

use pex::Time;
use pex::book::{AddError, Added, AddrBook};

use crate::kit::{DAY, MINUTE, NOW, known, lax, node, on_site, secs, seed, sound};

const NANO: Duration = Duration::from_nanos(1);

/// What a file says of an address.
#[derive(Clone, Copy)]
struct Told {
    old: bool,
    attempts: u32,
    attempted: Time,
    succeeded: Option<Time>,
}

const NEW: Told = Told {
    old: false,
    attempts: 0,
    attempted: NOW,
    succeeded: None,
};

/// A time as a file has it, to the nanosecond, and so without a calendar: days of January 1970 are
/// too few. The tests below count from then instead of from November 2023.
fn stamp(time: Option<Time>) -> String {
    let Some(time) = time else {
        return String::from("0001-01-01T00:00:00Z");
    };
    let nanos = time.as_nanos() - ORIGIN.as_nanos();
    let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    assert!(days < 31, "{days}");
    let (hours, minutes, seconds) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!(
        "2023-11-{:02}T{hours:02}:{minutes:02}:{seconds:02}.{nanos:09}Z",
        days + 1
    )
}

/// The first of November 2023.
const ORIGIN: Time = Time::from_secs(1_698_796_800);

/// A book that is not strict with these nodes of the site, all in one bucket.
fn book(now: Time, told: &[(u32, Told)]) -> AddrBook {
    let bucket = bucket();
    let entries = told.iter().map(|(n, told)| {
        let address = on_site(*n);
        let place = format!(
            r#"{{"id":"{}","ip":"{}","port":{}}}"#,
            address.id(),
            address.ip(),
            address.port()
        );
        format!(
            r#"{{"addr":{place},"src":{place},"buckets":[{bucket}],"attempts":{},"bucket_type":{},
            "last_attempt":"{}","last_success":"{}"}}"#,
            told.attempts,
            if told.old { 2 } else { 1 },
            stamp(Some(told.attempted)),
            stamp(told.succeeded)
        )
    });
    let entries: Vec<_> = entries.collect();
    let text = format!(r#"{{"key":"{KEY}","addrs":[{}]}}"#, entries.join(","));
    let loaded = AddrBook::read(text.as_bytes(), false, seed(), now).unwrap();
    assert_eq!(loaded.repairs, []);
    assert_eq!(loaded.book.size(), told.len());
    loaded.book
}

const KEY: &str = "0123456789abcdef01234567";

/// The bucket of what one on the site tells of another.
fn bucket() -> u16 {
    let text = format!(r#"{{"key":"{KEY}","addrs":[]}}"#);
    let mut book = AddrBook::read(text.as_bytes(), false, seed(), NOW)
        .unwrap()
        .book;
    assert_eq!(
        book.add_address(NOW, &on_site(1), &on_site(2)),
        Ok(Added::New)
    );
    known(&book, &on_site(1)).buckets[0]
}

fn is_bad(told: Told) -> bool {
    book(NOW, &[(1, told)]).is_bad(NOW, &on_site(1))
}

fn ago(span: Duration) -> Time {
    Time::from_nanos(NOW.as_nanos() - u64::try_from(span.as_nanos()).unwrap())
}

#[test]
fn whoever_was_attempted_less_than_a_minute_ago_is_not_judged() {
    let failed = Told {
        attempts: 99,
        ..NEW
    };
    for (span, bad) in [(secs(0), false), (MINUTE - NANO, false), (MINUTE, true)] {
        let attempted = ago(span);
        assert_eq!(
            is_bad(Told {
                attempted,
                ..failed
            }),
            bad,
            "{span:?}"
        );
    }
}

#[test]
fn what_was_not_attempted_for_more_than_seven_days_is_bad_even_if_it_was_reached() {
    for succeeded in [None, Some(ago(MINUTE))] {
        for (span, bad) in [(7 * DAY, false), (7 * DAY + NANO, true)] {
            let attempted = ago(span);
            let told = Told {
                attempted,
                succeeded,
                ..NEW
            };
            assert_eq!(is_bad(told), bad, "{span:?}");
        }
    }
}

#[test]
fn what_never_was_reached_is_bad_after_three_failures() {
    for (attempts, bad) in [(0, false), (2, false), (3, true), (4, true)] {
        let attempted = ago(MINUTE);
        let told = Told {
            attempts,
            attempted,
            ..NEW
        };
        assert_eq!(is_bad(told), bad, "{attempts}");
    }
}

#[test]
fn what_was_reached_is_bad_after_ten_failures_and_more_than_seven_days_without_success() {
    let cases = [
        (9, 8 * DAY, false),
        (10, 7 * DAY, false),
        (10, 7 * DAY + NANO, true),
        (99, 6 * DAY, false),
    ];
    for (attempts, span, bad) in cases {
        let told = Told {
            attempts,
            attempted: ago(MINUTE),
            succeeded: Some(ago(span)),
            ..NEW
        };
        assert_eq!(is_bad(told), bad, "{attempts} {span:?}");
    }
}

#[test]
fn who_has_proved_good_is_never_bad_and_who_is_not_in_the_book_neither() {
    let told = Told {
        old: true,
        attempts: 99,
        attempted: ago(10 * DAY),
        succeeded: Some(ago(10 * DAY)),
    };
    assert!(!is_bad(told));
    assert!(!book(NOW, &[]).is_bad(NOW, &node(1)));
}

/// A full bucket of what was attempted a second later each, but for some.
fn full(but: &[(u32, Told)]) -> AddrBook {
    let told: Vec<_> = (0..64)
        .map(|n| {
            let attempted = ago(secs(1_000 - u64::from(n)));
            let told = Told { attempted, ..NEW };
            let changed = but.iter().find(|(its, _)| *its == n);
            (n, changed.map_or(told, |(_, told)| *told))
        })
        .collect();
    book(NOW, &told)
}

/// Who goes when one more is told.
fn who_goes(mut book: AddrBook) -> Option<u32> {
    assert_eq!(book.size(), 64);
    let added = book.add_address(NOW, &on_site(1_000), &on_site(2_000));
    sound(&book);
    assert_eq!(book.size(), 64);
    match added {
        Ok(Added::New) => (0..64).find(|&n| !book.has_address(&on_site(n))),
        added => {
            assert_eq!(added, Err(AddError::Full));
            None
        }
    }
}

const REACHED: Told = Told {
    succeeded: Some(NOW),
    ..NEW
};

#[test]
fn from_a_full_bucket_goes_who_was_not_attempted_for_longest() {
    assert_eq!(who_goes(full(&[])), Some(0));
    assert_eq!(who_goes(full(&[(0, NEW), (1, NEW)])), Some(2));
}

#[test]
fn whoever_is_bad_goes_first() {
    let bad = Told {
        attempts: 3,
        attempted: ago(MINUTE),
        ..NEW
    };
    assert_eq!(who_goes(full(&[(40, bad)])), Some(40));
    // Among those the one that was not attempted for longest.
    let worse = Told {
        attempted: ago(2 * MINUTE),
        ..bad
    };
    assert_eq!(who_goes(full(&[(40, bad), (41, worse)])), Some(41));
}

#[test]
fn for_hearsay_nobody_goes_who_was_reached_and_is_not_dead() {
    let all: Vec<_> = (0..64).map(|n| (n, REACHED)).collect();
    assert_eq!(who_goes(full(&all)), None);
    // Long not attempted is not dead: we may have been away ourselves.
    let long_ago = Told {
        attempted: ago(8 * DAY),
        succeeded: Some(ago(8 * DAY)),
        ..NEW
    };
    let long: Vec<_> = (0..64).map(|n| (n, long_ago)).collect();
    assert_eq!(who_goes(full(&long)), None);
    assert_eq!(
        who_goes(full(&[&long[..63], &[(63, NEW)]].concat())),
        Some(63)
    );
    // But who has failed ten times since goes.
    let dead = Told {
        attempts: 10,
        ..long_ago
    };
    assert_eq!(
        who_goes(full(&[&all[..9], &[(9, dead)], &all[10..]].concat())),
        Some(9)
    );
}

#[test]
fn whoever_is_in_several_buckets_leaves_only_the_one_that_is_full() {
    let mut book = full(&[]);
    let elsewhere = bucket() ^ 1;
    let text = book.to_json();
    // The first is in a second bucket as well.
    let number = format!("\t\t\t\t{}\n", bucket());
    let both = format!("\t\t\t\t{},\n\t\t\t\t{elsewhere}\n", bucket());
    let text = text.replacen(&number, &both, 1);
    book = AddrBook::read(text.as_bytes(), false, seed(), NOW)
        .unwrap()
        .book;
    assert_eq!(known(&book, &on_site(0)).buckets, [bucket(), elsewhere]);
    let added = book.add_address(NOW, &on_site(1_000), &on_site(2_000));
    assert_eq!((added, book.size()), (Ok(Added::New), 65));
    assert_eq!(known(&book, &on_site(0)).buckets, [elsewhere]);
    sound(&book);
    let _ = lax();
}
