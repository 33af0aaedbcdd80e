//! Sealed frames: what the secret connection carries once both sides have their keys.
//!
//! A frame is 1,028 bytes, a little-endian length and 1,024 bytes of room, sealed with
//! ChaCha20-Poly1305 to 1,044. The nonce is a counter of frames, one for each direction, so a frame
//! that is repeated, dropped or moved does not open. Every frame has the full size, whatever it
//! holds.

use chacha20poly1305::aead::{AeadInPlace as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce, Tag};

use super::secret::SecretError;

/// Most data bytes of one frame.
pub const FRAME_DATA_MAX: usize = 1_024;

/// Bytes of the length at the start of a frame.
const LENGTH_BYTES: usize = 4;

/// Bytes of a frame before it is sealed.
const PLAIN_BYTES: usize = LENGTH_BYTES + FRAME_DATA_MAX;

/// Bytes of a sealed frame.
pub const FRAME_BYTES: usize = PLAIN_BYTES + 16;

/// The count of frames in one direction, from which the nonces are made.
#[derive(Debug, Default)]
struct Counter(u64);

impl Counter {
    /// The nonce of the next frame. Each is handed out once.
    fn next(&mut self) -> Result<Nonce, SecretError> {
        // The last value is never used: then no arithmetic can ever wrap to a nonce that was.
        let following = self.0.checked_add(1).ok_or(SecretError::NoncesSpent)?;
        let mut nonce = Nonce::default();
        nonce[4..].copy_from_slice(&self.0.to_le_bytes());
        self.0 = following;
        Ok(nonce)
    }
}

/// Seals what we send.
pub struct Sealer {
    cipher: ChaCha20Poly1305,
    counter: Counter,
}

impl Sealer {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self {
            cipher: ChaCha20Poly1305::new(Key::from_slice(key)),
            counter: Counter::default(),
        }
    }

    /// Goes back to the first nonce, which only a test may.
    #[cfg(test)]
    pub(super) fn restart(&mut self) {
        self.counter = Counter::default();
    }

    /// Seals `data` into one frame.
    ///
    /// # Errors
    ///
    /// [`SecretError::FrameTooLong`] if `data` is longer than [`FRAME_DATA_MAX`];
    /// [`SecretError::NoncesSpent`] after 2^64 - 1 frames. Neither seals anything.
    pub fn seal(&mut self, data: &[u8]) -> Result<[u8; FRAME_BYTES], SecretError> {
        let too_long = SecretError::FrameTooLong { bytes: data.len() };
        let length = u32::try_from(data.len()).map_err(|_| too_long)?;
        let mut frame = [0; FRAME_BYTES];
        let (plain, tag) = frame.split_at_mut(PLAIN_BYTES);
        let (prefix, room) = plain.split_at_mut(LENGTH_BYTES);
        prefix.copy_from_slice(&length.to_le_bytes());
        room.get_mut(..data.len())
            .ok_or(too_long)?
            .copy_from_slice(data);
        let nonce = self.counter.next()?;
        let sum = self
            .cipher
            .encrypt_in_place_detached(&nonce, &[], plain)
            // The cipher refuses only what is longer than 256 GiB.
            .map_err(|_| too_long)?;
        tag.copy_from_slice(&sum);
        Ok(frame)
    }

    /// Seals `data` into as many frames as it takes and appends them to `out`.
    ///
    /// # Errors
    ///
    /// [`SecretError::NoncesSpent`] after 2^64 - 1 frames.
    pub fn seal_all(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SecretError> {
        for piece in data.chunks(FRAME_DATA_MAX) {
            out.extend_from_slice(&self.seal(piece)?);
        }
        Ok(())
    }
}

impl core::fmt::Debug for Sealer {
    /// Prints the count of frames, not the key.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Sealer({} frames)", self.counter.0)
    }
}

/// Opens what the other side sent.
pub struct Opener {
    cipher: ChaCha20Poly1305,
    counter: Counter,
}

