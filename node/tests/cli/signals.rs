//! Being told to end while the disk, or whoever reads a pipe, has all of our attention.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pex::NodeAddress;

use crate::command::Run;
use crate::nodes::Nodes;
use crate::running_seed::{Seed, home, near};

/// How long something that goes on is looked at.
const MOMENT: Duration = Duration::from_millis(500);

/// A crawl for every hour that writes a page into a pipe which nobody reads, once it does.
async fn crawl_that_writes(folder: &Path) -> (Nodes, Run) {
    let mut nodes = Nodes::default();
    let seed: NodeAddress = nodes.honest("c", &[]).await;
    let (page, table) = (folder.join("page"), folder.join("table"));
    let made = Command::new("mkfifo").arg(&page).status();
    assert!(made.unwrap().success());
    let (seed, out) = (seed.to_string(), folder.join("out"));
    let mut arguments = vec!["crawl", "--chain-id", "c", "--seed", &seed];
    arguments.extend(["--every", "1h", "--out", out.to_str().unwrap()]);
    arguments.extend(["--table", table.to_str().unwrap()]);
    arguments.extend(["--html", page.to_str().unwrap()]);
    let run = Run::start(&arguments, Vec::new());
    // The page comes right behind the table.
    let began = Instant::now();
    while !table.exists() {
        assert!(began.elapsed() < Duration::from_secs(50), "no table");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (nodes, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_is_told_to_end_while_it_writes_writes_all_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (_nodes, run) = crawl_that_writes(folder.path()).await;
    sleep(MOMENT);
    run.signal("TERM");
    sleep(MOMENT);
    let page = fs::read_to_string(folder.path().join("page")).unwrap();
    assert!(page.contains("</html>"), "{} bytes", page.len());
    let end = run.end();
    assert_eq!(end.code, Some(0), "{}", end.err);
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_a_crawl_at_once_though_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    let (_nodes, mut run) = crawl_that_writes(folder.path()).await;
    sleep(MOMENT);
    run.signal("INT");
    sleep(MOMENT);
    assert!(run.goes_on(), "the page is not written yet");
    run.signal("TERM");
    let end = run.end();
    assert_eq!(end.code, Some(1));
    assert!(end.err.contains("ended at once"), "{}", end.err);
}

#[test]
fn a_second_signal_ends_a_node_at_once_though_its_book_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("addrbook.json");
    let listen = ["node", "--listen", "127.0.0.1:0", "--chain-id", "c"];
    let more = ["--book", book.to_str().unwrap()];
    let mut run = Run::start(&[&listen[..], &more].concat(), Vec::new());
    assert!(run.line().starts_with("listening on "));
    // Somebody else writes the book, and the node waits for him.
    let held = File::create(folder.path().join("addrbook.json.new")).unwrap();
    held.lock().unwrap();
    run.signal("TERM");
    sleep(MOMENT);
    assert!(run.goes_on(), "it waits for its turn");
    run.signal("TERM");
    let end = run.end();
    assert_eq!(end.code, Some(1));
    assert!(end.err.contains("ended at once"), "{}", end.err);
    assert!(end.took < Duration::from_secs(20), "{:?}", end.took);
}

#[test]
fn a_second_signal_ends_a_seed_at_once_though_its_book_is_not_saved() {
    let home = home(&near(""));
    let mut seed = Seed::start(home.path(), &[]);
    let _address = seed.address();
    // Somebody else writes the book, and the seed waits for him.
    let held = File::create(home.path().join("config/addrbook.json.new")).unwrap();
    held.lock().unwrap();
    seed.signal("INT");
    seed.says("a second signal ends at once");
    sleep(MOMENT);
    let (code, said) = seed.stop();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("ended at once"), "{said}");
}

