//! What a conversation must come to, from what the stranger's frames hold.

use pex_node::transport::{
    Local, NODE_INFO_BYTES_MAX, NodeInfo, NodeInfoError, NodeKey, Received, SecretError, Step,
    TransportError,
};
use pex_proto::crypto::public_key::Sum;
use pex_proto::p2p::AuthSigMessage;
use prost::Message as _;

use super::program::Program;
use super::stranger::{SEED, Stranger};
use crate::packets_body;

/// What was heard, and what ended it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) info: Option<NodeInfo>,
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) end: Option<TransportError>,
}

impl Outcome {
    fn ends(mut self, end: impl Into<TransportError>) -> (Self, bool) {
        self.end = Some(end.into());
        (self, false)
    }
}

/// What is heard of a stranger with an honest first flight, and whether it has pinged.
pub(crate) fn outcome(ann: &Local, program: &Program, stranger: &Stranger) -> (Outcome, bool) {
    let mut outcome = Outcome::default();
    let Some((proof, frames)) = stranger.opened.split_first() else {
        return (outcome, false);
    };
    let proof = match proof {
        Ok(data) => data,
        Err(error) => return outcome.ends(*error),
    };
    if let Err(error) = judge(proof, &stranger.proof(false)) {
        return outcome.ends(error);
    }
    let actual = NodeKey::from_seed(&SEED).id();
    if let Some(expected) = program.whom(ann).filter(|expected| *expected != actual) {
        return outcome.ends(TransportError::WrongId { expected, actual });
    }
    let stream: Vec<u8> = frames.iter().flatten().flatten().copied().collect();
    let broken = frames
        .iter()
        .find_map(|frame| frame.as_ref().err().copied());
    let broken = broken.map(TransportError::from);

    let (length, start) = match packets_body::varint(&stream) {
        Ok(Some(found)) => found,
        Ok(None) => {
            return (
                Outcome {
                    end: broken,
                    ..outcome
                },
                false,
            );
        }
        Err(_) => return outcome.ends(NodeInfoError::Malformed),
    };
    let length = usize::try_from(length).unwrap();
    if length > NODE_INFO_BYTES_MAX {
        let bytes = length.min(usize::MAX - start);
        return outcome.ends(NodeInfoError::TooLong { bytes });
    }
    let Some((info, rest)) = stream[start..].split_at_checked(length) else {
        return (
            Outcome {
                end: broken,
                ..outcome
            },
            false,
        );
    };
    let info = NodeInfo::decode(info, actual);
    let info = info.and_then(|info| ann.info().check_compatible(&info).map(|()| info));
    match info {
        Ok(info) => outcome.info = Some(info),
        Err(error) => return outcome.ends(error),
    }
    let (received, error) = packets_body::expected(rest);
    let pinged = received.contains(&Received::Ping);
    outcome.messages = received.into_iter().filter_map(message).collect();
    outcome.end = error.map(TransportError::from).or(broken);
    (outcome, pinged)
}

/// What ends it where the stranger hangs up after all that.
pub(crate) const fn hang_up(outcome: &Outcome, stranger: &Stranger) -> TransportError {
    let step = match (&outcome.info, stranger.opened.is_empty()) {
        (Some(_), _) => return TransportError::ClosedByPeer,
        (None, true) => Step::Authentication,
        (None, false) => Step::NodeInfo,
    };
    TransportError::HungUp { step }
}

fn message(received: Received) -> Option<Vec<u8>> {
    match received {
        Received::Message(message) => Some(message),
        _ => None,
    }
}

/// The proof is the honest one, or there is none.
fn judge(mut data: &[u8], honest: &AuthSigMessage) -> Result<(), SecretError> {
    let length = prost::decode_length_delimiter(&mut data).ok();
    let proof = AuthSigMessage::decode(data).ok();
    let proof = proof.filter(|proof| length == Some(data.len()) && proof.sig.len() == 64);
    let proof = proof.ok_or(SecretError::AuthMalformed)?;
    if proof == *honest {
        return Ok(());
    }
    match proof.pub_key.and_then(|key| key.sum) {
        None => Err(SecretError::AuthMalformed),
        Some(Sum::Ed25519(key)) => {
            let key = key
                .as_slice()
                .try_into()
                .map_err(|_| SecretError::AuthMalformed)?;
            let point = ed25519_dalek::VerifyingKey::from_bytes(key);
            point.map_err(|_| SecretError::AuthMalformed)?;
            Err(SecretError::BadSignature)
        }
        Some(_) => Err(SecretError::KeyType),
    }
}
