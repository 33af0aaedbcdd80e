//! What a node wants of the part that keeps its peers.

use alloc::vec::Vec;
use core::time::Duration;

use crate::peers::{Action, Change, Event, PeerManager};
use crate::{Actions, Broken, Config, Directory, NodeAddress, NodeId, Time};

mod sealed {
    #[expect(unnameable_types, reason = "that is what seals")]
    pub trait Sealed {}
    impl Sealed for crate::peers::PeerManager {}
    impl Sealed for crate::v1::Switch {}
}

/// Who keeps a node's peers: [`PeerManager`] as V2 does, or [`Switch`](crate::v1::Switch) as V1
/// does. Both know addresses, dial, let in and send away, in the same words.
///
/// It is sealed: what a [`Node`](crate::Node) relies on may grow.
pub trait Manager: Directory + sealed::Sealed {
    /// Who this node is.
    fn me(&self) -> NodeId;

    /// It is so late at least. Nothing is done that is due by then.
    fn catch_up(&mut self, now: Time);

    /// Advances the machine by one event, and returns everything it wants done, in order.
    fn handle(&mut self, now: Time, event: Event) -> Actions<Action>;

    /// Takes in what a peer has told. Each address is handed back, with whether it was taken in.
    fn learn_all(
        &mut self,
        now: Time,
        from: NodeId,
        addresses: Vec<NodeAddress>,
        back: &mut dyn FnMut(NodeAddress, bool),
    ) -> Actions<Action>;

    /// How many addresses that were told it has not taken in, though they were not known. None, if it
    /// does not count them: of V1 nobody is asked so often that it matters what he makes up.
    fn refused(&self) -> u64 {
        0
    }

    /// A peer has answered a request of ours.
    fn on_answer_from(&mut self, _now: Time, _peer: NodeId) -> Actions<Action> {
        Actions::default()
    }

    /// An answer of ours goes to a peer.
    fn on_answer_to(&mut self, _now: Time, _peer: NodeId) -> Actions<Action> {
        Actions::default()
    }

    /// Whether a peer is here for an answer and no more: if he gets none, he is better off gone.
    fn is_guest(&self, _peer: NodeId) -> bool {
        false
    }

    /// Somebody is there whom it helps to be told in the order of ids.
    fn tell_arcs(&mut self);

    /// How long somebody who has come to us is not asked: as long as it takes to see whether he
    /// stays. None if he is asked at once.
    fn newcomers_wait(&self) -> Option<Duration>;

    /// When the machine next has something to do by itself; `None` if only an event can wake it.
    fn deadline(&self) -> Option<Time>;

    /// Sets the machine's time back to `now`, and with it everything that is due.
    fn rewind(&mut self, now: Time);

    /// Everything that has changed and was not handed out.
    fn flush(&mut self) -> Option<Vec<Change>> {
        None
    }

    /// Whether a peer may be used.
    fn is_up(&self, id: NodeId) -> bool;

    /// How many peers may be used.
    fn ups(&self) -> usize;

    /// Checks what holds after every event.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold.
    fn check(&self) -> Result<(), Broken>;

    /// Tells the exchange what it has to know of the options: whose addresses may not be told.
    fn configure(&self, config: &mut Config);

    /// Raises the bounds of an exchange to what its manager lets in.
    fn make_room(&self, config: &mut Config);
}

/// How long somebody who has come to us is not asked. A feeler is gone by then: a network at rest would
/// else spend most of its questions on those who came to see whether we are there.
const NEWCOMERS_WAIT: Duration = Duration::from_secs(1);

impl Manager for PeerManager {
    fn me(&self) -> NodeId {
        self.me()
    }

    fn catch_up(&mut self, now: Time) {
        self.catch_up(now);
    }

    fn handle(&mut self, now: Time, event: Event) -> Actions<Action> {
        self.handle(now, event)
    }

    fn learn_all(
        &mut self,
        now: Time,
        from: NodeId,
        addresses: Vec<NodeAddress>,
        back: &mut dyn FnMut(NodeAddress, bool),
    ) -> Actions<Action> {
        self.learn_all(now, from, addresses, back)
    }

    fn refused(&self) -> u64 {
        self.counts().not_taken()
    }

    fn on_answer_from(&mut self, now: Time, peer: NodeId) -> Actions<Action> {
        self.on_answer(now, peer)
    }

    fn tell_arcs(&mut self) {
        self.tell_arcs();
    }

    fn newcomers_wait(&self) -> Option<Duration> {
        // Whoever has no other peer asks at once.
        self.ready().nth(1).map(|_| NEWCOMERS_WAIT)
    }

    fn deadline(&self) -> Option<Time> {
        self.deadline()
    }

    fn rewind(&mut self, now: Time) {
        self.rewind(now);
    }

    fn flush(&mut self) -> Option<Vec<Change>> {
        self.flush()
    }

    fn is_up(&self, id: NodeId) -> bool {
        self.standing(id).may_be_used()
    }

    fn ups(&self) -> usize {
        self.ready().count()
    }

    fn check(&self) -> Result<(), Broken> {
        self.check()
    }

    // An exchange of V2 may be for fewer peers than the node has.
    fn make_room(&self, _config: &mut Config) {}

    fn configure(&self, config: &mut Config) {
        let options = self.options();
        config.private_ids.extend(&options.private);
        config.own_addresses.clone_from(&options.own_addresses);
    }
}
