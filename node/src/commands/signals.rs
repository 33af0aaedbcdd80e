//! Being told to end, by Ctrl-C or SIGTERM.

use std::io;
use std::process::exit;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::terminal::complain;

/// Whether this process is to end. Signals are taken once and for all, so that none is lost that
/// comes while nobody waits for it, such as during a write; and a second one ends the process at
/// once, whatever keeps it.
#[derive(Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// From here on, the process does not end by the first signal. Must be called within a runtime.
    pub(super) fn listen() -> io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (told, stop) = watch::channel(false);
        tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            told.send_replace(true);
            either(&mut interrupt, &mut terminate).await;
            complain(format_args!(
                "pex: ended at once; what is known may not be saved"
            ));
            exit(1);
        });
        Ok(Self(stop))
    }

    /// Waits until the process is to end; returns at once if it is already.
    pub(super) async fn asked(&self) {
        if self.0.clone().wait_for(|it| *it).await.is_err() {
            // Nobody listens any more, so nobody is heard.
            core::future::pending::<()>().await;
        }
    }
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
