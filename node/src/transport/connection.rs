//! An established connection, and its two halves.

use core::fmt;
use core::net::SocketAddr;
use std::sync::Arc;

use pex::{NodeAddress, NodeId};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

use super::budget::{Budget, Share};
use super::error::{SendError, TransportError};
use super::mconn::{Ends, Link, Wire};
use super::node_info::NodeInfo;
use super::packet::MESSAGE_BYTES_MAX;
use super::{Local, TransportConfig};

/// Whole messages that wait for the driver before we stop reading.
const INBOX: usize = 1;

/// Who dialed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "one of two nodes dials; there is no third"
)]
pub enum Direction {
    /// The other side dialed us.
    Inbound,
    /// We dialed the other side.
    Outbound,
}

/// Who is on the other side.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RemoteInfo {
    /// The id whose key the node has proved to own.
    pub id: NodeId,
    /// What the node tells about itself: well-formed and compatible with us, but not proved.
    pub info: NodeInfo,
    /// The address of the socket. For an inbound connection its port tells nothing.
    pub socket_addr: SocketAddr,
    /// Who dialed.
    pub direction: Direction,
}

impl RemoteInfo {
    /// Where the node says that others can dial it, at the IP address where it really is; none if it
    /// names no port. Nothing has checked that it is true.
    #[must_use]
    pub fn listen_address(&self) -> Option<NodeAddress> {
        let port = self.info.listen_port().filter(|port| *port > 0)?;
        Some(NodeAddress::mconn(self.id, self.socket_addr.ip(), port))
    }
}

/// A connection after the handshake. One task carries it; it ends when either half is dropped.
#[derive(Debug)]
#[non_exhaustive]
pub struct Connection {
    /// Who is on the other side.
    pub remote: RemoteInfo,
    sender: Sender,
    receiver: Receiver,
}

impl Connection {
    /// Starts the task that carries a connection.
    pub(super) fn start<R, W>(
        remote: RemoteInfo,
        wire: Wire<R, W>,
        config: &TransportConfig,
        local: &Local,
    ) -> Self
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, queue) = mpsc::channel(usize::from(config.send_queue.max(1)));
        let (flush, stop) = oneshot::channel();
        let (inbox, receiver) = mpsc::channel(INBOX);
        let (end, ended) = oneshot::channel();
        let ends = Ends { queue, stop, inbox };
        let link = Link::new(wire, config, Arc::clone(&local.parts), ends);
        tokio::spawn(async move {
            // Nobody listens for the reason if the receiver is dropped, and that is fine.
            let _unheard = end.send(link.run().await);
        });
        Self {
            remote,
            sender: Sender {
                queue: sender,
                flush,
                budget: Arc::clone(&local.budget),
                queued_bytes_max: config.queued_bytes_max(),
            },
            receiver: Receiver {
                messages: receiver,
                ended,
                end: None,
            },
        }
    }

    /// The half to send with and the half to receive with.
    #[must_use]
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }
}

/// The half of a connection to send with. Dropping it ends the connection at once.
pub struct Sender {
    queue: mpsc::Sender<Queued>,
    flush: oneshot::Sender<()>,
    budget: Arc<Budget>,
    queued_bytes_max: usize,
}

/// A message that waits to be sent.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) message: Vec<u8>,
    pub(super) share: Share,
}

impl Sender {
    /// Queues one message of peer exchange, and returns at once.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] if [`TransportConfig::send_queue`] messages wait already, or all
    /// connections together have queued their half of [`TransportConfig::held_bytes_max`];
    /// [`SendError::Closed`] if the connection has ended;
    /// [`SendError::TooLong`] if the message is longer than [`MESSAGE_BYTES_MAX`].
    pub fn try_send(&self, message: Vec<u8>) -> Result<(), SendError> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(SendError::TooLong {
                bytes: message.len(),
            });
        }
        let share = self.budget.take(message.len(), self.queued_bytes_max);
        let share = share.ok_or(SendError::Full)?;
        let queued = Queued { message, share };
        self.queue.try_send(queued).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SendError::Full,
            mpsc::error::TrySendError::Closed(_) => SendError::Closed,
        })
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Closes the connection once everything queued is sent. Returns at once.
    ///
    /// The receiver may be dropped from here on. The write timeout still holds, so a peer that
    /// takes nothing does not keep the connection open.
    pub fn close_after_flush(self) {
        // If the task has ended already, the connection is closed.
        let _ended = self.flush.send(());
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender({} free)", self.queue.capacity())
    }
}

/// The half of a connection to receive with. Dropping it ends the connection at once, unless
/// [`Sender::close_after_flush`] has been called.
#[derive(Debug)]
pub struct Receiver {
    messages: mpsc::Receiver<Vec<u8>>,
    ended: oneshot::Receiver<TransportError>,
    end: Option<TransportError>,
}

impl Receiver {
    /// The next message of peer exchange. Safe to cancel: no message is lost.
    ///
    /// While nobody takes messages, nothing more is read from the peer, not even its pings; so
    /// take them promptly.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if the connection has ended, after all messages that came before. Every
    /// later call returns the same error.
    pub async fn recv(&mut self) -> Result<Vec<u8>, TransportError> {
        if let Some(message) = self.messages.recv().await {
            return Ok(message);
        }
        if let Some(end) = &self.end {
            return Err(end.clone());
        }
        let end = (&mut self.ended).await.unwrap_or(TransportError::Stopped);
        Err(self.end.insert(end).clone())
    }
}
