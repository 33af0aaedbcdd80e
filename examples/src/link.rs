//! One connection as a state machine: what comes is read into it, and reports come out.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use pex::{Epoch, NodeAddress, NodeId};
use pex_node::transport::{Conversation, Heard, Local, NodeInfo, SendError, Step, TransportError};
use pex_node::{Report, kind_of_version};

use crate::{Failure, PATIENCE, dial_failed};

/// How long the other side may be silent before it is pinged, and then before it is given up.
const SILENCE: Duration = Duration::from_secs(45);

/// A connection from its first byte to its end, without its socket.
#[derive(Debug)]
pub struct Link {
    talk: Conversation,
    epoch: Epoch,
    from: IpAddr,
    dialed: Option<NodeAddress>,
    /// Who is there, once that is proved.
    peer: Option<NodeId>,
    shaken_by: Instant,
    /// When bytes came last, or it was said that none did.
    read_at: Instant,
    pinged: bool,
}

impl Link {
    /// A connection that is to be; with `dialed`, one that we dial.
    ///
    /// # Errors
    ///
    /// If the system gives no randomness for the handshake.
    pub fn new(local: &Arc<Local>, dialed: Option<NodeAddress>) -> Result<Self, TransportError> {
        Ok(Self {
            talk: Conversation::new(local, dialed.as_ref().map(NodeAddress::id))?,
            epoch: next_epoch(),
            from: Ipv4Addr::UNSPECIFIED.into(),
            dialed,
            peer: None,
            shaken_by: Instant::now() + PATIENCE,
            read_at: Instant::now(),
            pinged: false,
        })
    }

    /// The socket is open, and leads to this place.
    pub fn opened(&mut self, place: SocketAddr) {
        self.from = place.ip();
        self.shaken_by = Instant::now() + PATIENCE;
    }

    /// How long to wait for bytes at most.
    #[must_use]
    pub fn patience(&self) -> Duration {
        match self.peer {
            Some(_) => SILENCE,
            // No timeout of a socket may be zero.
            None => (self.shaken_by - Instant::now()).max(Duration::from_millis(1)),
        }
    }

    /// Whether no bytes have come for so long, for whoever is told of bytes and does not wait.
    #[must_use]
    pub fn is_late(&self) -> bool {
        let read_by = self.peer.map(|_| self.read_at + SILENCE);
        read_by.unwrap_or(self.shaken_by) <= Instant::now()
    }

    /// Takes what reading from the socket has given: bytes, the end, or that none came in time.
    ///
    /// # Errors
    ///
    /// If the connection is over.
    pub fn on_read(&mut self, read: io::Result<usize>, piece: &[u8]) -> Result<(), Failure> {
        self.read_at = Instant::now();
        match read {
            Ok(0) => Err(TransportError::ClosedByPeer.into()),
            Ok(bytes) => {
                self.talk.receive(piece.get(..bytes).unwrap_or(piece));
                self.pinged = false;
                // Whoever sends a byte a second is not done in time either.
                if self.peer.is_none() && self.shaken_by <= Instant::now() {
                    return Err(self.late().into());
                }
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if self.peer.is_none() || core::mem::replace(&mut self.pinged, true) {
                    return Err(self.late().into());
                }
                Ok(self.talk.ping()?)
            }
            Err(error) => Err(error.into()),
        }
    }

    const fn late(&self) -> TransportError {
        match self.peer {
            Some(_) => TransportError::PongMissing { after: SILENCE },
            None => TransportError::TimedOut {
                step: Step::Authentication,
            },
        }
    }

    /// The next thing to report; the first is that the connection is ready. `None` until more is read.
    ///
    /// # Errors
    ///
    /// If the connection is over, since the other side broke a rule.
    pub fn report(&mut self) -> Result<Option<Report>, TransportError> {
        Ok(match (self.talk.hear()?, self.peer) {
            (Some(Heard::Ready(info)), _) => {
                self.peer = Some(info.id());
                Some(ready(&info, self.from, self.epoch, self.dialed.clone()))
            }
            (Some(Heard::Message(bytes)), Some(from)) => Some(Report::Bytes {
                from,
                epoch: self.epoch,
                bytes,
            }),
            _ => None,
        })
    }

    /// Does something with a link that threads share, and writes what is unwritten then. Frames are
    /// numbered, so taking them and writing them is one step.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn with<T>(
        link: &Mutex<Self>,
        mut to: impl io::Write,
        act: impl FnOnce(&mut Self) -> T,
    ) -> io::Result<T> {
        let mut link = link.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut link);
        to.write_all(&link.take_unwritten())?;
        Ok(result)
    }

    /// Has a message ready to be written.
    ///
    /// # Errors
    ///
    /// If the connection is over, or does not take what waits already.
    pub fn send(&mut self, message: &[u8]) -> Result<(), SendError> {
        self.talk.send(message)
    }

    /// What is to be written now.
    #[must_use = "what is not written is missed by the other side"]
    pub fn take_unwritten(&mut self) -> Vec<u8> {
        self.talk.take_unwritten()
    }

    /// What to report at the end: that it is down, or that it never came to be.
    #[must_use]
    pub fn over(&self, ended: Result<(), Failure>) -> Option<Report> {
        let (epoch, why) = (self.epoch, ended.err());
        match (self.peer, self.dialed.clone()) {
            (Some(peer), _) => Some(Report::Down { peer, epoch }),
            (None, Some(address)) => Some(dial_failed(address, why.as_ref())),
            (None, None) => None,
        }
    }
}

/// A number for a new connection, which no other one has.
#[must_use]
pub fn next_epoch() -> Epoch {
    static EPOCHS: AtomicU64 = AtomicU64::new(1);
    Epoch::new(EPOCHS.fetch_add(1, Ordering::Relaxed))
}

/// How a new connection is reported: `dialed` is what was dialed, if it was us who did.
#[must_use]
pub fn ready(info: &NodeInfo, from: IpAddr, epoch: Epoch, dialed: Option<NodeAddress>) -> Report {
    let (kind, peer, ip) = (kind_of_version(info.version()), info.id(), Some(from));
    let port = info.listen_port();
    match dialed {
        Some(address) => Report::Dialed {
            address,
            epoch,
            kind,
            ip,
        },
        None => Report::Accepted {
            peer,
            epoch,
            kind,
            ip,
            listen: port.map(|port| NodeAddress::mconn(peer, from, port)),
        },
    }
}
