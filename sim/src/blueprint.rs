//! How the nodes of a group are made: their options, and what each knows when it starts.

use std::borrow::Cow;

use pex::book::AddrBook;
use pex::peers::{AddressRecord, Options, OptionsBuilder, PeerRecord};
use pex::v1::{self, Switch};
use pex::{Config, ConfigError, NetAddress, Node, NodeAddress, Policy, Seed, Time};

use crate::chance::{Chance, Use};
use crate::disk::Disk;
use crate::exchange::{Exchange, Manner};
use crate::machine::Machine;
use crate::permute;
use crate::reference::{Reference, Release};
use crate::scenario::{Depth, Group, Knows, Program, ScenarioError};
use crate::thin::{grants, store_of};
use crate::tuning::Builders;

/// Times before the beginning at which those were last and first reached that a node has known for
/// long.
const REACHED: [u64; 2] = [3_600, 30 * 86_400];

/// What the nodes of a group have in common.
#[derive(Clone, Debug)]
pub(crate) struct Blueprint {
    pub(crate) program: Program,
    config: Config,
    peers: Options,
    switch: v1::Options,
    release: Option<Release>,
    depth: Depth,
    manner: Manner,
}

/// What a node knows when it starts.
#[derive(Debug)]
pub(crate) enum Knowledge<'a> {
    /// What its operator names.
    Named(Vec<NodeAddress>),
    /// What it has been connected with in an earlier life.
    Known(Vec<NodeAddress>),
    /// What it has written down.
    Disk(&'a Disk),
}

/// Who is to be made.
#[derive(Debug)]
pub(crate) struct Birth<'a> {
    pub(crate) node: u32,
    pub(crate) own: &'a NodeAddress,
    pub(crate) seed: Seed,
    /// The seed of the whole run.
    pub(crate) run: u64,
    pub(crate) now: Time,
}

/// What is wrong with an option, under the key of a group from which it comes.
fn wrong(error: ConfigError) -> ScenarioError {
    match error {
        ConfigError::Disagree {
            value,
            other: "addresses_max",
            ..
        } => {
            let what = format!(
                "it has to have room for all peers and a few more; write {value} at least, or a smaller connected"
            );
            ScenarioError::new("store", what)
        }
        ConfigError::OutOfBounds {
            option: option @ ("connected_max" | "slots" | "addresses_max"),
            value,
            min,
            max,
        } => {
            let key = if option == "addresses_max" {
                "store"
            } else {
                "connected"
            };
            let what = format!("{value} can't be; write a number from {min} to {max}");
            ScenarioError::new(key, what)
        }
        _ => ScenarioError::new("nodes", error.to_string()),
    }
}

impl Blueprint {
    /// # Errors
    ///
    /// If the options of the program don't allow what the scenario asks for.
    pub(crate) fn new(group: &Group, seed: u64, nth: u64) -> Result<Self, ScenarioError> {
        let mut config = Config::builder();
        let release = Release::of(&group.runs, group.connected, group.store);
        if let Some(release) = &release {
            config = pex::ConfigBuilder::from(release.config());
        }
        let mut peers = Options::builder();
        let mut switch = if group.runs == Program::PexSeed {
            v1::Options::seed()
        } else {
            v1::Options::builder()
        };
        if let Some(connected) = group.connected {
            let connected = connected as usize;
            let half = connected.div_ceil(2).max(group.linked as usize);
            let outbound = group.dials.map_or(half, |dials| dials as usize);
            peers = peers
                .connected_max(connected)
                .slots(outbound, connected - outbound);
            switch = switch.slots(outbound, connected - outbound);
        }
        if let Some(store) = group.store {
            peers = peers.addresses_max(store as usize);
        }
        let builders = Builders {
            config,
            peers,
            switch,
        };
        let Builders {
            config,
            peers,
            switch,
        } = builders.tune(group.tuning, seed, nth);
        Ok(Self {
            program: group.runs.clone(),
            config: config.build().map_err(wrong)?,
            peers: peers.build().map_err(wrong)?,
            switch: switch.build().map_err(wrong)?,
            release,
            depth: group.depth,
            manner: Manner {
                wants: group.connected.unwrap_or(match group.knows {
                    Knows::Everyone => 0,
                    _ => 64,
                }) as usize,
                store: group.store.unwrap_or_else(|| store_of(&group.runs)),
                same: grants(&group.runs).is_some(),
            },
        })
    }

    /// How many persistent peers such a node may have: it dials all of them.
    pub(crate) const fn persistent_max(&self) -> usize {
        match self.program {
            Program::PexV1 | Program::PexSeed => self.switch.slots().0,
            _ => self.peers.outbound_max(),
        }
    }

    /// Whether newcomers, kin and others stand in lines of their own: they do but with a policy of the
    /// reference.
    pub(crate) fn has_lines(&self) -> bool {
        self.config.policy() == Policy::Unseen
    }

    /// Peers that a node's exchange has at most.
    pub(crate) const fn peers_max(&self) -> usize {
        self.config.peers_max()
    }

