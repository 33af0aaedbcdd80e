//! `pex seed`, from its settings to its end.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use pex::NodeAddress;
use pex_node::transport::{Connection, Local, TransportConfig, TransportError, connect};
use tokio::time::{Instant, timeout};

use crate::command::pex;
use crate::nodes::{Nodes, local};

const PATIENCE: Duration = Duration::from_secs(60);

/// What asks for addresses in V1, and in V2.
const REQUESTS: [(&str, [u8; 2], u8); 2] =
    [("0.38.17", [0x0a, 0], 0x12), ("0.35.9", [0x1a, 0], 0x22)];

/// A seed that runs, whose log can be read meanwhile. It is killed when it is dropped.
struct Seed {
    child: Child,
    out: BufReader<ChildStdout>,
    log: PathBuf,
}

impl Seed {
    fn start(home: &Path, arguments: &[&str]) -> Self {
        let log = home.join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_pex"))
            .arg("seed")
            .args(["--home", text(home)])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out, log }
    }

    /// Where it listens, as it says.
    fn address(&mut self) -> NodeAddress {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        assert!(
            line.starts_with("listening on "),
            "{line:?}: {}",
            self.said()
        );
        let rest = line.trim_start_matches("listening on ");
        let address = rest.split_whitespace().next().unwrap();
        NodeAddress::parse(address).unwrap()
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until it has said this, and returns the line.
    fn says(&self, what: &str) -> String {
        let began = Instant::now();
        loop {
            let said = self.said();
            if let Some(line) = said.lines().find(|line| line.contains(what)) {
                return line.to_owned();
            }
            assert!(began.elapsed() < PATIENCE, "it never says {what:?}: {said}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Ends it as systemd does; its exit code, and what it said.
    fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let code = self.child.wait().unwrap().code();
        (code, self.said())
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        // Both fail for one that has ended, and that is fine.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A home with these settings.
fn home(settings: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    set(home.path(), settings);
    home
}

fn set(home: &Path, settings: &str) {
    fs::create_dir_all(home.join("config")).unwrap();
    fs::write(home.join("config/config.toml"), settings).unwrap();
}

/// Settings of a seed for a network on this machine.
fn near(more: &str) -> String {
    format!(
        "chain_id = \"c\"\nladdr = \"127.0.0.1:0\"\naddr_book_strict = false\nlog_level = \"debug\"\n{more}\n"
    )
}

fn seeds(address: &NodeAddress) -> String {
    format!("seeds = \"{address}\"")
}

/// A node of another version that connects with a seed.
async fn visit(seed: &NodeAddress, version: &str) -> Result<Connection, TransportError> {
    let us: Arc<Local> = local("c", "visitor", version, "127.0.0.1:26656".parse().unwrap());
    let place = (seed.ip().unwrap(), seed.port()).into();
    connect(&us, &TransportConfig::default(), place, Some(seed.id())).await
}

/// What a visitor is told, which it asks for in its own dialect; then it must be hung up on.
async fn asks(connection: Connection, request: [u8; 2]) -> Vec<u8> {
    let (sender, mut receiver) = connection.split();
    sender.try_send(request.to_vec()).unwrap();
    let told = timeout(PATIENCE, receiver.recv()).await.unwrap().unwrap();
    let end = timeout(PATIENCE, receiver.recv()).await.unwrap();
    assert_eq!(end.unwrap_err(), TransportError::ClosedByPeer);
    told
}

/// Whether an answer names a node: both dialects write its id in hexadecimal digits.
fn names(told: &[u8], node: &NodeAddress) -> bool {
    let id = node.id().to_string();
    told.windows(id.len()).any(|part| part == id.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_of_v1_and_one_of_v2_are_served_by_one_seed_each_in_its_own_messages() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = home(&near(&seeds(&node)));
    let mut seed = Seed::start(home.path(), &[]);
    let at = seed.address();
    seed.says(&format!("up {}", node.id()));
    for (version, request, answer) in REQUESTS {
        let told = asks(visit(&at, version).await.unwrap(), request).await;
        assert_eq!(told[0], answer, "{version}: {told:?}");
        assert!(names(&told, &node), "{version}: {told:?}");
    }
    assert_eq!(seed.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_neither_dials_nor_tells_itself_whoever_names_it() {
    let home = tempfile::tempdir().unwrap();
    set(home.path(), &near(""));
    // It has its key, and a place of its own, from a first start.
    let mut seed = Seed::start(home.path(), &[]);
    let at = seed.address();
    assert_eq!(seed.stop().0, Some(0));

    let mut nodes = Nodes::default();
    let node = nodes.honest("c", std::slice::from_ref(&at)).await;
    let both = format!("{at},{node}");
    let listen = format!("127.0.0.1:{}", at.port());
    let mut seed = Seed::start(home.path(), &["--seeds", &both, "--listen", &listen]);
    assert_eq!(seed.address(), at);
    seed.says(&format!("up {}", node.id()));
    seed.says(&format!("let go of {}", node.id()));
    let told = asks(visit(&at, "0.38.17").await.unwrap(), REQUESTS[0].1).await;
    assert!(names(&told, &node) && !names(&told, &at), "{told:?}");
    let (code, said) = seed.stop();
    assert_eq!(code, Some(0));
    assert!(
        !said.contains(&format!("could not reach {at}"))
            && !said.contains(&format!("up {}", at.id())),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_end_a_seed_hangs_up_saves_its_book_and_needs_no_seeds_after() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = home(&near(&seeds(&node)));
    let mut seed = Seed::start(home.path(), &[]);
    let at = seed.address();
    let made = seed.says("made the key of this node");
    assert!(
        made.contains(&at.id().to_string()) && made.contains("back it up"),
        "{made}"
    );
    seed.says(&format!("up {}", node.id()));
    let (_sender, mut receiver) = visit(&at, "0.38.17").await.unwrap().split();
    let (code, said) = seed.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the address books are saved"), "{said}");
    let end = timeout(PATIENCE, receiver.recv()).await.unwrap();
    assert_eq!(end.unwrap_err(), TransportError::ClosedByPeer);

    // With a filled book and no seeds; and who it is has not changed.
    set(home.path(), &near(""));
    let mut seed = Seed::start(home.path(), &[]);
    let again = seed.address();
    assert_eq!(again.id(), at.id());
    seed.says(" addresses, 1 of them good");
    let told = asks(visit(&again, "0.38.17").await.unwrap(), REQUESTS[0].1).await;
    assert!(names(&told, &node));
    let (code, said) = seed.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("made the key"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_hangup_signal_limits_are_taken_over_and_nobody_loses_a_connection() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = home(&near(&seeds(&node)));
    let mut seed = Seed::start(home.path(), &[]);
    let at = seed.address();
    seed.says(&format!("up {}", node.id()));
    let stays = visit(&at, "0.38.17").await.unwrap();

    let more = format!(
        "{}\ncheck_workers = 7\nmax_num_inbound_peers = 1\n",
        seeds(&node)
    );
    set(
        home.path(),
        &near(&more)
            .replace("127.0.0.1:0", "127.0.0.1:1")
            .replace("debug", "info"),
    );
    seed.signal("HUP");
    let taken = seed.says("read the settings again: ");
    for change in [
        "check_workers = 7 (was 64)",
        "max_num_inbound_peers = 1 (was 10000)",
        "log_level = info",
    ] {
        assert!(taken.contains(change), "{taken}");
    }
    seed.says("p2p.laddr has changed, which needs a restart");

    // A wrong file changes nothing.
    set(home.path(), &near("max_num_inbound_peers = \"none\""));
    seed.signal("HUP");
    let wrong = seed.says("the settings are wrong, and those before stay in force");
    assert!(wrong.contains("config.toml:5: "), "{wrong}");

    let told = asks(stays, REQUESTS[0].1).await;
    assert!(names(&told, &node));
    assert_eq!(seed.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_networks_are_served_by_one_process_each_with_its_own_book() {
    let mut nodes = Nodes::default();
    let (one, other) = (nodes.honest("c", &[]).await, nodes.honest("d", &[]).await);
    let table = |chain: &str, node: &NodeAddress| {
        format!(
            "[[network]]\nchain_id = \"{chain}\"\nladdr = \"127.0.0.1:0\"\n{}\n",
            seeds(node)
        )
    };
    let settings = format!(
        "log_level = \"debug\"\n[p2p]\naddr_book_strict = false\n{}{}",
        table("c", &one),
        table("d", &other)
    );
    let home = home(&settings);
    let mut seed = Seed::start(home.path(), &[]);
    let (of_c, of_d) = (seed.address(), seed.address());
    assert_eq!(of_c.id(), of_d.id(), "one key serves both");
    seed.says(&format!("c: up {}", one.id()));
    seed.says(&format!("d: up {}", other.id()));
    let told = asks(visit(&of_c, "0.38.17").await.unwrap(), REQUESTS[0].1).await;
    assert!(names(&told, &one) && !names(&told, &other), "{told:?}");
    // Who comes to the wrong one is of another chain.
    assert!(visit(&of_d, "0.38.17").await.is_err());
    assert_eq!(seed.stop().0, Some(0));
    for (chain, node) in [("c", &one), ("d", &other)] {
        let book = fs::read_to_string(home.path().join(chain).join("addrbook.json")).unwrap();
        assert!(book.contains(&node.id().to_string()), "{book}");
    }
}

/// What is served under a path at the place that a line of the log names.
fn get(line: &str, path: &str) -> String {
    let (_, place) = line.split_once("http://").unwrap();
    let place = place.split_whitespace().next().unwrap();
    let mut stream = TcpStream::connect(place).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn each_network_shows_itself_where_the_settings_say_and_nowhere_else() {
    let settings = "[instrumentation]\nprometheus = true\nprometheus_listen_addr = \"127.0.0.1:0\"\n\
                    namespace = \"seeds\"\n\
                    [[network]]\nchain_id = \"c\"\nladdr = \"127.0.0.1:0\"\n\
                    [[network]]\nchain_id = \"d\"\nladdr = \"127.0.0.1:0\"\n";
    let home = home(settings);
    let mut seed = Seed::start(home.path(), &["--log-format", "json"]);
    seed.address();
    let line = seed.says("shows itself at http://");
    assert!(line.starts_with('{'), "{line}");
    let metrics = get(&line, "/metrics");
    for says in ["seeds_p2p_peers", "chain_id=\"c\"", "chain_id=\"d\""] {
        assert!(metrics.contains(says), "{says}: {metrics}");
    }
    let (code, said) = seed.stop();
    assert_eq!(code, Some(0));
    assert_eq!(said.matches("shows itself").count(), 1, "{said}");

    set(home.path(), &near(""));
    let mut seed = Seed::start(home.path(), &[]);
    seed.address();
    let said = seed.stop().1;
    assert!(!said.contains("shows itself"), "{said}");
}

#[test]
fn a_network_that_cannot_be_served_fails_the_start_and_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = taken.local_addr().unwrap();
    let settings = format!(
        "[[network]]\nchain_id = \"c\"\nladdr = \"127.0.0.1:0\"\n[[network]]\nchain_id = \"d\"\nladdr = \"{place}\"\n"
    );
    let home = home(&settings);
    let run = pex(&["seed", "--home", text(home.path())], "");
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(1), ""),
        "nobody is told that it listens"
    );
    assert!(
        run.err.contains(&format!("d: cannot listen on {place}")),
        "{}",
        run.err
    );
    assert!(run.err.contains("choose another port"), "{}", run.err);
}

#[test]
fn a_damaged_book_is_left_as_it_is_and_named_with_what_to_do() {
    let home = home(&near(""));
    let book = home.path().join("config/addrbook.json");
    fs::write(&book, "{\"key\":").unwrap();
    let run = pex(&["seed", "--home", text(home.path())], "");
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("pex book repair"), "{}", run.err);
    assert_eq!(fs::read_to_string(&book).unwrap(), "{\"key\":");
}

#[test]
fn why_there_is_nobody_is_said_after_some_seconds() {
    let id = "00112233445566778899aabbccddeeff00112233";
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let cases = [
        (
            String::new(),
            "0 peers because no seeds are given and the address book is empty",
        ),
        (
            format!("seeds = \"{id}@{closed}\""),
            "0 peers because the seed tried refused the connection",
        ),
        (
            format!("seeds = \"{id}@nobody.invalid:26656\""),
            "0 peers because the seed tried had a name that cannot be resolved",
        ),
    ];
    // All at once, as each takes some seconds.
    let seeds = cases.each_ref().map(|(more, says)| {
        let home = home(&near(more));
        let mut seed = Seed::start(home.path(), &[]);
        seed.address();
        (home, seed, *says)
    });
    for (_home, seed, says) in seeds {
        let why = seed.says("0 peers because");
        assert!(why.contains(says), "{why}");
        let (code, said) = seed.stop();
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(
            said.matches("0 peers because").count(),
            1,
            "said once: {said}"
        );
    }
}

#[test]
fn a_wrong_setting_is_told_with_its_line_and_nothing_is_started() {
    let home = home(&near("max_num_inbound_pers = 5"));
    for arguments in [&["seed"][..], &["seed", "--check-config"]] {
        let run = pex(&[arguments, &["--home", text(home.path())]].concat(), "");
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
        let says = "config.toml:5: there is no key max_num_inbound_pers; did you mean max_num_inbound_peers?";
        assert!(run.err.contains(says), "{}", run.err);
    }
    assert!(!home.path().join("config/node_key.json").exists());
}

#[test]
fn a_wrong_flag_ends_with_two_and_what_to_write() {
    for (flag, value, says) in [
        (
            "--listen",
            "nowhere",
            "write an IP address of this machine and a port",
        ),
        ("--seeds", "nobody", "write id@host:port"),
        ("--check-period", "often", "write a duration"),
        ("--lisen", "127.0.0.1:0", "--listen"),
    ] {
        let run = pex(&["seed", "--chain-id", "c", flag, value], "");
        assert_eq!(run.code, Some(2), "{}", run.err);
        assert!(run.err.contains(says), "{flag}: {}", run.err);
    }
}

#[test]
fn what_is_in_force_is_printed_with_where_it_comes_from() {
    let home = home(&near(""));
    let run = Command::new(env!("CARGO_BIN_EXE_pex"))
        .args([
            "seed",
            "--check-config",
            "--home",
            text(home.path()),
            "--check-workers",
            "9",
        ])
        .env("PEX_CHECK_PERIOD", "1h")
        .output()
        .unwrap();
    let out = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(0), "{out}");
    for line in [
        "check_workers = 9  # --check-workers",
        "check_period = \"1h\"  # PEX_CHECK_PERIOD",
        "save_every = \"2m\"",
    ] {
        assert!(out.lines().any(|it| it == line), "{line}: {out}");
    }
    assert!(out.contains("config/config.toml:2"), "{out}");
}
