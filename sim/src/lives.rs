//! How nodes come into the world, and leave it.

use pex::wire::Message;
use pex::{NodeAddress, NodeEvent};

use crate::blueprint::{Birth, Blueprint, Knowledge};
use crate::chance::{nanos, seed_of};
use crate::check::Start;
use crate::hostile;
use crate::links::State;
use crate::machine::{Machine, Said};
use crate::member::{Member, NEVER};
use crate::scenario::{Group, Knows, Program, ScenarioError, Tuning};
use crate::simulation::{Crowd, Load, Simulation, What};

/// Whether it is one of our own programs.
const fn ours(runs: &Program) -> bool {
    matches!(
        runs,
        Program::Pex | Program::PexPlain | Program::PexV1 | Program::PexSeed
    )
}

impl Crowd {
    pub(crate) fn new(group: &Group, seed: u64, nth: u64) -> Result<Self, ScenarioError> {
        let ours = ours(&group.runs);
        let blueprint = Blueprint::new(group, seed, nth)?;
        Ok(Self {
            watched: group
                .watched
                .unwrap_or_else(|| ours && blueprint.has_machine()),
            blueprint,
            group: group.clone(),
            first: None,
            born: 0,
            requests: 0,
            answers: 0,
            bytes: 0,
            dials: 0,
            faults_seen: 0,
            operator: hostile::operator(&group.runs)?,
        })
    }

    /// What its nodes run, and what they say of that.
    pub(crate) fn said(&self) -> Said {
        (self.blueprint.program.clone(), self.group.claims)
    }

    pub(crate) const fn is_hostile(&self) -> bool {
        matches!(self.group.runs, Program::Hostile(_))
    }

    /// Counts what hostile nodes send.
    pub(crate) fn count(&mut self, load: &Load) {
        match load {
            Load::Message(message) => {
                self.bytes += message.encoded_len() as u64;
                let is_request = matches!(message, Message::Request(_));
                self.requests += u64::from(is_request);
                self.answers += u64::from(!is_request);
            }
            Load::Bytes(bytes) => self.bytes += bytes.len() as u64,
        }
    }
}

impl Simulation {
    /// Everybody whom the scenario names, and when they start.
    pub(crate) fn populate(&mut self) {
        for place in 0..self.crowds.len() {
            let group = &self.crowds[place].group;
            let (count, starts) = (group.count, nanos(group.starts));
            for _ in 0..count {
                let node = self.conceive(place);
                self.queue.push(starts, What::Start { node });
                if starts == 0 {
                    // Whoever starts with the world is known to the others who do.
                    self.enliven(node);
                }
            }
        }
        let operators = self
            .crowds
            .iter()
            .filter_map(|crowd| crowd.operator.as_ref());
        self.aim.victims = operators.filter_map(|it| it.victim()).collect();
        self.plan_churn();
        self.plan_faults();
        self.queue.push(0, What::Sample);
    }

    /// A new member of a group, which doesn't live yet.
    pub(crate) fn conceive(&mut self, group: usize) -> u32 {
        let places = &mut self.places;
        let crowd = &mut self.crowds[group];
        let beside = crowd.first.filter(|_| crowd.group.neighbours);
        let is_hostile = crowd.operator.is_some();
        let node = match (&mut crowd.operator, beside) {
            (Some(operator), _) => operator.settle(places),
            (None, Some(first)) => places.add_beside(first),
            (None, None) => places.add(),
        };
        crowd.first.get_or_insert(node);
        self.members.push(Member::new(group as u16));
        self.watch.conceived(!is_hostile);
        let most = nanos(self.crowds[group].group.clock_skew);
        let member = &mut self.members[node as usize];
        member.ahead = i64::try_from(self.starts.up_to(most)).unwrap_or(i64::MAX);
        if self.churn.restarts() || self.faults.restarts() {
            member.disk = Some(Box::new(self.faults.new_disk()));
        }
        node
    }

