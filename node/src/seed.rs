//! A seed node: a node of V1 in seed mode, made from its settings, that says how it does.
//!
//! [`SeedNode`] serves one network. It listens, keeps the address book in its file, checks whom it
//! tells of, answers whoever asks in their own dialect, V1 or V2, and hangs up. When it has met nobody
//! for a while, it says why: [`SeedEvent::Nobody`].
//!
//! ```
//! use std::path::Path;
//! use core::time::Duration;
//! use pex_node::Descriptors;
//! use pex_node::seed::SeedNode;
//! use pex_node::settings::Inputs;
//! use pex_node::transport::NodeKey;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let folder = tempfile::tempdir()?;
//! # let home = folder.path();
//! let file = "chain_id = \"test\"\nladdr = \"127.0.0.1:0\"\n";
//! let settings = Inputs::new(home).with_file("config.toml", file).read()?;
//! let seed = SeedNode::start(&settings.networks[0], NodeKey::generate()?, Descriptors::raise()?)?;
//! println!("listening on {}@{}", seed.id(), seed.place());
//!
//! // Call `seed.next().await` again and again; in the end:
//! seed.close(Duration::from_secs(1)).await?;
//! assert!(home.join("config/addrbook.json").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod store;
mod unwritten;
mod wall;
mod watch;

use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pex::book::{Repair, Replayed};
use pex::{ConfigError, NodeId, Time};
use tokio::task::spawn_blocking;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::book_file::{self, BookFileError, BookLock};
use crate::chance::fresh_seed;
use crate::clock::Clock;
use crate::descriptors::Descriptors;
use crate::listen::listen;
use crate::notice::Notice;
use crate::settings::NetworkSettings;
use crate::transport::{Local, NodeInfo, NodeKey};
use crate::v1::V1Node;

pub use error::{CloseError, StartError};
pub use store::{Opened, PeerStore};
use unwritten::{File, Unwritten};
pub use wall::ClockSet;
use wall::WallWatch;
use watch::Watch;
pub use watch::Why;

/// How often a seed looks whether it has met anybody.
const LOOK: Duration = Duration::from_secs(1);

/// What the owner of a seed is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SeedEvent {
    /// What the driver tells.
    Notice(Notice),
    /// There has been nobody for a while, or there is nobody to tell of, and why. Told again when
    /// the reason is another one.
    Nobody(Why),
    /// After [`SeedEvent::Nobody`], there is somebody.
    Somebody,
    /// Somebody has set the clock of this machine.
    ClockSet(ClockSet),
}

/// A seed node of one network.
#[derive(Debug)]
pub struct SeedNode {
    node: V1Node,
    id: NodeId,
    place: SocketAddr,
    settings: NetworkSettings,
    files: Descriptors,
    /// Places for peers by the settings; there may be room for fewer.
    wanted: usize,
    repairs: Vec<Repair>,
    journal: Option<Replayed>,
    kept: Option<(usize, PathBuf)>,
    lock: BookLock,
    store: PeerStore,
    unwritten: Unwritten,
    opened: Opened,
    watch: Watch,
    wall: WallWatch,
    looks: Interval,
}

impl SeedNode {
    /// Listens, reads the address book and the peer store, and begins. Makes their folders if they are
    /// not there. No more peers are let in than `files` has room for. Must be called within a runtime.
    ///
    /// # Errors
    ///
    /// [`StartError`] if that can't be done. Nothing is left running, and no book is changed.
    pub fn start(
        settings: &NetworkSettings,
        key: NodeKey,
        files: Descriptors,
    ) -> Result<Self, StartError> {
        Self::start_by(Clock::start(), settings, key, files)
    }

