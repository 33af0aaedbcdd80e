//! Peers that are slow on purpose: what they hold is bounded, and so is their time.

use std::time::Duration;

use pex_node::transport::{
    Direction, Received, SendError, TransportConfig, TransportError, establish,
};
use tokio::io::duplex;
use tokio::time::{Instant, sleep};

use crate::peer::{Peer, ann, bob, part, pong};

const ROOM: usize = 65_536;

#[tokio::test(start_paused = true)]
async fn a_message_that_never_ends_is_cut_though_every_ping_is_answered() {
    let config = TransportConfig::default();
    let (mut peer, ann) = Peer::beside_ann(&config, ROOM).await;
    let (_sender, mut receiver) = ann.split();
    let start = Instant::now();
    let trickle = async {
        loop {
            peer.send(&part(0, false, vec![7])).await;
            peer.send(&pong()).await;
            sleep(Duration::from_secs(1)).await;
        }
    };
    let end = tokio::select! {
        end = receiver.recv() => end,
        () = trickle => unreachable!("it trickles for ever"),
    };
    let after = config.message_timeout;
    assert_eq!(end, Err(TransportError::MessageStalled { after }));
    assert_eq!(start.elapsed().as_secs(), after.as_secs());
}

#[tokio::test(start_paused = true)]
async fn long_messages_one_after_another_have_each_their_own_time() {
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (_sender, mut receiver) = ann.split();
    let talk = async {
        for n in 0..20 {
            peer.send(&part(0, false, vec![n; 500])).await;
            sleep(Duration::from_secs(15)).await;
            // The end of one and the start of the next come together.
            peer.send(&[part(0, true, vec![n; 500]), part(0, false, vec![n])].concat())
                .await;
            sleep(Duration::from_secs(15)).await;
            peer.send(&[part(0, true, vec![n]), pong()].concat()).await;
        }
        // A ping may be due, which is not what this is about.
        peer
    };
    let listen = async {
        for n in 0..20 {
            assert_eq!(receiver.recv().await, Ok(vec![n; 1_000]));
            assert_eq!(receiver.recv().await, Ok(vec![n; 2]));
        }
    };
    let _still_there = tokio::join!(talk, listen);
}

#[tokio::test]
async fn all_connections_together_hold_no_more_than_they_may_and_requests_get_through() {
    let mut config = TransportConfig::default();
    config.held_bytes_max = 100_000;
    let local = ann();
    let mut peers = Vec::new();
    for _ in 0..5 {
        let (ours, theirs) = duplex(ROOM);
        let nowhere = ([127, 0, 0, 1], 1).into();
        let (peer, connection) = tokio::join!(
            async {
                let mut peer = Peer::after_proof(theirs).await;
                peer.send(&bob().info().encode()).await;
                peer.skip_info().await;
                peer
            },
            establish(&local, &config, ours, nowhere, Direction::Inbound, None),
        );
        peers.push((peer, connection.unwrap().split()));
    }
    // Each of three leaves 40,000 bytes of a message with us; the third is one too many.
    for (at, (peer, (_, receiver))) in peers.iter_mut().take(3).enumerate() {
        for _ in 0..40 {
            peer.send(&part(0, false, vec![7; 1_000])).await;
        }
        if at == 2 {
            assert_eq!(receiver.recv().await, Err(TransportError::Overloaded));
        }
    }
    // What it held is free again: there is room for the long message of another, not for two.
    let (_, (sender, _)) = &peers[3];
    assert_eq!(sender.try_send(vec![0; 64_000]), Err(SendError::Full));
    let (peer, (sender, receiver)) = &mut peers[4];
    peer.send(&part(0, true, vec![0x0a, 0])).await;
    assert_eq!(receiver.recv().await, Ok(vec![0x0a, 0]));
    sender.try_send(vec![9; 1_000]).unwrap();
    let message = Received::Message(vec![9; 1_000]);
    assert_eq!(peer.receive().await, Some(message));
    // Two who go give back what they held.
    drop(peers.drain(..2));
    let (_, (sender, _)) = &peers[1];
    let begun = Instant::now();
    while sender.try_send(vec![0; 64_000]).is_err() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "nothing comes free"
        );
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_flushed_to_a_reader_however_slow_within_its_time() {
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), 1_100).await;
    let (sender, receiver) = ann.split();
    sender.try_send(vec![7; 15_000]).unwrap();
    sender.close_after_flush();
    drop(receiver);
    // Fifteen frames, one each half a second: slower than anybody, and within the write timeout.
    let mut bytes = 0;
    while let Some(data) = peer.frame().await {
        bytes += data.len();
        sleep(Duration::from_millis(500)).await;
    }
    assert!(bytes > 15_000, "{bytes}");
}
