//! Everybody else: nodes that connect with a seed from many addresses of the loopback.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pex::{NodeId, wire};
use pex_node::transport::{
    Connection, Direction, Local, NodeInfo, NodeKey, Receiver, Sender, TransportConfig, establish,
};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// The question of V1.
const REQUEST: [u8; 2] = [0x0a, 0x00];

/// How long anybody waits for anything before it counts as a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A newcomer that was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// From the first packet to the answer.
    pub(crate) waited: Duration,
    /// Addresses in the answer.
    pub(crate) told: usize,
}

/// Nodes that connect with one seed.
#[derive(Debug)]
pub(crate) struct Crowd {
    others: Arc<Others>,
    held: Vec<(Sender, Receiver)>,
}

#[derive(Debug)]
struct Others {
    seed: SocketAddr,
    made: AtomicU32,
    /// Who was made last.
    last_id: Mutex<NodeId>,
}

/// Nodes that ask all the time, until they are stopped.
#[derive(Debug)]
pub(crate) struct Asking {
    tasks: JoinSet<()>,
    stop: Arc<AtomicBool>,
    counts: Arc<[AtomicU64; 2]>,
}

impl Crowd {
    pub(crate) fn new(seed: SocketAddr) -> Self {
        let made = AtomicU32::new(0);
        Self {
            others: Arc::new(Others {
                seed,
                made,
                last_id: Mutex::new(NodeId::new([0; 20])),
            }),
            held: Vec::new(),
        }
    }

    /// Opens so many connections and holds them; returns how long that took.
    pub(crate) async fn hold(&mut self, count: usize, at_once: usize) -> Result<Duration, Failed> {
        let started = Instant::now();
        let mut opening = JoinSet::new();
        for _ in 0..count {
            if opening.len() >= at_once.max(1) {
                self.keep(opening.join_next().await)?;
            }
            let others = Arc::clone(&self.others);
            opening.spawn(async move { others.connect(0).await });
        }
        while let Some(opened) = opening.join_next().await {
            self.keep(Some(opened))?;
        }
        Ok(started.elapsed())
    }

    /// Holds one more, which says that it listens at this port; returns who it is.
    #[allow(dead_code, reason = "the tests have it, the load does not need it")]
    pub(crate) async fn hold_one_that_listens(&mut self, port: u16) -> Result<NodeId, Failed> {
        let connection = self.others.connect(port).await?;
        // What is dropped is closed, so it is kept; who it was is what the seed has to know.
        let id = self
            .others
            .last_id
            .lock()
            .map_err(|_| "a test has panicked")?
            .to_owned();
        self.held.push(connection.split());
        Ok(id)
    }

    fn keep(
        &mut self,
        opened: Option<Result<Result<Connection, Failed>, tokio::task::JoinError>>,
    ) -> Result<(), Failed> {
        if let Some(opened) = opened {
            self.held.push(opened??.split());
        }
        Ok(())
    }

    /// Connections that are held, and that the seed has not ended.
    pub(crate) fn still_held(&self) -> usize {
        let open = |(sender, _): &&(Sender, Receiver)| !sender.is_closed();
        self.held.iter().filter(open).count()
    }

    /// One node that connects, asks and is answered.
    pub(crate) async fn newcomer(&self) -> Result<Answer, Failed> {
        self.others.ask().await
    }

    /// Has so many nodes connect, ask, and come again as another as soon as they are answered.
    pub(crate) fn ask_all_the_time(&self, count: usize) -> Asking {
        let mut asking = Asking {
            tasks: JoinSet::new(),
            stop: Arc::default(),
            counts: Arc::default(),
        };
        for _ in 0..count {
            let others = Arc::clone(&self.others);
            let (stop, counts) = (Arc::clone(&asking.stop), Arc::clone(&asking.counts));
            asking.tasks.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let [answers, failures] = &*counts;
                    let count = if others.ask().await.is_ok() {
                        answers
                    } else {
                        failures
                    };
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        asking
    }
}

impl Asking {
    /// Lets everybody finish; returns how many answers there were, and how often there was none.
    pub(crate) async fn stop(mut self) -> (u64, u64) {
        self.stop.store(true, Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
        let [answers, failures] = &*self.counts;
        (
            answers.load(Ordering::Relaxed),
            failures.load(Ordering::Relaxed),
        )
    }
}

impl Others {
    /// A new node, at an address of its own.
    async fn connect(&self, listens: u16) -> Result<Connection, Failed> {
        let n = self.made.fetch_add(1, Ordering::Relaxed);
        let mut key = [0x5a; 32];
        key[..4].copy_from_slice(&n.to_be_bytes());
        let key = NodeKey::from_seed(&key);
        *self.last_id.lock().map_err(|_| "a test has panicked")? = key.id();
        let listens = format!("tcp://0.0.0.0:{listens}");
        let info = NodeInfo::new(key.id(), "load", "crowd", &listens)?;
        let info = info.with_version("0.38.17")?;
        let local = Arc::new(Local::new(key, info)?);
        let [_, high, middle, low] = n.to_be_bytes();
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::new(127, 1 + high, middle, low | 1), 0).into())?;
        let mut config = TransportConfig::default();
        config.handshake_timeout = PATIENCE;
        let stream = timeout(PATIENCE, socket.connect(self.seed)).await??;
        stream.set_nodelay(true)?;
        let to = Direction::Outbound;
        Ok(establish(&local, &config, stream, self.seed, to, None).await?)
    }

    async fn ask(&self) -> Result<Answer, Failed> {
        let started = Instant::now();
        let (sender, mut receiver) = self.connect(0).await?.split();
        sender.try_send(REQUEST.into())?;
        let told = loop {
            let bytes = timeout(PATIENCE, receiver.recv()).await??;
            if let Some(wire::Message::Response(response)) = wire::decode(&bytes)? {
                break response.len();
            }
        };
        let waited = started.elapsed();
        Ok(Answer { waited, told })
    }
}

/// The one in the middle of a sorted list.
pub(crate) fn median(waits: &[Duration]) -> Duration {
    waits.get(waits.len() / 2).copied().unwrap_or_default()
}
