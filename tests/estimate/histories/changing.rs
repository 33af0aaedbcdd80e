//! Networks that change while they are told of.

use core::time::Duration;

use super::{FULL, History, compare};
use crate::peers::{Answers, Crowd, Lies};

/// Nodes come and go, a part of the network a minute, while one peer tells each second.
fn churn() -> String {
    let [random, some, few] = [FULL, 200, 30].map(|store| Crowd::honest(Answers::Random, store));
    let arcs = Crowd::honest(Answers::Arc, FULL);
    #[rustfmt::skip]
    let rows = [
        ("nobody of 800 nodes comes or goes", 800, random, 0, 360),
        ("of 800 nodes 8 are replaced a minute", 800, random, 8, 360),
        ("of 800 nodes 120 are replaced a minute", 800, random, 120, 360),
        ("of 800 nodes 24 are replaced a minute, in arcs", 800, arcs, 24, 360),
        ("of 6,000 nodes 60 are replaced a minute, in arcs", 6_000, arcs, 60, 360),
        ("of 700 nodes 7 are replaced a minute, each knows 200", 700, some, 7, 360),
        ("of 20,000 nodes 200 are replaced a minute", 20_000, random, 200, 360),
        ("of 8,000 nodes 40 are replaced a minute, for half an hour", 8_000, random, 40, 1_800),
        ("nobody of 900 nodes comes or goes for an hour, each knows 30", 900, few, 0, 3_600),
        ("of 800 nodes 24 are replaced a minute, six of 64 make up nodes", 800, random.with(6, Lies::Fresh), 24, 720),
    ];
    let mut text = String::new();
    for (name, size, crowd, a_minute, seconds) in rows {
        let mut history = History::new(name);
        let (mut network, mut peers) = history.crowd(size, crowd);
        let mut due = 0;
        for second in 1..=seconds {
            history.one_tells(second, &network, &mut peers);
            due += a_minute;
            while due >= 60 {
                network.lose_one(&mut history.chance);
                network.gain_one(&mut history.chance);
                due -= 60;
            }
            if second % (seconds / 12) == 0 {
                history.write();
            }
        }
        text += &history.text;
    }
    text
}

#[test]
fn what_is_said_where_nodes_come_and_go_is_as_written_down() {
    compare("churn", &churn());
}

/// One network takes the place of another one.
fn jumps() -> String {
    let mut text = String::new();
    for (name, answers) in [
        ("300 nodes become 6,000 and 300 again", Answers::Random),
        (
            "300 nodes become 6,000 and 300 again, in arcs",
            Answers::Arc,
        ),
    ] {
        let mut history = History::new(name);
        let crowd = Crowd::honest(answers, FULL);
        for size in [300, 6_000, 300] {
            let (network, mut peers) = history.crowd(size, crowd);
            history.tell(&network, &mut peers, 64, 4);
        }
        text += &history.text;
    }
    text + &small_stores()
}

/// The same where each knows so few that most are told of by one or two.
fn small_stores() -> String {
    let mut history = History::new("600 nodes become 900 others, each knows 20");
    for size in [600, 900] {
        let crowd = Crowd::honest(Answers::Random, 20);
        let (network, mut peers) = history.crowd(size, crowd);
        history.tell(&network, &mut peers, 6_400, 400);
    }
    history.text
}

#[test]
fn what_is_said_where_one_network_takes_the_place_of_another_is_as_written_down() {
    compare("jumps", &jumps());
}

/// The clock is set back, and the machine is restored from its dump.
fn disorder() -> String {
    let mut text = String::new();
    for (name, answers) in [
        (
            "the clock is set back by ten minutes, and all begins anew",
            Answers::Random,
        ),
        ("the same in arcs", Answers::Arc),
    ] {
        let mut history = History::new(name);
        let (mut network, mut peers) = history.crowd(900, Crowd::honest(answers, FULL));
        for turn in 0..300_usize {
            history.one_tells(turn, &network, &mut peers);
            network.lose_one(&mut history.chance);
            network.gain_one(&mut history.chance);
            match turn {
                150 => history.world.set_back(Duration::from_secs(600)),
                220 => history.world.begin_anew(),
                _ => {}
            }
            if turn % 20 == 19 {
                history.write();
            }
        }
        text += &history.text;
    }
    text
}

#[test]
fn what_is_said_when_the_clock_is_set_back_and_all_begins_anew_is_as_written_down() {
    compare("disorder", &disorder());
}
