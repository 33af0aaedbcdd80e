//! Server-sent events: what the page shows, as it changes.
//!
//! It is printed once for all who watch, and only while somebody does.

use core::time::Duration;
use std::sync::Arc;

use hyper::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::super::Observatory;
use super::super::status::Status;

/// How often the numbers are sent.
const EVERY: Duration = Duration::from_secs(1);

/// How often the past is sent as well, in these.
const WITH_HISTORY_EVERY: u32 = 60;

/// How long somebody who watches may take nothing.
const STALLED: Duration = Duration::from_secs(20);

/// How long somebody may watch before he has to come again, which browsers do by themselves.
const WATCH_MAX: u32 = 3_600;

/// Prints events, as long as this is there.
#[derive(Debug)]
pub(super) struct Events {
    observatory: Observatory,
    latest: watch::Receiver<Bytes>,
    _printing: JoinSet<()>,
}

impl Events {
    pub(super) fn start(observatory: Observatory) -> Self {
        let (sender, latest) = watch::channel(Bytes::new());
        let mut printing = JoinSet::new();
        printing.spawn(print(observatory.clone(), sender));
        Self {
            observatory,
            latest,
            _printing: printing,
        }
    }

    /// Everything now, and from then on what changes. Each part that is taken moves the deadline on.
    pub(super) fn follow(
        &self,
        deadline: Arc<watch::Sender<Instant>>,
        place: OwnedSemaphorePermit,
    ) -> mpsc::Receiver<Bytes> {
        let (sender, parts) = mpsc::channel(1);
        let mut latest = self.latest.clone();
        let first = event(&self.observatory, true);
        tokio::spawn(async move {
            let _place = place;
            latest.mark_unchanged();
            let mut part = first;
            for _ in 0..WATCH_MAX {
                // Gone, or takes nothing: the deadline ends the connection.
                let Ok(Ok(())) = timeout(STALLED, sender.send(part)).await else {
                    return;
                };
                deadline.send_replace(Instant::now() + STALLED);
                // Somebody who was slow gets the newest, and not all that was in between.
                tokio::select! {
                    changed = latest.changed() => if changed.is_err() { return },
                    () = sender.closed() => return,
                }
                part = latest.borrow_and_update().clone();
            }
        });
        parts
    }
}

async fn print(observatory: Observatory, sender: watch::Sender<Bytes>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 1_u32.. {
        ticks.tick().await;
        // We hold one receiver ourselves, to make others of.
        if sender.receiver_count() > 1 {
            sender.send_replace(event(&observatory, number % WITH_HISTORY_EVERY == 0));
        }
    }
}

fn event(observatory: &Observatory, with_history: bool) -> Bytes {
    let json = Status::of(&observatory.look(), with_history).to_json();
    // JSON on one line has no line break, so it is one line of data.
    format!("retry: 2000\ndata: {json}\n\n").into()
}