impl Opener {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self {
            cipher: ChaCha20Poly1305::new(Key::from_slice(key)),
            counter: Counter::default(),
        }
    }

    /// Opens the next frame in place and returns its data, at most [`FRAME_DATA_MAX`] bytes.
    ///
    /// After an error the connection is beyond repair: end it.
    ///
    /// # Errors
    ///
    /// [`SecretError::FrameForged`] if this is not the next frame the other side sealed;
    /// [`SecretError::FrameTooLong`] if it states a length above the room of a frame;
    /// [`SecretError::NoncesSpent`] after 2^64 - 1 frames.
    pub fn open<'a>(&mut self, frame: &'a mut [u8; FRAME_BYTES]) -> Result<&'a [u8], SecretError> {
        let nonce = self.counter.next()?;
        let (plain, tag) = frame.split_at_mut(PLAIN_BYTES);
        self.cipher
            .decrypt_in_place_detached(&nonce, &[], plain, Tag::from_slice(tag))
            .map_err(|_| SecretError::FrameForged)?;
        let (prefix, room) = plain.split_at(LENGTH_BYTES);
        let length = prefix
            .iter()
            .rev()
            .fold(0, |sum: usize, byte| (sum << 8) | usize::from(*byte));
        room.get(..length)
            .ok_or(SecretError::FrameTooLong { bytes: length })
    }
}

impl core::fmt::Debug for Opener {
    /// Prints the count of frames, not the key.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Opener({} frames)", self.counter.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Sealer, Opener) {
        (Sealer::new(&[7; 32]), Opener::new(&[7; 32]))
    }

    /// A frame whose length field says `length`, properly sealed.
    fn lying(length: u32) -> [u8; FRAME_BYTES] {
        let mut plain = vec![0; PLAIN_BYTES];
        plain[..4].copy_from_slice(&length.to_le_bytes());
        let cipher = ChaCha20Poly1305::new(Key::from_slice(&[7; 32]));
        let tag = cipher
            .encrypt_in_place_detached(&Nonce::default(), &[], &mut plain)
            .unwrap();
        plain.extend_from_slice(&tag);
        plain.try_into().unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_order() {
        let (mut sealer, mut opener) = pair();
        for length in [0, 1, 1_023, 1_024] {
            let data = vec![42; length];
            let mut frame = sealer.seal(&data).unwrap();
            assert_eq!(opener.open(&mut frame).unwrap(), data);
        }
    }

    #[test]
    fn more_than_a_frame_holds_is_not_sealed() {
        let refused = SecretError::FrameTooLong { bytes: 1_025 };
        let (mut sealer, mut opener) = pair();
        assert_eq!(sealer.seal(&[0; 1_025]), Err(refused));
        // The refusal used no nonce up.
        assert_eq!(
            opener.open(&mut sealer.seal(b"next").unwrap()).unwrap(),
            b"next"
        );
    }

    #[test]
    fn a_frame_that_states_more_than_its_room_is_refused() {
        for length in [1_025, 0x0100_0000, u32::MAX] {
            let refused = SecretError::FrameTooLong {
                bytes: length as usize,
            };
            assert_eq!(pair().1.open(&mut lying(length)), Err(refused));
        }
        assert_eq!(pair().1.open(&mut lying(1_024)).unwrap().len(), 1_024);
    }

    #[test]
    fn a_flip_of_any_byte_is_noticed() {
        for place in 0..FRAME_BYTES {
            let (mut sealer, mut opener) = pair();
            let mut frame = sealer.seal(b"peers").unwrap();
            frame[place] ^= 1;
            assert_eq!(
                opener.open(&mut frame),
                Err(SecretError::FrameForged),
                "byte {place}"
            );
        }
    }

    #[test]
    fn a_repeated_or_skipped_frame_does_not_open() {
        let (mut sealer, mut opener) = pair();
        let first = sealer.seal(b"first").unwrap();
        let _lost = sealer.seal(b"second").unwrap();
        let mut third = sealer.seal(b"third").unwrap();
        opener.open(&mut first.clone()).unwrap();
        assert_eq!(
            opener.open(&mut first.clone()),
            Err(SecretError::FrameForged)
        );
        let mut opener = Opener::new(&[7; 32]);
        opener.open(&mut first.clone()).unwrap();
        assert_eq!(opener.open(&mut third), Err(SecretError::FrameForged));
    }

    #[test]
    fn no_nonce_is_used_twice_not_even_after_all_of_them() {
        let (mut sealer, mut opener) = pair();
        sealer.counter = Counter(u64::MAX - 1);
        opener.counter = Counter(u64::MAX - 1);
        assert_eq!(
            opener.open(&mut sealer.seal(b"last").unwrap()).unwrap(),
            b"last"
        );
        assert_eq!(sealer.seal(b"more"), Err(SecretError::NoncesSpent));
        assert_eq!(
            opener.open(&mut [0; FRAME_BYTES]),
            Err(SecretError::NoncesSpent)
        );
    }

    #[test]
    fn debug_output_holds_no_key() {
        let (sealer, opener) = pair();
        assert_eq!(
            format!("{sealer:?} {opener:?}"),
            "Sealer(0 frames) Opener(0 frames)"
        );
    }
}
