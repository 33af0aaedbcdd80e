//! The key that makes a node the node it says it is.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use pex::NodeId;
use rand_core::{OsRng, RngCore as _};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::whole_file::Draft;

/// The name that Tendermint's key file gives to a private ed25519 key.
const KEY_TYPE: &str = "tendermint/PrivKeyEd25519";

/// Most bytes of a key file. One that Tendermint writes has about 200.
const FILE_BYTES_MAX: u64 = 4_096;

/// The id of the node with this public key: the first 20 bytes of its SHA-256.
#[must_use]
pub fn id_of(key: &VerifyingKey) -> NodeId {
    let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let mut bytes = [0; NodeId::LENGTH];
    bytes.copy_from_slice(&hash[..NodeId::LENGTH]);
    NodeId::new(bytes)
}

/// A node's private ed25519 key. It proves the node's id in every handshake.
///
/// Reads and writes the `node_key.json` of Tendermint and CometBFT. Debug output shows the id
/// alone; the key is wiped from memory when it is dropped.
///
/// ```
/// use pex_node::transport::NodeKey;
///
/// let key = NodeKey::generate()?;
/// assert_eq!(NodeKey::from_json(&key.to_json())?.id(), key.id());
/// # Ok::<(), pex_node::transport::KeyError>(())
/// ```
#[derive(Clone)]
pub struct NodeKey(SigningKey);

impl NodeKey {
    /// A new key from the operating system's source of randomness.
    ///
    /// # Errors
    ///
    /// [`KeyError::NoEntropy`] if the system gives no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        OsRng
            .try_fill_bytes(seed.as_mut())
            .map_err(|_| KeyError::NoEntropy)?;
        Ok(Self::from_seed(&seed))
    }

    /// The key that the 32 secret bytes of `seed` make.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The node's id.
    #[must_use]
    pub fn id(&self) -> NodeId {
        id_of(&self.public())
    }

    /// The public half of the key.
    #[must_use]
    pub fn public(&self) -> VerifyingKey {
        self.0.verifying_key()
    }

    /// Signs the challenge of a handshake.
    pub(super) fn sign(&self, challenge: &[u8; 32]) -> Signature {
        self.0.sign(challenge)
    }

    /// Reads the text of a `node_key.json`.
    ///
    /// The `id` that Tendermint v0.35 writes beside the key is not read: as there, the id follows
    /// from the key.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the text is not such a file, or its two halves do not belong together.
    pub fn from_json(text: &str) -> Result<Self, KeyError> {
        let file: KeyFile<Zeroizing<String>> =
            serde_json::from_str(text).map_err(|_| KeyError::NotAKeyFile)?;
        if file.priv_key.kind != KEY_TYPE {
            return Err(KeyError::KeyType);
        }
        let mut halves = Zeroizing::new([0; 64]);
        let decoded = Base64::decode(file.priv_key.value.as_bytes(), halves.as_mut())
            .map_err(|_| KeyError::Base64)?;
        if decoded.len() != 64 {
            return Err(KeyError::Length {
                bytes: decoded.len(),
            });
        }
        let key = SigningKey::from_keypair_bytes(&halves).map_err(|_| KeyError::HalvesDiffer)?;
        Ok(Self(key))
    }

    /// The text of a `node_key.json` with this key. It is as secret as the key.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<String> {
        let halves = Zeroizing::new(self.0.to_keypair_bytes());
        let value = Zeroizing::new(Base64::encode_string(halves.as_ref()));
        // Both texts are free of characters that JSON would escape.
        Zeroizing::new(format!(
            r#"{{"priv_key":{{"type":"{KEY_TYPE}","value":"{}"}}}}"#,
            value.as_str()
        ))
    }

    /// Reads the key file at `path`. Blocks.
    ///
    /// # Errors
    ///
    /// [`KeyError::Read`] if the file cannot be read; else as [`from_json`](Self::from_json).
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let read = |error: io::Error| KeyError::Read { kind: error.kind() };
        if fs::metadata(path).map_err(read)?.len() > FILE_BYTES_MAX {
            return Err(KeyError::NotAKeyFile);
        }
        Self::from_json(&Zeroizing::new(fs::read_to_string(path).map_err(read)?))
    }

    /// Writes the key file at `path`, readable by its owner alone. Blocks. A file that is there
    /// already is left as it is: it may be somebody's only copy of a key. If there is no room for the
    /// whole, or we are killed meanwhile, there is no file at `path`.
    ///
    /// # Errors
    ///
    /// [`KeyError::Write`] if the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        Draft::begin(path)
            .and_then(|draft| draft.finish_new(self.to_json().as_bytes()))
            .map_err(|error| KeyError::Write { kind: error.kind() })
    }

    /// Reads the key file at `path`, or makes a new key and writes it there. Blocks.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), [`generate`](Self::generate) and [`save`](Self::save).
    pub fn load_or_generate(path: &Path) -> Result<Self, KeyError> {
        match Self::load(path) {
            Err(KeyError::Read {
                kind: io::ErrorKind::NotFound,
            }) => {
                let key = Self::generate()?;
                key.save(path)?;
                Ok(key)
            }
            loaded => loaded,
        }
    }
}

