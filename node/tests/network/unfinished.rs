//! Strangers who begin messages and end none: a seed answers everybody else all the same, and where
//! it has no room for an answer it says so.

use std::net::SocketAddr;
use std::time::Duration;

use pex::book::AddrBook;
use pex::v1::Options;
use pex::{NetAddress, NodeId, Seed, wire};
use pex_node::transport::{
    Assembler, FRAME_BYTES, Handshake, NodeInfo, NodeKey, Received, SendError, Session,
    TransportConfig,
};
use pex_node::v1::V1Node;
use pex_node::{Clock, Notice};
use pex_proto::p2p::{Packet, PacketMsg, packet::Sum};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::node::local;

/// A stranger after the handshake, under the test's control down to the single packet.
struct Stranger {
    stream: TcpStream,
    session: Session,
    assembler: Assembler,
}

impl Stranger {
    async fn comes_to(to: SocketAddr) -> Self {
        let key = NodeKey::generate().unwrap();
        let info = NodeInfo::new(key.id(), "chain-1", "stranger", "tcp://0.0.0.0:0").unwrap();
        // One that speaks V1.
        let info = info.with_version("0.38.17").unwrap();
        let mut stream = TcpStream::connect(to).await.unwrap();
        let handshake = Handshake::new().unwrap();
        stream.write_all(&handshake.first_flight()).await.unwrap();
        let mut theirs = [0; 35];
        stream.read_exact(&mut theirs).await.unwrap();
        let (proof, ours) = handshake.on_first_flight(&theirs, &key).unwrap();
        stream.write_all(&ours).await.unwrap();
        let mut theirs = [0; FRAME_BYTES];
        stream.read_exact(&mut theirs).await.unwrap();
        let session = proof.on_second_flight(&mut theirs).unwrap();
        let mut stranger = Self {
            stream,
            session,
            assembler: Assembler::default(),
        };
        stranger.send(&info.encode()).await;
        let _info = stranger.frame().await.unwrap();
        stranger
    }

    async fn send(&mut self, bytes: &[u8]) {
        let mut sealed = Vec::new();
        self.session.sealer.seal_all(bytes, &mut sealed).unwrap();
        self.stream.write_all(&sealed).await.unwrap();
    }

    async fn frame(&mut self) -> Option<Vec<u8>> {
        let mut frame = [0; FRAME_BYTES];
        self.stream.read_exact(&mut frame).await.ok()?;
        Some(self.session.opener.open(&mut frame).unwrap().to_vec())
    }

    async fn message(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.assembler.take().unwrap() {
                Some(Received::Message(message)) => return Some(message),
                Some(_) => {}
                None => {
                    let data = self.frame().await?;
                    self.assembler.extend(&data);
                }
            }
        }
    }
}

fn part(eof: bool, data: Vec<u8>) -> Vec<u8> {
    let sum = Sum::PacketMsg(PacketMsg {
        channel_id: 0,
        eof,
        data,
    });
    Packet { sum: Some(sum) }.encode_length_delimited_to_vec()
}

/// A seed that knows two hundred good addresses, and where it listens.
async fn seed(held_bytes_max: usize) -> (V1Node, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let mut book = AddrBook::new(false, Seed::new([1; 32]));
    let now = Clock::start().now();
    for n in 0..200_u32 {
        let mut id = [0x77; 20];
        id[..4].copy_from_slice(&n.to_be_bytes());
        let [_, _, high, low] = n.to_be_bytes();
        let address = NetAddress::new(NodeId::new(id), [10, low, high, 1].into(), 26_656);
        book.mark_good(now, &address);
    }
    let mut config = TransportConfig::default();
    config.held_bytes_max = held_bytes_max;
    let options = Options::seed().slots(0, 1_000).build().unwrap();
    let local = local(1, &format!("tcp://{place}"));
    let seed = Seed::new([2; 32]);
    let node = V1Node::new(local, config, options, book, None, Some(listener), seed);
    (node, place)
}

/// How many addresses a newcomer is told; none if he is hung up on.
async fn told(place: SocketAddr) -> Option<usize> {
    let mut newcomer = Stranger::comes_to(place).await;
    newcomer.send(&part(true, vec![0x0a, 0])).await;
    let answer = timeout(Duration::from_secs(20), newcomer.message());
    match wire::decode(&answer.await.unwrap()?).unwrap() {
        Some(wire::Message::Response(response)) => Some(response.len()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_messages_of_strangers_do_not_keep_a_seed_from_answering() {
    // A hundredth of the default; so are the strangers, who are a thousand for that.
    let (mut node, place) = seed(640_000).await;
    let running = tokio::spawn(async move {
        loop {
            let _notice = node.next().await;
        }
    });
    assert!(told(place).await.is_some_and(|told| told >= 32));
    let mut strangers = Vec::new();
    for _ in 0..10 {
        let mut stranger = Stranger::comes_to(place).await;
        for _ in 0..63 {
            stranger.send(&part(false, vec![7; 1_000])).await;
        }
        // Up to the bound, as near as can be.
        stranger.send(&part(false, vec![7; 900])).await;
        strangers.push(stranger);
    }
    sleep(Duration::from_secs(1)).await;
    let meanwhile = told(place).await;
    running.abort();
    assert!(meanwhile.is_some_and(|told| told >= 32), "{meanwhile:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_for_which_there_is_no_room_is_told_of() {
    let (mut node, place) = seed(1_000).await;
    let asks = tokio::spawn(async move { told(place).await });
    let unanswered = async {
        loop {
            if let Notice::Unanswered { why, .. } = node.next().await {
                return why;
            }
        }
    };
    let why = timeout(Duration::from_secs(20), unanswered).await;
    assert_eq!(why, Ok(SendError::Full));
    asks.abort();
}
