//! The transport of Tendermint and CometBFT: from a TCP socket to messages of peer exchange.
//!
//! [`connect`] and [`accept`] do the whole handshake: the secret connection ([`Handshake`]), the
//! check of who is there, and the exchange of node infos ([`NodeInfo`]). What they return is a
//! [`Connection`], which carries whole messages on channel 0x00 in both directions until one side
//! has enough. Nothing is logged: every failure is a [`TransportError`] that says what to do.
//!
//! ```
//! use std::sync::Arc;
//! use pex_node::transport::{Local, NodeInfo, NodeKey, TransportConfig, accept, connect};
//! use tokio::net::TcpListener;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let node = |name| -> Result<_, Box<dyn std::error::Error>> {
//!     let key = NodeKey::generate()?;
//!     let info = NodeInfo::new(key.id(), "chain-1", name, "tcp://127.0.0.1:26656")?;
//!     Ok(Arc::new(Local::new(key, info)?))
//! };
//! let (ann, bob) = (node("ann")?, node("bob")?);
//! let config = TransportConfig::default();
//!
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let (outbound, inbound) = tokio::join!(
//!     connect(&ann, &config, address, Some(bob.id())),
//!     async { accept(&bob, &config, listener.accept().await.unwrap().0).await },
//! );
//! let (to_bob, _from_bob) = outbound?.split();
//! let (_to_ann, mut from_ann) = inbound?.split();
//! to_bob.try_send(vec![0x1a, 0x00])?;
//! assert_eq!(from_ann.recv().await?, [0x1a, 0x00]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::net::SocketAddr;
use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use pex::NodeId;
use tokio::io::{AsyncRead, AsyncWrite};
#[cfg(feature = "system")]
use tokio::{net::TcpStream, time::timeout};

use budget::Budget;
use parts::Parts;

mod budget;
mod connection;
mod conversation;
mod error;
mod frame;
mod identity;
mod limits;
mod mconn;
mod node_info;
mod node_info_error;
mod pace;
mod packet;
mod parts;
mod sealed_bytes;
mod secret;
mod traffic;
mod upgrade;

pub use connection::{Connection, Direction, Receiver, RemoteInfo, Sender};
pub use conversation::{Conversation, Heard};
pub use error::{OUT_OF_DESCRIPTORS, SendError, Step, TransportError, is_out_of_descriptors};
pub use frame::{FRAME_BYTES, FRAME_DATA_MAX, Opener, Sealer};
pub use identity::{KeyError, NodeKey, id_of};
pub use limits::InboundLimits;
pub use node_info::{CHANNELS_MAX, NODE_INFO_BYTES_MAX, NodeInfo, PEX_CHANNEL, TEXT_BYTES_MAX};
#[cfg(feature = "system")]
pub(crate) use node_info::{check_moniker, host_and_port};
pub use node_info_error::{Field, NodeInfoError};
pub use packet::{Assembler, MESSAGE_BYTES_MAX, PACKET_BYTES_MAX, PacketError, Received};
pub use secret::{Authentication, FIRST_FLIGHT_BYTES, Handshake, SecretError, Session};
pub use traffic::{MessageType, Moved, Traffic};

use traffic::Counted;

/// Times and limits of the transport. The defaults are those of the reference unless said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportConfig {
    /// How long a TCP connection may take to open. Default 3 s.
    pub dial_timeout: Duration,

    /// How long the whole handshake may take, from the open TCP connection to both node infos.
    /// Default 5 s. The reference gives 20 s, but to each of two parts.
    ///
    /// It is one deadline, so a peer that sends a byte a second is cut like one that is silent.
    pub handshake_timeout: Duration,

    /// How often we ping. Default 60 s. No ping is sent while a pong is missing.
    pub ping_interval: Duration,

    /// How long a pong may take. Default 45 s. Time in which nobody takes our messages, so that we
    /// do not read, does not count.
    pub pong_timeout: Duration,

    /// How long a peer may take to accept one message, or a ping. Default 10 s, our own choice.
    pub write_timeout: Duration,

    /// How many messages may wait for a peer. Default 8; 0 counts as 1. Each has at most 64,000
    /// bytes, so this bounds the memory that a slow peer costs.
    pub send_queue: u16,

    /// How long a peer may take from the first byte of a message to its last. Default 20 s, our own
    /// choice. Time in which we do not read does not count.
    pub message_timeout: Duration,

    /// How many bytes of messages all connections of a [`Local`] may hold together. Default 64 MiB.
    /// One half is for those that wait to be sent: beyond it nothing more is queued. The other is for
    /// parts of those that are being received: beyond it who began his the longest ago is cut, so
    /// that nobody can take the room of answers with messages that he does not end. Short ones, such
    /// as requests, always get through. With less than 132,000 the longest messages may not.
    pub held_bytes_max: usize,

    /// How many bytes a second are read from a peer in the long run; [`None`] for any number.
    /// Default 512,000. Sealed bytes count, as they cost us the same whatever they hold.
    pub read_rate: Option<NonZeroU32>,

    /// How many connections others may open, and how fast.
    pub inbound: InboundLimits,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            dial_timeout: Duration::from_secs(3),
            handshake_timeout: Duration::from_secs(5),
            ping_interval: Duration::from_secs(60),
            pong_timeout: Duration::from_secs(45),
            write_timeout: Duration::from_secs(10),
            send_queue: 8,
            message_timeout: Duration::from_secs(20),
            held_bytes_max: 64 << 20,
            read_rate: NonZeroU32::new(512_000),
            inbound: InboundLimits::default(),
        }
    }
}

