//! What the operator asks a process for: to end, by Ctrl-C or SIGTERM, or to read its settings again, by
//! SIGHUP.
//!
//! Signals are blocked and waited for, not handled. Where a handler is set, here by tokio or
//! signal-hook, a signal that comes at that moment is lost, and a node that is stopped within
//! milliseconds of its start would go on.

use core::mem::replace;
use std::io;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::SigSet;
use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGTERM};
use tokio::sync::{mpsc, watch};

use super::terminal::last_words;

/// Keeps these signals for whoever waits for them, in this thread and in each that it starts from now
/// on. One that runs already would take them, and the process would end.
fn hold(signals: impl IntoIterator<Item = Signal>) -> io::Result<SigSet> {
    let held: SigSet = signals.into_iter().collect();
    held.thread_block()?;
    Ok(held)
}

fn end_at_once() -> ! {
    last_words(format_args!(
        "pex: ended at once; what is known may not be saved"
    ));
    exit(1)
}

/// Does this once the process is to end; a second signal ends it at once, whatever keeps it. From here
/// on, it does not end by the first. To be called before any thread is started.
pub(super) fn when_to_end(end: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let held = hold([SIGINT, SIGTERM])?;
    thread::spawn(move || {
        if held.wait().is_ok() {
            end();
        }
        if held.wait().is_ok() {
            end_at_once();
        }
    });
    Ok(())
}

/// Whether this process is to end. None of its signals is lost that comes while nobody waits for it,
/// such as during a write.
#[derive(Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// As [`when_to_end`] says.
    pub(super) fn listen() -> io::Result<Self> {
        let (tell, told) = watch::channel(false);
        when_to_end(move || {
            tell.send_replace(true);
        })?;
        Ok(Self(told))
    }

    /// Waits until the process is to end; returns at once if it is already.
    pub(super) async fn asked(&self) {
        if self.0.clone().wait_for(|it| *it).await.is_err() {
            // Nobody listens any more, so nobody is heard.
            core::future::pending::<()>().await;
        }
    }
}

/// What the operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    End,
    Reload,
}

/// What is asked, one signal after the other, of a process that can read its settings again.
#[derive(Debug)]
pub(super) struct Signals {
    asked: mpsc::UnboundedReceiver<Asked>,
    /// Whether nobody has looked yet what is asked.
    is_starting: Arc<AtomicBool>,
}

impl Signals {
    /// From here on, the process does not end by a signal, but for a second one that comes before
    /// [`next`](Self::next) is called. To be called before any thread is started.
    pub(super) fn take() -> io::Result<Self> {
        let held = hold([SIGINT, SIGTERM, SIGHUP])?;
        let (tell, told) = mpsc::unbounded_channel();
        let is_starting = Arc::new(AtomicBool::new(true));
        let starts = Arc::clone(&is_starting);
        thread::spawn(move || {
            let mut is_to_end = false;
            while let Ok(signal) = held.wait() {
                let asked = match signal {
                    SIGHUP => Asked::Reload,
                    _ => Asked::End,
                };
                if asked == Asked::End
                    && replace(&mut is_to_end, true)
                    && starts.load(Ordering::Relaxed)
                {
                    end_at_once();
                }
                if tell.send(asked).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            asked: told,
            is_starting,
        })
    }

    /// What is asked next.
    pub(super) async fn next(&mut self) -> Asked {
        self.is_starting.store(false, Ordering::Relaxed);
        match self.asked.recv().await {
            Some(asked) => asked,
            // Nobody listens any more, so nobody is heard.
            None => core::future::pending().await,
        }
    }

    /// The next who wants it to end.
    pub(super) async fn end(&mut self) {
        while self.next().await != Asked::End {}
    }

    /// Signals that came already.
    #[cfg(test)]
    pub(super) fn that_came(asked: impl IntoIterator<Item = Asked>) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        for it in asked {
            tell.send(it).unwrap();
        }
        Self {
            asked: told,
            is_starting: Arc::default(),
        }
    }
}
