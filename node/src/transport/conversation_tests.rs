use super::super::NodeKey;
use super::super::node_info_error::NodeInfoError;
use super::super::secret::SecretError;
use super::*;

fn local(key: u8, chain: &str) -> Arc<Local> {
    let key = NodeKey::from_seed(&[key; 32]);
    let info = NodeInfo::new(key.id(), chain, "node", "tcp://127.0.0.1:26656").unwrap();
    Arc::new(Local::new(key, info).unwrap())
}

fn pair() -> (Conversation, Conversation) {
    let ann = Conversation::new(&local(1, "chain-1"), None).unwrap();
    let bob = Conversation::new(&local(2, "chain-1"), None).unwrap();
    (ann, bob)
}

/// Everything that a side has to say to bytes that come in pieces of this size.
fn hear(at: &mut Conversation, bytes: &[u8], size: usize) -> Result<Vec<Heard>, TransportError> {
    let mut all = Vec::new();
    for piece in bytes.chunks(size) {
        at.receive(piece);
        while let Some(heard) = at.hear()? {
            all.push(heard);
        }
    }
    Ok(all)
}

/// Carries bytes until both sides are silent; what each has heard, or the first error.
fn talk(
    ann: &mut Conversation,
    bob: &mut Conversation,
    size: usize,
) -> Result<[Vec<Heard>; 2], TransportError> {
    let mut heard = [Vec::new(), Vec::new()];
    loop {
        let (of_ann, of_bob) = (ann.take_unwritten(), bob.take_unwritten());
        if of_ann.is_empty() && of_bob.is_empty() {
            return Ok(heard);
        }
        heard[0].extend(hear(ann, &of_bob, size)?);
        heard[1].extend(hear(bob, &of_ann, size)?);
    }
}

fn open() -> (Conversation, Conversation) {
    let (mut ann, mut bob) = pair();
    talk(&mut ann, &mut bob, 4_096).unwrap();
    (ann, bob)
}

#[test]
fn the_handshake_goes_through_however_the_bytes_are_cut() {
    for size in [1, 34, 35, 1_000, 100_000] {
        let (mut ann, mut bob) = pair();
        let heard = talk(&mut ann, &mut bob, size).unwrap();
        let ids = heard.map(|heard| match heard.as_slice() {
            [Heard::Ready(info)] => info.id(),
            other => panic!("{other:?}"),
        });
        assert_eq!(
            ids,
            [local(2, "").id(), local(1, "").id()],
            "in pieces of {size}"
        );
    }
}

#[test]
fn messages_of_any_length_arrive_whole_and_in_order() {
    let (mut ann, mut bob) = open();
    let messages = [vec![1; 3], vec![2; MESSAGE_BYTES_MAX], Vec::new()];
    for message in &messages {
        ann.send(message).unwrap();
    }
    let [_, heard] = talk(&mut ann, &mut bob, 777).unwrap();
    let heard: Vec<_> = heard
        .into_iter()
        .map(|heard| match heard {
            Heard::Message(message) => message,
            ready @ Heard::Ready(_) => panic!("{ready:?}"),
        })
        .collect();
    assert_eq!(heard, messages);
}

#[test]
fn any_number_of_pings_makes_one_pong() {
    let (mut ann, mut bob) = open();
    for _ in 0..100 {
        ann.ping().unwrap();
    }
    hear(&mut bob, &ann.take_unwritten(), 4_096).unwrap();
    assert_eq!(bob.take_unwritten().len(), FRAME_BYTES);
    assert_eq!(bob.take_unwritten().len(), 0);
}

#[test]
fn a_ping_is_answered_however_much_waits_to_be_written() {
    let (mut ann, mut bob) = open();
    let longest = vec![0; MESSAGE_BYTES_MAX];
    let mut sent = 0;
    while bob.send(&longest).is_ok() {
        sent += 1;
    }
    ann.ping().unwrap();
    hear(&mut bob, &ann.take_unwritten(), 4_096).unwrap();
    let frames = bob.take_unwritten().len() / FRAME_BYTES;
    assert_eq!(frames, sent * packet::packets_of(&longest).count() + 1);
}

#[test]
fn what_comes_after_the_end_is_not_kept() {
    let (mut ann, _) = pair();
    ann.receive(b"G");
    assert_eq!(ann.hear().unwrap_err(), TransportError::NotTendermint);
    for _ in 0..100 {
        ann.receive(&[0; 4_096]);
        assert_eq!(ann.hear().unwrap_err(), TransportError::ClosedByUs);
    }
    assert_eq!(ann.inbox.len(), 0);
}

