//! A node of V1: takes part in a network as the p2p part of a CometBFT node does.
//!
//! It keeps an address book in a file, dials until it has enough peers, lets others in and answers
//! them; as a seed node it crawls, answers once and hangs up.

use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pex::book::AddrBook;
use pex::v1::{Options, Switch};
use pex::{Config, Node, Seed};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::book_file::{self, BookFileError};
use crate::clock::Clock;
use crate::driver::Driver;
use crate::notice::Notice;
use crate::transport::{Local, Traffic, TransportConfig};

/// A [`Driver`] of a [`Switch`], and the file of its book.
#[derive(Debug)]
pub struct V1Node {
    driver: Driver<Switch>,
    file: Option<PathBuf>,
    /// The write under way, and whether the book has changed since it began.
    writing: Option<JoinHandle<Result<(), BookFileError>>>,
    again: bool,
}

impl V1Node {
    /// A node that knows what is in the book, and keeps it in `file`, if there is one. It takes
    /// connections from the listener, if there is one. Must be called within a runtime.
    #[must_use]
    pub fn new(
        local: Arc<Local>,
        transport: TransportConfig,
        options: Options,
        book: AddrBook,
        file: Option<&Path>,
        listener: Option<TcpListener>,
        seed: Seed,
    ) -> Self {
        let clock = Clock::start();
        let now = clock.now();
        let switch = Switch::new(options, book, local.id(), seed, now);
        let node = Node::v1(Config::default(), switch, seed, now);
        let mut driver = Driver::new(node, clock, local, transport);
        if let Some(listener) = listener {
            driver.listen(listener);
        }
        Self {
            driver,
            file: file.map(Path::to_path_buf),
            writing: None,
            again: false,
        }
    }

    /// What happens next. The book is written as it changes; that is not told unless it fails. Safe
    /// to cancel: nothing is lost.
    pub async fn next(&mut self) -> Notice {
        loop {
            let written = async {
                match &mut self.writing {
                    Some(writing) => writing.await,
                    None => core::future::pending().await,
                }
            };
            tokio::select! {
                result = written => {
                    self.writing = None;
                    if core::mem::take(&mut self.again) {
                        self.write();
                    }
                    // A write that panicked has not written.
                    let result = result.unwrap_or_else(|why| Err(BookFileError::Write(io::Error::other(why))));
                    if let Err(why) = result {
                        return Notice::NotWritten(why.to_string());
                    }
                }
                notice = self.driver.next() => {
                    if !matches!(notice, Notice::SaveBook) {
                        return notice;
                    }
                    self.write();
                }
            }
        }
    }

    /// Begins to write the book, where nobody has to wait for the disk.
    fn write(&mut self) {
        let Some(path) = &self.file else {
            return;
        };
        if self.writing.is_some() {
            self.again = true;
            return;
        }
        let (path, book) = (path.clone(), self.switch().book().clone());
        let write = move || book_file::write(&path, &book);
        self.writing = Some(tokio::task::spawn_blocking(write));
    }

    /// Who keeps the peers: the book, how many are connected, what was counted.
    #[must_use]
    pub const fn switch(&self) -> &Switch {
        self.driver.node().peers()
    }

    /// The whole machine.
    #[must_use]
    pub const fn node(&self) -> &Node<Switch> {
        self.driver.node()
    }

    /// Takes over other limits and times: see [`Switch::reconfigure`].
    pub fn reconfigure(&mut self, options: Options) {
        self.driver.reconfigure(options);
    }

    /// Hangs up on everybody once what is queued for them is sent, and waits for that, but no longer
    /// than `patience`. For the end, before [`V1Node::close`].
    pub async fn hang_up(&mut self, patience: Duration) {
        self.driver.hang_up(patience).await;
    }

    /// Whether connections are taken: there is a listener, and it is served.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.driver.is_listening()
    }

    /// What the connections have moved.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        self.driver.traffic()
    }

    /// Writes the book down, and ends.
    ///
    /// # Errors
    ///
    /// [`BookFileError`] if it can't be written.
    pub async fn close(mut self) -> Result<(), BookFileError> {
        if let Some(writing) = self.writing.take() {
            // What matters is that the last one succeeds.
            let _earlier = writing.await;
        }
        match &self.file {
            Some(path) => book_file::write(path, self.switch().book()),
            None => Ok(()),
        }
    }
}
