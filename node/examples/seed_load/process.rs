//! The seed as a process of its own, and what it takes of the machine.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pex::book::AddrBook;
use pex::{NetAddress, NodeId};
use pex_node::{Clock, book_file, fresh_seed};

use super::crowd::Failed;

/// A seed node that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct SeedProcess {
    child: Child,
    listens: String,
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
        Ok(Self { child, listens })
    }

    /// Where it listens.
    pub(crate) fn place(&self) -> Result<SocketAddr, Failed> {
        let place = self.listens.trim().rsplit('@').next().unwrap_or_default();
        Ok(place.parse()?)
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
