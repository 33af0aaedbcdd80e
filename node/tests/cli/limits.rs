//! The command when the system gives it less than it asks for.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::command::Run;
use crate::nodes::{Nodes, nobody};

/// What `pex` says, and its exit code, where so many files and sockets may be open.
fn with_descriptors(most: u32, arguments: &str) -> (Option<i32>, String) {
    let script = format!("ulimit -n {most} && exec \"$0\" {arguments}");
    let pex = env!("CARGO_BIN_EXE_pex");
    let run = Command::new("sh").args(["-c", &script, pex]).output();
    let run = run.unwrap();
    (run.status.code(), String::from_utf8(run.stderr).unwrap())
}

const RAISE: &str = "raise the limit with ulimit -n";

#[test]
fn a_demonstration_without_descriptors_says_how_to_get_more() {
    let (code, err) = with_descriptors(32, "demo --fast");
    assert_eq!(code, Some(1));
    assert_eq!(
        err,
        format!("pex: too many open files and sockets; {RAISE}\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_is_not_dialed_for_want_of_descriptors_is_not_blamed() {
    let mut seeds = Vec::new();
    let mut nodes = Nodes::default();
    for _ in 0..40 {
        seeds.push(nodes.silent().await.0.to_string());
    }
    let arguments = format!("crawl --chain-id c --seed {}", seeds.join(","));
    let run = tokio::task::spawn_blocking(move || with_descriptors(32, &arguments));
    let (code, err) = run.await.unwrap();
    assert_eq!(code, Some(1));
    assert!(err.contains(RAISE), "{err}");
    assert!(!err.contains("check that a node listens"), "{err}");
}

#[tokio::test]
async fn a_failure_that_cannot_be_told_is_still_a_failure() {
    let (seed, full) = (nobody().await, File::create("/dev/full").unwrap());
    let run = Command::new(env!("CARGO_BIN_EXE_pex"))
        .args(["crawl", "--chain-id", "c", "--seed", &seed.to_string()])
        .stdout(Stdio::null())
        .stderr(full)
        .status();
    assert_eq!(run.unwrap().code(), Some(1), "and no panic");
}

#[test]
fn a_node_keeps_descriptors_for_those_who_look_on() {
    // A folder is no book, so it ends once it has said how many may come.
    let places = |windows: &str| {
        let arguments = "node --chain-id c --listen 127.0.0.1:0 --seed-mode --book /";
        let (_, err) = with_descriptors(1_024, &format!("{arguments} {windows}"));
        let said = err.strip_prefix("pex: ").unwrap().split_once(" of 10000");
        said.unwrap().0.parse::<u32>().unwrap()
    };
    let (none, one) = (places(""), places("--metrics 127.0.0.1:0"));
    let both = places("--metrics 127.0.0.1:0 --status 127.0.0.1:0");
    // A sixteenth for each window; of the places a quarter is for those who come and go.
    assert_eq!((none - one, one - both), (48, 48));
}

#[test]
fn a_node_key_that_could_not_be_written_keeps_no_later_start_from_making_one() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("node_key.json");
    let listen = ["node", "--listen", "127.0.0.1:0", "--chain-id", "c"];
    // The disk takes names, and no bytes.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
    let full = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_pex")])
        .args(listen)
        .arg("--node-key")
        .arg(&key)
        .output();
    let full = full.unwrap();
    assert_eq!(full.status.code(), Some(1));
    let said = String::from_utf8(full.stderr).unwrap();
    assert!(said.contains("the node key cannot be written"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let more = ["--node-key", key.to_str().unwrap()];
    let mut run = Run::start(&[&listen[..], &more].concat(), Vec::new());
    let line = run.line();
    run.signal("TERM");
    let err = run.end().err;
    assert!(line.starts_with("listening on "), "{line}: {err}");
}
