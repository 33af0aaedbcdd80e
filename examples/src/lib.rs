//! What the example drivers share, and would be the same in any: how they are started, what they
//! print, one connection as a state machine ([`Link`]), who is connected ([`Peers`]), and the loop that
//! carries out what the machine wants ([`Machine`]).
//!
//! No byte is moved here, and nobody is waited for, but for the lookup of a name.

mod frame;
mod link;
mod machine;
mod peers;

pub use frame::{FRAME_BYTES, Frame, What, read_frame, write_frame};
pub use link::{Link, next_epoch, ready};
pub use machine::{Job, Machine};
pub use peers::Peers;

use core::error::Error;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::net::{TcpListener, ToSocketAddrs as _};
use std::sync::Arc;

use pex::peers::{DialFailure, Options};
use pex::{Config, Node, NodeAction, NodeAddress, QueryId, Reach};
use pex_node::transport::{Local, NodeInfo, NodeKey, TransportError};
use pex_node::{Clock, DialError, Report, fresh_seed};

/// The network to which the examples belong.
pub const CHAIN: &str = "pex-examples";

/// How long a dial, a handshake and a write may take.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long the other side may take to read what was flushed and to hang up as well.
pub const LINGER: Duration = Duration::from_secs(1);

/// Connections that others may have with us at once, before the machine has judged them: more are
/// closed at once.
pub const CONNECTIONS: usize = 256;

/// Messages that may wait for one peer, and inputs that may wait for the machine.
pub const QUEUE: usize = 8;

/// See [`QUEUE`].
pub const INPUTS: usize = 1_024;

/// Any error, from any task or thread.
pub type Failure = Box<dyn Error + Send + Sync>;

/// What a driver begins with.
#[derive(Debug)]
#[non_exhaustive]
pub struct Setup {
    /// The machine.
    pub node: Node,
    /// The clock by which it goes.
    pub clock: Clock,
    /// The nodes that the command line names.
    pub known: Vec<NodeAddress>,
    /// Our key, and what we tell of ourselves.
    pub local: Arc<Local>,
}

impl Setup {
    /// From a command line of `LISTEN [ID@HOST:PORT]...`, with the place where others come in.
    ///
    /// # Errors
    ///
    /// If an argument is wrong, or the port is taken.
    pub fn from_args() -> Result<(Self, TcpListener), Failure> {
        let (listen, known) = args()?;
        let listener = TcpListener::bind(listen)?;
        let place = listener.local_addr()?;
        Ok((Self::at(place, &known)?, listener))
    }

    /// From the same command line where somebody else listens there for us.
    ///
    /// # Errors
    ///
    /// If an argument is wrong.
    pub fn from_args_of_a_host() -> Result<Self, Failure> {
        let (place, known) = args()?;
        Self::at(place.parse()?, &known)
    }

    /// A node that others reach at `place`, and that is told of these; prints where it is.
    fn at(place: SocketAddr, known: &[String]) -> Result<Self, Failure> {
        let known: Result<_, _> = known.iter().map(|it| NodeAddress::parse(it)).collect();
        let key = NodeKey::generate()?;
        let info = NodeInfo::new(key.id(), CHAIN, "example", &format!("tcp://{place}"))?;
        let local = Arc::new(Local::new(key, info)?);
        let address = NodeAddress::mconn(local.id(), place.ip(), place.port());
        println!("listening {address}");

        let config = Config::builder().own_addresses(vec![address]).build()?;
        // For nodes that share one machine. In a network of the world all is as it is by default.
        let options = Options::builder().nearest(Reach::Host).build()?;
        let (clock, seed) = (Clock::start(), fresh_seed()?);
        let node = Node::new(config, options, local.id(), seed, clock.now());
        Ok(Self {
            node,
            clock,
            known: known?,
            local,
        })
    }
}

fn args() -> Result<(String, Vec<String>), Failure> {
    let mut args = std::env::args().skip(1);
    let listen = args
        .next()
        .ok_or("give an address to listen on, such as 127.0.0.1:0, then those of nodes")?;
    Ok((listen, args.collect()))
}

/// Prints what an action tells, if it is of interest to people.
pub fn show(action: &NodeAction) {
    match action {
        NodeAction::Heard { address, from } => println!("learned {address} from {from}"),
        NodeAction::Up { peer, .. } => println!("up {peer}"),
        NodeAction::Down { peer, .. } => println!("down {peer}"),
        NodeAction::HangUp { peer, why, .. } => println!("hangs up on {peer}: {why}"),
        NodeAction::Fault { peer, fault } => println!("{peer} {fault}"),
        _ => {}
    }
}

/// A dial that failed, and what that says of the address.
#[must_use]
pub fn dial_failed(address: NodeAddress, why: Option<&Failure>) -> Report {
    let why = match why.map(|why| (why, why.downcast_ref::<TransportError>())) {
        Some((why, _)) if why.is::<Unusable>() => DialFailure::Unusable,
        Some((_, Some(error))) => DialError::Transport(error.clone()).verdict(),
        _ => DialFailure::Unreachable,
    };
    Report::DialFailed { address, why }
}

/// An address that can't or must not be dialed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unusable;

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this address can't be dialed from here")
    }
}

impl Error for Unusable {}

/// Where an address leads. Blocks while a name is looked up.
///
/// # Errors
///
/// [`Unusable`] if this transport can't dial it, or may not: it lies nearer than `nearest`.
pub fn place_of(address: &NodeAddress, nearest: Reach) -> Result<SocketAddr, Failure> {
    let known = matches!(address.protocol(), "mconn" | "tcp") && address.port() != 0;
    let found = match (address.ip(), address.name()) {
        (Some(ip), _) => Some(ip),
        (None, Some(name)) => addresses_of(name).first().copied(),
        (None, None) => None,
    };
    let ip = found.filter(|ip| known && Reach::of(*ip) >= nearest);
    Ok((ip.ok_or(Unusable)?, address.port()).into())
}

/// Looks a name up, and reports its addresses; none if it is unknown. Blocks.
#[must_use]
pub fn resolved(query: QueryId, name: &str) -> Report {
    let ips = addresses_of(name);
    Report::Resolved { query, ips }
}

fn addresses_of(name: &str) -> Vec<IpAddr> {
    let places = (name, 0).to_socket_addrs();
    places.map_or_else(|_| Vec::new(), |all| all.map(|place| place.ip()).collect())
}
