//! Tells a fixed list of addresses to whoever connects and asks.

use std::io;
use std::sync::Arc;

use pex::{Config, NodeAddress, Pex, Roster, Seed};
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::driver::Driver;
use crate::notice::Notice;
use crate::transport::{Local, TransportConfig};

/// The most addresses that a server keeps, those it is told by others included.
const ROSTER_MAX: usize = 10_000;

/// A node that tells what it knows.
#[derive(Debug)]
pub struct Server {
    driver: Driver<Roster>,
}

impl Server {
    /// A server that listens on `listener` and knows these addresses.
    ///
    /// # Errors
    ///
    /// What the listener fails with.
    pub fn new(
        local: Arc<Local>,
        transport: TransportConfig,
        seed: Seed,
        listener: TcpListener,
        known: &[NodeAddress],
    ) -> io::Result<Self> {
        let clock = Clock::start();
        let me = local.id();
        let pex = Pex::new(Config::default(), me, seed.derive(1), clock.now());
        let mut roster = Roster::new(seed.derive(2), ROSTER_MAX);
        for address in known {
            roster.add(address.clone(), me);
        }
        let mut driver = Driver::new(pex, roster, clock, local, transport);
        driver.listen(listener);
        Ok(Self { driver })
    }

    /// What happens next. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Notice {
        self.driver.next().await
    }

    /// Addresses that are known.
    #[must_use]
    pub fn known(&self) -> usize {
        self.driver.store().len()
    }
}
