//! One side of a connection without a socket: bytes go in, messages and bytes come out.
//!
//! [`connect`](super::connect) and [`accept`](super::accept) are for tokio. This is for every other
//! executor, for threads, and for transports that are not TCP: whoever can move bytes can talk to a
//! Tendermint or CometBFT node with it.

use core::mem;
use std::sync::Arc;

use super::Local;
use super::error::{SendError, TransportError};
use super::frame::{FRAME_BYTES, Opener, Sealer};
use super::node_info::NodeInfo;
use super::packet::{self, Assembler, MESSAGE_BYTES_MAX, Received};
use super::secret::{Authentication, FIRST_FLIGHT_BYTES, Handshake, Session};
use super::upgrade::{check_first, check_identity, read_info};
use pex::NodeId;

/// Sealed bytes that may wait to be written before no further message is taken: two of the longest
/// messages.
const UNWRITTEN_MAX: usize = 2 * MESSAGE_BYTES_MAX;

/// What the other side has said.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Heard {
    /// The handshake is over: its key is proved, and its node info is compatible with ours. Once.
    Ready(Box<NodeInfo>),
    /// A whole message of peer exchange.
    Message(Vec<u8>),
}

/// One side of a connection with a Tendermint or CometBFT node, whoever dialed.
///
/// The owner moves the bytes: what comes from the socket goes into [`receive`](Self::receive), what
/// [`take_unwritten`](Self::take_unwritten) returns goes to the socket, and [`hear`](Self::hear) says
/// what it meant. Both are to be done after every call, until there is nothing more. The owner also
/// has the clock: it ends a connection whose handshake takes too long, or which takes no bytes or
/// brings none for too long; [`ping`](Self::ping) makes a live one bring some.
///
/// Bounds: it holds what was put in and not yet asked for, one message, and at most 256 kB to write.
/// Any number of pings is answered once between two calls of `take_unwritten`.
///
/// ```
/// use std::sync::Arc;
/// use pex_node::transport::{Conversation, Heard, Local, NodeInfo, NodeKey};
///
/// let node = |name| -> Result<_, Box<dyn std::error::Error>> {
///     let key = NodeKey::generate()?;
///     let info = NodeInfo::new(key.id(), "chain-1", name, "tcp://127.0.0.1:26656")?;
///     Ok(Arc::new(Local::new(key, info)?))
/// };
/// let (ann, bob) = (node("ann")?, node("bob")?);
/// let mut at_ann = Conversation::new(&ann, Some(bob.id()))?;
/// let mut at_bob = Conversation::new(&bob, None)?;
///
/// // A network cable.
/// let mut heard = Vec::new();
/// for _ in 0..3 {
///     at_bob.receive(&at_ann.take_unwritten());
///     heard.extend(at_bob.hear()?);
///     at_ann.receive(&at_bob.take_unwritten());
///     while let Some(Heard::Ready(info)) = at_ann.hear()? {
///         assert_eq!(info.moniker(), "bob");
///         at_ann.send(&[0x1a, 0x00])?;
///     }
/// }
/// at_bob.receive(&at_ann.take_unwritten());
/// heard.extend(at_bob.hear()?);
/// assert!(matches!(&heard[..], [Heard::Ready(info), Heard::Message(_)] if info.moniker() == "ann"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Conversation {
    local: Arc<Local>,
    expected: Option<NodeId>,
    stage: Stage,
    /// What came and is not understood yet.
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    pong_due: bool,
}

/// How far it has come.
#[derive(Debug)]
enum Stage {
    Keys(Handshake),
    Proof(Authentication),
    /// The bytes are those of the node info, as far as they are there.
    Info(Session, Vec<u8>),
    Open(Box<Open>),
    /// It has failed, and says nothing more.
    Over,
}

#[derive(Debug)]
struct Open {
    sealer: Sealer,
    opener: Opener,
    assembler: Assembler,
}

impl Open {
    fn seal(
        &mut self,
        packets: impl Iterator<Item = Vec<u8>>,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        for packet in packets {
            let sealed = self.sealer.seal_all(&packet, out);
            sealed.map_err(|_| SendError::Closed)?;
        }
        Ok(())
    }
}

impl Conversation {
    /// A conversation that begins. With `expected`, the node on the other side must be that one.
    ///
    /// # Errors
    ///
    /// [`TransportError::Secret`] if the system gives no randomness.
    pub fn new(local: &Arc<Local>, expected: Option<NodeId>) -> Result<Self, TransportError> {
        let handshake = Handshake::new()?;
        Ok(Self {
            local: Arc::clone(local),
            expected,
            outbox: handshake.first_flight().to_vec(),
            stage: Stage::Keys(handshake),
            inbox: Vec::new(),
            pong_due: false,
        })
    }

    /// Puts in bytes from the other side. A few kilobytes at a time are enough. After an error they
    /// are not kept.
    pub fn receive(&mut self, bytes: &[u8]) {
        if let Stage::Over = self.stage {
            self.inbox = Vec::new();
            return;
        }
        self.inbox.extend_from_slice(bytes);
    }

