//! Parts of messages that are being received: how many bytes of them all connections hold at once.
//!
//! Anybody may begin a message, and nobody has asked for most of them. So they have a room of their
//! own, from which what we send takes nothing, and where that is full the oldest goes: an honest
//! message is whole in a moment, and who wants to outlast it has to send the whole room anew in
//! that moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The parts that are held now.
#[derive(Debug, Default)]
pub(super) struct Parts(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    begun: u64,
    oldest_first: BTreeMap<u64, Message>,
}

#[derive(Debug)]
struct Message {
    bytes: usize,
    cut: Arc<Notify>,
}

/// A message that is being received. What is held of it is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Part {
    parts: Arc<Parts>,
    number: u64,
    cut: Arc<Notify>,
}

impl Parts {
    /// Begins to hold parts of a message.
    pub(super) fn begin(self: &Arc<Self>) -> Part {
        let cut = Arc::<Notify>::default();
        let mut held = self.lock();
        held.begun += 1;
        let (number, message) = (held.begun, Arc::clone(&cut));
        let message = Message {
            bytes: 0,
            cut: message,
        };
        held.oldest_first.insert(number, message);
        drop(held);
        Part {
            parts: Arc::clone(self),
            number,
            cut,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // Whoever panicked with it left whole numbers behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Gives up what is held of a message, if it still is.
    fn remove(&mut self, number: u64) {
        if let Some(message) = self.oldest_first.remove(&number) {
            self.bytes -= message.bytes;
        }
    }
}

impl Part {
    /// Holds so many bytes of the message from now on; false if there is no room for it. Where all
    /// together are more than `max`, the oldest are cut, which may be this one.
    #[must_use]
    pub(super) fn hold(&self, bytes: usize, max: usize) -> bool {
        let mut held = self.parts.lock();
        let Some(ours) = held.oldest_first.get_mut(&self.number) else {
            return false;
        };
        let before = core::mem::replace(&mut ours.bytes, bytes);
        held.bytes = held.bytes - before + bytes;
        // Nobody has to go for one that never fits.
        if bytes > max {
            held.remove(self.number);
        }
        while held.bytes > max {
            let Some((_, oldest)) = held.oldest_first.pop_first() else {
                break;
            };
            held.bytes -= oldest.bytes;
            oldest.cut.notify_one();
        }
        held.oldest_first.contains_key(&self.number)
    }

    /// Waits until the message has to go. Safe to cancel.
    pub(super) async fn cut(&self) {
        self.cut.notified().await;
        // For whoever asks again.
        self.cut.notify_one();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.parts.lock().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use core::future::Future as _;
    use core::pin::pin;
    use core::task::{Context, Waker};

    use super::*;

    fn is_cut(part: &Part) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        pin!(part.cut()).poll(&mut context).is_ready()
    }

    #[test]
    fn where_there_is_no_room_the_oldest_go_and_no_more_than_have_to() {
        let parts = Arc::new(Parts::default());
        let [first, second, third] = [60, 30, 10].map(|bytes| {
            let part = parts.begin();
            assert!(part.hold(bytes, 100));
            part
        });
        let fourth = parts.begin();
        assert!(fourth.hold(1, 100));
        assert!(is_cut(&first) && is_cut(&first) && !is_cut(&second));
        assert!(fourth.hold(60, 100));
        assert!(!is_cut(&second));
        // The oldest that are left have to go, though they are small.
        assert!(fourth.hold(95, 100));
        assert!(is_cut(&second) && is_cut(&third) && !is_cut(&fourth));
        assert!(!first.hold(1, 100) && !second.hold(1, 100));
    }

    #[test]
    fn who_grows_is_cut_himself_where_he_is_the_oldest() {
        let parts = Arc::new(Parts::default());
        let (old, young) = (parts.begin(), parts.begin());
        assert!(old.hold(50, 100) && young.hold(50, 100));
        assert!(!old.hold(51, 100));
        assert!(!is_cut(&young) && young.hold(100, 100));
    }

    #[test]
    fn what_never_fits_pushes_nobody_out_and_what_is_given_back_can_be_had_again() {
        let parts = Arc::new(Parts::default());
        let first = parts.begin();
        assert!(first.hold(100, 100));
        assert!(!parts.begin().hold(101, 100));
        assert!(!is_cut(&first) && first.hold(100, 100));
        drop(first);
        assert_eq!(parts.lock().bytes, 0);
        let next = parts.begin();
        assert!(next.hold(100, 100) && next.hold(7, 100));
        assert_eq!(parts.lock().bytes, 7);
    }
}
