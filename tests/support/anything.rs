//! Whatever may happen to a machine that keeps peers, in any order.

use core::time::Duration;

use pex::peers::{DialFailure, Event, Misconduct};
use pex::{Epoch, Manager, NodeAddress, NodeId};

use crate::common::World;
use crate::judge::{Judge, Judged};
use crate::nodes::{Dice, ME, host, id, ms, secs};

/// What is different from test to test: which addresses there are, and who tells of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    pub(crate) address: fn(&mut Dice) -> NodeAddress,
    /// Who tells of an address, if this node would.
    pub(crate) teller: fn(&mut Judge, &mut Dice, NodeId, &NodeAddress) -> NodeId,
}

fn somebody(dice: &mut Dice) -> NodeId {
    match dice.below(40) {
        0 => ME,
        n => id(n % 30),
    }
}

/// An epoch that the peer has now, or one of another connection.
fn epoch<M>(w: &World<M>, dice: &mut Dice, peer: NodeId) -> Epoch {
    let link = w.judge.links.get(&peer).filter(|_| dice.below(8) > 0);
    link.map_or_else(|| Epoch::new(dice.below(200).into()), |link| link.epoch)
}

/// The next event.
pub(crate) fn event<M: Manager + Judged>(
    w: &mut World<M>,
    dice: &mut Dice,
    habits: Habits,
) -> Event {
    let peer = somebody(dice);
    let connected: Vec<NodeId> = w.judge.links.keys().copied().collect();
    let present = dice.of(&connected).unwrap_or(peer);
    let dials: Vec<NodeAddress> = w.judge.dialing.values().map(|it| it.0.clone()).collect();
    let dial = dice.of(&dials).filter(|_| dice.below(8) > 0);
    let asked = dial.unwrap_or_else(|| (habits.address)(dice));
    match dice.below(16) {
        0..=3 => {
            let address = (habits.address)(dice);
            let from = (habits.teller)(&mut w.judge, dice, peer, &address);
            Event::Learned { address, from }
        }
        4 | 5 => Event::DialFailed {
            address: asked,
            why: match dice.below(6) {
                0 => DialFailure::NotThisNode,
                1 => DialFailure::Unusable,
                2 => DialFailure::NotTried,
                _ => DialFailure::Unreachable,
            },
        },
        6 | 7 => Event::Dialed {
            address: asked,
            epoch: w.epoch(),
            ip: (dice.below(4) == 0).then(|| host(dice.below(10), 1)),
        },
        8 | 9 => Event::Accepted {
            peer,
            epoch: w.epoch(),
            ip: (dice.below(8) > 0).then(|| host(dice.below(10), dice.below(2))),
            listen: (dice.below(2) == 0).then(|| (habits.address)(dice)),
        },
        10 | 11 => {
            let (peer, epoch) = (present, epoch(w, dice, present));
            Event::Ready { peer, epoch }
        }
        12 => {
            let (peer, epoch) = (present, epoch(w, dice, present));
            Event::Disconnected { peer, epoch }
        }
        13 => {
            let how = [
                Misconduct::Minor,
                Misconduct::Minor,
                Misconduct::Major,
                Misconduct::Fatal,
            ];
            let how = dice.of(&how).unwrap();
            let peer = if dice.below(2) == 0 { peer } else { present };
            Event::Misbehaved { peer, how }
        }
        14 => match dice.below(4) {
            0 => Event::Release { peer: present },
            1 => Event::InUse {
                peer: present,
                in_use: dice.below(2) == 0,
            },
            _ => Event::Behaved { peer: present },
        },
        _ => Event::Tick,
    }
}

/// How long it takes to come.
pub(crate) fn pause(dice: &mut Dice) -> Duration {
    match dice.below(10) {
        0..=2 => Duration::ZERO,
        3..=7 => ms(dice.below(5_000).into()),
        8 => secs(dice.below(600).into()),
        _ => secs(dice.below(40_000).into()),
    }
}

/// Disconnects most of those who were told to go.
pub(crate) fn carry_out<M: Manager + Judged>(w: &mut World<M>, dice: &mut Dice) {
    let links = w.judge.links.iter();
    let going = links.filter(|(_, link)| link.evicted.is_some());
    let going: Vec<(NodeId, Epoch)> = going.map(|(id, link)| (*id, link.epoch)).collect();
    for (peer, epoch) in going {
        if dice.below(3) > 0 {
            w.event(Event::Disconnected { peer, epoch });
        }
    }
}
