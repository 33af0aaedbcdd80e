//! Peers that are slow on purpose: what they hold is bounded, and so is their time.

use std::time::Duration;

use pex_node::transport::{
    Direction, Received, Receiver, SendError, Sender, TransportConfig, TransportError, establish,
};
use tokio::io::duplex;
use tokio::time::{Instant, sleep};

use crate::peer::{Peer, ann, bob, part, ping, pong};

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

/// Five peers of one node, which holds so many bytes of messages at most, and its side of each.
async fn five(held_bytes_max: usize) -> Vec<(Peer, (Sender, Receiver))> {
    let mut config = TransportConfig::default();
    config.held_bytes_max = held_bytes_max;
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
    peers
}

/// Leaves 35,000 bytes of a message with the node.
async fn leaves_a_part(peer: &mut Peer) {
    for _ in 0..35 {
        peer.send(&part(0, false, vec![7; 1_000])).await;
    }
    // Answered once all of it has been read.
    peer.send(&ping()).await;
    assert_eq!(peer.receive().await, Some(Received::Pong));
}

#[tokio::test]
async fn where_parts_of_messages_have_no_room_the_oldest_goes_and_long_answers_arrive() {
    let mut peers = five(200_000).await;
    for (peer, _) in peers.iter_mut().take(2) {
        leaves_a_part(peer).await;
    }
    // The third is one too many; the first has been at his for longest.
    leaves_a_part(&mut peers[2].0).await;
    let (_, (_, receiver)) = &mut peers[0];
    assert_eq!(receiver.recv().await, Err(TransportError::Overloaded));
    // An answer that is as long as can be, of one who ends it: it takes the room of both.
    let (peer, (_, receiver)) = &mut peers[3];
    for _ in 0..63 {
        peer.send(&part(0, false, vec![8; 1_000])).await;
    }
    peer.send(&part(0, true, vec![8; 1_000])).await;
    assert_eq!(receiver.recv().await, Ok(vec![8; 64_000]));
    let (_, (_, receiver)) = &mut peers[1];
    assert_eq!(receiver.recv().await, Err(TransportError::Overloaded));
    // What it held is free again, and nobody else had to go for it.
    leaves_a_part(&mut peers[4].0).await;
    let (peer, (_, receiver)) = &mut peers[2];
    peer.send(&part(0, true, Vec::new())).await;
    assert_eq!(receiver.recv().await, Ok(vec![7; 35_000]));
}

#[tokio::test]
async fn parts_of_messages_take_no_room_from_what_is_sent_and_requests_get_through() {
    let mut peers = five(200_000).await;
    for (peer, _) in peers.iter_mut().take(2) {
        leaves_a_part(peer).await;
    }
    let (peer, (sender, receiver)) = &mut peers[4];
    peer.send(&part(0, true, vec![0x0a, 0])).await;
    assert_eq!(receiver.recv().await, Ok(vec![0x0a, 0]));
    sender.try_send(vec![9; 64_000]).unwrap();
    let message = Received::Message(vec![9; 64_000]);
    assert_eq!(peer.receive().await, Some(message));
}

#[tokio::test]
async fn all_connections_together_queue_no_more_than_they_may_and_what_is_given_back_is_free() {
    let mut peers = five(200_000).await;
    // Nobody reads the first, and it does not fit into the pipe.
    let (_, (first, _)) = &peers[0];
    first.try_send(vec![0; 64_000]).unwrap();
    first.try_send(vec![0; 30_000]).unwrap();
    let (_, (second, _)) = &peers[1];
    assert_eq!(second.try_send(vec![0; 64_000]), Err(SendError::Full));
    let (peer, (third, _)) = &mut peers[2];
    third.try_send(vec![9; 1_000]).unwrap();
    let message = Received::Message(vec![9; 1_000]);
    assert_eq!(peer.receive().await, Some(message));
    // One that goes gives back what it held.
    drop(peers.remove(0));
    let (_, (second, _)) = &peers[0];
    let begun = Instant::now();
    while second.try_send(vec![0; 64_000]).is_err() {
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
