//! The handshake of the secret connection, without a socket.
//!
//! Each side sends an ephemeral X25519 key in the clear (the first flight, 35 bytes), then, in one
//! sealed frame, its ed25519 key and its signature of a challenge that only the two can know (the
//! second flight, 1,044 bytes). The facts are those of CometBFT v0.38 and Tendermint v0.34, v0.35
//! (`p2p/conn/secret_connection.go`). Nothing cryptographic is written here: the primitives are
//! those of the dalek, RustCrypto and merlin crates, and this module puts them in order.
//!
//! Stricter than the reference, where no honest node can notice:
//! - a flight has its exact length and shape, and the second one fills no more than its frame;
//! - our own ephemeral key sent back to us is refused at once;
//! - the signature is checked by the strict rules of RFC 8032, which also refuse a weak public key.
//!
//! ```
//! use pex_node::transport::{Handshake, NodeKey};
//!
//! let (ann, bob) = (NodeKey::generate()?, NodeKey::generate()?);
//! let (a, b) = (Handshake::new()?, Handshake::new()?);
//! let (first_of_a, first_of_b) = (a.first_flight(), b.first_flight());
//! let (a, mut proof_of_a) = a.on_first_flight(&first_of_b, &ann)?;
//! let (b, mut proof_of_b) = b.on_first_flight(&first_of_a, &bob)?;
//! let mut at_ann = a.on_second_flight(&mut proof_of_b)?;
//! let mut at_bob = b.on_second_flight(&mut proof_of_a)?;
//! assert_eq!(at_ann.remote(), bob.id());
//!
//! let mut frame = at_ann.sealer.seal(b"who is there?")?;
//! assert_eq!(at_bob.opener.open(&mut frame)?, b"who is there?");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;

use ed25519_dalek::{Signature, VerifyingKey};
use hkdf::Hkdf;
use merlin::Transcript;
use pex::NodeId;
use pex_proto::crypto::{PublicKey, public_key};
use pex_proto::p2p::AuthSigMessage;
use prost::Message as _;
use rand_core::{OsRng, RngCore as _};
use sha2::Sha256;
use x25519_dalek::{SharedSecret, StaticSecret};
use zeroize::Zeroizing;

use super::frame::{FRAME_BYTES, Opener, Sealer};
use super::identity::{NodeKey, id_of};

/// Bytes of the first flight.
pub const FIRST_FLIGHT_BYTES: usize = 35;

/// What stands before the key in the first flight: the length of the message, then the tag and
/// the length of its only field.
pub(super) const FIRST_FLIGHT_PREFIX: [u8; 3] = [34, 0x0a, 32];

/// A handshake that has begun: our ephemeral key is drawn.
pub struct Handshake {
    secret: StaticSecret,
    public: [u8; 32],
}

impl Handshake {
    /// Begins a handshake with a key from the operating system's source of randomness.
    ///
    /// # Errors
    ///
    /// [`SecretError::NoEntropy`] if the system gives no randomness.
    pub fn new() -> Result<Self, SecretError> {
        let mut entropy = Zeroizing::new([0; 32]);
        OsRng
            .try_fill_bytes(entropy.as_mut())
            .map_err(|_| SecretError::NoEntropy)?;
        Ok(Self::from_entropy(&entropy))
    }

    /// Begins a handshake with the key that 32 secret bytes make. They must never serve twice.
    #[must_use]
    pub fn from_entropy(entropy: &[u8; 32]) -> Self {
        let secret = StaticSecret::from(*entropy);
        let public = x25519_dalek::PublicKey::from(&secret).to_bytes();
        Self { secret, public }
    }

    /// The bytes to send first.
    #[must_use]
    pub const fn first_flight(&self) -> [u8; FIRST_FLIGHT_BYTES] {
        let mut flight = [0; FIRST_FLIGHT_BYTES];
        let (prefix, key) = flight.split_at_mut(FIRST_FLIGHT_PREFIX.len());
        prefix.copy_from_slice(&FIRST_FLIGHT_PREFIX);
        key.copy_from_slice(&self.public);
        flight
    }

