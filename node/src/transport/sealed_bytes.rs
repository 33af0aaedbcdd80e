//! Bytes from the socket, up to a few sealed frames, and how they come out frame by frame.

use super::frame::FRAME_BYTES;

/// Sealed frames that are read from the socket at once.
const FRAMES_AT_ONCE: usize = 4;

/// What was read and is not opened yet.
pub(super) struct SealedBytes {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl SealedBytes {
    pub(super) fn new() -> Self {
        let bytes = vec![0; FRAMES_AT_ONCE * FRAME_BYTES].into_boxed_slice();
        Self {
            bytes,
            start: 0,
            end: 0,
        }
    }

    /// Where to read more bytes to. Never empty while [`next_frame`](Self::next_frame) has none.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// All the room there is, once what was read does not matter any more.
    pub(super) fn whole(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    pub(super) fn filled(&mut self, bytes: usize) {
        self.end = self.end.saturating_add(bytes).min(self.bytes.len());
    }

    pub(super) fn next_frame(&mut self) -> Option<[u8; FRAME_BYTES]> {
        let frame = *self.bytes.get(self.start..self.end)?.first_chunk()?;
        self.start += FRAME_BYTES;
        Some(frame)
    }
}
