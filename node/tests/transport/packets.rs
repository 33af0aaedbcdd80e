//! Messages, the rules of packets, and how a connection ends.

use core::time::Duration;

use pex_node::transport::{
    MESSAGE_BYTES_MAX, PacketError, Received, SecretError, SendError, TransportConfig,
    TransportError,
};
use pex_proto::p2p::{PexAddressV2, PexMessage, PexResponseV2, pex_message};
use prost::Message as _;
use tokio::time::sleep;

use crate::peer::{Peer, part, ping};

const ROOM: usize = 65_536;

/// How Ann's connection ends when Bob sends these bytes.
async fn end_after(bytes: &[u8]) -> TransportError {
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), 2 * ROOM).await;
    let (_sender, mut receiver) = ann.split();
    peer.send(bytes).await;
    let end = receiver.recv().await.unwrap_err();
    assert_eq!(
        receiver.recv().await,
        Err(end.clone()),
        "an ended connection stays ended"
    );
    end
}

#[tokio::test]
async fn packets_share_and_straddle_frames() {
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (_sender, mut receiver) = ann.split();
    let long = part(0, true, vec![3; 1_024]);
    let stream = [
        part(0, true, vec![1]),
        part(0, true, vec![2]),
        long.clone(),
        long,
    ]
    .concat();
    peer.send(&stream).await;
    for expected in [vec![1], vec![2], vec![3; 1_024], vec![3; 1_024]] {
        assert_eq!(receiver.recv().await, Ok(expected));
    }
    // And one packet in frames of a single byte.
    for byte in part(0, true, vec![4; 5]) {
        peer.send(&[byte]).await;
    }
    assert_eq!(receiver.recv().await, Ok(vec![4; 5]));
}

#[tokio::test]
async fn two_hundred_and_fifty_addresses_of_the_greatest_length_pass() {
    // 255 bytes an entry, and four of the envelope.
    let url = "u".repeat(249);
    let addresses = vec![PexAddressV2 { url }; 250];
    let sum = Some(pex_message::Sum::PexResponseV2(PexResponseV2 { addresses }));
    let mut message = PexMessage { sum }.encode_to_vec();
    assert_eq!(message.len(), 63_754);
    // An unknown field fills the rest.
    let filling = MESSAGE_BYTES_MAX - message.len();
    message.extend([0x08, 0x00].iter().cycle().take(filling));

    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), 2 * ROOM).await;
    let (sender, mut receiver) = ann.split();
    sender.try_send(message.clone()).unwrap();
    assert_eq!(
        peer.receive().await,
        Some(Received::Message(message.clone()))
    );
    let packets: Vec<u8> = message
        .chunks(1_000)
        .flat_map(|data| part(0, false, data.into()))
        .collect();
    peer.send(&packets).await;
    peer.send(&part(0, true, Vec::new())).await;
    assert_eq!(receiver.recv().await, Ok(message));
}

