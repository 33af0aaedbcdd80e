//! The transport against `cometbft-p2p`, which was written by others.
//!
//! It judges our handshake and our frames. It cannot be our transport: its reader takes one message
//! for each run of frames and loses what else they hold, and a Go node fills frames with whatever
//! it has to say. The last test here fails when that is mended.

use cometbft_p2p::{AsyncReadMsg as _, AsyncSecretConnection, AsyncWriteMsg as _, IdentitySecret};
use pex_node::transport::{Connection, TransportConfig};
use pex_proto::p2p::{DefaultNodeInfo, Packet, PacketMsg, PacketPing, PacketPong, packet::Sum};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use crate::peer::{ann, ann_on, bob, key, part};

type Judge = AsyncSecretConnection<DuplexStream>;

fn identity() -> IdentitySecret {
    IdentitySecret::from_bytes(&[2; 32])
}

/// Ann and the judge, who plays Bob, after the handshake.
async fn with_ann() -> (Judge, Connection) {
    let (ours, theirs) = duplex(65_536);
    let config = TransportConfig::default();
    let (judge, connection) = tokio::join!(
        async {
            let mut judge = Judge::new(theirs, &identity()).await.unwrap();
            let info = DefaultNodeInfo::decode_length_delimited(&*bob().info().encode()).unwrap();
            judge.write_msg(info).await.unwrap();
            let told: DefaultNodeInfo = judge.read_msg().await.unwrap();
            assert_eq!(told.encode_length_delimited_to_vec(), ann().info().encode());
            judge
        },
        ann_on(ours, &config),
    );
    (judge, connection.unwrap())
}

const fn message(eof: bool, data: Vec<u8>) -> Packet {
    Packet {
        sum: Some(Sum::PacketMsg(PacketMsg {
            channel_id: 0,
            eof,
            data,
        })),
    }
}

#[tokio::test]
async fn the_judge_and_we_agree_on_who_we_are() {
    // The roles depend on which ephemeral key is lower: sixteen times makes both near certain.
    for _ in 0..16 {
        let (judge, connection) = with_ann().await;
        let their_view = judge.peer_public_key();
        assert_eq!(
            their_view.ed25519().unwrap().to_bytes(),
            key(1).public().to_bytes()
        );
        assert_eq!(
            their_view.peer_id().to_string().to_lowercase(),
            ann().id().to_string()
        );
        assert_eq!(connection.remote.id, key(2).id());
    }
}

#[tokio::test]
async fn messages_pass_between_the_judge_and_us() {
    let (mut judge, connection) = with_ann().await;
    let (sender, mut receiver) = connection.split();
    for length in [2, 1_014, 1_015, 64_000] {
        let sent = vec![7; length];
        sender.try_send(sent.clone()).unwrap();
        let mut whole = Vec::new();
        loop {
            let packet: Packet = judge.read_msg().await.unwrap();
            let Some(Sum::PacketMsg(part)) = packet.sum else {
                panic!("{packet:?}")
            };
            whole.extend(part.data);
            if part.eof {
                break;
            }
        }
        assert_eq!(whole, sent);

        for data in sent.chunks(1_024) {
            judge
                .write_msg(message(false, data.to_vec()))
                .await
                .unwrap();
        }
        judge.write_msg(message(true, Vec::new())).await.unwrap();
        assert_eq!(receiver.recv().await, Ok(sent));
    }
}

#[tokio::test]
async fn we_answer_a_ping_of_the_judge() {
    let (mut judge, _connection) = with_ann().await;
    judge
        .write_msg(Packet {
            sum: Some(Sum::PacketPing(PacketPing {})),
        })
        .await
        .unwrap();
    let answer: Packet = judge.read_msg().await.unwrap();
    assert_eq!(answer.sum, Some(Sum::PacketPong(PacketPong {})));
}

#[tokio::test]
async fn the_judge_loses_the_second_of_two_packets_in_one_frame() {
    let (mut stream, theirs) = duplex(65_536);
    let judge = tokio::spawn(async { Judge::new(theirs, &identity()).await.unwrap() });
    let handshake = pex_node::transport::Handshake::new().unwrap();
    stream.write_all(&handshake.first_flight()).await.unwrap();
    let mut flight = [0; 35];
    stream.read_exact(&mut flight).await.unwrap();
    let (proof, ours) = handshake.on_first_flight(&flight, &key(1)).unwrap();
    stream.write_all(&ours).await.unwrap();
    let mut frame = [0; 1_044];
    stream.read_exact(&mut frame).await.unwrap();
    let mut sealer = proof.on_second_flight(&mut frame).unwrap().sealer;
    let mut judge = judge.await.unwrap();

    let shared = [part(0, true, vec![1]), part(0, true, vec![2])].concat();
    stream
        .write_all(&sealer.seal(&shared).unwrap())
        .await
        .unwrap();
    stream
        .write_all(&sealer.seal(&part(0, true, vec![3])).unwrap())
        .await
        .unwrap();
    let first: Packet = judge.read_msg().await.unwrap();
    let second: Packet = judge.read_msg().await.unwrap();
    assert_eq!(first, message(true, vec![1]));
    assert_eq!(
        second,
        message(true, vec![3]),
        "mended: cometbft-p2p may serve as our transport"
    );
}
