//! The files of `pex crawl`: its results.

use std::fs;
use std::path::Path;
use std::time::Duration;

use pex::Seed;
use pex_node::demo::{CHAIN, Network};
use serde_json::Value;

use crate::command::{Outcome, pex, pex_beside};

pub(crate) async fn network() -> (Network, String) {
    let network = Network::start(20, Seed::new([7; 32])).await.unwrap();
    let seed = network.addresses()[0].to_string();
    (network, seed)
}

pub(crate) async fn crawl(seed: &str, more: &[&str]) -> Outcome {
    let arguments = ["crawl", "--chain-id", CHAIN, "--seed", seed];
    pex_beside(&[&arguments, more].concat()).await
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn several_formats_are_written_at_once_and_say_the_same() {
    let (_network, seed) = network().await;
    let folder = tempfile::tempdir().unwrap();
    let [json, csv, html, table] =
        ["a.json", "a.csv", "a.html", "a.txt"].map(|name| folder.path().join(name));
    let files = [
        "--json",
        text(&json),
        "--csv",
        text(&csv),
        "--html",
        text(&html),
        "--table",
        text(&table),
    ];
    let run = crawl(&seed, &files).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(
        run.out.starts_with("dialects         20  v2, pex\n"),
        "{}",
        run.out
    );
    let json = fs::read_to_string(json).unwrap();
    assert_eq!(json.lines().count(), 21);
    let mut csv = csv::Reader::from_path(csv).unwrap();
    let of_csv: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    for (line, row) in json.lines().zip(&of_csv) {
        let node: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&row[0], &row[6]),
            (
                node["id"].as_str().unwrap(),
                node["moniker"].as_str().unwrap()
            )
        );
        assert_eq!(
            row[11],
            node["told_by"].as_array().unwrap().len().to_string()
        );
    }
    assert_eq!(of_csv.len(), 20);
    assert!(
        fs::read_to_string(html)
            .unwrap()
            .contains("<b id=\"found\">20</b>")
    );
    assert!(
        fs::read_to_string(table)
            .unwrap()
            .contains("20 nodes found")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_format_can_be_printed() {
    let (_network, seed) = network().await;
    for (format, begins) in [
        ("table", "id "),
        ("json", "{\"id\":"),
        ("csv", "id,address,network,"),
        ("html", "<!doctype html>"),
        ("summary", "dialects "),
    ] {
        let run = crawl(&seed, &["--output", format]).await;
        assert!(run.out.starts_with(begins), "{format}");
    }
}

#[test]
fn a_file_that_can_not_be_written_is_named() {
    let arguments = ["crawl", "--chain-id", "c", "--retries", "0", "--seed"];
    let seed = "00112233445566778899aabbccddeeff00112233@127.0.0.1:1";
    for option in ["--json", "--state"] {
        let run = pex(
            &[&arguments[..], &[seed, option, "/nowhere/file"]].concat(),
            "",
        );
        assert_eq!(run.code, Some(1));
        assert!(run.err.contains("/nowhere/file"), "{}", run.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_printed_and_written_though_how_it_stands_can_not_be() {
    let (_network, seed) = network().await;
    // Somebody who says nothing, so that it goes on for a while.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = silent.local_addr().unwrap();
    let seeds = format!("{seed},00112233445566778899aabbccddeeff00112233@{place}");
    let folder = tempfile::tempdir().unwrap();
    let (states, json) = (folder.path().join("states"), folder.path().join("a.json"));
    fs::create_dir(&states).unwrap();
    let state = states.join("state");
    let files = ["--state", text(&state), "--json", text(&json)];
    let (run, ()) = tokio::join!(crawl(&seeds, &files), async {
        while !state.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        fs::remove_dir_all(&states).unwrap();
    });
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains(text(&state)), "{}", run.err);
    assert!(run.out.starts_with("dialects "), "{}", run.out);
    assert_eq!(fs::read_to_string(json).unwrap().lines().count(), 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_crawls_keep_the_last_results_and_say_what_has_changed() {
    let (_network, seed) = network().await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made");
    let repeat = [
        "--every",
        "100ms",
        "--runs",
        "3",
        "--keep",
        "2",
        "--out",
        text(&out),
    ];
    let run = crawl(&seed, &repeat).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let changes: Vec<&str> = run
        .out
        .lines()
        .filter(|line| line.starts_with("changes: "))
        .collect();
    assert_eq!(changes.len(), 2, "{}", run.out);
    assert_eq!(changes[0], "changes: 20 → 20 nodes: 20 unchanged");
    let mut kept: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    kept.sort();
    assert_eq!(kept.len(), 2);
    let diff = pex(&["crawl", "diff", text(&kept[0]), text(&kept[1])], "");
    assert_eq!((diff.code, diff.err.as_str()), (Some(0), ""));
    assert!(diff.out.ends_with("20 unchanged\n"));
    let diff = pex(
        &["crawl", "diff", "--json", text(&kept[0]), text(&kept[1])],
        "",
    );
    let summary: Value = serde_json::from_str(diff.out.trim_end()).unwrap();
    assert_eq!(summary["summary"]["unchanged"], 20);
    // A later life compares with the last of this one.
    let run = crawl(&seed, &["--out", text(&out)]).await;
    assert!(run.out.contains("changes: 20 → 20 nodes"), "{}", run.out);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn crawls_go_on_though_there_is_no_room_for_what_they_print() {
    let (_network, seed) = network().await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made");
    let mut crawl = std::process::Command::new(env!("CARGO_BIN_EXE_pex"));
    crawl.args([
        "crawl",
        "--chain-id",
        CHAIN,
        "--every",
        "100ms",
        "--runs",
        "3",
    ]);
    crawl.args(["--seed", &seed, "--out", text(&out)]);
    crawl.stdout(fs::File::create("/dev/full").unwrap());
    let ended = tokio::task::spawn_blocking(move || crawl.output().unwrap());
    let ended = ended.await.unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{err}");
    // The page three times, and what has changed twice.
    assert_eq!(err.matches("No space left").count(), 5, "{err}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 3);
}

#[test]
fn what_is_no_result_can_not_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    fs::write(&path, "garbage\n").unwrap();
    let run = pex(&["crawl", "diff", text(&path), text(&path)], "");
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains("line 1 is none of a crawl's"),
        "{}",
        run.err
    );
    assert!(run.err.contains("a.json"), "{}", run.err);
}

#[test]
fn one_file_for_two_outputs_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("same");
    let otherwise = folder.path().join("./same");
    let link = folder.path().join("link");
    let (same, otherwise, link) = (text(&file), text(&otherwise), text(&link));
    let seed = "00112233445566778899aabbccddeeff00112233@127.0.0.1:1";
    let refused = |files: &[&str], flags: &str| {
        let arguments = ["crawl", "--chain-id", CHAIN, "--seed", seed];
        let run = pex(&[&arguments, files].concat(), "");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
        let says = format!(
            "{flags} are one file, {folder}",
            folder = text(folder.path())
        );
        assert!(run.err.contains(&says), "{}", run.err);
        assert!(
            run.err.contains("give each a file of its own"),
            "{}",
            run.err
        );
    };
    refused(
        &["--json", same, "--csv", same, "--html", same],
        "--json and --csv",
    );
    refused(&["--state", same, "--csv", same], "--state and --csv");
    refused(
        &["--table", same, "--html", otherwise],
        "--table and --html",
    );
    assert!(!file.exists());
    fs::write(&file, "mine").unwrap();
    std::os::unix::fs::symlink("same", link).unwrap();
    refused(&["--state", link, "--json", same], "--state and --json");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_takes_several_outputs() {
    let (_network, seed) = network().await;
    let nowhere = ["--csv", "/dev/null", "--html", "/dev/null"];
    let run = crawl(&seed, &nowhere).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
}
