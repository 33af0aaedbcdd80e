//! A file that can be opened as a database, mended and all, without being written to.
//!
//! redb marks a file when it opens it, and writes again when it mends one whose user was killed. It
//! may do both before it finds the damage that makes it give up. So a vault is opened twice: first
//! in a rehearsal, whose writes stay in memory, and in earnest only if that went well.

use core::fmt;
use core::ops::Bound;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};

/// Bytes that are kept together. What redb writes is in pages of this size.
const CHUNK: usize = 4_096;

/// A place in a file, as its locks want it.
type Edge = Bound<u64>;

/// A file of which nothing but its locks is changed.
pub(super) struct Rehearsal {
    file: FileBackend,
    state: Mutex<State>,
}

/// How the file would be.
struct State {
    len: u64,
    /// How much of what is in the file counts.
    kept: u64,
    /// The chunks that would have been written, by their number.
    written: BTreeMap<u64, Vec<u8>>,
}

impl Rehearsal {
    pub(super) fn new(file: File) -> Result<Self, DatabaseError> {
        let file = FileBackend::new(file)?;
        let len = file.len()?;
        let state = Mutex::new(State {
            len,
            kept: len,
            written: BTreeMap::new(),
        });
        Ok(Self { file, state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic left half done is thrown away with the rest.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One chunk as the file has it, with zeros past what is kept of it.
    fn original(&self, chunk: u64, kept: u64) -> io::Result<Vec<u8>> {
        let (start, mut bytes) = (start_of(chunk), vec![0; CHUNK]);
        let there = kept.saturating_sub(start).min(CHUNK as u64);
        let there = usize::try_from(there).unwrap_or_default();
        self.file.read(start, &mut bytes[..there])?;
        Ok(bytes)
    }
}

const fn start_of(chunk: u64) -> u64 {
    chunk.saturating_mul(CHUNK as u64)
}

/// The parts of a stretch of bytes that lie in one chunk each: the chunk, where the part starts in
/// it, and its length.
fn parts(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let end = offset.saturating_add(len as u64);
    let mut at = offset;
    core::iter::from_fn(move || {
        let (chunk, start) = (at / CHUNK as u64, at % CHUNK as u64);
        let left = end.checked_sub(at).filter(|&left| left > 0)?;
        let part = left.min(CHUNK as u64 - start);
        at = at.saturating_add(part);
        // Both are at most a chunk.
        Some((
            chunk,
            usize::try_from(start).ok()?,
            usize::try_from(part).ok()?,
        ))
    })
}

impl StorageBackend for Rehearsal {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        if offset.saturating_add(out.len() as u64) > state.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut rest = out;
        for (chunk, start, part) in parts(offset, rest.len()) {
            let (to, after) = rest.split_at_mut(part);
            rest = after;
            match state.written.get(&chunk) {
                Some(bytes) => to.copy_from_slice(&bytes[start..][..part]),
                None => to.copy_from_slice(&self.original(chunk, state.kept)?[start..][..part]),
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        // What is cut off reads as zeros if the file grows again.
        state.kept = state.kept.min(len);
        state.written.retain(|&chunk, _| start_of(chunk) < len);
        if let Some(mut last) = state.written.last_entry() {
            let left = len.saturating_sub(start_of(*last.key())).min(CHUNK as u64);
            let left = usize::try_from(left).unwrap_or_default();
            last.get_mut()[left..].fill(0);
        }
        state.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let mut rest = data;
        for (chunk, start, part) in parts(offset, data.len()) {
            let (from, after) = rest.split_at(part);
            rest = after;
            if !state.written.contains_key(&chunk) {
                let original = self.original(chunk, state.kept)?;
                state.written.insert(chunk, original);
            }
            if let Some(bytes) = state.written.get_mut(&chunk) {
                bytes[start..][..part].copy_from_slice(from);
            }
        }
        state.len = state.len.max(offset.saturating_add(data.len() as u64));
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Edge, end: Edge) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Edge, end: Edge) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Edge, end: Edge) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Edge, end: Edge) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Edge, end: Edge) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Edge, end: Edge) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

impl fmt::Debug for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rehearsal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A file of the numbers of its chunks, and then some.
    fn rehearsal(bytes: usize) -> (tempfile::NamedTempFile, Vec<u8>, Rehearsal) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let content: Vec<u8> = (0..bytes).map(|n| (n / 7 % 251).to_le_bytes()[0]).collect();
        fs::write(file.path(), &content).unwrap();
        let rehearsal = Rehearsal::new(file.reopen().unwrap()).unwrap();
        (file, content, rehearsal)
    }

    fn all(rehearsal: &Rehearsal) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(rehearsal.len().unwrap()).unwrap()];
        rehearsal.read(0, &mut bytes).unwrap();
        bytes
    }

    quickcheck::quickcheck! {
        fn what_is_written_is_read_and_the_file_is_as_it_was(
            bytes: u16,
            steps: Vec<(bool, u16, Vec<u8>)>
        ) -> bool {
            let (file, content, rehearsal) = rehearsal(usize::from(bytes));
            let mut expected = content.clone();
            for (writes, at, data) in steps {
                let at = usize::from(at);
                if writes {
                    // Some of them long enough to cross a chunk.
                    let data = data.repeat(1 + at % 400);
                    expected.resize(expected.len().max(at + data.len()), 0);
                    expected[at..][..data.len()].copy_from_slice(&data);
                    rehearsal.write(at as u64, &data).unwrap();
                } else {
                    expected.resize(at, 0);
                    rehearsal.set_len(at as u64).unwrap();
                }
            }
            let beyond = rehearsal.read(expected.len() as u64, &mut [0]);
            all(&rehearsal) == expected
                && beyond.is_err()
                && fs::read(file.path()).unwrap() == content
        }
    }
}
