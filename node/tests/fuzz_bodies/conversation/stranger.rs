//! The other side of a handshake, written anew and under control down to the single byte.

use chacha20poly1305::aead::{AeadInPlace as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce, Tag};
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use hkdf::Hkdf;
use merlin::Transcript;
use pex_node::transport::{
    Assembler, FIRST_FLIGHT_BYTES, FRAME_BYTES, FRAME_DATA_MAX, NodeInfo, Received, SecretError,
    id_of,
};
use pex_proto::crypto::{PublicKey, public_key::Sum};
use pex_proto::p2p::AuthSigMessage;
use prost::Message as _;
use sha2::Sha256;
use x25519_dalek::StaticSecret;

use super::program::How;

/// What its node key is made of.
pub(crate) const SEED: [u8; 32] = [2; 32];

/// What a frame comes to: its data, or that it is refused.
pub(crate) type Opened = Result<Vec<u8>, SecretError>;

pub(crate) struct Stranger {
    public: [u8; 32],
    challenge: [u8; 32],
    seals: ChaCha20Poly1305,
    opens: ChaCha20Poly1305,
    sealed: u64,
    lost: bool,
    /// Every frame so far, sealed.
    pub(crate) sent: Vec<u8>,
    /// What each comes to, up to the first that is refused.
    pub(crate) opened: Vec<Opened>,
}

impl Stranger {
    /// Who hears this first flight.
    pub(crate) fn who_hears(ours: &[u8; FIRST_FLIGHT_BYTES]) -> Self {
        let secret = StaticSecret::from([9; 32]);
        let public = x25519_dalek::PublicKey::from(&secret).to_bytes();
        let theirs: [u8; 32] = core::array::from_fn(|n| ours[3 + n]);
        let shared = secret.diffie_hellman(&theirs.into());

        let mut keys = [0; 64];
        let label = b"TENDERMINT_SECRET_CONNECTION_KEY_AND_CHALLENGE_GEN";
        let derived = Hkdf::<Sha256>::new(None, shared.as_bytes()).expand(label, &mut keys);
        assert!(derived.is_ok());
        let (low, high) = keys.split_at(32);
        let (opens, seals) = if public < theirs {
            (low, high)
        } else {
            (high, low)
        };
        let cipher = |key: &[u8]| ChaCha20Poly1305::new(Key::from_slice(key));

        let mut transcript = Transcript::new(b"TENDERMINT_SECRET_CONNECTION_TRANSCRIPT_HASH");
        let (lower, upper) = (public.min(theirs), public.max(theirs));
        transcript.append_message(b"EPHEMERAL_LOWER_PUBLIC_KEY", &lower);
        transcript.append_message(b"EPHEMERAL_UPPER_PUBLIC_KEY", &upper);
        transcript.append_message(b"DH_SECRET", shared.as_bytes());
        let mut challenge = [0; 32];
        transcript.challenge_bytes(b"SECRET_CONNECTION_MAC", &mut challenge);
        Self {
            public,
            challenge,
            seals: cipher(seals),
            opens: cipher(opens),
            sealed: 0,
            lost: false,
            sent: Vec::new(),
            opened: Vec::new(),
        }
    }

    /// What it sends first, if it is honest.
    pub(crate) fn first(&self) -> Vec<u8> {
        [&[34, 0x0a, 32], &self.public[..]].concat()
    }

    /// The proof that it is who it says, or that it is somebody else.
    pub(crate) fn proof(&self, stolen: bool) -> AuthSigMessage {
        let key = SigningKey::from_bytes(&SEED);
        let shown = if stolen {
            SigningKey::from_bytes(&[3; 32])
        } else {
            key.clone()
        };
        let shown = shown.verifying_key().to_bytes().to_vec();
        AuthSigMessage {
            pub_key: Some(PublicKey {
                sum: Some(Sum::Ed25519(shown)),
            }),
            sig: key.sign(&self.challenge).to_bytes().to_vec(),
        }
    }

