//! A log of a run, from which it can be had again: every action, byte for byte.
//!
//! A [`Log`] holds what a machine was made from and every event with its time. A [`Player`] is a
//! machine with a [`Roster`] that keeps what the machine learns, so that the log alone decides all
//! there is. Run a node on a player and record what goes in, and a run that went wrong can be sent
//! to somebody else as text:
//!
//! ```
//! use pex::replay::Log;
//! use pex::{Config, Epoch, Event, Kind, NodeId, Seed, Time};
//!
//! let mut log = Log::new(Config::default(), NodeId::new([1; 20]), Seed::new([7; 32]), Time::EPOCH);
//! let mut player = log.player();
//!
//! let up = Event::PeerUp { peer: NodeId::new([2; 20]), epoch: Epoch::new(1), kind: Kind::V2 };
//! log.record(Time::from_secs(1), &up);
//! let actions = player.handle(Time::from_secs(1), up);
//!
//! let text = log.to_string();
//! assert!(text.ends_with("1.000000000 up 0202020202020202020202020202020202020202 epoch=1 kind=v2\n"));
//! let again: Log = text.parse()?;
//! assert_eq!(again.replay(), [(Time::from_secs(1), actions)]);
//! # Ok::<(), pex::replay::LogError>(())
//! ```

mod error;
mod options;
mod text;

use alloc::vec::Vec;
use core::net::IpAddr;

pub use error::{LogError, LogProblem};

use crate::wire::{Message, WireError};
use crate::{
    Action, Actions, Config, Epoch, Event, Kind, NodeAddress, NodeId, Pex, QueryId, Roster, Seed,
    Time,
};

/// The purpose for which the seed of a player's roster is derived.
const ROSTER: u64 = u64::from_be_bytes(*b"roster\0\0");

/// What an event was, with everything it borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoggedEvent {
    /// [`Event::PeerUp`].
    PeerUp {
        /// Who it is.
        peer: NodeId,
        /// The number of the connection.
        epoch: Epoch,
        /// What the handshake told of it.
        kind: Kind,
    },
    /// [`Event::PeerDown`].
    PeerDown {
        /// Who it was.
        peer: NodeId,
        /// The number of the connection.
        epoch: Epoch,
    },
    /// [`Event::Message`].
    Message {
        /// Who sent it.
        from: NodeId,
        /// The connection on which it came.
        epoch: Epoch,
        /// The message, which is its wire bytes.
        message: Message<'static>,
    },
    /// [`Event::Garbage`].
    Garbage {
        /// Who sent it.
        from: NodeId,
        /// The connection on which it came.
        epoch: Epoch,
        /// Why it is no message.
        error: WireError,
    },
    /// [`Event::Unsent`].
    Unsent {
        /// To whom a message should have gone.
        to: NodeId,
        /// The connection on which it should have gone.
        epoch: Epoch,
    },
    /// [`Event::Resolved`].
    Resolved {
        /// Which question this answers.
        query: QueryId,
        /// The addresses of the name.
        ips: Vec<IpAddr>,
    },
    /// [`Event::Tick`].
    Tick,
    /// No event: the machine was set back by [`Player::rewind`].
    Rewound,
    /// No event of the machine: the roster was given an address by [`Player::add`].
    Stored {
        /// The address.
        address: NodeAddress,
        /// Who is taken to have told it.
        from: NodeId,
    },
}

impl LoggedEvent {
    /// The event as the machine takes it; `None` if it is something else that happened to it or to
    /// the roster.
    #[must_use]
    pub fn as_event(&self) -> Option<Event<'_>> {
        Some(match *self {
            Self::PeerUp { peer, epoch, kind } => Event::PeerUp { peer, epoch, kind },
            Self::PeerDown { peer, epoch } => Event::PeerDown { peer, epoch },
            Self::Message {
                from,
                epoch,
                ref message,
            } => Event::Message {
                from,
                epoch,
                message: message.clone(),
            },
            Self::Garbage { from, epoch, error } => Event::Garbage { from, epoch, error },
            Self::Unsent { to, epoch } => Event::Unsent { to, epoch },
            Self::Resolved { query, ref ips } => Event::Resolved { query, ips },
            Self::Tick => Event::Tick,
            Self::Rewound | Self::Stored { .. } => return None,
        })
    }
}

impl From<&Event<'_>> for LoggedEvent {
    fn from(event: &Event<'_>) -> Self {
        match *event {
            Event::PeerUp { peer, epoch, kind } => Self::PeerUp { peer, epoch, kind },
            Event::PeerDown { peer, epoch } => Self::PeerDown { peer, epoch },
            Event::Message {
                from,
                epoch,
                ref message,
            } => Self::Message {
                from,
                epoch,
                message: message.clone().into_owned(),
            },
            Event::Garbage { from, epoch, error } => Self::Garbage { from, epoch, error },
            Event::Unsent { to, epoch } => Self::Unsent { to, epoch },
            Event::Resolved { query, ips } => Self::Resolved {
                query,
                ips: ips.to_vec(),
            },
            Event::Tick => Self::Tick,
        }
    }
}