    /// The same, for a node that keeps these to itself, and is to be connected with those.
    pub(crate) fn with_lists(
        &self,
        private: &[NodeAddress],
        persistent: &[NodeAddress],
    ) -> Cow<'_, Self> {
        if private.is_empty() && persistent.is_empty() {
            return Cow::Borrowed(self);
        }
        let ids = || private.iter().map(NodeAddress::id);
        let mut own = self.clone();
        let config = pex::ConfigBuilder::from(own.config.clone());
        let config = config.private_ids(ids());
        let config = config.private_addresses(private.to_vec()).build();
        let peers = OptionsBuilder::from(own.peers.clone());
        let switch = v1::OptionsBuilder::from(own.switch.clone());
        // There are at most as many names as the builders take.
        own.config = config.unwrap_or(own.config);
        let peers = peers.private(ids());
        let peers = peers.persistent(persistent.iter().map(NodeAddress::id));
        own.peers = peers.build().unwrap_or(own.peers);
        let switch = switch.private(ids()).persistent(persistent.to_vec());
        own.switch = switch.build().unwrap_or(own.switch);
        Cow::Owned(own)
    }

    /// Whether such a node has a machine at all.
    pub(crate) fn has_machine(&self) -> bool {
        match self.program {
            Program::Hostile(_) | Program::Uniform => false,
            _ => self.depth != Depth::Thin,
        }
    }

    /// Whether such a node writes down whom it knows, and starts again with that.
    pub(crate) fn writes_down(&self) -> bool {
        self.has_store() && self.release.is_none()
    }

    /// Whether such a node has a store of its own.
    pub(crate) fn has_store(&self) -> bool {
        self.has_machine() && self.depth != Depth::Exchange
    }

    /// A machine for the node that lives at `own`. It wants a tick at once.
    pub(crate) fn build(&self, birth: &Birth<'_>, knows: Knowledge<'_>) -> Machine {
        let (own, seed, now) = (birth.own, birth.seed, birth.now);
        if !self.has_machine() {
            return Machine::None;
        }
        match (&self.program, &self.release) {
            _ if self.depth == Depth::Exchange => {
                let config = with_own(&self.config, own);
                let key = permute::key(birth.run, birth.node);
                let manner = self.manner;
                let exchange = Exchange::new(config, own.id(), birth.node, manner, seed, key, now);
                Machine::Exchange(Box::new(exchange))
            }
            (_, Some(release)) => {
                let salt = birth.run ^ u64::from(birth.node) << 32;
                let chance = Chance::new(salt, Use::Thin);
                Machine::Reference(Box::new(Reference::new(*release, own, seed, chance, now)))
            }
            (Program::Pex | Program::PexPlain, None) => self.v2(own, knows, seed, now),
            _ => self.v1(own, knows, seed, now),
        }
    }

    fn v2(&self, own: &NodeAddress, knows: Knowledge<'_>, seed: Seed, now: Time) -> Machine {
        let config = with_own(&self.config, own);
        let mut node = Node::new(config, self.peers.clone(), own.id(), seed, now);
        match knows {
            // Those are events, and come with the first tick.
            Knowledge::Named(_) => {}
            Knowledge::Known(addresses) => {
                for address in addresses {
                    node.load(&long_known(address, now));
                }
            }
            Knowledge::Disk(disk) => disk.load(&mut node),
        }
        Machine::V2(Box::new(node))
    }

    fn v1(&self, own: &NodeAddress, knows: Knowledge<'_>, seed: Seed, now: Time) -> Machine {
        let own_place = NetAddress::new(
            own.id(),
            own.ip().unwrap_or_else(|| [0, 0, 0, 0].into()),
            own.port(),
        );
        let builder = v1::OptionsBuilder::from(self.switch.clone());
        let mut builder = builder.own_addresses(vec![own.clone()]);
        let mut book = AddrBook::new(true, seed.derive(3));
        match knows {
            Knowledge::Named(addresses) => builder = builder.seeds(addresses),
            Knowledge::Known(addresses) => {
                for address in addresses {
                    if let Ok(place) = NetAddress::try_from(&address) {
                        let _full = book.add_address(now, &place, &own_place);
                        book.mark_good(now, &place);
                    }
                }
            }
            Knowledge::Disk(disk) => {
                if let Some(read) = disk.book(seed.derive(3), now) {
                    book = read;
                }
            }
        }
        // The names are at most as many as there are, which the builder takes.
        let options = builder.build().unwrap_or_else(|_| self.switch.clone());
        let switch = Switch::new(options, book, own.id(), seed.derive(2), now);
        let node = Node::v1(with_own(&self.config, own), switch, seed, now);
        Machine::V1(Box::new(node))
    }
}

fn with_own(config: &Config, own: &NodeAddress) -> Config {
    let builder = pex::ConfigBuilder::from(config.clone());
    let builder = builder.own_addresses(vec![own.clone()]);
    builder.build().unwrap_or_else(|_| config.clone())
}

/// The record of a node that was reached before, for weeks.
fn long_known(address: NodeAddress, now: Time) -> PeerRecord {
    let ago =
        |seconds: u64| Time::from_nanos(now.as_nanos().saturating_sub(seconds * 1_000_000_000));
    let [last, first] = REACHED;
    let mut kept = AddressRecord::new(address);
    kept.last_success = Some(ago(last));
    kept.first_success = Some(ago(first));
    kept.heard = Some(ago(last));
    let mut record = PeerRecord::new(kept.address.id());
    record.last_connected = kept.last_success;
    record.addresses.push(kept);
    record
}
