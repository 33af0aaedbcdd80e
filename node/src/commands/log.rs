//! Lines for an operator that nobody has to wait for.

use core::fmt;
use core::time::Duration;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use super::terminal::complain;

/// Lines that may wait to be written.
const WAITING_MAX: usize = 1_024;

/// How long the last lines may take at the end.
const FAREWELL: Duration = Duration::from_millis(500);

/// Standard error behind a queue. Strangers make us write, so a reader that has stopped, such as a
/// pager, must not stop the server: what it does not take in time is counted and left out.
#[derive(Debug)]
pub(super) struct Log {
    lines: SyncSender<String>,
    written: Receiver<()>,
    left_out: u64,
}

impl Log {
    pub(super) fn start() -> Self {
        let (lines, queue) = sync_channel::<String>(WAITING_MAX);
        let (done, written) = channel();
        thread::spawn(move || {
            for line in queue {
                complain(format_args!("{line}"));
            }
            // Whether anybody waits for the end is not our business.
            let _unheard = done.send(());
        });
        Self {
            lines,
            written,
            left_out: 0,
        }
    }

    /// Queues a line, or counts it.
    pub(super) fn line(&mut self, line: fmt::Arguments<'_>) {
        if self.left_out > 0 {
            let note = format!("pex: {} lines left out", self.left_out);
            if self.lines.try_send(note).is_ok() {
                self.left_out = 0;
            }
        }
        if self.lines.try_send(line.to_string()).is_err() {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Writes what waits, if somebody reads it.
    pub(super) fn end(self) {
        drop(self.lines);
        let _late = self.written.recv_timeout(FAREWELL);
    }
}
