//! Writes down what the machine wants written down, beside the loop that drives it.
//!
//! A disk may be slow, or full. So the writing is done where blocking is allowed, one batch after the
//! other; what comes meanwhile waits, the last change of each record only, and is the next batch.

use core::fmt;
use core::future::pending;
use core::mem;
use core::time::Duration;
use std::collections::BTreeMap;

use pex::peers::{Change, RecordKey};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep_until};

/// Records whose change may wait to be written. Of more nothing is kept, until they change again.
const WAITING_MAX: usize = 65_536;

/// How long we wait before we try again to write what could not be written: at first, and at most.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// Makes all changes of a batch or none of them, and says as a sentence why it could not.
type Write = Box<dyn FnMut(&[Change]) -> Result<(), String> + Send>;

/// What is left of a batch when it is done with.
struct Done {
    write: Write,
    batch: Vec<Change>,
    outcome: Result<(), String>,
}

/// The writer, and what waits for it.
pub(crate) struct Keeper {
    /// None while a batch is being written.
    write: Option<Write>,
    task: Option<JoinHandle<Done>>,
    waiting: BTreeMap<RecordKey, Option<Vec<u8>>>,
    /// When the next batch may begin, and how long after a failure that is.
    not_before: Instant,
    pause: Duration,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper")
            .field("waiting", &self.waiting.len())
            .field("writes", &self.task.is_some())
            .finish_non_exhaustive()
    }
}

impl Keeper {
    pub(crate) fn new<E: fmt::Display>(
        mut write: impl FnMut(&[Change]) -> Result<(), E> + Send + 'static,
    ) -> Self {
        Self {
            write: Some(Box::new(move |changes| {
                write(changes).map_err(|error| error.to_string())
            })),
            task: None,
            waiting: BTreeMap::new(),
            not_before: Instant::now(),
            pause: RETRY_MIN,
        }
    }

    /// Has these changes written down, after those before them. If too many wait already, says why
    /// not.
    pub(crate) fn keep(&mut self, changes: Vec<Change>) -> Result<(), String> {
        let mut lost = 0_u64;
        for change in changes {
            if self.waiting.len() < WAITING_MAX || self.waiting.contains_key(&change.key) {
                self.waiting.insert(change.key, change.value);
            } else {
                lost += 1;
            }
        }
        if Instant::now() >= self.not_before {
            self.begin();
        }
        match lost {
            0 => Ok(()),
            _ => Err(format!(
                "{lost} records are not written: {WAITING_MAX} others wait already; \
                 see whether the disk is full or slow"
            )),
        }
    }

    /// Begins to write what waits, unless something is being written.
    fn begin(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Some(mut write) = self.write.take() else {
            return;
        };
        let waiting = mem::take(&mut self.waiting).into_iter();
        let batch: Vec<Change> = waiting.map(|(key, value)| Change { key, value }).collect();
        self.task = Some(spawn_blocking(move || {
            let outcome = write(&batch);
            Done {
                write,
                batch,
                outcome,
            }
        }));
    }

    /// Goes on until something could not be written, and says why. It waits then, and is tried
    /// again. Safe to cancel: nothing is lost.
    pub(crate) async fn failed(&mut self) -> String {
        loop {
            if self.task.is_some() {
                if let Err(why) = self.wait().await {
                    return why;
                }
            } else if self.waiting.is_empty() || self.write.is_none() {
                return pending().await;
            } else {
                sleep_until(self.not_before).await;
            }
            self.begin();
        }
    }

    /// Waits for the batch that is being written.
    async fn wait(&mut self) -> Result<(), String> {
        let Some(task) = &mut self.task else {
            return Ok(());
        };
        let done = task.await;
        self.task = None;
        let Ok(done) = done else {
            return Err("nothing more is written: the writer has panicked".to_owned());
        };
        self.write = Some(done.write);
        let Err(why) = done.outcome else {
            self.pause = RETRY_MIN;
            return Ok(());
        };
        for change in done.batch {
            self.waiting.entry(change.key).or_insert(change.value);
        }
        self.not_before = Instant::now() + self.pause;
        self.pause = RETRY_MAX.min(self.pause * 2);
        Err(why)
    }

