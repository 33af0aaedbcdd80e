//! A node of V1: takes part in a network as the p2p part of a CometBFT node does.
//!
//! It keeps an address book in a file, dials until it has enough peers, lets others in and answers
//! them; as a seed node it crawls, answers once and hangs up.

mod keeper;

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pex::book::AddrBook;
use pex::v1::{Options, Switch};
use pex::{Config, Node, Seed};
use tokio::net::TcpListener;

use keeper::{Keeper, Turn};

use crate::book_file::BookFileError;
use crate::clock::Clock;
use crate::driver::Driver;
use crate::notice::Notice;
use crate::transport::{InboundLimits, Local, Traffic, TransportConfig};

/// A [`Driver`] of a [`Switch`], and the file of its book.
#[derive(Debug)]
pub struct V1Node {
    driver: Driver<Switch>,
    /// The file of the book, and who writes it.
    book: Option<(PathBuf, Keeper)>,
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
        let mut node = Self::new_by(Clock::start(), local, transport, options, book, file, seed);
        if let Some(listener) = listener {
            node.listen(listener);
        }
        node
    }

    /// The same by this clock, without a listener.
    #[must_use]
    pub fn new_by(
        clock: Clock,
        local: Arc<Local>,
        transport: TransportConfig,
        options: Options,
        book: AddrBook,
        file: Option<&Path>,
        seed: Seed,
    ) -> Self {
        let now = clock.now();
        let switch = Switch::new(options, book, local.id(), seed, now);
        let node = Node::v1(Config::default(), switch, seed, now);
        let driver = Driver::new(node, clock, local, transport);
        let book = driver.node().peers().book();
        let book = file.map(|path| (path.to_path_buf(), Keeper::new(path, book)));
        Self { driver, book }
    }

    /// Whether what changes is written to a journal every second, so that not more is lost to a
    /// crash: by default it is. Without one, a crash costs what has changed since the whole book was
    /// last written, [`save_every`](pex::v1::OptionsBuilder::save_every).
    #[must_use]
    pub fn with_journal(mut self, with: bool) -> Self {
        if let Some((path, keeper)) = &mut self.book {
            keeper.set_journal(path, with);
        }
        self
    }

    /// As [`Driver::with_extension`].
    #[must_use]
    pub fn with_extension(mut self, with: bool) -> Self {
        self.driver = self.driver.with_extension(with);
        self
    }

    /// Writes the whole book as soon as the node goes on, though nothing has changed: for a book that
    /// no file holds yet, so that whoever looks finds an empty one, and not none.
    #[must_use]
    pub fn with_new_book(mut self) -> Self {
        if let Some((_, keeper)) = &mut self.book {
            keeper.write_whole();
        }
        self
    }

    /// Takes connections from this listener, as long as the node lives.
    pub fn listen(&mut self, listener: TcpListener) {
        self.driver.listen(listener);
    }

    /// What happens next. The book is written as it changes; that is not told unless it fails, and
    /// then once until it works. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Notice {
        loop {
            let turn = async {
                match &mut self.book {
                    Some((path, keeper)) => keeper.turn(path).await,
                    None => core::future::pending().await,
                }
            };
            let due = tokio::select! {
                turn = turn => turn,
                notice = self.driver.next() => {
                    if !matches!(notice, Notice::SaveBook) {
                        return notice;
                    }
                    if let Some((_, keeper)) = &mut self.book {
                        keeper.write_whole();
                    }
                    continue;
                }
            };
            match (due, &mut self.book) {
                (Turn::Done(Some(notice)), _) => return notice,
                (Turn::Look, Some((_, keeper))) => keeper.look(self.driver.node().peers().book()),
                _ => {}
            }
        }
    }

    /// Who keeps the peers: the book, how many are connected, what was counted.
    #[must_use]
    pub const fn switch(&self) -> &Switch {
        self.driver.node().peers()
    }

    /// The clock that it goes by.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        self.driver.clock()
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

    /// Takes over other lists of nodes as well: see [`Switch::reconfigure_with_lists`].
    pub fn reconfigure_with_lists(&mut self, options: Options) {
        self.driver.reconfigure_with_lists(options);
    }

    /// Holds whoever comes from now on to other limits; nobody who is in is sent away.
    pub fn hold_to(&self, limits: InboundLimits) {
        self.driver.hold_to(limits);
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
    pub async fn close(self) -> Result<(), BookFileError> {
        let book = self.switch().book().clone();
        match self.book {
            Some((path, keeper)) => keeper.close(&path, book).await,
            None => Ok(()),
        }
    }
}
