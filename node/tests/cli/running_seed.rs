//! Seeds that run, and whoever visits them.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use pex::NodeAddress;
use pex_node::transport::{Connection, Local, TransportConfig, TransportError, connect};
use tokio::time::{Instant, timeout};

use crate::nodes::local;

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What asks for addresses in V1, and in V2.
pub(crate) const REQUESTS: [(&str, [u8; 2], u8); 2] =
    [("0.38.17", [0x0a, 0], 0x12), ("0.35.9", [0x1a, 0], 0x22)];

/// A seed that runs, whose log can be read meanwhile. It is killed when it is dropped.
pub(crate) struct Seed {
    child: Child,
    out: BufReader<ChildStdout>,
    log: PathBuf,
}

impl Seed {
    pub(crate) fn start(home: &Path, arguments: &[&str]) -> Self {
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
    pub(crate) fn address(&mut self) -> NodeAddress {
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

    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until it has said this, and returns the line.
    pub(crate) fn says(&self, what: &str) -> String {
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

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Ends it as systemd does; its exit code, and what it said.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
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

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A home with these settings.
pub(crate) fn home(settings: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    set(home.path(), settings);
    home
}

pub(crate) fn set(home: &Path, settings: &str) {
    fs::create_dir_all(home.join("config")).unwrap();
    fs::write(home.join("config/config.toml"), settings).unwrap();
}

/// Settings of a seed for a network on this machine.
pub(crate) fn near(more: &str) -> String {
    format!(
        "chain_id = \"c\"\nladdr = \"127.0.0.1:0\"\naddr_book_strict = false\nlog_level = \"debug\"\n{more}\n"
    )
}

pub(crate) fn seeds(address: &NodeAddress) -> String {
    format!("seeds = \"{address}\"")
}

/// A node of another version that connects with a seed.
pub(crate) async fn visit(seed: &NodeAddress, version: &str) -> Result<Connection, TransportError> {
    let us: Arc<Local> = local("c", "visitor", version, "127.0.0.1:26656".parse().unwrap());
    let place = (seed.ip().unwrap(), seed.port()).into();
    connect(&us, &TransportConfig::default(), place, Some(seed.id())).await
}

/// What a visitor is told, which it asks for in its own dialect; then it must be hung up on.
pub(crate) async fn asks(connection: Connection, request: [u8; 2]) -> Vec<u8> {
    let (sender, mut receiver) = connection.split();
    sender.try_send(request.to_vec()).unwrap();
    let told = timeout(PATIENCE, receiver.recv()).await.unwrap().unwrap();
    let end = timeout(PATIENCE, receiver.recv()).await.unwrap();
    assert_eq!(end.unwrap_err(), TransportError::ClosedByPeer);
    told
}

/// Whether an answer names a node: both dialects write its id in hexadecimal digits.
pub(crate) fn names(told: &[u8], node: &NodeAddress) -> bool {
    let id = node.id().to_string();
    told.windows(id.len()).any(|part| part == id.as_bytes())
}