#[tokio::test]
async fn a_longer_message_is_neither_sent_nor_taken() {
    let (_peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (sender, _receiver) = ann.split();
    let refused = sender.try_send(vec![0; 64_001]);
    assert_eq!(refused, Err(SendError::TooLong { bytes: 64_001 }));

    let most: Vec<u8> = (0..64)
        .flat_map(|_| part(0, false, vec![0; 1_000]))
        .collect();
    let end = end_after(&[most, part(0, true, vec![0])].concat()).await;
    assert_eq!(
        end,
        TransportError::Packet(PacketError::MessageTooLong { bytes: 64_001 })
    );
}

#[tokio::test]
async fn a_channel_that_was_not_announced_ends_the_connection() {
    let end = end_after(&part(0x30, true, vec![0])).await;
    assert_eq!(
        end,
        TransportError::Packet(PacketError::UnknownChannel { channel: 0x30 })
    );
}

#[tokio::test]
async fn bytes_that_are_no_packet_end_the_connection() {
    assert_eq!(
        end_after(&[0xff; 10]).await,
        TransportError::Packet(PacketError::Malformed)
    );
    assert_eq!(
        end_after(&[0]).await,
        TransportError::Packet(PacketError::UnknownPacket)
    );
}

#[tokio::test]
async fn a_repeated_frame_ends_the_connection() {
    use tokio::io::AsyncWriteExt as _;
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (_sender, mut receiver) = ann.split();
    let frame = peer.session.sealer.seal(&part(0, true, vec![1])).unwrap();
    peer.stream.write_all(&frame).await.unwrap();
    peer.stream.write_all(&frame).await.unwrap();
    assert_eq!(receiver.recv().await, Ok(vec![1]));
    let forged = TransportError::Secret(SecretError::FrameForged);
    assert_eq!(receiver.recv().await, Err(forged));
}

#[tokio::test]
async fn what_came_before_the_peer_hung_up_is_received() {
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (_sender, mut receiver) = ann.split();
    let answers: Vec<u8> = (0..20).flat_map(|n| part(0, true, vec![n])).collect();
    peer.send(&answers).await;
    peer.send(&ping()).await;
    drop(peer);
    for n in 0..20 {
        assert_eq!(receiver.recv().await, Ok(vec![n]));
    }
    assert_eq!(receiver.recv().await, Err(TransportError::ClosedByPeer));
}

#[tokio::test]
async fn what_came_before_the_peer_hung_up_is_received_although_writing_fails() {
    // Whether the write or the read is tried first is left to chance.
    for _ in 0..30 {
        let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
        let (sender, mut receiver) = ann.split();
        peer.send(&part(0, true, vec![1; 900])).await;
        drop(peer);
        let _queued = sender.try_send(vec![0; 64_000]);
        assert_eq!(receiver.recv().await, Ok(vec![1; 900]));
        assert_eq!(receiver.recv().await, Err(TransportError::ClosedByPeer));
    }
}

#[tokio::test]
async fn closing_after_the_flush_delivers_all_that_was_queued() {
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), 3_000).await;
    let (sender, receiver) = ann.split();
    for n in 0..8 {
        sender.try_send(vec![n; 25_600]).unwrap();
    }
    sender.close_after_flush();
    drop(receiver);
    for n in 0..8 {
        assert_eq!(
            peer.receive().await,
            Some(Received::Message(vec![n; 25_600]))
        );
    }
    assert_eq!(peer.receive().await, None);
}

#[tokio::test]
async fn closing_tells_our_own_receiver() {
    let (peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (sender, mut receiver) = ann.split();
    sender.close_after_flush();
    let peer = peer.keep_answering();
    assert_eq!(receiver.recv().await, Err(TransportError::ClosedByUs));
    peer.await.unwrap();
}

#[tokio::test]
async fn dropping_either_half_ends_the_connection() {
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (sender, mut receiver) = ann.split();
    drop(sender);
    assert_eq!(peer.receive().await, None);
    assert_eq!(receiver.recv().await, Err(TransportError::ClosedByUs));

    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (sender, receiver) = ann.split();
    drop(receiver);
    assert_eq!(peer.receive().await, None);
    // The queue closes when the task ends, which has nothing to wait for any more.
    while sender.try_send(Vec::new()) != Err(SendError::Closed) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_that_nobody_reads_stops_at_a_few_messages() {
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (_sender, mut receiver) = ann.split();
    let mut sent = 0;
    while tokio::time::timeout(
        Duration::from_millis(500),
        peer.send(&part(0, true, vec![0; 900])),
    )
    .await
    .is_ok()
    {
        sent += 1;
    }
    // The pipe between the two holds 62 of them.
    assert!((62..75).contains(&sent), "{sent}");
    for _ in 0..sent {
        assert_eq!(receiver.recv().await, Ok(vec![0; 900]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_fills_a_bounded_queue_and_is_cut() {
    let config = TransportConfig::default();
    let (_peer, ann) = Peer::beside_ann(&config, 3_000).await;
    let (sender, mut receiver) = ann.split();
    let mut queued = 0;
    while sender.try_send(vec![0; 64_000]).is_ok() {
        queued += 1;
        sleep(Duration::from_millis(1)).await;
    }
    // Eight wait, and one is being written.
    assert_eq!(
        (queued, sender.try_send(Vec::new())),
        (9, Err(SendError::Full))
    );
    let after = config.write_timeout;
    assert_eq!(
        receiver.recv().await,
        Err(TransportError::WriteStalled { after })
    );
    assert_eq!(sender.try_send(Vec::new()), Err(SendError::Closed));
}
