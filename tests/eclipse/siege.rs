//! A victim's life: events in the order of a virtual clock.
//!
//! Honest nodes tell addresses drawn from all the honest ones, dead or alive, and never one of the
//! attacker's, which favours every defence alike. The attacker's nodes answer dials and requests
//! always and at once, tell only of each other, never end a link that the victim dialed, and take
//! every inbound slot there is: for good, or in turns where that gains them anything.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pex::{Epoch, Time};

use crate::chance::Chance;
use crate::victim::{Action, Arm, Event, Link, Protocol, Victim};
use crate::world::{Node, World};

/// What a dial takes if it is answered, and if not.
const ANSWERED: Duration = Duration::from_millis(250);
const UNANSWERED: Duration = Duration::from_secs(3);

/// What an honest node takes to answer a request.
const HONEST_ANSWER: Duration = Duration::from_millis(100);

/// A quarter of the links with honest nodes ends within ten hours: 10 h / ln(4/3) on average.
pub(crate) const LINK_LIFE: Duration = Duration::from_secs(125_138);

/// How often the attacker looks for free inbound slots.
const REINFORCE: Duration = Duration::from_secs(60);

/// More events than this at one instant mean that the victim does not let time pass.
const AT_ONCE: u32 = 100_000;

#[derive(Debug)]
enum Happening {
    Reached(Node),
    Unreached(Node),
    /// The node at the other end goes, and this link with it.
    Lost(Link),
    /// The victim has ended this link.
    Ended(Link),
    Answer(Link, Vec<Node>),
    Reinforce,
    /// The next of the attacker's nodes comes in.
    Turn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Outbound,
    Inbound,
}

/// Whose the outbound slots are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) attacker: u32,
    pub(crate) honest: u32,
}

#[derive(Debug)]
pub(crate) struct Siege {
    world: Rc<World>,
    protocol: Protocol,
    victim: Box<dyn Victim>,
    chance: Chance,
    now: Time,
    at_once: u32,
    timer: Option<Time>,
    queue: BTreeMap<(Time, u64), Happening>,
    posted: u64,
    links: BTreeMap<Node, (Epoch, Direction)>,
    dialing: BTreeSet<Node>,
    honest: Vec<Node>,
    attackers: Vec<Node>,
    attacked: bool,
    dials: u32,
    first_eight: Option<Time>,
}

impl Siege {
    /// A victim that has just started for the first time.
    pub(crate) fn new(world: World, arm: Arm, seed: u64) -> Self {
        let world = Rc::new(world);
        let mut siege = Self {
            protocol: arm.protocol,
            victim: (arm.build)(world.clone(), seed),
            chance: Chance::new(seed, 1),
            now: Time::EPOCH,
            at_once: 0,
            timer: None,
            queue: BTreeMap::new(),
            posted: 0,
            links: BTreeMap::new(),
            dialing: BTreeSet::new(),
            honest: world.honest().collect(),
            attackers: world.attackers().collect(),
            attacked: false,
            dials: 0,
            first_eight: None,
            world,
        };
        siege.restart();
        siege
    }

    /// Ends every link, and starts the victim with what it has written to disk.
    pub(crate) fn restart(&mut self) {
        self.queue.clear();
        self.timer = None;
        self.links.clear();
        self.dialing.clear();
        let actions = self.victim.start(self.now);
        self.carry_out(actions);
        if self.attacked {
            self.attack();
        }
    }

    /// The attacker appears.
    pub(crate) fn attack(&mut self) {
        self.attacked = true;
        self.post(Duration::ZERO, Happening::Reinforce);
        self.post_turn();
    }

