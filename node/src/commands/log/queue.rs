//! Standard error behind a queue. Strangers make us write, so a reader that has stopped, such as a
//! pager, must not stop the server: what it does not take in time is counted and left out.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread;

use super::super::terminal::complain;

/// Lines that may wait to be written.
const WAITING_MAX: usize = 1_024;

/// How long the last lines may take at the end, in this many looks.
const FAREWELL: Duration = Duration::from_millis(500);
const LOOKS: u32 = 50;

#[derive(Debug)]
enum Entry {
    Line(String),
    /// Everything before this is written: say so.
    End(Sender<()>),
}

/// The queue, and the thread behind it.
#[derive(Debug)]
pub(super) struct Queue(Writer);

/// The end to put lines in at.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    entries: SyncSender<Entry>,
    left_out: Arc<AtomicU64>,
}

impl Queue {
    pub(super) fn start() -> Self {
        Self::to(|line| complain(format_args!("{line}")))
    }

    /// A queue whose lines this takes.
    pub(super) fn to(mut write: impl FnMut(&str) + Send + 'static) -> Self {
        let (entries, queue) = sync_channel(WAITING_MAX);
        thread::spawn(move || {
            for entry in queue {
                match entry {
                    Entry::Line(line) => write(&line),
                    Entry::End(done) => {
                        // Whether anybody waits for the end is not our business.
                        let _unheard = done.send(());
                    }
                }
            }
        });
        Self(Writer {
            entries,
            left_out: Arc::default(),
        })
    }

    pub(super) fn writer(&self) -> Writer {
        self.0.clone()
    }

    /// Waits until all is written, if somebody reads it.
    pub(super) fn end(self) {
        let (done, written) = channel();
        let mut entry = Entry::End(done);
        for _ in 0..LOOKS {
            match self.0.entries.try_send(entry) {
                Ok(()) => {
                    let _late = written.recv_timeout(FAREWELL);
                    return;
                }
                Err(TrySendError::Full(back)) => entry = back,
                Err(TrySendError::Disconnected(_)) => return,
            }
            thread::sleep(FAREWELL / LOOKS);
        }
    }
}

impl Writer {
    /// Queues a line, or counts it. `note` makes a line of how many were left out before it.
    pub(super) fn put(&self, line: String, note: impl FnOnce(u64) -> String) {
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 && !self.try_put(note(left_out)) {
            self.count(left_out);
        }
        if !self.try_put(line) {
            self.count(1);
        }
    }

    fn try_put(&self, line: String) -> bool {
        self.entries.try_send(Entry::Line(line)).is_ok()
    }

    fn count(&self, more: u64) {
        self.left_out.fetch_add(more, Ordering::Relaxed);
    }
}
