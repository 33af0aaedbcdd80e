//! Standard output and standard error, which may be gone before we are.

use core::fmt;
use core::time::Duration;
use std::io::{self, Stdout, Write, stderr, stdout};
use std::sync::mpsc;
use std::thread;

/// How long the last line may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// Standard output for as long as somebody reads it. A reader that has gone (`pex crawl | head`)
/// has what it wanted, so what is written after that is dropped, and no error.
#[derive(Debug)]
pub(super) struct Output {
    out: Stdout,
    closed: bool,
}

impl Output {
    pub(super) fn new() -> Self {
        Self {
            out: stdout(),
            closed: false,
        }
    }

    /// Whether the reader has gone.
    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    fn unless_closed<T>(&mut self, written: io::Result<T>, instead: T) -> io::Result<T> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.unless_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.unless_closed(flushed, ())
    }
}

/// One line on standard error. Whether anybody reads it is no concern of ours.
pub(super) fn complain(line: fmt::Arguments<'_>) {
    let _unread = writeln!(stderr(), "{line}");
}

/// The line before the process ends. A pipe that nobody empties holds up whoever writes there, and must
/// not keep us from our end: the exit code says that something is wrong, too.
pub(crate) fn last_words(line: fmt::Arguments<'_>) {
    let line = line.to_string();
    let (tell, said) = mpsc::channel();
    let speaks = move || {
        complain(format_args!("{line}"));
        tell.send(())
    };
    if thread::Builder::new().spawn(speaks).is_ok() {
        let _unread = said.recv_timeout(PATIENCE);
    }
}