#[test]
fn a_second_signal_ends_a_seed_that_has_not_begun() {
    let home = home(&near(""));
    // Somebody else writes the book, and the seed waits for him before it reads it.
    let held = File::create(home.path().join("config/addrbook.json.new")).unwrap();
    held.lock().unwrap();
    let seed = Seed::start(home.path(), &[]);
    seed.says("made the key of this node");
    sleep(MOMENT);
    seed.signal("TERM");
    sleep(MOMENT);
    let (code, said) = seed.stop();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("ended at once"), "{said}");
}

/// A node that keeps a book in this folder, and has so much to say that whoever would say more has to
/// wait for a reader who does not read.
fn unheard(folder: &Path) -> Child {
    let mut node = Command::new(env!("CARGO_BIN_EXE_pex"))
        .args(["node", "--listen", "127.0.0.1:0", "--chain-id", "c"])
        .args(["--log-level", "trace", "--book"])
        .arg(folder.join("addrbook.json"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(node.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let place = line.trim().rsplit_once('@').unwrap().1.to_owned();
    // Each makes a line of some hundred bytes, and a pipe holds 64 KiB.
    for _ in 0..1_500 {
        let mut stranger = TcpStream::connect(&place).unwrap();
        let _refused = stranger.write_all(b"GET / HTTP/1.1");
    }
    node
}

fn send(to: &Child, signal: &str) {
    let id = to.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.unwrap().success());
}

/// Its exit code; none if it does not end within ten seconds.
fn code(mut of: Child) -> Option<i32> {
    for _ in 0..200 {
        if let Some(ended) = of.try_wait().unwrap() {
            return ended.code();
        }
        sleep(Duration::from_millis(50));
    }
    of.kill().unwrap();
    None
}

#[test]
fn a_second_signal_ends_a_node_whose_messages_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let node = unheard(folder.path());
    let held = File::create(folder.path().join("addrbook.json.new")).unwrap();
    held.lock().unwrap();
    send(&node, "TERM");
    sleep(MOMENT);
    send(&node, "TERM");
    assert_eq!(code(node), Some(1));
}

#[test]
fn a_node_that_fails_ends_though_nobody_reads_why() {
    let folder = tempfile::tempdir().unwrap();
    let node = unheard(folder.path());
    fs::remove_dir_all(folder.path()).unwrap();
    send(&node, "TERM");
    assert_eq!(code(node), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn no_thread_takes_a_signal_that_another_waits_for() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let home = home.to_str().unwrap();
    let made = Run::start(&["init", "--home", home, "--chain-id", "c"], Vec::new());
    assert_eq!(made.end().code, Some(0));
    let commands = [
        vec!["serve", "--listen", "127.0.0.1:0", "--chain-id", "c"],
        vec!["node", "--listen", "127.0.0.1:0", "--chain-id", "c"],
        vec!["seed", "--listen", "127.0.0.1:0", "--home", home],
        vec!["testnet", "--nodes", "2"],
    ];
    for command in commands {
        let mut run = Run::start(&command, Vec::new());
        assert!(run.line().starts_with("listening on "), "{command:?}");
        let threads = fs::read_dir(format!("/proc/{}/task", run.id())).unwrap();
        let mut open = 0;
        for thread in threads {
            let status = fs::read_to_string(thread.unwrap().path().join("status"));
            // One that has ended meanwhile takes nothing.
            let status = status.unwrap_or_default();
            let ours_in = |set: &str| {
                let set = status.lines().find_map(|it| it.strip_prefix(set));
                let set = set.map(|it| u64::from_str_radix(it.trim(), 16).unwrap());
                // SIGINT is number 2, SIGTERM 15, and the lowest bit is number 1.
                set.map(|it| it & (1 << 1 | 1 << 14))
            };
            assert_eq!(ours_in("SigCgt:").unwrap_or(0), 0, "a handler: {status}");
            open += usize::from(ours_in("SigBlk:") == Some(0));
        }
        // Whoever waits for signals lets them through while it does.
        assert!(open <= 1, "{open} threads of {command:?} take signals");
        run.signal("TERM");
        assert_eq!(run.end().code, Some(0), "{command:?}");
    }
}
