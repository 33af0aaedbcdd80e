//! The task that carries a connection: one loop that reads, writes and watches the clock.
//!
//! Everything is bounded: a few sealed frames and one message inwards, one message and what the
//! queue holds outwards. Reading goes on while a write waits, so two nodes that both send never
//! wait for each other.

use core::time::Duration;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::TransportConfig;
use super::budget::Share;
use super::connection::Queued;
use super::error::TransportError;
use super::frame::{FRAME_BYTES, Opener, Sealer};
use super::pace::{Heartbeat, ReadPace, later};
use super::packet::{self, Assembler, Received};
use super::parts::{Part, Parts};
use super::sealed_bytes::SealedBytes;

/// How long the other side may take to hang up after us, and how long we still read from one that
/// takes no more data.
const LINGER: Duration = Duration::from_secs(1);

/// Bytes of a message that is not whole yet which anybody may leave with us: more than a request has,
/// and as little as a connection costs anyway.
const SMALL: usize = 2_048;

/// A socket after the handshake, with the means to seal and open what it carries.
#[derive(Debug)]
pub(super) struct Wire<R, W> {
    pub(super) reader: R,
    pub(super) writer: W,
    pub(super) sealer: Sealer,
    pub(super) opener: Opener,
    /// Holds what came behind the node info.
    pub(super) assembler: Assembler,
}

/// The state of the task.
pub(super) struct Link<R, W> {
    wire: Wire<R, W>,
    sealed: SealedBytes,
    /// A whole message that the inbox has no room for yet. Nothing is read while it waits.
    waiting: Option<Vec<u8>>,
    /// Sealed frames to write.
    out: Vec<u8>,
    /// Bytes of `out` that are written.
    written: usize,
    write_by: Instant,
    pong_due: bool,
    /// The writing half has failed with this; we read what is left until then.
    failed: Option<(TransportError, Instant)>,
    /// The driver wants the rest flushed, then the end.
    closing: bool,
    heartbeat: Heartbeat,
    pace: ReadPace,
    write_timeout: Duration,
    message_timeout: Duration,
    /// When the message that is being received has to be whole.
    whole_by: Option<Instant>,
    parts: Arc<Parts>,
    parts_bytes_max: usize,
    /// For the message that is being received, if that is large.
    receiving: Option<Part>,
    /// For the message that is being sent.
    sending: Option<Share>,
    queue: mpsc::Receiver<Queued>,
    stop: oneshot::Receiver<()>,
    inbox: mpsc::Sender<Vec<u8>>,
}

/// What the task has of the channels to the driver.
pub(super) struct Ends {
    pub(super) queue: mpsc::Receiver<Queued>,
    pub(super) stop: oneshot::Receiver<()>,
    pub(super) inbox: mpsc::Sender<Vec<u8>>,
}

/// What ended a wait.
enum Wake {
    Read(io::Result<usize>),
    Wrote(io::Result<usize>),
    Queued(Option<Queued>),
    /// The inbox has room, or nobody reads it any more.
    Inbox,
    /// The sending half is gone; `true` if the rest is to be flushed.
    Stop(bool),
    /// The message that is being received has to make room for others.
    Cut,
    Time,
}