impl TransportConfig {
    /// How many bytes of messages may wait to be sent.
    const fn queued_bytes_max(&self) -> usize {
        self.held_bytes_max / 2
    }

    /// How many bytes there may be of messages that are being received.
    const fn parts_bytes_max(&self) -> usize {
        self.held_bytes_max - self.queued_bytes_max()
    }
}

/// Who we are to other nodes: a key, and what we tell about ourselves.
#[derive(Clone, Debug)]
pub struct Local {
    key: NodeKey,
    info: NodeInfo,
    traffic: Arc<Traffic>,
    /// What the connections of this node, those of its clones too, hold to be sent.
    budget: Arc<Budget>,
    /// And what they hold of messages that are being received.
    parts: Arc<Parts>,
}

impl Local {
    /// The node with this key and this info.
    ///
    /// # Errors
    ///
    /// [`NodeInfoError::IdMismatch`] if the id in the info is not that of the key.
    pub fn new(key: NodeKey, info: NodeInfo) -> Result<Self, NodeInfoError> {
        let proved = key.id();
        if info.id() != proved {
            return Err(NodeInfoError::IdMismatch {
                told: info.id().to_string(),
                proved,
            });
        }
        Ok(Self {
            key,
            info,
            traffic: Arc::default(),
            budget: Arc::default(),
            parts: Arc::default(),
        })
    }

    /// Our id.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.info.id()
    }

    /// What we tell about ourselves.
    #[must_use]
    pub const fn info(&self) -> &NodeInfo {
        &self.info
    }

    /// What the connections of this node have moved.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}

/// Dials `to` and does the handshake. With `expected`, the node there must be that one.
///
/// Must be called in a tokio runtime with time and I/O, which then carries the connection.
///
/// # Errors
///
/// [`TransportError`] if there is no connection; the socket is closed then.
#[cfg(feature = "system")]
pub async fn connect(
    local: &Arc<Local>,
    config: &TransportConfig,
    to: SocketAddr,
    expected: Option<NodeId>,
) -> Result<Connection, TransportError> {
    let stream = timeout(config.dial_timeout, TcpStream::connect(to))
        .await
        .map_err(|_| TransportError::TimedOut { step: Step::Dial })?
        .map_err(|error| TransportError::dial(&error))?;
    establish(
        local,
        config,
        without_delay(stream)?,
        to,
        Direction::Outbound,
        expected,
    )
    .await
}

/// Does the handshake on a connection that another node has opened.
///
/// Must be called in a tokio runtime with time and I/O, which then carries the connection.
///
/// # Errors
///
/// [`TransportError`] if there is no connection; the socket is closed then.
#[cfg(feature = "system")]
pub async fn accept(
    local: &Arc<Local>,
    config: &TransportConfig,
    stream: TcpStream,
) -> Result<Connection, TransportError> {
    let from = stream
        .peer_addr()
        .map_err(|error| TransportError::Io { kind: error.kind() })?;
    establish(
        local,
        config,
        without_delay(stream)?,
        from,
        Direction::Inbound,
        None,
    )
    .await
}

/// Messages are few and go out whole: waiting to fill a segment only makes them late.
#[cfg(feature = "system")]
fn without_delay(stream: TcpStream) -> Result<TcpStream, TransportError> {
    stream
        .set_nodelay(true)
        .map_err(|error| TransportError::Io { kind: error.kind() })?;
    Ok(stream)
}

/// Does the handshake on any stream of bytes that does not hold back what is written to it.
///
/// `remote` and `direction` are only handed on, in [`RemoteInfo`].
///
/// # Errors
///
/// [`TransportError`] if there is no connection; the stream is dropped then.
pub async fn establish<S>(
    local: &Arc<Local>,
    config: &TransportConfig,
    stream: S,
    remote: SocketAddr,
    direction: Direction,
    expected: Option<NodeId>,
) -> Result<Connection, TransportError>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, writer) = tokio::io::split(stream);
    let reader = Counted::new(reader, Arc::clone(&local.traffic));
    let writer = Counted::new(writer, Arc::clone(&local.traffic));
    let (info, wire) =
        upgrade::upgrade(local, config.handshake_timeout, reader, writer, expected).await?;
    let remote = RemoteInfo {
        id: info.id(),
        info,
        socket_addr: remote,
        direction,
    };
    Ok(Connection::start(remote, wire, config, local))
}