    /// From now on a node is there, for others to know and to dial.
    pub(crate) fn enliven(&mut self, node: u32) {
        let member = &mut self.members[node as usize];
        member.alive = true;
        member.place = self.living.len() as u32;
        if member.born == NEVER {
            member.born = self.now;
            let crowd = &mut self.crowds[usize::from(member.group)];
            crowd.born += 1;
            self.watch.born(node, crowd.watched, self.now);
        }
        self.living.push(node);
        self.by_id.insert(self.places.id(node));
        self.watch.lives(node);
    }

    /// A node starts: for the first time, with whom it knows, or again, with what it has written down.
    pub(crate) fn start(&mut self, node: u32) {
        let is_running = self.members[node as usize].life > self.members[node as usize].ended;
        if is_running {
            return;
        }
        if !self.members[node as usize].alive {
            self.enliven(node);
        }
        let life = self.members[node as usize].life;
        self.members[node as usize].life += 1;
        if self.is_hostile(node) {
            self.set_timer(node, self.now);
            return;
        }
        let group = usize::from(self.members[node as usize].group);
        let disk = self.members[node as usize].disk.take();
        let again = life > 0;
        let has_written = again && disk.is_some() && self.crowds[group].blueprint.writes_down();
        let everyone = self.crowds[group].group.knows == Knows::Everyone;
        let known = if has_written || everyone && !self.lists_everyone(node) {
            Vec::new()
        } else {
            self.known_at_start(node, self.crowds[group].group.knows)
        };
        let addresses: Vec<NodeAddress> = known.iter().map(|it| self.places.address(*it)).collect();
        if !again {
            self.choose(node, &known);
        }
        let member = &self.members[node as usize];
        let [private, persistent] = [&member.private, &member.persistent].map(|list| {
            let addresses = list.iter().map(|it| self.places.address(*it));
            addresses.collect::<Vec<_>>()
        });
        let linked = self.crowds[group].group.linked as usize;
        let to_link: Vec<u32> = known.iter().take(linked).copied().collect();
        let knowledge = match &disk {
            Some(disk) if has_written => Knowledge::Disk(disk),
            _ if everyone => Knowledge::Known(addresses.clone()),
            _ => Knowledge::Named(addresses.clone()),
        };
        let clock = self.members[node as usize].clock(self.now);
        let own = self.places.address(node);
        let seed = seed_of(self.seed, node, life);
        let birth = Birth {
            node,
            own: &own,
            seed,
            run: self.seed,
            now: clock,
        };
        let blueprint = self.crowds[group]
            .blueprint
            .with_lists(&private, &persistent);
        let machine = blueprint.build(&birth, knowledge);
        // What is in a store already is not named, and an exchange that knows everybody has no list.
        let is_known = match &machine {
            Machine::V2(_) | Machine::Exchange(_) => everyone,
            Machine::V1(_) => true,
            _ => false,
        };
        let kept = machine.kept().into_iter();
        let mut kept: Vec<_> = kept.filter_map(|id| self.places.number(id)).collect();
        if let Some(check) = self.check.as_mut().filter(|_| machine.dials()) {
            if again {
                check.knows_no_more_than(node, &kept);
            }
            check.introduce(node, &known);
        }
        kept.extend(known);
        let member = &mut self.members[node as usize];
        member.machine = machine;
        member.disk = disk;
        member.deadline = NEVER;
        for other in kept {
            self.watch.keeps(node, other, true, self.now, &self.members);
        }
        if let Some(check) = &mut self.check {
            let crowd = &self.crowds[group];
            let group = &crowd.group;
            let start = Start {
                at: clock,
                knows: (!again).then_some(&addresses),
                reached: everyone,
                persistent: &persistent,
                seed,
                is_plain: group.tuning == Tuning::Default && ours(&group.runs),
                has_lines: crowd.blueprint.has_lines(),
            };
            check.starts(node, &own, &self.members[node as usize], &start);
        }
        if !self.members[node as usize].machine.is_some() {
            return;
        }
        if !again {
            self.link_at_birth(node, &to_link);
        }
        let named = Some(addresses).filter(|_| !is_known);
        for address in named.into_iter().flatten() {
            self.tell(node, NodeEvent::Named { address });
        }
        self.set_timer(node, self.now);
    }