    /// Writes everything that waits, and these changes last; if that fails, says why.
    pub(crate) async fn finish(mut self, last: Vec<Change>) -> Result<(), String> {
        // Whatever becomes of a batch under way, the next one has all of it.
        let _tried_again = self.wait().await;
        let kept = self.keep(last);
        self.begin();
        self.wait().await?;
        if self.waiting.is_empty() {
            kept
        } else {
            Err("nothing more is written: the writer has panicked".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

    use pex::NodeId;
    use pex::peers::PeerRecord;

    use super::*;

    /// A change of the record of node `n`, told from others by its first byte.
    fn change(n: u32, byte: u8) -> Change {
        let mut id = [0; 20];
        id[..4].copy_from_slice(&n.to_be_bytes());
        Change {
            key: PeerRecord::key(NodeId::new(id)),
            value: Some(vec![byte]),
        }
    }

    type Outcomes = SyncSender<Result<(), &'static str>>;

    /// A keeper whose batches come out here, and are done when an outcome goes in.
    fn keeper() -> (Keeper, Receiver<Vec<Change>>, Outcomes) {
        let (batches, written) = channel();
        let (outcomes, outcome) = sync_channel(8);
        let keeper = Keeper::new(move |changes| {
            batches.send(changes.to_vec()).unwrap();
            outcome.recv().unwrap()
        });
        (keeper, written, outcomes)
    }

    #[tokio::test]
    async fn what_comes_while_a_batch_is_written_is_the_next_one_the_last_of_each_record() {
        let (mut keeper, written, outcomes) = keeper();
        keeper.keep(vec![change(1, 1), change(2, 1)]).unwrap();
        assert_eq!(written.recv().unwrap(), [change(1, 1), change(2, 1)]);
        keeper.keep(vec![change(3, 1), change(2, 2)]).unwrap();
        keeper.keep(vec![change(2, 3)]).unwrap();
        outcomes.send(Ok(())).unwrap();
        outcomes.send(Ok(())).unwrap();
        assert_eq!(keeper.finish(vec![change(4, 1)]).await, Ok(()));
        let next = [change(2, 3), change(3, 1), change(4, 1)];
        assert_eq!(written.recv().unwrap(), next);
        assert!(written.recv().is_err(), "and that is all");
    }

    #[tokio::test(start_paused = true)]
    async fn what_could_not_be_written_is_told_and_tried_again_after_a_pause() {
        let (mut keeper, written, outcomes) = keeper();
        keeper.keep(vec![change(1, 1), change(2, 1)]).unwrap();
        outcomes.send(Err("the disk is full")).unwrap();
        assert_eq!(keeper.failed().await, "the disk is full");
        let again = keeper.not_before;
        assert!(again > Instant::now(), "not at once");
        keeper.keep(vec![change(2, 2)]).unwrap();
        assert!(keeper.task.is_none());
        outcomes.send(Err("the disk is gone")).unwrap();
        assert_eq!(keeper.failed().await, "the disk is gone");
        assert!(Instant::now() >= again);
        assert_eq!(written.recv().unwrap(), [change(1, 1), change(2, 1)]);
        assert_eq!(written.recv().unwrap(), [change(1, 1), change(2, 2)]);
        assert_eq!(keeper.pause, RETRY_MIN * 4);
    }

    #[tokio::test]
    async fn at_the_end_a_batch_that_failed_is_tried_once_more_without_a_pause() {
        for outcome in [Ok(()), Err("the disk is gone")] {
            let (mut keeper, written, outcomes) = keeper();
            keeper.keep(vec![change(1, 1)]).unwrap();
            outcomes.send(Err("the disk is busy")).unwrap();
            outcomes.send(outcome).unwrap();
            let end = keeper.finish(vec![change(2, 1)]).await;
            assert_eq!(end, outcome.map_err(str::to_owned));
            assert_eq!(written.recv().unwrap(), [change(1, 1)]);
            assert_eq!(written.recv().unwrap(), [change(1, 1), change(2, 1)]);
        }
    }

    #[tokio::test]
    async fn no_more_changes_wait_than_the_bound_and_what_is_lost_is_said() {
        let (mut keeper, written, outcomes) = keeper();
        keeper.keep(vec![change(0, 1)]).unwrap();
        written.recv().unwrap();
        let most = u32::try_from(WAITING_MAX).unwrap();
        keeper
            .keep((1..=most).map(|n| change(n, 1)).collect())
            .unwrap();
        keeper.keep(vec![change(7, 2)]).unwrap();
        let why = keeper.keep(vec![change(most + 1, 1)]).unwrap_err();
        assert!(why.starts_with("1 records are not written"), "{why}");
        assert_eq!(keeper.waiting.len(), WAITING_MAX);
        outcomes.send(Ok(())).unwrap();
    }

    #[tokio::test]
    async fn a_writer_that_panics_is_told_of_once_and_stops_nothing_else() {
        let mut keeper = Keeper::new(|_: &[Change]| -> Result<(), String> { panic!("a bug") });
        keeper.keep(vec![change(1, 1)]).unwrap();
        let why = keeper.failed().await;
        assert!(why.contains("panicked"), "{why}");
        keeper.keep(vec![change(2, 1)]).unwrap();
        let more = tokio::time::timeout(Duration::from_millis(1), keeper.failed()).await;
        assert!(more.is_err(), "nothing more to say");
        assert!(keeper.finish(Vec::new()).await.is_err(), "but at the end");
    }
}
