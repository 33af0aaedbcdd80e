//! A log reproduces a run: every action and the whole state, byte for byte.

#[path = "replay/driver.rs"]
mod driver;

use core::error::Error as _;

use driver::Driver;
use pex::replay::{Log, LogProblem, LoggedEvent, Player};
use pex::{Actions, Config, NodeAddress, NodeId, Policy, Seed, Time, wire};

/// Events of the long run.
const LONG: usize = 20_000;

/// The actions as text, which shows every byte of every message.
fn text(actions: &[(Time, Actions)]) -> String {
    format!("{actions:?}")
}

/// What a machine did, and its state at the end.
type Replayed = (Vec<(Time, Actions)>, Vec<u8>);

/// Replays a log, and does something to the player before each event.
fn replay_with(log: &Log, mut between: impl FnMut(usize, &mut Player)) -> Replayed {
    let mut player = log.player();
    let mut actions = Vec::new();
    for (n, (now, event)) in log.events().iter().enumerate() {
        between(n, &mut player);
        actions.push((*now, player.play(*now, event)));
    }
    (actions, player.pex().dump())
}

fn check_replays(policy: Policy, events: usize) {
    let mut driver = Driver::new(policy, 7);
    (0..events).for_each(|_| driver.step());
    driver.assert_eventful();
    let (log, actions, dump) = driver.finish();
    assert_eq!(
        (log.config().policy(), log.config().peers_max()),
        (policy, 32)
    );
    assert_eq!((log.me(), log.start()), (driver::ME, driver::START));
    let events = log.events().len();
    assert!(actions.len() == events, "{events} events");

    let read: Log = log
        .to_string()
        .parse()
        .unwrap_or_else(|error| unreachable!("{error}"));
    assert!(read == log, "the text says something else");
    let replayed = read.replay();
    assert!(replayed == actions, "a replay differs");
    assert!(
        text(&replayed) == text(&actions),
        "a replay says the same in other bytes"
    );

    let expected = (actions, dump);
    assert!(
        replay_with(&log, |_, _| {}) == expected,
        "the state differs at the end"
    );
    let loads = replay_with(&log, |n, player| {
        if n % 97 == 13 {
            let dump = player.pex().dump();
            assert_eq!(player.restore(&dump), Ok(()));
            assert_eq!(player.pex().dump(), dump);
        }
    });
    assert!(loads == expected, "saving and loading shows");

    let clones = replay_with(&log, |n, player| {
        if n % 101 == 17 {
            *player = player.clone();
        }
    });
    assert!(clones == expected, "a clone differs");
}

#[test]
fn a_long_run_replays_byte_for_byte_whatever_is_done_to_it_in_between() {
    check_replays(Policy::Unseen, LONG);
}

#[test]
fn a_run_of_each_policy_of_the_reference_replays_byte_for_byte() {
    check_replays(Policy::Tendermint0350, LONG / 5);
    check_replays(Policy::Tendermint0359, LONG / 5);
}

