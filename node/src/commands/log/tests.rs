use core::time::Duration;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::SystemTime;

use clap::Parser;
use serde_json::Map;
use tracing::{Level, debug, info, warn};

use super::line::{Said, line};
use super::queue::Queue;
use super::*;

const AT: SystemTime = SystemTime::UNIX_EPOCH;

/// A reader who takes lines only when the test lets him.
fn reader() -> (Queue, Receiver<String>) {
    let (sender, lines) = channel();
    let queue = Queue::to(move |line| {
        let _unread = sender.send(line.to_owned());
    });
    (queue, lines)
}

fn filtered(
    level: &str,
    queue: &Queue,
) -> (
    impl Subscriber + Send + Sync + use<>,
    reload::Handle<Targets, Registry>,
) {
    let (filter, handle) = reload::Layer::new(targets(level).unwrap());
    let lines = Lines::new(Format::Plain, queue.writer()).with_filter(filter);
    (Registry::default().with(lines), handle)
}

fn said(message: &str) -> Said {
    let moniker = ("moniker".to_owned(), message.into());
    Said {
        message: message.to_owned(),
        fields: Map::from_iter([moniker]),
    }
}

#[test]
fn whatever_a_stranger_wrote_stays_on_its_line_and_moves_no_cursor() {
    let hostile = "a\nb\r\x1b[2J\u{9b}31m\u{202e}\u{2028}c\0\t\"}\\\u{1f600}";
    for format in [Format::Plain, Format::Json] {
        let line = line(format, AT, Level::INFO, "pex::peer", said(hostile));
        let printable = |char: char| char.is_ascii_graphic() || char == ' ';
        assert!(line.chars().all(printable), "{line}");
        assert!(line.contains("2J"), "{line}");
    }
    // And the JSON says what it was.
    let line = line(Format::Json, AT, Level::INFO, "pex::peer", said(hostile));
    let read: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(read["message"], hostile);
    assert_eq!(read["moniker"], hostile);
}

#[test]
fn a_line_has_the_time_the_level_and_the_sentence_and_json_has_the_fields() {
    let plain = line(Format::Plain, AT, Level::WARN, "pex::peer", said("up"));
    assert_eq!(plain, "1970-01-01T00:00:00.000Z  WARN up");
    let mut with_chain = said("up");
    with_chain.fields.insert("chain_id".into(), "hub-4".into());
    let plain = line(Format::Plain, AT, Level::INFO, "pex::peer", with_chain);
    assert_eq!(plain, "1970-01-01T00:00:00.000Z  INFO hub-4: up");
    let json = line(Format::Json, AT, Level::WARN, "pex::peer", said("up"));
    let expected = r#"{"level":"warn","message":"up","moniker":"up","target":"pex::peer","time":"1970-01-01T00:00:00.000Z"}"#;
    assert_eq!(json, expected);
}

#[test]
fn the_level_can_be_changed_while_it_runs_and_for_one_target_alone() {
    let (queue, lines) = reader();
    let (subscriber, level) = filtered("info,pex::heard=off", &queue);
    tracing::subscriber::with_default(subscriber, || {
        let all = |number: u32| {
            debug!(target: "pex::dial", "debug {number}");
            info!(target: "pex::heard", "heard {number}");
            info!(target: "pex::peer", "info {number}");
            warn!(target: "pex::fault", "warn {number}");
        };
        all(1);
        level
            .reload(targets("warn,pex::dial=debug").unwrap())
            .unwrap();
        all(2);
    });
    queue.end();
    let lines: Vec<String> = lines.iter().collect();
    let said: Vec<&str> = lines
        .iter()
        .filter_map(|line| Some(line.split_once("Z ")?.1.trim_start()))
        .collect();
    assert_eq!(
        said,
        ["INFO info 1", "WARN warn 1", "DEBUG debug 2", "WARN warn 2"]
    );
}

#[test]
fn a_level_that_is_none_is_named_and_does_not_silence_the_rest() {
    for wrong in [
        "verbose",
        "pex::peer",
        "info,loud",
        "pex=loud",
        "",
        "info,,warn",
        "3",
        "=info",
    ] {
        let why = targets(wrong).err();
        let why = why.unwrap_or_default();
        assert!(
            why.contains("is no level") && why.contains("TARGET=LEVEL"),
            "{wrong}: {why}"
        );
    }
    for right in [
        "info",
        "off",
        "WARN",
        "warn,pex::heard=off",
        "error,pex=debug,pex::dial=trace",
    ] {
        assert!(targets(right).is_ok(), "{right}");
    }
}

#[test]
fn a_reader_that_has_stopped_makes_nobody_wait_and_is_told_how_much_it_missed() {
    let (let_go, held) = channel::<()>();
    let (sender, lines) = channel();
    let queue = Queue::to(move |line| {
        // Stands still until the test lets go.
        let _open = held.recv();
        let _unread = sender.send(line.to_owned());
    });
    let writer = queue.writer();
    let note = |left_out: u64| format!("{left_out} left out");
    for number in 0..5_000 {
        writer.put(format!("line {number}"), note);
    }
    drop(let_go);
    // The reader goes on: whatever comes next says what is missing.
    let mut read: Vec<String> = Vec::new();
    for _ in 0..1_000 {
        writer.put("after".to_owned(), note);
        read.extend(lines.try_iter());
        if read.iter().any(|line| line == "after") {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    queue.end();
    drop(writer);
    read.extend(lines.iter());
    let left_out: u64 = read
        .iter()
        .filter_map(|line| line.strip_suffix(" left out"))
        .map(|n| n.parse::<u64>().unwrap())
        .sum();
    let numbered = read.iter().filter(|line| line.starts_with("line ")).count();
    assert!((1_024..=1_026).contains(&numbered), "{numbered}");
    let after = read.iter().filter(|line| *line == "after").count();
    assert!(left_out >= 5_000 - 1_026, "{left_out}, {after}");
    let first = read.iter().position(|line| line.ends_with(" left out"));
    assert!(
        first < read.iter().position(|line| line == "after"),
        "said too late"
    );
}

#[test]
fn flags_say_the_format_and_the_level() {
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        log: LogArgs,
    }
    let line = Line::parse_from(["pex", "--log-format", "json", "--log-level", "debug"]);
    let meant = LogArgs::new(Format::Json, "debug");
    assert_eq!(
        (line.log.log_format, line.log.log_level),
        (meant.log_format, meant.log_level)
    );
    assert!(Line::try_parse_from(["pex", "--log-format", "xml"]).is_err());
}
