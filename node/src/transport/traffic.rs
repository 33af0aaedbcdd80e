//! How many bytes a node has moved, counted where they are moved.

use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use pex::wire::{Dialect, Message};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Which of the messages of peer exchange one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MessageType {
    /// A request of V1.
    RequestV1,
    /// An answer of V1.
    ResponseV1,
    /// A request of V2.
    RequestV2,
    /// An answer of V2.
    ResponseV2,
}

impl MessageType {
    /// All there are.
    pub const ALL: [Self; 4] = [
        Self::RequestV1,
        Self::ResponseV1,
        Self::RequestV2,
        Self::ResponseV2,
    ];

    /// The type of a message.
    pub(crate) const fn of(message: &Message<'_>) -> Self {
        match (message, message.dialect()) {
            (Message::Request(_), Dialect::V1) => Self::RequestV1,
            (Message::Request(_), Dialect::V2) => Self::RequestV2,
            (_, Dialect::V1) => Self::ResponseV1,
            (_, Dialect::V2) => Self::ResponseV2,
        }
    }

    /// Its name in the metrics of the reference: that of its Go type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestV1 => "p2p_PexRequest",
            Self::ResponseV1 => "p2p_PexAddrs",
            Self::RequestV2 => "p2p_PexRequestV2",
            Self::ResponseV2 => "p2p_PexResponseV2",
        }
    }
}

/// What one side has moved.
#[derive(Debug, Default)]
struct Flow {
    socket: AtomicU64,
    /// By type, in the order of [`MessageType::ALL`].
    messages: [AtomicU64; 4],
}

impl Flow {
    fn add_message(&self, which: MessageType, bytes: usize) {
        if let Some(counter) = self.messages.get(which as usize) {
            add(counter, bytes);
        }
    }

    fn now(&self) -> Moved {
        Moved {
            socket: self.socket.load(Ordering::Relaxed),
            messages: [0, 1, 2, 3].map(|which: usize| {
                let counter = self.messages.get(which);
                counter.map_or(0, |counter| counter.load(Ordering::Relaxed))
            }),
        }
    }
}

/// Counts; it wraps after 2^64 bytes, which no socket carries.
fn add(counter: &AtomicU64, bytes: usize) {
    counter.fetch_add(bytes.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Counters of all connections of a node, which they share: one addition for each read and write.
#[derive(Debug, Default)]
pub struct Traffic {
    received: Flow,
    sent: Flow,
}

impl Traffic {
    /// A message has come from a peer.
    pub(crate) fn receive(&self, which: MessageType, bytes: usize) {
        self.received.add_message(which, bytes);
    }

    /// A message goes to a peer.
    pub(crate) fn send(&self, which: MessageType, bytes: usize) {
        self.sent.add_message(which, bytes);
    }

    /// What has come so far.
    #[must_use]
    pub fn received(&self) -> Moved {
        self.received.now()
    }

    /// What has gone so far.
    #[must_use]
    pub fn sent(&self) -> Moved {
        self.sent.now()
    }
}

/// Bytes moved in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moved {
    /// Bytes on sockets: sealed, handshakes included.
    pub socket: u64,
    messages: [u64; 4],
}

impl Moved {
    /// Bytes of the messages of this type, as they are before they are cut into packets and sealed.
    #[must_use]
    pub fn messages(&self, which: MessageType) -> u64 {
        self.messages.get(which as usize).copied().unwrap_or(0)
    }
}

/// A stream whose bytes are counted.
#[derive(Debug)]
pub(super) struct Counted<S> {
    stream: S,
    traffic: Arc<Traffic>,
}

impl<S> Counted<S> {
    pub(super) const fn new(stream: S, traffic: Arc<Traffic>) -> Self {
        Self { stream, traffic }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let bytes = buffer.filled().len().saturating_sub(before);
        add(&self.traffic.received.socket, bytes);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(bytes)) = &written {
            add(&self.traffic.sent.socket, *bytes);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