#[test]
fn two_seeds_make_two_runs() {
    let run = |seed| {
        let mut driver = Driver::new(Policy::Unseen, seed);
        (0..500).for_each(|_| driver.step());
        driver.finish().2
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn every_event_is_written_as_one_line_and_read_again() {
    let lines = "\
        up 0202020202020202020202020202020202020202 epoch=18446744073709551615 kind=kin\n\
        down 0202020202020202020202020202020202020202 epoch=1\n\
        message 0202020202020202020202020202020202020202 epoch=1 1a00\n\
        garbage 0202020202020202020202020202020202020202 epoch=1 too-long 70000 64000\n\
        garbage 0202020202020202020202020202020202020202 epoch=1 truncated\n\
        garbage 0202020202020202020202020202020202020202 epoch=1 varint-too-long\n\
        garbage 0202020202020202020202020202020202020202 epoch=1 field-number\n\
        garbage 0202020202020202020202020202020202020202 epoch=1 unknown-wire-type 7\n\
        garbage 0202020202020202020202020202020202020202 epoch=1 wrong-wire-type 2 5\n\
        garbage 0202020202020202020202020202020202020202 epoch=1 end-group\n\
        garbage 0202020202020202020202020202020202020202 epoch=1 not-utf8 1\n\
        unsent 0202020202020202020202020202020202020202 epoch=1\n\
        resolved query=1 10.0.0.1 2001:db8::1\n\
        resolved query=2\n\
        tick\n\
        rewind\n\
        store mconn://0202020202020202020202020202020202020202@10.0.0.1:26656 \
        from=0303030303030303030303030303030303030303\n";
    for line in lines.lines() {
        let event: LoggedEvent = line.parse().unwrap();
        assert_eq!(event.to_string(), line);
    }
}

#[test]
fn a_line_that_is_wrong_is_named_with_what_is_wrong() {
    let mut driver = Driver::new(Policy::Unseen, 1);
    (0..3).for_each(|_| driver.step());
    let text = driver.finish().0.to_string();
    let head = text.split("\n\n").next().unwrap();
    let first_event = head.lines().count() + 2;
    let problem = |line: &str| {
        let error = format!("{head}\n\n{line}").parse::<Log>().unwrap_err();
        assert_eq!(error.line, first_event, "{line}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("line {first_event}: "))
        );
        error.problem
    };
    let id = "02".repeat(20);
    assert_eq!(problem("1.000000000 jump"), LogProblem::UnknownEvent);
    assert_eq!(problem("1.000000000 tick tock"), LogProblem::TooMuch);
    assert!(matches!(problem("1.5 tick"), LogProblem::Expected(_)));
    assert!(matches!(
        problem("99999999999.000000000 tick"),
        LogProblem::Expected(_)
    ));
    assert!(matches!(problem("tick"), LogProblem::Missing(_)));
    assert!(matches!(problem("1.000000000 up"), LogProblem::Missing(_)));
    assert!(matches!(
        problem("1.000000000 down 02 epoch=1"),
        LogProblem::Id(_)
    ));
    let bytes = |hex: &str| problem(&format!("1.000000000 message {id} epoch=1 {hex}"));
    assert!(matches!(bytes("ff"), LogProblem::Message(_)));
    assert!(matches!(bytes("1a0"), LogProblem::Expected(_)));
    assert_eq!(bytes("2a00"), LogProblem::NoMessage);
    let store = problem("1.000000000 store nowhere from=0");
    assert!(matches!(store, LogProblem::Address(_)));
}

/// A log in which nothing happens.
fn empty() -> String {
    let (me, seed) = (NodeId::new([1; 20]), Seed::new([7; 32]));
    Log::new(Config::default(), me, seed, Time::EPOCH).to_string()
}

#[test]
fn what_is_wrong_with_a_part_of_a_line_is_the_cause_of_the_error() {
    let text = empty();
    let cause = |text: String| {
        let error = text.parse::<Log>().unwrap_err();
        error.source().map(ToString::to_string)
    };
    let line = |line: &str| cause(format!("{text}\n1.000000000 {line}"));
    let id = NodeId::parse("02").unwrap_err();
    assert_eq!(line("down 02 epoch=1"), Some(id.to_string()));
    let address = NodeAddress::parse("nowhere").unwrap_err();
    let store = format!("store nowhere from={}", "02".repeat(20));
    assert_eq!(line(&store), Some(address.to_string()));
    let bytes = wire::decode(&[0xff]).unwrap_err();
    let message = format!("message {} epoch=1 ff", "02".repeat(20));
    assert_eq!(line(&message), Some(bytes.to_string()));
    let config = Config::builder().peers_max(0).build().unwrap_err();
    let zero = text.replace("peers_max=10000", "peers_max=0");
    assert_eq!(cause(zero), Some(config.to_string()));
    assert_eq!(line("tick tock"), None);
}

#[test]
fn a_head_that_is_wrong_is_refused() {
    let text = empty();
    let problem = |text: String| text.parse::<Log>().unwrap_err().problem;
    assert_eq!(problem(String::new()), LogProblem::NotALog);
    assert_eq!(problem(text.replace("log 1", "log 2")), LogProblem::NotALog);
    assert_eq!(
        problem(text.replace("peers_max", "pears")),
        LogProblem::UnknownOption
    );
    let zero = text.replace("peers_max=10000", "peers_max=0");
    assert!(matches!(problem(zero), LogProblem::Config(_)));
    let nobody = text.replace("me=0101010101010101010101010101010101010101\n", "");
    assert!(matches!(problem(nobody), LogProblem::Missing(_)));
    let short = text.replace("seed=07", "seed=");
    assert!(matches!(problem(short), LogProblem::Expected(_)));
}

#[test]
fn a_player_is_restored_and_set_back_as_its_machine_is() {
    let mut driver = Driver::new(Policy::Unseen, 3);
    (0..300).for_each(|_| driver.step());
    let (log, _, dump) = driver.finish();
    let mut player = log.player();
    assert_ne!(player.pex().dump(), dump);
    let said = player.restore(&[]).unwrap_err().to_string();
    assert_eq!(
        said,
        "these bytes are no dump of this version; start afresh"
    );
    assert_eq!(player.restore(&dump), Ok(()));
    assert_eq!(player.pex().dump(), dump);

    let mut machine = player.pex().clone();
    machine.rewind(log.start());
    assert_ne!(machine.dump(), dump);
    let _nothing = player.play(log.start(), &LoggedEvent::Rewound);
    assert_eq!(player.pex().dump(), machine.dump());
}

#[test]
fn empty_lines_and_comments_between_the_events_of_a_log_say_nothing() {
    let mut driver = Driver::new(Policy::Unseen, 1);
    (0..9).for_each(|_| driver.step());
    let log = driver.finish().0;
    let text = log.to_string();
    let (head, events) = text.split_once("\n\n").unwrap();
    let events = events.replace('\n', "\n\n# What follows:\n");
    assert_eq!(format!("{head}\n\n{events}").parse(), Ok(log));
}
