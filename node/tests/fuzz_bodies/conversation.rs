//! What must hold of a conversation, whatever the stranger on the other side does.
//!
//! The stranger is written anew, from the key exchange to the frames, and so is what becomes of what
//! it sends: each run must hear exactly that, in one delivery, in pieces, and over tokio.

#[path = "conversation/model.rs"]
mod model;
#[path = "conversation/program.rs"]
mod program;
#[path = "conversation/stranger.rs"]
mod stranger;

use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use pex::NodeId;
use pex_node::transport::{
    Conversation, Direction, FIRST_FLIGHT_BYTES, FRAME_DATA_MAX, Heard, Local, MESSAGE_BYTES_MAX,
    NodeInfo, NodeKey, Received, SendError, TransportConfig, TransportError, establish,
};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use model::Outcome;
use program::{Expected, First, Program, Proof, edited};
use stranger::{SEED, Stranger};

/// Most frames of a stranger, which bounds the time of a run.
const FRAMES_MAX: usize = 80;

/// What is put in at once where memory is measured.
const PIECE: usize = 4_096;

/// What a conversation may take of memory: one message, in a buffer that grows by doubling and is
/// copied as it does, and little beside it.
const HELD_MAX: u64 = 4 * MESSAGE_BYTES_MAX as u64;

/// What waits to be written, as the documentation has it.
const UNWRITTEN_MAX: usize = 256_000;

/// Reads what a stranger does from the bytes, and has it talk to a node of ours.
pub(crate) fn conversation(data: &[u8]) {
    let Ok(program) = Program::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let ann = local(&NodeKey::from_seed(&[1; 32]));
    let whole = talk(&ann, &program, &[]);
    if !program.pieces.is_empty() {
        let in_pieces = talk(&ann, &program, &program.pieces);
        assert_eq!(whole, in_pieces, "{program:?}");
    }
    takes_little(&ann, &program);
    over_tokio(&ann, &program);
}

fn takes_little(ann: &Arc<Local>, program: &Program) {
    let (mut conversation, stranger, first) = meet(ann, program);
    let bytes = [first, stranger.sent].concat();
    if bytes.len() < MESSAGE_BYTES_MAX {
        return;
    }
    let used = allocation_counter::measure(|| {
        for piece in bytes.chunks(PIECE) {
            conversation.receive(piece);
            while let Ok(Some(_)) = conversation.hear() {}
            drop(conversation.take_unwritten());
        }
    });
    assert!(used.bytes_max <= HELD_MAX, "{used:?} {program:?}");
}

impl Program {
    fn whom(&self, ann: &Local) -> Option<NodeId> {
        match self.expected {
            Expected::Anybody => None,
            Expected::Itself => Some(NodeKey::from_seed(&SEED).id()),
            Expected::SomebodyElse => Some(ann.id()),
        }
    }
}

fn local(key: &NodeKey) -> Arc<Local> {
    let info = NodeInfo::new(key.id(), "chain-1", "node", "tcp://127.0.0.1:26656");
    Arc::new(Local::new(key.clone(), info.unwrap()).unwrap())
}

/// A conversation that begins, the stranger with all that it sends, and what it sends first.
fn meet(ann: &Arc<Local>, program: &Program) -> (Conversation, Stranger, Vec<u8>) {
    let mut conversation = Conversation::new(ann, program.whom(ann)).unwrap();
    let ours: [u8; FIRST_FLIGHT_BYTES] = conversation.take_unwritten().try_into().unwrap();
    let (stranger, first) = stranger_who_does(program, &ours);
    (conversation, stranger, first)
}

/// A stranger with all that it sends, and what it sends first.
fn stranger_who_does(program: &Program, ours: &[u8; FIRST_FLIGHT_BYTES]) -> (Stranger, Vec<u8>) {
    let mut stranger = Stranger::who_hears(ours);
    let first = match &program.first {
        First::Honest => stranger.first(),
        First::Ours => ours.to_vec(),
        First::Edited(edits) => edited(stranger.first(), edits),
        First::Raw(bytes) => bytes.clone(),
    };

    let honest = |stolen| stranger.proof(stolen).encode_length_delimited_to_vec();
    let proof = match &program.proof {
        Proof::Honest => honest(false),
        Proof::Stolen => honest(true),
        Proof::Edited(edits) => edited(honest(false), edits),
        Proof::Raw(bytes) => bytes.clone(),
    };
    let bob = local(&NodeKey::from_seed(&SEED));
    let mut rest = program.info.bytes(bob.info());
    let size = usize::from(program.frame) % FRAME_DATA_MAX + 1;
    for say in &program.says {
        if rest.len() < FRAMES_MAX * size {
            rest.extend(say.bytes());
        }
    }
    let proof = proof.get(..FRAME_DATA_MAX).unwrap_or(&proof);
    for (number, data) in [proof]
        .into_iter()
        .chain(rest.chunks(size))
        .take(FRAMES_MAX)
        .enumerate()
    {
        let mut faults = program.faults.iter();
        let fault = faults.find(|fault| usize::from(fault.frame) == number);
        stranger.send(data, fault.map(|fault| fault.how));
    }
    let tail = usize::from(program.tail);
    stranger
        .sent
        .extend(core::iter::repeat_n(program.tail, tail));
    (stranger, first)
}