    /// Takes the other side's first flight; returns the next state and our second flight.
    ///
    /// # Errors
    ///
    /// [`SecretError::NotAHandshake`] if the bytes are something else;
    /// [`SecretError::WeakKey`] if the key would make a secret that everybody knows;
    /// [`SecretError::Reflected`] if it is our own key.
    pub fn on_first_flight(
        self,
        theirs: &[u8; FIRST_FLIGHT_BYTES],
        key: &NodeKey,
    ) -> Result<(Authentication, [u8; FRAME_BYTES]), SecretError> {
        let (prefix, public) = theirs.split_at(FIRST_FLIGHT_PREFIX.len());
        if prefix != FIRST_FLIGHT_PREFIX {
            return Err(SecretError::NotAHandshake);
        }
        let theirs: [u8; 32] = public.try_into().map_err(|_| SecretError::NotAHandshake)?;
        if theirs == self.public {
            return Err(SecretError::Reflected);
        }
        let shared = self
            .secret
            .diffie_hellman(&x25519_dalek::PublicKey::from(theirs));
        // The points of low order are exactly those that make the all-zero secret.
        if !shared.was_contributory() {
            return Err(SecretError::WeakKey);
        }
        let challenge = challenge(&self.public, &theirs, &shared);
        let (mut sealer, opener) = direction_keys(self.public < theirs, &shared)?;
        let flight = sealer.seal(&auth_message(key, &challenge))?;
        Ok((
            Authentication {
                challenge,
                sealer,
                opener,
            },
            flight,
        ))
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handshake(secret)")
    }
}

/// The 32 bytes that both sides sign.
fn challenge(ours: &[u8; 32], theirs: &[u8; 32], shared: &SharedSecret) -> Zeroizing<[u8; 32]> {
    let mut transcript = Transcript::new(b"TENDERMINT_SECRET_CONNECTION_TRANSCRIPT_HASH");
    transcript.append_message(b"EPHEMERAL_LOWER_PUBLIC_KEY", ours.min(theirs));
    transcript.append_message(b"EPHEMERAL_UPPER_PUBLIC_KEY", ours.max(theirs));
    transcript.append_message(b"DH_SECRET", shared.as_bytes());
    let mut challenge = Zeroizing::new([0; 32]);
    transcript.challenge_bytes(b"SECRET_CONNECTION_MAC", challenge.as_mut());
    challenge
}

/// The two keys of the frames. The side with the lower ephemeral key receives with the first.
fn direction_keys(
    we_are_lower: bool,
    shared: &SharedSecret,
) -> Result<(Sealer, Opener), SecretError> {
    let mut keys = Zeroizing::new([[0; 32]; 2]);
    Hkdf::<Sha256>::new(None, shared.as_bytes())
        .expand(
            b"TENDERMINT_SECRET_CONNECTION_KEY_AND_CHALLENGE_GEN",
            keys.as_flattened_mut(),
        )
        // HKDF refuses only more than 8,160 bytes.
        .map_err(|_| SecretError::WeakKey)?;
    let [first, second] = &*keys;
    Ok(if we_are_lower {
        (Sealer::new(second), Opener::new(first))
    } else {
        (Sealer::new(first), Opener::new(second))
    })
}

fn auth_message(key: &NodeKey, challenge: &[u8; 32]) -> Vec<u8> {
    let public = key.public().to_bytes().to_vec();
    AuthSigMessage {
        pub_key: Some(PublicKey {
            sum: Some(public_key::Sum::Ed25519(public)),
        }),
        sig: key.sign(challenge).to_bytes().to_vec(),
    }
    .encode_length_delimited_to_vec()
}

/// A handshake that waits for the other side's proof of who it is.
pub struct Authentication {
    challenge: Zeroizing<[u8; 32]>,
    sealer: Sealer,
    opener: Opener,
}