/// What a machine was made from, and everything that happened to it.
///
/// # Security
///
/// A log holds the seed, and so tells what the machine will do next. Hand on the log of a machine
/// that is no longer running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    config: Config,
    me: NodeId,
    seed: Seed,
    start: Time,
    roster_max: usize,
    events: Vec<(Time, LoggedEvent)>,
}

impl Log {
    /// The most addresses that the roster of a player holds if nothing else is said.
    pub const ROSTER_MAX: usize = 10_000;

    /// An empty log of the machine that [`Pex::new`] makes from the same.
    #[must_use]
    pub const fn new(config: Config, me: NodeId, seed: Seed, start: Time) -> Self {
        Self {
            config,
            me,
            seed,
            start,
            roster_max: Self::ROSTER_MAX,
            events: Vec::new(),
        }
    }

    /// The same log for a roster of at most `max` addresses.
    #[must_use]
    pub const fn with_roster_max(mut self, max: usize) -> Self {
        self.roster_max = max;
        self
    }

    /// The options of the machine.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The node that the machine speaks for.
    #[must_use]
    pub const fn me(&self) -> NodeId {
        self.me
    }

    /// When the machine was made.
    #[must_use]
    pub const fn start(&self) -> Time {
        self.start
    }

    /// What happened, with the times that the machine was told.
    #[must_use]
    pub fn events(&self) -> &[(Time, LoggedEvent)] {
        &self.events
    }

    /// Appends an event. A log grows as long as it is fed; how long that is, is the caller's to say.
    pub fn record(&mut self, now: Time, event: &Event<'_>) {
        self.push(now, LoggedEvent::from(event));
    }

    /// Appends an event that the log owns already.
    pub fn push(&mut self, now: Time, event: LoggedEvent) {
        self.events.push((now, event));
    }

    /// A player at the beginning of this log.
    #[must_use]
    pub fn player(&self) -> Player {
        Player {
            config: self.config.clone(),
            seed: self.seed,
            pex: Pex::new(self.config.clone(), self.me, self.seed, self.start),
            roster: Roster::new(self.seed.derive(ROSTER), self.roster_max),
        }
    }

    /// Every event's actions, from the beginning; for what is no event of the machine, there are
    /// none.
    #[must_use]
    pub fn replay(&self) -> Vec<(Time, Actions)> {
        let mut player = self.player();
        let mut play = |(now, event): &(Time, LoggedEvent)| (*now, player.play(*now, event));
        self.events.iter().map(&mut play).collect()
    }
}

/// A machine and a roster that keeps what the machine learns.
#[derive(Clone, Debug)]
pub struct Player {
    config: Config,
    seed: Seed,
    pex: Pex,
    roster: Roster,
}

impl Player {
    /// The machine.
    #[must_use]
    pub const fn pex(&self) -> &Pex {
        &self.pex
    }

    /// The roster.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Gives the roster an address, as an operator does; false if it did not keep it.
    pub fn add(&mut self, address: NodeAddress, from: NodeId) -> bool {
        self.roster.add(address, from)
    }

    /// Advances the machine by one event. What it learns is in the roster already when this
    /// returns; the other actions are the caller's to carry out.
    pub fn handle(&mut self, now: Time, event: Event<'_>) -> Actions {
        let actions = self.pex.handle(now, event, &self.roster);
        for action in &actions {
            if let Action::AddPeer { address, from } = action {
                self.roster.add(address.clone(), *from);
            }
        }
        actions
    }

    /// Sets the machine's time back, as [`Pex::rewind`] does.
    pub fn rewind(&mut self, now: Time) {
        self.pex.rewind(now);
    }

    /// Plays one event of a log.
    pub fn play(&mut self, now: Time, event: &LoggedEvent) -> Actions {
        if let Some(event) = event.as_event() {
            return self.handle(now, event);
        }
        if let LoggedEvent::Stored { address, from } = event {
            self.add(address.clone(), *from);
        } else {
            self.rewind(now);
        }
        Actions::default()
    }

    /// Puts the machine back that another process dumped. The roster stays.
    ///
    /// # Errors
    ///
    /// Those of [`Pex::restore`]; the machine then stays as it is.
    pub fn restore(&mut self, dump: &[u8]) -> Result<(), crate::RestoreError> {
        self.pex = Pex::restore(self.config.clone(), self.seed, dump)?;
        Ok(())
    }
}