#[test]
fn a_socket_that_takes_nothing_costs_a_bounded_number_of_bytes() {
    let (mut ann, _) = open();
    let longest = vec![0; MESSAGE_BYTES_MAX];
    let mut sent = 0;
    while ann.send(&longest).is_ok() {
        sent += 1;
        assert!(sent < 10);
    }
    assert_eq!(ann.send(&[0]), Err(SendError::Full));
    assert_eq!(ann.ping(), Err(SendError::Full));
    assert!(ann.take_unwritten().len() <= 256_000);
    assert_eq!(ann.send(&[0]), Ok(()));
}

#[test]
fn what_can_not_be_sent_is_refused() {
    let (mut ann, _) = pair();
    assert_eq!(ann.send(&[0]), Err(SendError::Closed));
    let (mut ann, _) = open();
    let bytes = MESSAGE_BYTES_MAX + 1;
    assert_eq!(ann.send(&vec![0; bytes]), Err(SendError::TooLong { bytes }));
}

#[test]
fn whoever_is_not_the_one_expected_is_refused() {
    let (ann, bob, eve) = (
        local(1, "chain-1"),
        local(2, "chain-1"),
        local(3, "chain-1"),
    );
    let mut at_ann = Conversation::new(&ann, Some(bob.id())).unwrap();
    let mut at_eve = Conversation::new(&eve, None).unwrap();
    let (expected, actual) = (bob.id(), eve.id());
    let refused = talk(&mut at_ann, &mut at_eve, 4_096).unwrap_err();
    assert_eq!(refused, TransportError::WrongId { expected, actual });
    // And it stays so.
    assert_eq!(at_ann.hear().unwrap_err(), TransportError::ClosedByUs);
}

#[test]
fn we_do_not_talk_to_ourselves_nor_to_another_chain() {
    let local_ = local(1, "chain-1");
    let mut one = Conversation::new(&local_, None).unwrap();
    let mut other = Conversation::new(&local_, None).unwrap();
    let refused = talk(&mut one, &mut other, 4_096).unwrap_err();
    assert_eq!(refused, TransportError::SelfConnection);

    let mut one = Conversation::new(&local_, None).unwrap();
    let mut other = Conversation::new(&local(2, "chain-2"), None).unwrap();
    let refused = talk(&mut one, &mut other, 4_096).unwrap_err();
    let is_network = matches!(
        &refused,
        TransportError::NodeInfo(NodeInfoError::WrongNetwork { .. })
    );
    assert!(is_network, "{refused:?}");
}

#[test]
fn a_stranger_is_told_apart_at_the_first_byte() {
    let (mut ann, _) = pair();
    ann.receive(b"G");
    assert_eq!(ann.hear().unwrap_err(), TransportError::NotTendermint);
}

#[test]
fn a_frame_that_is_changed_ends_the_conversation() {
    let (mut ann, mut bob) = open();
    ann.send(&[1, 2, 3]).unwrap();
    let mut bytes = ann.take_unwritten();
    bytes[100] ^= 1;
    let refused = hear(&mut bob, &bytes, 4_096).unwrap_err();
    assert_eq!(refused, TransportError::Secret(SecretError::FrameForged));
    assert_eq!(bob.hear().unwrap_err(), TransportError::ClosedByUs);
    assert_eq!(bob.send(&[0]), Err(SendError::Closed));
}

#[tokio::test]
async fn it_talks_to_the_transport_for_tokio() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let (ann, bob) = (local(1, "chain-1"), local(2, "chain-1"));
    let (mut ours, theirs) = tokio::io::duplex(1_024);
    let place = ([127, 0, 0, 1], 1).into();
    let direction = super::super::Direction::Inbound;
    let at_bob = tokio::spawn(async move {
        let config = super::super::TransportConfig::default();
        let connection =
            super::super::establish(&bob, &config, theirs, place, direction, None).await;
        let (to_ann, mut from_ann) = connection.unwrap().split();
        let question = from_ann.recv().await.unwrap();
        to_ann
            .try_send([question.as_slice(), b"!"].concat())
            .unwrap();
        to_ann.close_after_flush();
    });
    let mut at_ann = Conversation::new(&ann, None).unwrap();
    let mut piece = [0; 512];
    let answer = 'answer: loop {
        ours.write_all(&at_ann.take_unwritten()).await.unwrap();
        let read = ours.read(&mut piece).await.unwrap();
        assert_ne!(read, 0, "it hung up");
        at_ann.receive(&piece[..read]);
        while let Some(heard) = at_ann.hear().unwrap() {
            match heard {
                Heard::Ready(_) => at_ann.send(b"who").unwrap(),
                Heard::Message(message) => break 'answer message,
            }
        }
    };
    assert_eq!(answer, b"who!");
    drop(ours);
    at_bob.await.unwrap();
}