impl Authentication {
    /// Takes the other side's second flight, and says who it is. The frame is opened in place.
    ///
    /// # Errors
    ///
    /// [`SecretError::FrameForged`] if the frame was not sealed by who sent the first flight;
    /// [`SecretError::AuthMalformed`] if it does not hold one key and one signature;
    /// [`SecretError::KeyType`] if the key is not an ed25519 one;
    /// [`SecretError::BadSignature`] if the signature is not of this handshake by this key.
    pub fn on_second_flight(
        mut self,
        frame: &mut [u8; FRAME_BYTES],
    ) -> Result<Session, SecretError> {
        let (key, signature) = read_auth_message(self.opener.open(frame)?)?;
        key.verify_strict(self.challenge.as_ref(), &signature)
            .map_err(|_| SecretError::BadSignature)?;
        Ok(Session {
            key,
            sealer: self.sealer,
            opener: self.opener,
        })
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authentication(secret)")
    }
}

fn read_auth_message(mut data: &[u8]) -> Result<(VerifyingKey, Signature), SecretError> {
    let length = prost::decode_length_delimiter(&mut data).ok();
    if length != Some(data.len()) {
        return Err(SecretError::AuthMalformed);
    }
    let message = AuthSigMessage::decode(data).map_err(|_| SecretError::AuthMalformed)?;
    let signature = Signature::from_slice(&message.sig).map_err(|_| SecretError::AuthMalformed)?;
    match message.pub_key.and_then(|key| key.sum) {
        Some(public_key::Sum::Ed25519(key)) => {
            let key = VerifyingKey::try_from(key.as_slice());
            Ok((key.map_err(|_| SecretError::AuthMalformed)?, signature))
        }
        Some(_) => Err(SecretError::KeyType),
        None => Err(SecretError::AuthMalformed),
    }
}

/// A finished handshake: who is on the other side, and the means to talk to it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Session {
    /// The public key that the other side has proved to own.
    pub key: VerifyingKey,
    /// Seals what we send from here on.
    pub sealer: Sealer,
    /// Opens what the other side sends from here on.
    pub opener: Opener,
}

impl Session {
    /// The id of the node on the other side.
    #[must_use]
    pub fn remote(&self) -> NodeId {
        id_of(&self.key)
    }
}

/// Why a secret connection did not come to be, or ended. The other side is to blame, but for
/// [`NoEntropy`](Self::NoEntropy) and [`NoncesSpent`](Self::NoncesSpent).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretError {
    /// The operating system gave no randomness.
    NoEntropy,
    /// The first bytes are not those of a secret connection.
    NotAHandshake,
    /// The ephemeral key is a point of low order: the secret would be known to all.
    WeakKey,
    /// The other side sent our own ephemeral key back.
    Reflected,
    /// The proof of identity does not hold one public key and one signature.
    AuthMalformed,
    /// The public key is of another type than ed25519.
    KeyType,
    /// The signature is not one of this handshake by this key.
    BadSignature,
    /// A frame is not the next one that the other side sealed: changed, repeated or moved.
    FrameForged,
    /// A frame states, or is to hold, more data than it has room for.
    FrameTooLong {
        /// Bytes of data stated.
        bytes: usize,
    },
    /// One direction has used up its 2^64 - 1 frames.
    NoncesSpent,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEntropy => "the system gave no randomness; try again later",
            Self::NotAHandshake => {
                "the first bytes are not those of a Tendermint node; check the port"
            }
            Self::WeakKey => "its ephemeral key is of low order, an attack; do not dial it again",
            Self::Reflected => {
                "it sent our own ephemeral key back, an attack; do not dial it again"
            }
            Self::AuthMalformed => "its proof of identity cannot be read; do not dial it again",
            Self::KeyType => "its node key is not an ed25519 key; this network is not supported",
            Self::BadSignature => {
                "it does not own the key it shows, or somebody listens in; do not trust the address"
            }
            Self::FrameForged => "a frame was changed, repeated or moved on its way; connect again",
            Self::FrameTooLong { bytes } => {
                return write!(
                    f,
                    "a frame states {bytes} bytes of data, 1024 fit; connect again"
                );
            }
            Self::NoncesSpent => "the keys of this connection are used up; connect again",
        })
    }
}

impl core::error::Error for SecretError {}

#[cfg(test)]
#[path = "secret_tests.rs"]
mod tests;
