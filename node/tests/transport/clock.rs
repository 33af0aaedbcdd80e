//! Pings, pongs and the reading rate, in a time that the test owns.

use core::num::NonZeroU32;
use core::time::Duration;

use pex_node::transport::{Received, TransportConfig, TransportError};
use tokio::time::{Instant, sleep, timeout};

use crate::peer::{Peer, part, ping, pong};

const ROOM: usize = 65_536;

#[tokio::test]
async fn a_ping_is_answered_by_a_pong() {
    let (mut peer, _ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    for _ in 0..3 {
        peer.send(&ping()).await;
        assert_eq!(peer.receive().await, Some(Received::Pong));
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_is_answered_without_growing_anything() {
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), 3_000).await;
    let (_sender, mut receiver) = ann.split();
    // 34,100 pings in a hundred full frames, then a message to see that Ann is there.
    for _ in 0..100 {
        peer.send(&ping().repeat(341)).await;
    }
    peer.send(&part(0, true, vec![1])).await;
    assert_eq!(receiver.recv().await, Ok(vec![1]));
    let mut pongs = 0;
    while let Ok(received) = timeout(Duration::from_secs(1), peer.receive()).await {
        assert_eq!(received, Some(Received::Pong));
        pongs += 1;
    }
    assert!((1..=100).contains(&pongs), "{pongs}");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_peer_is_pinged_every_minute() {
    let (mut peer, _ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let start = Instant::now();
    for minute in 1..5 {
        assert_eq!(peer.receive().await, Some(Received::Ping));
        assert_eq!(start.elapsed().as_secs(), 60 * minute);
        peer.send(&pong()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_stays_for_hours() {
    let (peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (sender, mut receiver) = ann.split();
    let peer = peer.keep_answering();
    // Ends between two pings.
    let hours = Duration::from_secs(3 * 3_600 + 30);
    assert!(timeout(hours, receiver.recv()).await.is_err());
    assert_eq!(sender.try_send(vec![0]), Ok(()));
    drop(receiver);
    peer.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_a_ping_is_cut() {
    let config = TransportConfig::default();
    let (mut peer, ann) = Peer::beside_ann(&config, ROOM).await;
    let (_sender, mut receiver) = ann.split();
    let start = Instant::now();
    // Other traffic is no answer.
    let talk = async {
        for _ in 0..10 {
            sleep(Duration::from_secs(10)).await;
            peer.send(&ping()).await;
        }
    };
    let (end, ()) = tokio::join!(receiver.recv(), talk);
    assert_eq!(
        end,
        Err(TransportError::PongMissing {
            after: config.pong_timeout
        })
    );
    assert_eq!(start.elapsed().as_secs(), 105);
}

#[tokio::test(start_paused = true)]
async fn a_peer_does_not_pay_for_the_time_in_which_we_do_not_read() {
    let (mut peer, ann) = Peer::beside_ann(&TransportConfig::default(), ROOM).await;
    let (_sender, mut receiver) = ann.split();
    // The inbox holds one, one waits for room, and the pong comes behind them.
    for n in 0..3 {
        peer.send(&part(0, true, vec![n])).await;
    }
    assert_eq!(peer.receive().await, Some(Received::Ping));
    peer.send(&pong()).await;
    sleep(Duration::from_secs(600)).await;
    for n in 0..3 {
        assert_eq!(receiver.recv().await, Ok(vec![n]));
    }
    assert!(
        timeout(Duration::from_secs(30), receiver.recv())
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn no_more_is_read_than_the_rate_allows() {
    let mut config = TransportConfig::default();
    config.read_rate = NonZeroU32::new(104_400);
    let (mut peer, ann) = Peer::beside_ann(&config, ROOM).await;
    let (_sender, mut receiver) = ann.split();
    let start = Instant::now();
    let flood = async {
        // 1,000 frames: ten seconds of the rate.
        for n in 0..1_000_u32 {
            peer.send(&part(0, true, n.to_be_bytes().into())).await;
        }
    };
    let take = async {
        for n in 0..1_000_u32 {
            assert_eq!(receiver.recv().await, Ok(n.to_be_bytes().into()));
        }
    };
    tokio::join!(flood, take);
    let millis = start.elapsed().as_millis();
    assert!((9_500..=10_500).contains(&millis), "{millis} ms");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_takes_long_because_we_read_slowly_is_not_held_against_its_sender() {
    let mut config = TransportConfig::default();
    config.read_rate = NonZeroU32::new(10_440);
    config.message_timeout = Duration::from_secs(1);
    let (mut peer, ann) = Peer::beside_ann(&config, ROOM).await;
    let (_sender, mut receiver) = ann.split();
    // Ten frames a second are read, of forty.
    let send = async {
        for n in 1..=40 {
            peer.send(&part(0, n == 40, vec![7; 900])).await;
        }
    };
    let (message, ()) = tokio::join!(receiver.recv(), send);
    assert_eq!(message, Ok(vec![7; 36_000]));
}

#[tokio::test(start_paused = true)]
async fn times_beyond_the_end_of_the_clock_mean_never() {
    let mut config = TransportConfig::default();
    (config.ping_interval, config.pong_timeout) = (Duration::MAX, Duration::MAX);
    (config.write_timeout, config.handshake_timeout) = (Duration::MAX, Duration::MAX);
    config.read_rate = None;
    let (mut peer, ann) = Peer::beside_ann(&config, ROOM).await;
    let (sender, mut receiver) = ann.split();
    sender.try_send(vec![1]).unwrap();
    assert_eq!(peer.receive().await, Some(Received::Message(vec![1])));
    peer.send(&part(0, true, vec![2])).await;
    assert_eq!(receiver.recv().await, Ok(vec![2]));
}