    /// Sends a frame with this data, unless something is wrong with it.
    pub(crate) fn send(&mut self, data: &[u8], fault: Option<How>) {
        let mut length = u32::try_from(data.len()).unwrap();
        if let Some(How::States(other)) = fault {
            length = other;
        }
        let mut frame = length.to_le_bytes().to_vec();
        frame.extend_from_slice(data);
        frame.resize(4 + FRAME_DATA_MAX, 0);
        let bytes = usize::try_from(length).unwrap();
        let stated = frame[4..].get(..bytes).map(<[u8]>::to_vec);
        let mut opened = stated.ok_or(SecretError::FrameTooLong { bytes });

        let nonce = nonce(self.sealed);
        self.sealed += 1;
        let tag = self
            .seals
            .encrypt_in_place_detached(&nonce, &[], &mut frame);
        frame.extend_from_slice(&tag.unwrap());
        if let Some(How::Flipped(place, bits)) = fault {
            frame[usize::from(place) % FRAME_BYTES] ^= bits;
            if bits != 0 {
                opened = Err(SecretError::FrameForged);
            }
        }
        if let Some(How::Lost) = fault {
            // The next one has the wrong number.
            self.lost = true;
            return;
        }
        self.put(&frame, opened);
        if let Some(How::Twice) = fault {
            self.put(&frame, Err(SecretError::FrameForged));
        }
    }

    fn put(&mut self, frame: &[u8], opened: Opened) {
        self.sent.extend_from_slice(frame);
        if !self.opened.last().is_some_and(Result::is_err) {
            let opened = if self.lost {
                Err(SecretError::FrameForged)
            } else {
                opened
            };
            self.opened.push(opened);
        }
    }

    /// Reads all that an honest node writes behind its first flight: its proof, its node info, and
    /// what it says then.
    pub(crate) fn hear(&self, written: &[u8], from: &NodeInfo) -> Vec<Received> {
        let (frames, rest) = written.as_chunks::<FRAME_BYTES>();
        assert_eq!(rest, [0; 0], "no frame");
        let mut data = (0..)
            .zip(frames)
            .map(|(number, frame)| self.open(number, frame));
        let Some(proof) = data.next() else {
            return Vec::new();
        };
        let proof = AuthSigMessage::decode_length_delimited(&proof[..]).unwrap();
        let Some(Sum::Ed25519(key)) = proof.pub_key.and_then(|key| key.sum) else {
            unreachable!("no key");
        };
        let key = VerifyingKey::try_from(&key[..]).unwrap();
        let signature = Signature::from_slice(&proof.sig).unwrap();
        assert!(key.verify(&self.challenge, &signature).is_ok());
        assert_eq!(id_of(&key), from.id());

        let data: Vec<u8> = data.flatten().collect();
        let info = from.encode();
        let Some(packets) = data.strip_prefix(&info[..]) else {
            assert_eq!(data, [0; 0], "no node info");
            return Vec::new();
        };
        let mut assembler = Assembler::default();
        assembler.extend(packets);
        core::iter::from_fn(|| assembler.take().unwrap()).collect()
    }

    fn open(&self, number: u64, frame: &[u8; FRAME_BYTES]) -> Vec<u8> {
        let (plain, tag) = frame.split_at(4 + FRAME_DATA_MAX);
        let (mut plain, tag) = (plain.to_vec(), Tag::from_slice(tag));
        let nonce = nonce(number);
        let opened = self
            .opens
            .decrypt_in_place_detached(&nonce, &[], &mut plain, tag);
        assert!(opened.is_ok(), "frame {number}");
        let (length, room) = plain.split_first_chunk().unwrap();
        room[..usize::try_from(u32::from_le_bytes(*length)).unwrap()].to_vec()
    }
}

fn nonce(number: u64) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[4..].copy_from_slice(&number.to_le_bytes());
    nonce
}
