//! The seed as a process of its own, and what it takes of the machine.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pex::book::AddrBook;
use pex::{NetAddress, NodeId};
use pex_node::{Clock, book_file, fresh_seed};

use super::crowd::Failed;

/// How long a node of the reference may take to listen.
const START: Duration = Duration::from_secs(30);

/// A seed node that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct SeedProcess {
    child: Child,
    place: SocketAddr,
}

impl SeedProcess {
    /// Starts `pex node --seed-mode` with this book, and waits until it listens.
    pub(crate) fn start(pex: &Path, book: &Path) -> Result<Self, Failed> {
        let mut child = Command::new(pex)
            .args(["node", "--seed-mode", "--lax", "--chain-id", "load"])
            .args(["--listen", "127.0.0.1:0", "--book"])
            .arg(book)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|why| format!("{}: {why}; build it first", pex.display()))?;
        let mut listens = String::new();
        let out = child.stdout.take().ok_or("the seed says nothing")?;
        BufReader::new(out).read_line(&mut listens)?;
        let place = listens.trim().rsplit('@').next().unwrap_or_default();
        let place = place.parse().inspect_err(|_| drop(child.kill()))?;
        Ok(Self { child, place })
    }

    /// Starts `cometbft start` in seed mode with this book, in a home of its own in this folder, and waits
    /// until it listens. Its limits are as wide as ours.
    #[allow(dead_code, reason = "the load has it, the tests do not need it")]
    pub(crate) fn start_cometbft(
        cometbft: &Path,
        folder: &Path,
        book: &Path,
    ) -> Result<Self, Failed> {
        let home = folder.join("cometbft");
        let command = |what: &str| {
            let mut command = Command::new(cometbft);
            command.args([what, "--home"]).arg(&home);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let made = command("init").status();
        let made = made.map_err(|why| format!("{}: {why}", cometbft.display()))?;
        if !made.success() {
            return Err(format!("{} init: {made}", cometbft.display()).into());
        }
        let config = home.join("config");
        fs::copy(book, config.join("addrbook.json"))?;
        set(
            &config.join("genesis.json"),
            "  \"chain_id\": ",
            "\"load\",",
        )?;
        for (name, value) in [
            ("addr_book_strict = ", "false"),
            ("allow_duplicate_ip = ", "true"),
            ("max_num_inbound_peers = ", "10000"),
        ] {
            set(&config.join("config.toml"), name, value)?;
        }
        // Whoever listened there is gone; the number is not given out again at once.
        let place = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let child = command("start")
            .args(["--p2p.seed_mode", "--proxy_app", "noop", "--rpc.laddr", ""])
            .args(["--log_level", "error", "--p2p.laddr"])
            .arg(format!("tcp://{place}"))
            .spawn()?;
        let mut started = Self { child, place };
        let patience = Instant::now() + START;
        while TcpStream::connect(place).is_err() {
            if let Some(status) = started.child.try_wait()? {
                return Err(format!("{} start: {status}", cometbft.display()).into());
            }
            if Instant::now() > patience {
                return Err(format!("{} does not listen", cometbft.display()).into());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(started)
    }

    /// Where it listens.
    pub(crate) const fn place(&self) -> SocketAddr {
        self.place
    }

    /// Bytes of memory that it takes now.
    pub(crate) fn resident(&self) -> Result<u64, Failed> {
        self.status("VmRSS:")
    }

    /// Bytes of memory that it has taken at most.
    pub(crate) fn most_resident(&self) -> Result<u64, Failed> {
        self.status("VmHWM:")
    }

    /// Processor time that it has taken so far, in the hundredths of a second that Linux counts.
    pub(crate) fn worked(&self) -> Result<Duration, Failed> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which may hold anything, stand the state and ten numbers, then these two.
        let rest = stat.rsplit(") ").next().unwrap_or_default();
        let numbers: Vec<u64> = rest
            .split(' ')
            .skip(11)
            .take(2)
            .flat_map(str::parse)
            .collect();
        Ok(Duration::from_millis(10) * u32::try_from(numbers.iter().sum::<u64>())?)
    }

    fn status(&self, name: &str) -> Result<u64, Failed> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kib
            .ok_or("the system does not tell the memory")?
            .parse::<u64>()?
            * 1024)
    }
}

impl Drop for SeedProcess {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Has the line of a file that begins with this name say this.
fn set(path: &Path, name: &str, value: &str) -> Result<(), Failed> {
    let text = fs::read_to_string(path)?;
    let mut found = false;
    let lines = text.lines().map(|line| {
        if line.starts_with(name) {
            found = true;
            format!("{name}{value}\n")
        } else {
            format!("{line}\n")
        }
    });
    let text: String = lines.collect();
    if !found {
        return Err(format!("{} has no line {name}", path.display()).into());
    }
    Ok(fs::write(path, text)?)
}

/// Writes a book of so many addresses that were reached just now, so that the seed tells them and
/// need not check them for a while.
pub(crate) fn write_book(path: &Path, known: u32) -> Result<(), Failed> {
    let now = Clock::start().now();
    let mut book = AddrBook::new(false, fresh_seed()?);
    for n in 0..known {
        let mut id = [0x77; 20];
        id[..4].copy_from_slice(&n.to_be_bytes());
        let [_, _, high, low] = n.to_be_bytes();
        let address = NetAddress::new(NodeId::new(id), [10, low, high, 1].into(), 26_656);
        book.mark_good(now, &address);
    }
    Ok(book_file::write(path, &book)?)
}