    /// Whom of those that it knows a node keeps to itself, and with whom it is to be connected: for all its
    /// lives.
    fn choose(&mut self, node: u32, known: &[u32]) {
        let member = &mut self.members[node as usize];
        let crowd = &self.crowds[usize::from(member.group)];
        let [secrets, friends] =
            [crowd.group.keeps_private, crowd.group.persists].map(|it| it as usize);
        let friends = friends.min(crowd.blueprint.persistent_max());
        member.private = known.iter().take(secrets).copied().collect();
        member.persistent = known.iter().rev().take(friends).copied().collect();
    }

    /// Connects a node with these at once, as if it had dialed them before it was born.
    fn link_at_birth(&mut self, node: u32, others: &[u32]) {
        for other in others {
            if self.members[*other as usize].alive {
                let address = self.places.address(*other);
                self.connect(node, *other, address);
            }
        }
    }

    /// Whether it matters whom a node knows that knows everyone. Where the others look them up in the
    /// list of all who live, a list for each would take time and memory as the square of their number.
    fn lists_everyone(&self, node: u32) -> bool {
        let crowd = &self.crowds[usize::from(self.members[node as usize].group)];
        let Group {
            keeps_private,
            linked,
            ..
        } = crowd.group;
        crowd.blueprint.has_store() || self.watch.sees(node) || keeps_private > 0 || linked > 0
    }

    /// Whom a node knows that starts for the first time.
    fn known_at_start(&mut self, node: u32, knows: Knows) -> Vec<u32> {
        match knows {
            Knows::Everyone => {
                let others = self.living.iter().copied();
                others.filter(|other| *other != node).collect()
            }
            Knows::First(count) => {
                let first = 0..count.saturating_add(1).min(self.places.len() as u32);
                let others = first.filter(|other| *other != node);
                others.take(count as usize).collect()
            }
            Knows::Some(count) => self.draw(node, count as usize),
        }
    }

    /// So many others who live and can be dialed; fewer if chance finds no more.
    pub(crate) fn draw(&mut self, node: u32, count: usize) -> Vec<u32> {
        let mut drawn: Vec<u32> = Vec::new();
        for _ in 0..count.saturating_mul(8) {
            if drawn.len() == count || self.living.is_empty() {
                break;
            }
            let other = self.living[self.starts.index(self.living.len())];
            let group = usize::from(self.members[other as usize].group);
            let can_be_dialed = !self.crowds[group].group.behind_nat;
            if other != node && can_be_dialed && !drawn.contains(&other) {
                drawn.push(other);
            }
        }
        drawn
    }

    /// A node dies at once. Its peers learn of it: their hosts tell them, or with `silently` the
    /// silence of its own.
    pub(crate) fn die(&mut self, node: u32, silently: bool) {
        if !self.members[node as usize].alive {
            return;
        }
        self.look_inside(node);
        let member = &mut self.members[node as usize];
        member.alive = false;
        member.ended = member.life;
        member.stuck = false;
        member.machine = Machine::None;
        member.deadline = NEVER;
        let place = member.place as usize;
        let open = core::mem::take(&mut member.open);
        self.living.swap_remove(place);
        self.by_id.remove(&self.places.id(node));
        if let Some(moved) = self.living.get(place) {
            self.members[*moved as usize].place = place as u32;
        }
        self.watch.dies(node);
        for (_, epoch) in open {
            if let Some(side) = self.links.side(epoch, node) {
                if silently {
                    self.fall_silent(epoch, 1 - side);
                } else {
                    self.say_farewell(epoch, side);
                }
                self.links.set(epoch, side, State::Gone);
            }
        }
        if let Some(check) = &mut self.check {
            check.ends(node);
        }
    }

    /// One end of a link hears nothing any more, until it notices by its pings.
    pub(crate) fn fall_silent(&mut self, epoch: pex::Epoch, side: usize) {
        let notices = self.now + crate::network::SILENCE + self.network.latency();
        let side = side as u8;
        self.queue.push(notices, What::Farewell { epoch, side });
    }
}
