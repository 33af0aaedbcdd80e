//! Nodes that are watched, and a client that shows all that comes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pex::book::AddrBook;
use pex::v1::Options;
use pex::{NodeAddress, Seed};
use pex_node::observe::{Observatory, Pages, serve};
use pex_node::transport::{Local, NodeInfo, NodeKey, TransportConfig};
use pex_node::v1::V1Node;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

/// More than anything takes, unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A node, where it is, and where it shows itself. It ends with this.
pub(crate) struct Watched {
    pub(crate) address: NodeAddress,
    pub(crate) at: SocketAddr,
    _tasks: JoinSet<()>,
}

pub(crate) async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// A node of the chain `c`, connected with whom it is told to, that shows these pages.
pub(crate) async fn watched(moniker: &str, peers: &[NodeAddress], pages: Pages) -> Watched {
    let (listener, window) = (listener().await, listener().await);
    let place = listener.local_addr().unwrap();
    let key = NodeKey::generate().unwrap();
    let info = NodeInfo::new(key.id(), "c", moniker, &format!("tcp://{place}")).unwrap();
    let local = Arc::new(Local::new(key, info).unwrap());
    let (id, seed) = (local.id(), Seed::new([7; 32]));
    let options = Options::builder()
        .persistent(peers.to_vec())
        .allow_duplicate_ip(true);
    let book = AddrBook::new(false, seed);
    let (config, options) = (TransportConfig::default(), options.build().unwrap());
    let mut node = V1Node::new(local, config, options, book, None, Some(listener), seed);
    let observatory = Observatory::new("1.2.3");
    let mut probe = observatory.watch("c", id, &place.to_string());
    let at = window.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { serve(window, observatory, pages).await.unwrap() });
    tasks.spawn(async move {
        let mut looks = interval(Duration::from_millis(200));
        loop {
            tokio::select! {
                notice = node.next() => probe.saw(&notice),
                _ = looks.tick() => probe.update(&node),
            }
        }
    });
    Watched {
        address: NodeAddress::mconn(id, place.ip(), place.port()),
        at,
        _tasks: tasks,
    }
}

pub(crate) fn all() -> Pages {
    Pages::new().metrics(true).status(true)
}

/// Sends this, and reads until the other side has enough. What it said before a reset counts.
pub(crate) async fn send(at: SocketAddr, bytes: &[u8]) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(at).await.unwrap();
        // It may have enough before it has read all.
        let _refused = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    };
    timeout(PATIENCE, exchange).await.unwrap()
}

/// The head and the body of a page.
pub(crate) async fn get(at: SocketAddr, path: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: pex\r\n\r\n");
    let answer = send(at, request.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}

/// The number of a series.
pub(crate) async fn metric(at: SocketAddr, series: &str) -> Option<u64> {
    let (_, text) = get(at, "/metrics").await;
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    value.map(|value| value.parse().unwrap())
}

/// Waits until this holds.
pub(crate) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap();
}
