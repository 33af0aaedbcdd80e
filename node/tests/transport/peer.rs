//! The other side of a connection, under the test's control down to the single frame.

use core::net::SocketAddr;
use std::sync::Arc;

use pex_node::transport::{
    Assembler, Connection, Direction, FRAME_BYTES, Handshake, Local, NodeInfo, NodeKey, Received,
    Session, TransportConfig, TransportError, establish,
};
use pex_proto::p2p::{Packet, PacketMsg, PacketPing, PacketPong, packet::Sum};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::task::JoinHandle;

/// The node under test.
pub(crate) fn ann() -> Arc<Local> {
    local(1, "chain-1")
}

/// The node that the test plays.
pub(crate) fn bob() -> Arc<Local> {
    local(2, "chain-1")
}

pub(crate) fn key(seed: u8) -> NodeKey {
    NodeKey::from_seed(&[seed; 32])
}

pub(crate) fn local(seed: u8, network: &str) -> Arc<Local> {
    let id = key(seed).id();
    let info = NodeInfo::new(id, network, "node", "tcp://127.0.0.1:26656").unwrap();
    Arc::new(Local::new(key(seed), info).unwrap())
}

/// Ann's side of a stream, handshake included.
pub(crate) async fn ann_on(
    stream: DuplexStream,
    config: &TransportConfig,
) -> Result<Connection, TransportError> {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    establish(&ann(), config, stream, nowhere, Direction::Inbound, None).await
}

/// What becomes of Ann's handshake with a stranger who does as `stranger` says.
pub(crate) async fn ann_meets<F: Future<Output = ()> + Send + 'static>(
    stranger: impl FnOnce(DuplexStream) -> F,
) -> TransportError {
    let (ours, theirs) = duplex(65_536);
    let task = tokio::spawn(stranger(theirs));
    let end = ann_on(ours, &TransportConfig::default()).await.unwrap_err();
    task.abort();
    end
}

pub(crate) fn part(channel_id: i32, eof: bool, data: Vec<u8>) -> Vec<u8> {
    packet(Sum::PacketMsg(PacketMsg {
        channel_id,
        eof,
        data,
    }))
}

pub(crate) fn ping() -> Vec<u8> {
    packet(Sum::PacketPing(PacketPing {}))
}

pub(crate) fn pong() -> Vec<u8> {
    packet(Sum::PacketPong(PacketPong {}))
}

fn packet(sum: Sum) -> Vec<u8> {
    Packet { sum: Some(sum) }.encode_length_delimited_to_vec()
}

pub(crate) struct Peer {
    pub(crate) stream: DuplexStream,
    pub(crate) session: Session,
    assembler: Assembler,
}

impl Peer {
    /// Bob and Ann after the handshake, with a pipe of `room` bytes between them.
    pub(crate) async fn beside_ann(config: &TransportConfig, room: usize) -> (Self, Connection) {
        let (ours, theirs) = duplex(room);
        let (peer, connection) = tokio::join!(
            async {
                let mut peer = Self::after_proof(theirs).await;
                peer.send(&bob().info().encode()).await;
                peer.skip_info().await;
                peer
            },
            ann_on(ours, config),
        );
        (peer, connection.unwrap())
    }

    /// Bob after the two flights, before the node infos.
    pub(crate) async fn after_proof(mut stream: DuplexStream) -> Self {
        let handshake = Handshake::new().unwrap();
        stream.write_all(&handshake.first_flight()).await.unwrap();
        let mut theirs = [0; 35];
        stream.read_exact(&mut theirs).await.unwrap();
        let (proof, ours) = handshake.on_first_flight(&theirs, &key(2)).unwrap();
        stream.write_all(&ours).await.unwrap();
        let mut theirs = [0; FRAME_BYTES];
        stream.read_exact(&mut theirs).await.unwrap();
        let session = proof.on_second_flight(&mut theirs).unwrap();
        Self {
            stream,
            session,
            assembler: Assembler::default(),
        }
    }

    /// Sends bytes in as many frames as they take.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let mut sealed = Vec::new();
        self.session.sealer.seal_all(bytes, &mut sealed).unwrap();
        self.stream.write_all(&sealed).await.unwrap();
    }

    /// The data of the next frame; [`None`] if the stream has ended.
    pub(crate) async fn frame(&mut self) -> Option<Vec<u8>> {
        let mut frame = [0; FRAME_BYTES];
        self.stream.read_exact(&mut frame).await.ok()?;
        Some(self.session.opener.open(&mut frame).unwrap().to_vec())
    }

    /// The next thing that Ann sent; [`None`] if the stream has ended.
    pub(crate) async fn receive(&mut self) -> Option<Received> {
        loop {
            if let Some(received) = self.assembler.take().unwrap() {
                return Some(received);
            }
            let data = self.frame().await?;
            self.assembler.extend(&data);
        }
    }

    /// Answers every ping until the stream ends.
    pub(crate) fn keep_answering(mut self) -> JoinHandle<()> {
        tokio::spawn(async move {
            while let Some(received) = self.receive().await {
                if received == Received::Ping {
                    self.send(&pong()).await;
                }
            }
        })
    }

    pub(crate) async fn skip_info(&mut self) {
        let info = self.frame().await.unwrap();
        assert_eq!(info, ann().info().encode());
    }
}