impl fmt::Debug for NodeKey {
    /// Prints the id, which is public, and nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeKey({})", self.id())
    }
}

#[derive(Deserialize)]
struct KeyFile<Text> {
    priv_key: PrivKey<Text>,
}

#[derive(Deserialize)]
struct PrivKey<Text> {
    #[serde(rename = "type")]
    kind: String,
    value: Text,
}

/// Why there is no node key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The operating system gave no randomness.
    NoEntropy,
    /// The text is not the JSON of a `node_key.json`.
    NotAKeyFile,
    /// The file holds a key of another type than ed25519.
    KeyType,
    /// The value is not base64 of at most 64 bytes.
    Base64,
    /// The value has not 64 bytes.
    Length {
        /// Bytes of the value.
        bytes: usize,
    },
    /// The second half of the value is not the public key of the first.
    HalvesDiffer,
    /// The file cannot be read.
    Read {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The file cannot be written, or it exists.
    Write {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEntropy => {
                f.write_str("the system gave no randomness for a node key; try again later")
            }
            Self::NotAKeyFile => {
                f.write_str("the file is not a node_key.json; check the path of the node key")
            }
            Self::KeyType => {
                write!(
                    f,
                    "the node key has another type than {KEY_TYPE}; use an ed25519 key"
                )
            }
            Self::Base64 => f.write_str(
                "the node key is not base64 of 64 bytes; restore the file from its backup",
            ),
            Self::Length { bytes } => write!(
                f,
                "the node key has {bytes} bytes in place of 64; restore the file from its backup"
            ),
            Self::HalvesDiffer => f.write_str(
                "the public half of the node key does not belong to its private half; \
                 restore the file from its backup",
            ),
            Self::Read { kind } => {
                write!(
                    f,
                    "the node key cannot be read ({kind}); check its path and permissions"
                )
            }
            Self::Write { kind } => write!(
                f,
                "the node key cannot be written ({kind}); choose a path that is free and writable"
            ),
        }
    }
}

impl core::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> NodeKey {
        NodeKey::from_seed(&[7; 32])
    }

    fn file(kind: &str, bytes: &[u8]) -> String {
        let value = Base64::encode_string(bytes);
        format!(r#"{{"priv_key":{{"type":"{kind}","value":"{value}"}}}}"#)
    }

    #[test]
    fn a_key_reads_back_as_it_was_written() {
        let read = NodeKey::from_json(&key().to_json()).unwrap();
        assert_eq!(read.0.to_keypair_bytes(), key().0.to_keypair_bytes());
    }

    #[test]
    fn the_file_has_the_members_that_tendermint_reads() {
        let file: serde_json::Value = serde_json::from_str(&key().to_json()).unwrap();
        assert_eq!(file["priv_key"]["type"], KEY_TYPE);
        assert_eq!(file["priv_key"]["value"].as_str().unwrap().len(), 88);
    }

    #[test]
    fn an_id_beside_the_key_is_not_needed_and_not_believed() {
        let text = key().to_json().replacen('{', r#"{"id":"0000","#, 1);
        assert_eq!(NodeKey::from_json(&text).unwrap().id(), key().id());
    }

    #[test]
    fn the_public_half_must_belong_to_the_private_one() {
        let mut halves = key().0.to_keypair_bytes();
        halves[63] ^= 1;
        let refused = NodeKey::from_json(&file(KEY_TYPE, &halves));
        assert_eq!(refused.unwrap_err(), KeyError::HalvesDiffer);
    }

    #[test]
    fn what_is_not_a_key_is_refused_with_its_reason() {
        let reason = |text: &str| NodeKey::from_json(text).unwrap_err();
        assert_eq!(reason(""), KeyError::NotAKeyFile);
        assert_eq!(reason("{}"), KeyError::NotAKeyFile);
        assert_eq!(
            reason(&file("tendermint/PrivKeySecp256k1", &[0; 32])),
            KeyError::KeyType
        );
        assert_eq!(
            reason(&file(KEY_TYPE, &[0; 32])),
            KeyError::Length { bytes: 32 }
        );
        assert_eq!(reason(&file(KEY_TYPE, &[0; 65])), KeyError::Base64);
        assert_eq!(
            reason(&file(KEY_TYPE, &[]).replace("\"\"", "\"!!\"")),
            KeyError::Base64
        );
    }

    #[test]
    fn debug_output_shows_the_id_and_no_secret() {
        assert_eq!(format!("{:?}", key()), format!("NodeKey({})", key().id()));
    }

    #[test]
    fn a_key_file_is_made_once_and_kept_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node_key.json");
        let made = NodeKey::load_or_generate(&path).unwrap();
        assert_eq!(NodeKey::load_or_generate(&path).unwrap().id(), made.id());
        let exists = KeyError::Write {
            kind: io::ErrorKind::AlreadyExists,
        };
        assert_eq!(key().save(&path), Err(exists));
        #[cfg(unix)]
        {
            let bits = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(&path).unwrap().permissions(),
            );
            assert_eq!(bits & 0o777, 0o600);
        }
    }
}