/// Has them talk, in pieces of these sizes, or all at once.
fn talk(ann: &Arc<Local>, program: &Program, pieces: &[u16]) -> Outcome {
    let (mut conversation, stranger, first) = meet(ann, program);
    let bytes = [&first[..], &stranger.sent].concat();
    let (mut outcome, mut told) = (Outcome::default(), Vec::new());
    let mut rest = &bytes[..];
    let mut sizes = pieces.iter();
    while !rest.is_empty() && outcome.end.is_none() {
        let size = sizes.next().map_or(rest.len(), |size| usize::from(*size));
        let (piece, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        conversation.receive(piece);
        listen(&mut conversation, program, &mut outcome, &mut told);
    }

    let written = conversation.take_unwritten();
    assert!(written.len() <= UNWRITTEN_MAX, "{}", written.len());
    if first == stranger.first() {
        let (expected, pinged) = model::outcome(ann, program, &stranger);
        assert_eq!(outcome, expected, "{program:?}");
        // However many pings there were, they are answered once; not to a peer that is to go.
        let pong = (pinged && outcome.end.is_none()).then_some(Received::Pong);
        let said: Vec<_> = told
            .into_iter()
            .map(Received::Message)
            .chain(pong)
            .collect();
        assert_eq!(stranger.hear(&written, ann.info()), said, "{program:?}");
    } else {
        assert_eq!(
            (&outcome.info, outcome.messages.len()),
            (&None, 0),
            "{program:?}"
        );
    }
    if outcome.end.is_some() {
        assert_eq!(conversation.hear().err(), Some(TransportError::ClosedByUs));
        assert_eq!(conversation.send(&[0]), Err(SendError::Closed));
        assert_eq!(conversation.ping(), Err(SendError::Closed));
    }
    assert_eq!(conversation.take_unwritten(), [0; 0]);
    outcome
}

/// Hears all there is to hear. Once the handshake is over, our side has something to say as well.
fn listen(
    conversation: &mut Conversation,
    program: &Program,
    outcome: &mut Outcome,
    told: &mut Vec<Vec<u8>>,
) {
    loop {
        match conversation.hear() {
            Ok(None) => return,
            Ok(Some(Heard::Ready(info))) => {
                assert_eq!((&outcome.info, outcome.messages.len()), (&None, 0));
                outcome.info = Some(*info);
                for bytes in &program.told {
                    let message = vec![7; usize::from(*bytes)];
                    match conversation.send(&message) {
                        Ok(()) => told.push(message),
                        Err(SendError::TooLong { bytes }) => assert!(bytes > MESSAGE_BYTES_MAX),
                        Err(error) => assert_eq!(error, SendError::Full),
                    }
                }
            }
            Ok(Some(Heard::Message(message))) => {
                assert!(outcome.info.is_some());
                outcome.messages.push(message);
            }
            Ok(Some(other)) => unreachable!("{other:?}"),
            Err(error) => {
                outcome.end = Some(error);
                return;
            }
        }
    }
}

/// The same stranger meets the transport for tokio, which must come to the same.
fn over_tokio(ann: &Arc<Local>, program: &Program) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let place = ([127, 0, 0, 1], 1).into();
        let (config, expected) = (TransportConfig::default(), program.whom(ann));
        let meets = establish(ann, &config, ours, place, Direction::Inbound, expected);
        let strange = async {
            let mut ours = [0; FIRST_FLIGHT_BYTES];
            theirs.read_exact(&mut ours).await.unwrap();
            let (stranger, first) = stranger_who_does(program, &ours);
            theirs.write_all(&first).await.unwrap();
            theirs.write_all(&stranger.sent).await.unwrap();
            theirs.shutdown().await.unwrap();
            (stranger, first)
        };
        let (met, (stranger, first)) = tokio::join!(meets, strange);
        let mut outcome = Outcome::default();
        match met {
            Ok(connection) => {
                outcome.info = Some(connection.remote.info.clone());
                let (_sender, mut receiver) = connection.split();
                outcome.end = loop {
                    match receiver.recv().await {
                        Ok(message) => outcome.messages.push(message),
                        Err(end) => break Some(end),
                    }
                };
            }
            Err(end) => outcome.end = Some(end),
        }
        if first != stranger.first() {
            assert_eq!(outcome.info, None);
            return;
        }
        let (mut expected, _) = model::outcome(ann, program, &stranger);
        if expected.end.is_none() {
            // It hangs up then, which is noticed where it is.
            expected.end = Some(model::hang_up(&expected, &stranger));
        }
        assert_eq!(outcome, expected, "{program:?}");
        let mut written = Vec::new();
        theirs.read_to_end(&mut written).await.unwrap();
        let heard = stranger.hear(&written, ann.info());
        assert!(heard.iter().all(|it| *it == Received::Pong), "{heard:?}");
    });
}
