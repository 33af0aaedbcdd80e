//! What happens when the handshake does not go as it should.

use core::time::Duration;

use pex_node::transport::{
    FRAME_BYTES, Handshake, NodeInfoError, SecretError, Step, TransportConfig, TransportError,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio::time::{Instant, sleep};

use crate::peer::{Peer, ann, ann_meets, ann_on, bob, key};

#[tokio::test]
async fn a_stranger_who_speaks_something_else_is_told_apart_at_once() {
    for words in ["GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}", "\"\n!"] {
        let end = ann_meets(move |mut stream| async move {
            stream.write_all(words.as_bytes()).await.unwrap();
            sleep(Duration::MAX).await;
        });
        assert_eq!(end.await, TransportError::NotTendermint, "{words:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_cut_at_the_deadline() {
    let start = Instant::now();
    let end = ann_meets(|stream| async {
        let _held = stream;
        sleep(Duration::MAX).await;
    });
    let end = end.await;
    assert_eq!(
        end,
        TransportError::TimedOut {
            step: Step::KeyExchange
        }
    );
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_byte_a_second_does_not_put_the_deadline_off() {
    let start = Instant::now();
    let end = ann_meets(|mut stream| async move {
        for byte in Handshake::new().unwrap().first_flight() {
            stream.write_all(&[byte]).await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
    });
    assert_eq!(
        end.await,
        TransportError::TimedOut {
            step: Step::KeyExchange
        }
    );
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn hanging_up_is_told_with_the_step_at_which_it_happened() {
    let end = ann_meets(|stream| async { drop(stream) });
    assert_eq!(
        end.await,
        TransportError::HungUp {
            step: Step::KeyExchange
        }
    );

    let end = ann_meets(|mut stream| async move {
        let flight = Handshake::new().unwrap().first_flight();
        stream.write_all(&flight[..20]).await.unwrap();
    });
    assert_eq!(
        end.await,
        TransportError::HungUp {
            step: Step::KeyExchange
        }
    );

    let end = ann_meets(|mut stream| async move {
        let flight = Handshake::new().unwrap().first_flight();
        stream.write_all(&flight).await.unwrap();
        let _theirs = stream.read_exact(&mut [0; 35]).await.unwrap();
    });
    assert_eq!(
        end.await,
        TransportError::HungUp {
            step: Step::Authentication
        }
    );

    let end = ann_meets(|stream| async { drop(Peer::after_proof(stream).await) });
    assert_eq!(
        end.await,
        TransportError::HungUp {
            step: Step::NodeInfo
        }
    );
}

#[tokio::test(start_paused = true)]
async fn half_a_handshake_is_cut_at_the_deadline() {
    let end = ann_meets(|stream| async {
        let _peer = Peer::after_proof(stream).await;
        sleep(Duration::MAX).await;
    });
    assert_eq!(
        end.await,
        TransportError::TimedOut {
            step: Step::NodeInfo
        }
    );
}

#[tokio::test]
async fn a_key_of_low_order_ends_the_handshake() {
    let end = ann_meets(|mut stream| async move {
        let mut flight = Handshake::new().unwrap().first_flight();
        flight[3..].fill(0);
        stream.write_all(&flight).await.unwrap();
        sleep(Duration::MAX).await;
    });
    assert_eq!(end.await, TransportError::Secret(SecretError::WeakKey));
}

#[tokio::test]
async fn a_forged_proof_ends_the_handshake() {
    let end = ann_meets(|mut stream| async move {
        let flight = Handshake::new().unwrap().first_flight();
        stream.write_all(&flight).await.unwrap();
        stream.write_all(&[7; FRAME_BYTES]).await.unwrap();
        sleep(Duration::MAX).await;
    });
    assert_eq!(end.await, TransportError::Secret(SecretError::FrameForged));
}

#[tokio::test]
async fn our_own_bytes_sent_back_end_the_handshake() {
    let end = ann_meets(|stream| async {
        let (mut reader, mut writer) = tokio::io::split(stream);
        tokio::io::copy(&mut reader, &mut writer).await.unwrap();
    });
    assert_eq!(end.await, TransportError::Secret(SecretError::Reflected));
}

#[tokio::test]
async fn a_node_with_our_key_is_ourselves() {
    let (one, other) = duplex(65_536);
    let config = TransportConfig::default();
    let (one, other) = tokio::join!(ann_on(one, &config), ann_on(other, &config));
    assert_eq!(one.unwrap_err(), TransportError::SelfConnection);
    assert_eq!(other.unwrap_err(), TransportError::SelfConnection);
}

#[tokio::test]
async fn the_node_info_of_somebody_else_is_refused() {
    let end = ann_meets(|stream| async {
        let mut peer = Peer::after_proof(stream).await;
        peer.send(&ann().info().encode()).await;
        sleep(Duration::MAX).await;
    });
    let (told, proved) = (key(1).id().to_string(), key(2).id());
    let refused = NodeInfoError::IdMismatch { told, proved };
    assert_eq!(end.await, TransportError::NodeInfo(refused));
}

#[tokio::test]
async fn a_node_info_is_refused_by_its_stated_length() {
    let end = ann_meets(|stream| async {
        let mut peer = Peer::after_proof(stream).await;
        // 10,241 as a length prefix.
        peer.send(&[0x81, 0x50]).await;
        sleep(Duration::MAX).await;
    });
    let refused = NodeInfoError::TooLong { bytes: 10_241 };
    assert_eq!(end.await, TransportError::NodeInfo(refused));
}

#[tokio::test]
async fn a_node_info_that_cannot_be_read_is_refused() {
    for bytes in [vec![2, 0xff, 0xff], vec![0xff; 10]] {
        let end = ann_meets(|stream| async move {
            let mut peer = Peer::after_proof(stream).await;
            peer.send(&bytes).await;
            sleep(Duration::MAX).await;
        });
        assert_eq!(
            end.await,
            TransportError::NodeInfo(NodeInfoError::Malformed)
        );
    }
}

#[tokio::test]
async fn a_node_info_may_come_in_pieces_with_packets_behind_it() {
    let (ours, theirs) = duplex(65_536);
    let config = TransportConfig::default();
    let (connection, _peer) = tokio::join!(ann_on(ours, &config), async {
        let mut peer = Peer::after_proof(theirs).await;
        let bytes = [
            bob().info().encode(),
            crate::peer::part(0, true, vec![7; 3]),
        ]
        .concat();
        let (first, second) = bytes.split_at(10);
        peer.send(first).await;
        peer.send(&[]).await;
        peer.send(second).await;
        peer
    });
    let (_sender, mut receiver) = connection.unwrap().split();
    assert_eq!(receiver.recv().await, Ok(vec![7; 3]));
}