    /// Lets so much time pass.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let posted = self.queue.first_key_value().map(|((at, _), _)| *at);
            let next = posted.into_iter().chain(self.timer).min();
            let Some(at) = next.filter(|at| *at <= end) else {
                break;
            };
            self.pass_to(at);
            if posted == Some(at)
                && let Some((_, happening)) = self.queue.pop_first()
            {
                self.happen(happening);
            } else {
                self.timer = None;
                self.tell(Event::Timer);
            }
        }
        self.now = end;
    }

    pub(crate) fn outbound(&self) -> Held {
        let mut held = Held {
            attacker: 0,
            honest: 0,
        };
        for (node, _) in self.linked(Direction::Outbound) {
            if self.world.is_attacker(node) {
                held.attacker += 1;
            } else {
                held.honest += 1;
            }
        }
        held
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn victim(&self) -> &dyn Victim {
        &*self.victim
    }

    /// Dials so far.
    pub(crate) const fn dials(&self) -> u32 {
        self.dials
    }

    /// When the victim first had eight outbound links.
    pub(crate) const fn first_eight(&self) -> Option<Time> {
        self.first_eight
    }

    fn pass_to(&mut self, at: Time) {
        self.at_once = if at > self.now { 0 } else { self.at_once + 1 };
        assert!(self.at_once < AT_ONCE, "time stands still: {:?}", self.now);
        self.now = self.now.max(at);
    }

    fn post(&mut self, after: Duration, happening: Happening) {
        self.posted += 1;
        self.queue
            .insert((self.now + after, self.posted), happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Reached(node) => self.reached(node),
            Happening::Unreached(node) => {
                self.dialing.remove(&node);
                self.tell(Event::DialFailed(node));
            }
            Happening::Lost(link) => {
                if self.unlink(link) {
                    self.tell(Event::Disconnected(link));
                }
            }
            Happening::Ended(link) => self.tell(Event::Disconnected(link)),
            Happening::Answer(link, told) => {
                if self.is_up(link) {
                    let told = &told;
                    self.tell(Event::Answered { link, told });
                }
            }
            Happening::Reinforce => {
                self.post(REINFORCE, Happening::Reinforce);
                self.reinforce();
            }
            Happening::Turn => self.turn(),
        }
    }

    fn reached(&mut self, node: Node) {
        self.dialing.remove(&node);
        let link = self.link(node, Direction::Outbound);
        if !self.world.is_attacker(node) {
            let life = self.chance.memoryless(LINK_LIFE);
            self.post(life, Happening::Lost(link));
        }
        self.tell(Event::Dialed(link));
        if self.first_eight.is_none() && self.linked(Direction::Outbound).count() >= 8 {
            self.first_eight = Some(self.now);
        }
    }

    /// Nodes of the attacker connect until no inbound slot is free.
    fn reinforce(&mut self) {
        let slots = usize::try_from(self.victim.slots().inbound).expect("slots are few");
        let free = slots.saturating_sub(self.linked(Direction::Inbound).count());
        if free == 0 {
            return;
        }
        let enough = free + self.links.len() + self.dialing.len();
        let drawn = self.chance.draw(enough, &mut self.attackers).to_vec();
        let mut idle = drawn.into_iter();
        for _ in 0..free {
            // Looked up anew each time: a victim may answer a connection with a dial.
            let Some(node) = idle.find(|node| !self.is_busy(*node)) else {
                return;
            };
            let link = self.link(node, Direction::Inbound);
            self.tell(Event::Accepted(link));
        }
    }

    fn post_turn(&mut self) {
        if let Some(turn) = self.protocol.turn {
            self.post(turn, Happening::Turn);
        }
    }

    /// The one that has been in for longest makes room for another.
    fn turn(&mut self) {
        self.post_turn();
        let guests = self.linked(Direction::Inbound);
        if let Some((node, epoch)) = guests.min_by_key(|(_, epoch)| *epoch) {
            self.happen(Happening::Lost(Link { node, epoch }));
        }
        self.reinforce();
    }

    fn linked(&self, direction: Direction) -> impl Iterator<Item = (Node, Epoch)> {
        let links = self.links.iter();
        let those = links.filter(move |(_, (_, other))| *other == direction);
        those.map(|(node, (epoch, _))| (*node, *epoch))
    }

    fn is_up(&self, link: Link) -> bool {
        let up = self.links.get(&link.node);
        up.is_some_and(|(epoch, _)| *epoch == link.epoch)
    }

    fn is_busy(&self, node: Node) -> bool {
        self.links.contains_key(&node) || self.dialing.contains(&node)
    }

    fn link(&mut self, node: Node, direction: Direction) -> Link {
        self.posted += 1;
        let epoch = Epoch::new(self.posted);
        let before = self.links.insert(node, (epoch, direction));
        assert_eq!(before, None, "{node:?} is linked twice");
        Link { node, epoch }
    }

    /// Ends a link; false if it has ended already.
    fn unlink(&mut self, link: Link) -> bool {
        self.is_up(link) && self.links.remove(&link.node).is_some()
    }

    fn tell(&mut self, event: Event<'_>) {
        let actions = self.victim.handle(self.now, event);
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Dial(node) => self.dial(node),
                Action::Drop(link) => {
                    if self.unlink(link) {
                        self.post(Duration::ZERO, Happening::Ended(link));
                    }
                }
                Action::Ask(link) => self.ask(link),
                Action::WakeAt(at) => self.timer = Some(at),
            }
        }
    }

    fn dial(&mut self, node: Node) {
        assert!(!self.is_busy(node), "dials {node:?}, which it has");
        self.dialing.insert(node);
        self.dials += 1;
        if self.world.is_alive(node) {
            self.post(ANSWERED, Happening::Reached(node));
        } else {
            self.post(UNANSWERED, Happening::Unreached(node));
        }
    }

    fn ask(&mut self, link: Link) {
        if !self.is_up(link) {
            return;
        }
        let (after, count, those) = if self.world.is_attacker(link.node) {
            let most = self.protocol.told_by_attacker;
            (Duration::ZERO, most, &mut self.attackers)
        } else {
            (
                HONEST_ANSWER,
                self.protocol.told_by_honest,
                &mut self.honest,
            )
        };
        let told = self.chance.draw(count, those).to_vec();
        self.post(after, Happening::Answer(link, told));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{ATTACKERS, NETWORK};
    use crate::reference::REFERENCE;
    use crate::reference_v1::REFERENCE_V1;

    #[test]
    fn the_attacker_takes_every_inbound_slot_again_after_a_restart() {
        let world = World::new(NETWORK, ATTACKERS[0], 1);
        let mut siege = Siege::new(world, REFERENCE, 1);
        siege.run(REINFORCE);
        assert_eq!(siege.linked(Direction::Inbound).count(), 0);
        siege.attack();
        siege.run(REINFORCE);
        assert_eq!(siege.linked(Direction::Inbound).count(), 52);
        siege.restart();
        assert_eq!(siege.linked(Direction::Inbound).count(), 0);
        siege.run(REINFORCE);
        assert_eq!(siege.linked(Direction::Inbound).count(), 52);
        let mut inbound = siege.linked(Direction::Inbound);
        assert!(inbound.all(|(node, _)| siege.world.is_attacker(node)));
    }

    #[test]
    fn where_it_pays_the_attackers_guests_come_in_turns() {
        let world = World::new(NETWORK, ATTACKERS[0], 1);
        let mut siege = Siege::new(world, REFERENCE_V1, 1);
        siege.attack();
        siege.run(REINFORCE);
        let guests = |siege: &Siege| -> BTreeSet<_> {
            let inbound = siege.linked(Direction::Inbound);
            inbound.map(|(_, epoch)| epoch).collect()
        };
        let first = guests(&siege);
        assert_eq!(first.len(), 40);
        siege.run(Duration::from_secs(40));
        assert!(guests(&siege).is_disjoint(&first));
        assert_eq!(guests(&siege).len(), 40);
    }

    #[test]
    fn a_quarter_of_the_links_with_honest_nodes_ends_within_any_ten_hours() {
        let (draws, hours) = (100_000_u32, |hours: u64| Duration::from_secs(hours * 3_600));
        let mut chance = Chance::new(1, 1);
        let lives: Vec<_> = (0..draws).map(|_| chance.memoryless(LINK_LIFE)).collect();
        for (age, expected) in [(10, 0.75), (20, 0.75 * 0.75), (24, 0.75_f64.powf(2.4))] {
            let older = lives.iter().filter(|life| **life > hours(age)).count();
            let share = f64::from(u32::try_from(older).unwrap()) / f64::from(draws);
            assert!((share / expected - 1.0).abs() < 0.02, "{age} h: {share}");
        }
    }
}
