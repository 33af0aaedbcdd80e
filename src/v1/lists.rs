//! Other lists of nodes while the switch runs: whom the operator has named.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::named::Role;
use super::{Options, Switch};
use crate::peers::Action;
use crate::{Actions, NodeId, Time};

impl Switch {
    /// As [`Switch::reconfigure`], and takes over the seeds, the unconditional and the private ids of
    /// `options` as well. [`Node::reconfigure_with_lists`] tells the exchange, too.
    ///
    /// A seed that is named no longer is dialed no longer as such, and stays in the book if it is there.
    /// Whoever is unconditional no longer counts like any other from now on. Whoever is private leaves
    /// the book, and may come into it again when he is private no longer. None of these loses a
    /// connection for it, unless there are too many then.
    ///
    /// [`Node::reconfigure_with_lists`]: crate::Node::reconfigure_with_lists
    ///
    /// ```
    /// use pex::book::AddrBook;
    /// use pex::peers::{Action, Event};
    /// use pex::v1::{Options, Switch};
    /// use pex::{NodeAddress, NodeId, Seed, Time};
    ///
    /// let (me, seed, now) = (NodeId::new([1; 20]), Seed::new([7; 32]), Time::from_secs(1));
    /// let book = AddrBook::new(true, seed.derive(1));
    /// let mut switch = Switch::new(Options::seed().build()?, book, me, seed, now);
    /// assert!(!switch.handle(now, Event::Tick).iter().any(|it| matches!(it, Action::Dial { .. })));
    ///
    /// let friend: NodeAddress = "00112233445566778899aabbccddeeff00112233@seed.example.com:26656".parse()?;
    /// let options = Options::seed().seeds(vec![friend.clone()]).build()?;
    /// let actions = switch.reconfigure_with_lists(now, options);
    /// assert!(matches!(&actions[0], Action::Dial { address, .. } if *address == friend));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use = "what is not carried out has not happened"]
    pub fn reconfigure_with_lists(&mut self, now: Time, options: Options) -> Actions<Action> {
        self.advance(now);
        if self.options.seeds != options.seeds {
            let before = core::mem::replace(&mut self.options.seeds, options.seeds.clone());
            self.names.replace(Role::Seed, &before, &options.seeds);
            self.hurry();
        }
        self.take_over_unconditional(&options.unconditional);
        self.options.private.clone_from(&options.private);
        self.book.set_private_ids(options.private.iter().copied());
        self.reconfigure_now(options)
    }

    /// Those who are connected and in one of both lists alone count from now on, or no longer.
    fn take_over_unconditional(&mut self, new: &BTreeSet<NodeId>) {
        let changed = self.options.unconditional.symmetric_difference(new);
        let changed: Vec<NodeId> = changed.copied().collect();
        self.options.unconditional.clone_from(new);
        for id in changed {
            // Whoever is checked takes no place, and whoever leaves needs none.
            let life = self.live.get(id).copied();
            let stays = life.filter(|it| it.staying().is_some() && !self.checking.contains(&id));
            if let Some(mut life) = stays {
                let kept = self.is_kept(id);
                let rank = self.rank(id, kept);
                if let Some(link) = life.link_mut() {
                    (link.counted, link.score) = (!new.contains(&id), rank);
                    link.rotates_at = self.time_of(link.outbound, kept, link.since);
                }
                self.live.set(id, Some(life));
            }
        }
    }
}
