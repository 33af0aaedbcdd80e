//! A crawl while it goes on: how it is going, and how it ends.

use core::time::Duration;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use pex_node::crawl::{Crawl, in_words, save};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep_until};

use crate::commands::signals::Stop;
use crate::commands::terminal::complain;

const FRAME: Duration = Duration::from_millis(200);

/// How often it is written down how a crawl stands, so that a crash costs no more; less often if that takes
/// long.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// How a crawl ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Complete,
    /// Dials were left for which there were no file descriptors.
    Starved,
    OutOfTime,
    Interrupted,
}

/// Crawls to the end, or until the time is over or somebody wants it to end.
pub(super) async fn watch(
    crawl: &mut Crawl,
    max_time: Duration,
    state: Option<&Path>,
    stop: &Stop,
) -> End {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
        bar.set_style(style);
    }
    let deadline = Instant::now().checked_add(max_time);
    let time_is_over = async {
        match deadline {
            Some(deadline) => sleep_until(deadline).await,
            None => core::future::pending().await,
        }
    };
    tokio::pin!(time_is_over);
    let mut keeper = state.map(Keeper::new);
    let mut frames = interval(FRAME);
    let end = loop {
        tokio::select! {
            goes_on = crawl.step() => if !goes_on { break End::Complete },
            _ = frames.tick() => {
                let at = crawl.progress();
                bar.tick();
                bar.set_message(format!(
                    "{} found, {} reached, {} failed, visiting {}; network size {}",
                    at.found, at.reached, at.failed, at.visiting, in_words(at.estimate),
                ));
                if let Some(keeper) = &mut keeper {
                    keeper.keep(crawl).await;
                }
            }
            () = &mut time_is_over => break End::OutOfTime,
            () = stop.asked() => break End::Interrupted,
        }
    };
    if let Some(keeper) = keeper {
        keeper.end().await;
    }
    bar.finish_and_clear();
    end
}

/// Writes down now and then how a crawl stands, on a thread of its own.
struct Keeper<'a> {
    path: &'a Path,
    next: Instant,
    writing: Option<(Instant, JoinHandle<std::io::Result<()>>)>,
    has_failed: bool,
}

impl<'a> Keeper<'a> {
    fn new(path: &'a Path) -> Self {
        Self {
            path,
            next: Instant::now() + WRITE_EVERY,
            writing: None,
            has_failed: false,
        }
    }

    async fn keep(&mut self, crawl: &Crawl) {
        if self
            .writing
            .as_ref()
            .is_some_and(|(_, task)| task.is_finished())
        {
            self.finish().await;
        }
        if self.writing.is_none() && Instant::now() >= self.next {
            let began = Instant::now();
            let (path, bytes) = (self.path.to_owned(), crawl.state());
            let task = tokio::task::spawn_blocking(move || save(&path, &bytes));
            self.writing = Some((began, task));
        }
    }

    async fn finish(&mut self) {
        let Some((began, task)) = self.writing.take() else {
            return;
        };
        let written = task.await.map_err(std::io::Error::other).and_then(|it| it);
        let took = began.elapsed();
        self.next = Instant::now() + WRITE_EVERY.max(took * 2);
        if let Err(error) = written
            && !core::mem::replace(&mut self.has_failed, true)
        {
            let path = self.path.display();
            complain(format_args!(
                "pex: cannot write {path}: {error}; it is tried again"
            ));
        }
    }

    async fn end(mut self) {
        self.finish().await;
    }
}