    /// The next thing that the other side has said; [`None`] until more bytes are put in.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if the other side broke a rule, is not who was expected, or not compatible.
    /// Write what is unwritten, if you like, and close the socket.
    pub fn hear(&mut self) -> Result<Option<Heard>, TransportError> {
        if let Stage::Open(_) = self.stage {
            return self.listen();
        }
        while let Some((next, heard)) = self.shake()? {
            self.stage = next;
            if heard.is_some() {
                return Ok(heard);
            }
        }
        Ok(None)
    }

    /// One step of the handshake; `None` if there are too few bytes for it.
    fn shake(&mut self) -> Result<Option<(Stage, Option<Heard>)>, TransportError> {
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Keys(handshake) => {
                check_first(&self.inbox)?;
                let Some(theirs) = self.inbox.first_chunk::<FIRST_FLIGHT_BYTES>() else {
                    self.stage = Stage::Keys(handshake);
                    return Ok(None);
                };
                let (proof, ours) = handshake.on_first_flight(theirs, &self.local.key)?;
                self.inbox.drain(..FIRST_FLIGHT_BYTES);
                self.outbox.extend_from_slice(&ours);
                Ok(Some((Stage::Proof(proof), None)))
            }
            Stage::Proof(proof) => {
                let Some(mut frame) = self.take_frame() else {
                    self.stage = Stage::Proof(proof);
                    return Ok(None);
                };
                let mut session = proof.on_second_flight(&mut frame)?;
                check_identity(session.remote(), self.local.id(), self.expected)?;
                let info = self.local.info.encode();
                session.sealer.seal_all(&info, &mut self.outbox)?;
                Ok(Some((Stage::Info(session, Vec::new()), None)))
            }
            Stage::Info(mut session, mut bytes) => {
                if let Some((info, assembler)) = read_info(&bytes, session.remote())? {
                    self.local.info.check_compatible(&info)?;
                    let Session { sealer, opener, .. } = session;
                    let open = Open {
                        sealer,
                        opener,
                        assembler,
                    };
                    let heard = Some(Heard::Ready(Box::new(info)));
                    return Ok(Some((Stage::Open(Box::new(open)), heard)));
                }
                let Some(mut frame) = self.take_frame() else {
                    self.stage = Stage::Info(session, bytes);
                    return Ok(None);
                };
                bytes.extend_from_slice(session.opener.open(&mut frame)?);
                Ok(Some((Stage::Info(session, bytes), None)))
            }
            Stage::Open(_) | Stage::Over => Err(TransportError::ClosedByUs),
        }
    }

    /// After the handshake.
    fn listen(&mut self) -> Result<Option<Heard>, TransportError> {
        loop {
            let Stage::Open(open) = &mut self.stage else {
                return Err(TransportError::ClosedByUs);
            };
            let received = open.assembler.take();
            match received.inspect_err(|_| self.stage = Stage::Over)? {
                Some(Received::Ping) => self.pong_due = true,
                Some(Received::Pong) => {}
                Some(Received::Message(message)) => return Ok(Some(Heard::Message(message))),
                None => {
                    let Some(mut frame) = self.take_frame() else {
                        return Ok(None);
                    };
                    let Stage::Open(open) = &mut self.stage else {
                        return Err(TransportError::ClosedByUs);
                    };
                    match open.opener.open(&mut frame) {
                        Ok(data) => open.assembler.extend(data),
                        Err(error) => {
                            self.stage = Stage::Over;
                            return Err(error.into());
                        }
                    }
                }
            }
        }
    }

    fn take_frame(&mut self) -> Option<[u8; FRAME_BYTES]> {
        let frame = *self.inbox.first_chunk()?;
        self.inbox.drain(..FRAME_BYTES);
        Some(frame)
    }

    /// Has a message ready to be written.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] if the socket does not take what waits already; [`SendError::Closed`]
    /// before the handshake is over, and after an error; [`SendError::TooLong`] if it is longer than
    /// [`MESSAGE_BYTES_MAX`].
    pub fn send(&mut self, message: &[u8]) -> Result<(), SendError> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(SendError::TooLong {
                bytes: message.len(),
            });
        }
        self.put_out(packet::packets_of(message))
    }

    /// Has a ping ready to be written. A live node answers with bytes.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn ping(&mut self) -> Result<(), SendError> {
        self.put_out([packet::ping()].into_iter())
    }

    fn put_out(&mut self, packets: impl Iterator<Item = Vec<u8>>) -> Result<(), SendError> {
        let Stage::Open(open) = &mut self.stage else {
            return Err(SendError::Closed);
        };
        if self.outbox.len() > UNWRITTEN_MAX {
            return Err(SendError::Full);
        }
        open.seal(packets, &mut self.outbox)
    }

    /// What is to be written to the socket now. Whoever takes it has to write it, in this order.
    #[must_use = "what is not written is missed by the other side"]
    pub fn take_unwritten(&mut self) -> Vec<u8> {
        if mem::take(&mut self.pong_due)
            && let Stage::Open(open) = &mut self.stage
        {
            // Room is made for it now. It can fail only where nothing more can be said.
            let _over = open.seal([packet::pong()].into_iter(), &mut self.outbox);
        }
        mem::take(&mut self.outbox)
    }
}

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