    /// The same, by this clock.
    ///
    /// # Errors
    ///
    /// As [`SeedNode::start`].
    pub fn start_by(
        clock: Clock,
        settings: &NetworkSettings,
        key: NodeKey,
        files: Descriptors,
    ) -> Result<Self, StartError> {
        let mut settings = settings.clone();
        let wanted = settings.fit(files);
        let listener = listen(settings.listen);
        let listener = listener.map_err(|why| StartError::Listen {
            place: settings.listen,
            why,
        })?;
        let place = listener.local_addr().map_err(StartError::System)?;
        let id = key.id();
        let told = settings.external_address.clone();
        let told = told.unwrap_or_else(|| place.to_string());
        let local = NodeInfo::new(
            id,
            &settings.chain_id,
            &settings.moniker,
            &format!("tcp://{told}"),
        )
        .and_then(|info| Local::new(key, info))
        .map_err(StartError::NodeInfo)?;
        let options = settings.options(id).map_err(StartError::Options)?;
        let now = clock.now();
        let mut kept = open(&settings.book, settings.strict, now)?;
        let (private, is_lost) = (&settings.private_peer_ids, kept.is_new);
        let store = PeerStore::open(&settings.peer_store, private, &mut kept.book, is_lost, now);
        let (store, opened) = store.map_err(|why| StartError::Store {
            path: settings.peer_store.clone(),
            why,
        })?;
        let mut node = V1Node::new_by(
            clock,
            Arc::new(local),
            settings.transport.clone(),
            options,
            kept.book,
            Some(&settings.book),
            fresh_seed().map_err(StartError::System)?,
        );
        if is_lost {
            node = node.with_new_book();
        }
        node.listen(listener);
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            watch: Watch::new(&settings, id),
            node,
            id,
            place,
            settings,
            files,
            wanted,
            repairs: kept.repairs,
            journal: kept.journal,
            kept: kept.kept,
            lock: kept.lock,
            store,
            unwritten: Unwritten::default(),
            opened,
            wall: WallWatch::default(),
            looks,
        })
    }

    /// What happens next. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> SeedEvent {
        loop {
            tokio::select! {
                notice = self.node.next() => {
                    self.watch.saw(&notice);
                    self.keep(&notice);
                    if self.unwritten.is_news(File::Book, &notice) {
                        return SeedEvent::Notice(notice);
                    }
                }
                notice = self.store.notice() => {
                    if self.unwritten.is_news(File::Store, &notice) {
                        return SeedEvent::Notice(notice);
                    }
                }
                _ = self.looks.tick() => {
                    let (clock, book) = (self.node.clock(), self.node.switch().book());
                    self.store.flush(clock.now(), book);
                    if let Some(set) = self.wall.look(clock) {
                        return SeedEvent::ClockSet(set);
                    }
                    if let Some(event) = self.watch.look(self.node.switch()) {
                        return event;
                    }
                }
            }
        }
    }

    /// Keeps in the store what a notice says of a node.
    fn keep(&mut self, notice: &Notice) {
        let (now, book) = (self.node.clock().now(), self.node.switch().book());
        match notice {
            Notice::Reached { address, at } => self.store.reached(now, address, *at),
            Notice::DialFailed { address, why } => {
                self.store.failed(now, address, why.verdict(), book);
            }
            Notice::Fault { peer, .. } => self.store.changed(*peer),
            _ => {}
        }
    }

    /// Takes over what can be changed while it runs: the seeds, the unconditional and the private ids,
    /// the places, how many may come from one IP
    /// address, how long they stay, the checks, the longest pause of redials, and how often the book
    /// is saved. Who fits stays connected.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if these are no options of a seed node; nothing is changed then.
    pub fn reconfigure(&mut self, settings: &NetworkSettings) -> Result<(), ConfigError> {
        let mut new = settings.clone();
        // These need a restart.
        new.persistent_peers
            .clone_from(&self.settings.persistent_peers);
        let wanted = new.fit(self.files);
        self.node.reconfigure_with_lists(new.options(self.id)?);
        self.store.take_over_private(&new.private_peer_ids);
        self.node.hold_to(new.transport.inbound.clone());
        self.watch.reconfigure(&new, self.id);
        let now = &mut self.settings;
        self.wanted = wanted;
        now.seeds = new.seeds;
        now.unconditional_peer_ids = new.unconditional_peer_ids;
        now.private_peer_ids = new.private_peer_ids;
        now.inbound_max = new.inbound_max;
        now.inbound_per_ip = new.inbound_per_ip;
        now.newcomer_stays = new.newcomer_stays;
        now.check_workers = new.check_workers;
        now.check_period = new.check_period;
        now.redial_max = new.redial_max;
        now.save_every = new.save_every;
        Ok(())
    }

    /// Hangs up on everybody once what is queued for them is sent, which it waits for no longer than
    /// `patience`; then writes the book and the peer store, and ends.
    ///
    /// # Errors
    ///
    /// [`CloseError`] says what can't be written: the book, if both can't.
    pub async fn close(mut self, patience: Duration) -> Result<(), CloseError> {
        self.node.hang_up(patience).await;
        let (now, book) = (self.node.clock().now(), self.node.switch().book().clone());
        let (store, lock) = (self.store, self.lock);
        let place = store.path().to_owned();
        let kept = spawn_blocking(move || store.close(now, &book));
        let saved = Box::pin(self.node.close()).await;
        let kept = kept.await.map_err(io::Error::other).flatten();
        drop(lock);
        let path = self.settings.book;
        saved.map_err(|why| CloseError::Book { path, why })?;
        kept.map_err(|why| CloseError::Store { path: place, why })
    }

    /// Who it is.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// Where it listens.
    #[must_use]
    pub const fn place(&self) -> SocketAddr {
        self.place
    }

    /// What others may write as their seed, as far as the settings tell.
    #[must_use]
    pub fn public_address(&self) -> Option<String> {
        let outside = self.settings.external_address.as_ref()?;
        Some(format!("{}@{outside}", self.id))
    }

    /// How many peers may be connected at once, and how many the settings ask for, if the files and
    /// sockets that may be open are too few for them.
    #[must_use]
    pub fn too_few_places(&self) -> Option<(usize, usize)> {
        let places = self.settings.inbound_max;
        (places < self.wanted).then_some((places, self.wanted))
    }

    /// The settings that are in force.
    #[must_use]
    pub const fn settings(&self) -> &NetworkSettings {
        &self.settings
    }

    /// What was wrong in the file of the book and is mended.
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// What the journal beside the file of the book came to, if it came to anything.
    #[must_use]
    pub fn journal(&self) -> Option<&Replayed> {
        self.journal.as_ref().filter(|it| it.has_something())
    }

    /// How many entries of the book are left out, if any are, and where its file as it was is kept.
    #[must_use]
    pub fn left_out(&self) -> Option<(usize, &Path)> {
        let (entries, kept) = self.kept.as_ref()?;
        Some((*entries, kept))
    }

    /// Whom it has reached.
    #[must_use]
    pub const fn store(&self) -> &PeerStore {
        &self.store
    }

    /// How the peer store was found at the start.
    #[must_use]
    pub const fn opened(&self) -> &Opened {
        &self.opened
    }

    /// The node: its book, its peers, what was counted.
    #[must_use]
    pub const fn node(&self) -> &V1Node {
        &self.node
    }
}

/// Opens a book, and makes the folder for it. A damaged one is left as it is.
fn open(path: &Path, strict: bool, now: Time) -> Result<book_file::Opened, StartError> {
    let failed = |why: BookFileError| StartError::Book {
        path: path.to_owned(),
        why,
    };
    if let Some(folder) = path.parent() {
        let made = fs::create_dir_all(folder);
        made.map_err(|why: io::Error| failed(BookFileError::Write(why)))?;
    }
    let seed = fresh_seed().map_err(StartError::System)?;
    book_file::open(path, strict, seed, now).map_err(failed)
}