impl<R, W> Link<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    pub(super) fn new(
        wire: Wire<R, W>,
        config: &TransportConfig,
        parts: Arc<Parts>,
        ends: Ends,
    ) -> Self {
        let now = Instant::now();
        let Ends { queue, stop, inbox } = ends;
        Self {
            wire,
            sealed: SealedBytes::new(),
            waiting: None,
            out: Vec::new(),
            written: 0,
            write_by: now,
            pong_due: false,
            failed: None,
            closing: false,
            heartbeat: Heartbeat::new(config.ping_interval, config.pong_timeout, now),
            pace: ReadPace::new(config.read_rate, now),
            write_timeout: config.write_timeout,
            message_timeout: config.message_timeout,
            whole_by: None,
            parts,
            parts_bytes_max: config.parts_bytes_max(),
            receiving: None,
            sending: None,
            queue,
            stop,
            inbox,
        }
    }

    /// Carries the connection to its end, and says what ended it.
    pub(super) async fn run(mut self) -> TransportError {
        loop {
            if let Err(end) = self.turn().await {
                return end;
            }
        }
    }

    async fn turn(&mut self) -> Result<(), TransportError> {
        self.take_in()?;
        self.watch_what_is_not_whole()?;
        self.keep_alive()?;
        match self.wait().await {
            Wake::Read(result) => self.on_read(result),
            Wake::Wrote(result) => {
                self.on_wrote(result);
                Ok(())
            }
            Wake::Queued(Some(Queued { message, share })) => {
                self.sending = Some(share);
                self.put_out(packet::packets_of(&message))
            }
            Wake::Queued(None) if self.is_closing() => Err(self.hang_up().await),
            Wake::Queued(None) => Err(TransportError::ClosedByUs),
            Wake::Inbox => self.on_inbox(),
            Wake::Stop(flush) => {
                self.closing = true;
                if flush {
                    Ok(())
                } else {
                    Err(TransportError::ClosedByUs)
                }
            }
            Wake::Cut => Err(TransportError::Overloaded),
            Wake::Time => self.on_time(Instant::now()),
        }
    }

    /// Waits until one thing happens. Each of them is safe to leave and come back to.
    async fn wait(&mut self) -> Wake {
        let idle = self.failed.is_none() && self.written == self.out.len();
        let stalled = self.waiting.is_some();
        let slowed = self.pace.blocked_until(Instant::now());
        let may_read = !stalled && slowed.is_none();
        let abandoned = self.inbox.is_closed();
        let deadline = self.deadline(slowed.filter(|_| !stalled));
        let rest = self.out.get(self.written..).unwrap_or_default();
        tokio::select! {
            read = self.wire.reader.read(self.sealed.room()), if may_read => Wake::Read(read),
            wrote = self.wire.writer.write(rest), if !rest.is_empty() => Wake::Wrote(wrote),
            message = self.queue.recv(), if idle => Wake::Queued(message),
            _ = self.inbox.reserve(), if stalled => Wake::Inbox,
            () = self.inbox.closed(), if !(self.closing && abandoned) => Wake::Inbox,
            flush = &mut self.stop, if !self.closing => Wake::Stop(flush.is_ok()),
            () = cut(self.receiving.as_ref()) => Wake::Cut,
            () = sleep_until(deadline) => Wake::Time,
        }
    }

    /// The next point in time at which something is due; `reads` is when reading may go on.
    fn deadline(&self, reads: Option<Instant>) -> Instant {
        let writes = (self.written < self.out.len()).then_some(self.write_by);
        let fails = self.failed.as_ref().map(|(_, at)| *at);
        [writes, reads, fails, self.whole_by]
            .into_iter()
            .flatten()
            .fold(self.heartbeat.deadline(), Instant::min)
    }

    fn on_time(&mut self, now: Instant) -> Result<(), TransportError> {
        if let Some((error, at)) = &self.failed
            && *at <= now
        {
            return Err(error.clone());
        }
        if self.written < self.out.len() && self.write_by <= now {
            return Err(TransportError::WriteStalled {
                after: self.write_timeout,
            });
        }
        if self.whole_by.is_some_and(|at| at <= now) {
            return Err(TransportError::MessageStalled {
                after: self.message_timeout,
            });
        }
        self.heartbeat.check(now)
    }

    /// A message may take its time, and its room among those of all connections, and no more.
    fn watch_what_is_not_whole(&mut self) -> Result<(), TransportError> {
        let bytes = self.wire.assembler.held();
        if bytes == 0 || self.waiting.is_some() {
            self.whole_by = None;
        } else if self.whole_by.is_none() {
            let now = Instant::now();
            let reads_on = self.pace.blocked_until(now).unwrap_or(now);
            self.whole_by = Some(later(reads_on, self.message_timeout));
        }
        if bytes <= SMALL {
            self.receiving = None;
            return Ok(());
        }
        let part = self.receiving.get_or_insert_with(|| self.parts.begin());
        if part.hold(bytes, self.parts_bytes_max) {
            Ok(())
        } else {
            Err(TransportError::Overloaded)
        }
    }

    fn on_read(&mut self, result: io::Result<usize>) -> Result<(), TransportError> {
        let end = match result {
            Ok(0) => TransportError::ClosedByPeer,
            Ok(bytes) => {
                self.sealed.filled(bytes);
                let now = Instant::now();
                self.pace.spend(bytes, now);
                // The time that it takes us to read at our rate is not the peer's.
                if let (Some(until), Some(whole_by)) =
                    (self.pace.blocked_until(now), &mut self.whole_by)
                {
                    *whole_by = later(*whole_by, until - now);
                }
                return Ok(());
            }
            Err(error) => TransportError::after_handshake(&error),
        };
        Err(self.failed.take().map_or(end, |(error, _)| error))
    }

    fn on_wrote(&mut self, result: io::Result<usize>) {
        match result {
            Ok(bytes) if bytes > 0 => {
                self.written = self.written.saturating_add(bytes);
                if self.written < self.out.len() {
                    return;
                }
            }
            // A peer that answers and hangs up makes our next write fail before its answer is read.
            Ok(_) => self.failed = Some((TransportError::ClosedByPeer, Instant::now() + LINGER)),
            Err(error) => {
                let error = TransportError::after_handshake(&error);
                self.failed = Some((error, Instant::now() + LINGER));
            }
        }
        self.out.clear();
        // A large message is rare; thousands of connections need not keep room for it.
        self.out.shrink_to(FRAME_BYTES);
        self.sending = None;
        self.written = 0;
    }

    fn on_inbox(&mut self) -> Result<(), TransportError> {
        if self.inbox.is_closed() && !self.is_closing() {
            return Err(TransportError::ClosedByUs);
        }
        if let Some(message) = self.waiting.take() {
            self.deliver(message);
        }
        Ok(())
    }

    /// Whether the driver has asked for the rest to be flushed, seen here or not yet.
    fn is_closing(&mut self) -> bool {
        self.closing = self.closing || self.stop.try_recv().is_ok();
        self.closing
    }

    /// Gives a message to the driver; keeps it if there is no room.
    fn deliver(&mut self, message: Vec<u8>) {
        match self.inbox.try_send(message) {
            Err(mpsc::error::TrySendError::Full(message)) => {
                self.waiting = Some(message);
                self.heartbeat.pause(Instant::now());
            }
            // Nobody wants it any more: we only flush.
            Err(mpsc::error::TrySendError::Closed(_)) | Ok(()) => {
                self.heartbeat.resume(Instant::now());
            }
        }
    }

    /// Opens the frames that are there, and acts on their packets, until a message has to wait.
    fn take_in(&mut self) -> Result<(), TransportError> {
        while self.waiting.is_none() {
            match self.wire.assembler.take()? {
                Some(Received::Ping) => self.pong_due = true,
                Some(Received::Pong) => self.heartbeat.on_pong(),
                Some(Received::Message(message)) => {
                    // The next one has its own time, and its own age.
                    self.whole_by = None;
                    self.receiving = None;
                    self.deliver(message);
                }
                None => match self.sealed.next_frame() {
                    Some(mut frame) => {
                        let data = self.wire.opener.open(&mut frame)?;
                        self.wire.assembler.extend(data);
                    }
                    None => return Ok(()),
                },
            }
        }
        Ok(())
    }

    /// Writes the pong and the ping that are due, if nothing else is being written. Any number of
    /// pings makes one pong at a time, so a flood of them does not grow our memory.
    fn keep_alive(&mut self) -> Result<(), TransportError> {
        if self.written < self.out.len() || self.failed.is_some() {
            return Ok(());
        }
        let answer = core::mem::take(&mut self.pong_due).then(packet::pong);
        let question = self.heartbeat.take_ping(Instant::now()).then(packet::ping);
        self.put_out(answer.into_iter().chain(question))
    }

    /// Seals packets, one to a frame, to be written at once.
    fn put_out(&mut self, packets: impl Iterator<Item = Vec<u8>>) -> Result<(), TransportError> {
        for packet in packets {
            self.wire.sealer.seal_all(&packet, &mut self.out)?;
            self.write_by = later(Instant::now(), self.write_timeout);
        }
        Ok(())
    }

    /// Everything is written: says so, and waits a little for the other side to hang up as well. A
    /// socket closed with bytes unread takes back what is still on its way to the other side.
    async fn hang_up(&mut self) -> TransportError {
        let goodbye = async {
            self.wire.writer.shutdown().await?;
            while self.wire.reader.read(self.sealed.whole()).await? > 0 {}
            io::Result::Ok(())
        };
        // Late or broken, the connection is over.
        let _over = timeout(LINGER, goodbye).await;
        TransportError::ClosedByUs
    }
}

/// Waits until what is being received has to make room; for ever where that takes none.
async fn cut(receiving: Option<&Part>) {
    match receiving {
        Some(part) => part.cut().await,
        None => core::future::pending().await,
    }
}
