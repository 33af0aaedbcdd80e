//! Drivers of every kind in one network, each in a process of its own, over real sockets.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use pex::NodeAddress;

/// Nothing here takes that long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the WASI driver is, compiled, if it is to take part. `.ci/wasi` says so.
const WASI: &str = "PEX_EXAMPLE_WASI";

/// How a driver of each kind is started: its program, and what stands behind the addresses.
fn kinds() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let mut kinds = vec![
        ("tokio", env!("CARGO_BIN_EXE_tokio"), Vec::new()),
        ("smol", env!("CARGO_BIN_EXE_smol"), Vec::new()),
        ("threads", env!("CARGO_BIN_EXE_threads"), Vec::new()),
    ];
    if let Some(wasm) = std::env::var_os(WASI) {
        let host = concat!(env!("CARGO_MANIFEST_DIR"), "/wasi/run.mjs");
        let command = ["--", "node", "--no-warnings", host, wasm.to_str().unwrap()];
        let command = command.map(str::to_owned).to_vec();
        kinds.push(("wasi", env!("CARGO_BIN_EXE_relay"), command));
    }
    kinds
}

/// A driver that runs, and what it prints. It ends with this.
struct Driver {
    kind: &'static str,
    address: NodeAddress,
    process: Child,
    lines: Receiver<String>,
    knows: BTreeSet<String>,
}

impl Driver {
    fn start(
        (kind, program, command): &(&'static str, &str, Vec<String>),
        known: &[NodeAddress],
    ) -> Self {
        let mut process = Command::new(program)
            .arg("127.0.0.1:0")
            .args(known.iter().map(ToString::to_string))
            .args(command)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _over = sender.send(line);
            }
        });
        let first: String = lines.recv_timeout(PATIENCE).unwrap();
        let address = first.strip_prefix("listening ").unwrap().parse().unwrap();
        Self {
            kind: *kind,
            address,
            process,
            lines,
            knows: BTreeSet::new(),
        }
    }

    /// Reads what it has printed by now, and says of whom it knows.
    fn knows(&mut self) -> &BTreeSet<String> {
        for line in self.lines.try_iter() {
            let known = match line.split_once(' ') {
                Some(("learned", rest)) => rest.split_once('@').map(|(id, _)| id),
                Some(("up", id)) => Some(id),
                _ => None,
            };
            self.knows.extend(known.map(str::to_owned));
        }
        &self.knows
    }

    fn id(&self) -> String {
        self.address.id().to_string()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Waits until a condition holds of a network.
fn wait_until(network: &mut [Driver], what: &str, holds: impl Fn(&mut [Driver]) -> bool) {
    let start = Instant::now();
    while !holds(network) {
        if start.elapsed() > PATIENCE {
            for driver in network {
                println!("{} {} knows {:?}", driver.kind, driver.id(), driver.knows);
            }
            panic!("not {what}");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn drivers_of_every_kind_find_each_other_in_one_network() {
    // Each knows the one before it, and no more.
    let mut network: Vec<Driver> = Vec::new();
    let kinds = kinds();
    for kind in kinds.iter().cycle().take(3 * kinds.len()) {
        let known = network.last().map(|driver| driver.address.clone());
        network.push(Driver::start(kind, known.as_slice()));
    }
    let all: BTreeSet<String> = network.iter().map(Driver::id).collect();
    wait_until(&mut network, "found by everybody", |network| {
        network.iter_mut().all(|driver| {
            let mut others = all.clone();
            others.remove(&driver.id());
            driver.knows().is_superset(&others)
        })
    });
}

#[test]
fn a_driver_of_every_kind_outlives_a_peer_that_dies_and_one_that_is_none() {
    let kinds = kinds();
    for kind in &kinds {
        let mut survivor = [Driver::start(kind, &[])];
        let address = survivor[0].address.clone();
        // Somebody who is not of this protocol, and one who says nothing.
        let place = (address.ip().unwrap(), address.port());
        let mut stranger = std::net::TcpStream::connect(place).unwrap();
        std::io::Write::write_all(&mut stranger, b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let _silent = std::net::TcpStream::connect(place).unwrap();

        let passing = Driver::start(&kinds[0], std::slice::from_ref(&address));
        let id = passing.id();
        let has = |id: String| move |all: &mut [Driver]| all[0].knows().contains(&id);
        wait_until(&mut survivor, "met", has(id.clone()));
        drop(passing);
        let said_down = |all: &mut [Driver]| {
            let line = format!("down {id}");
            all[0].lines.try_iter().any(|it| it == line)
        };
        wait_until(&mut survivor, "missed", said_down);

        let next = Driver::start(&kinds[1], &[address]);
        wait_until(&mut survivor, "met after all that", has(next.id()));
    }
}

#[test]
fn each_driver_is_shorter_than_a_hundred_lines() {
    for file in ["tokio.rs", "smol.rs", "threads.rs", "wasi/main.rs"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < 100, "{file} has {lines} lines");
    }
}
