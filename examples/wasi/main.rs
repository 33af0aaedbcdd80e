//! A whole network in a sandbox without a socket, a thread, or a clock but the one that it makes up:
//! nine nodes, of which each knows the one before it, until each knows all.
//!
//! `cargo build -p pex-example-wasi --target wasm32-wasip1`, and then `node examples/wasi/run.mjs
//! target/wasm32-wasip1/debug/wasi.wasm`; or `cargo run -p pex-example-wasi` outside of a sandbox.

use std::collections::{BTreeMap, VecDeque};

use pex::peers::{DialFailure, Options};
use pex::wire::Message;
use pex::{
    Config, ConfigError, Epoch, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time,
};

const NODES: u8 = 9;

#[derive(Default)]
struct World {
    now: Time,
    nodes: BTreeMap<NodeId, Node>,
    /// What each connection is numbered, seen from either side.
    links: BTreeMap<(NodeId, NodeId), Epoch>,
    epochs: u64,
    /// What happens next, and to whom, in order.
    events: VecDeque<(NodeId, NodeEvent<'static>)>,
}

fn main() -> Result<(), ConfigError> {
    let place = |n: u8| NodeAddress::mconn(NodeId::new([n; 20]), [n + 20, 0, 0, 1].into(), 26_656);
    let mut world = World {
        now: Time::from_secs(1_000),
        ..World::default()
    };
    for n in 1..=NODES {
        let (me, seed) = (NodeId::new([n; 20]), Seed::new([n; 32])); // in earnest, from the system
        let config = Config::builder().own_addresses(vec![place(n)]).build()?;
        let node = Node::new(config, Options::default(), me, seed, world.now);
        world.nodes.insert(me, node);
        if n > 1 {
            let address = place(n - 1);
            let named = NodeEvent::Named { address };
            world.events.push_back((me, named));
        }
    }
    while world
        .nodes
        .values()
        .any(|node| node.peers().nodes() < usize::from(NODES) - 1)
    {
        assert!(
            world.now < Time::from_secs(5_000),
            "they do not find each other"
        );
        world.step();
    }
    println!("{NODES} nodes know each other at {:?}", world.now);
    Ok(())
}

impl World {
    /// One event and all that it makes a node want; or if there is none, time passes.
    fn step(&mut self) {
        let Some((me, event)) = self.events.pop_front() else {
            let due = |(id, node): (&NodeId, &Node)| Some((node.deadline()?, *id));
            if let Some((at, id)) = self.nodes.iter().filter_map(due).min() {
                self.now = self.now.max(at);
                self.events.push_back((id, NodeEvent::Tick));
            }
            return;
        };
        let now = self.now;
        let actions = self.nodes.get_mut(&me).map(|node| node.handle(now, event));
        for action in actions.into_iter().flatten() {
            self.carry_out(me, action);
        }
    }

    fn carry_out(&mut self, me: NodeId, action: NodeAction) {
        match action {
            NodeAction::Dial { address, .. } => self.dial(me, address),
            NodeAction::Send { to, epoch, message } => self.send(me, to, epoch, message),
            NodeAction::HangUp { peer, epoch, .. }
                if self.links.get(&(me, peer)) == Some(&epoch) =>
            {
                for (one, other) in [(me, peer), (peer, me)] {
                    self.links.remove(&(one, other));
                    self.events
                        .push_back((one, NodeEvent::Down { peer: other, epoch }));
                }
            }
            NodeAction::Heard { address, from } => println!("{me} learned {address} from {from}"),
            // `step` looks at the deadlines, and nothing outlives the sandbox.
            _ => {}
        }
    }

    fn dial(&mut self, me: NodeId, address: NodeAddress) {
        let (peer, ip, kind) = (address.id(), None, Kind::Kin);
        if !self.nodes.contains_key(&peer) || self.links.contains_key(&(me, peer)) {
            let why = DialFailure::NotTried;
            return self
                .events
                .push_back((me, NodeEvent::DialFailed { address, why }));
        }
        self.epochs += 1;
        let epoch = Epoch::new(self.epochs);
        self.links
            .extend([((me, peer), epoch), ((peer, me), epoch)]);
        self.events.push_back((
            me,
            NodeEvent::Dialed {
                address,
                epoch,
                kind,
                ip,
            },
        ));
        let accepted = NodeEvent::Accepted {
            peer: me,
            epoch,
            kind,
            ip,
            listen: None,
        };
        self.events.push_back((peer, accepted));
    }

    fn send(&mut self, from: NodeId, to: NodeId, epoch: Epoch, message: Message<'static>) {
        if self.links.get(&(from, to)) == Some(&epoch) {
            let message = NodeEvent::Message {
                from,
                epoch,
                message,
            };
            self.events.push_back((to, message));
        } else if matches!(message, Message::Request(_)) {
            self.events
                .push_back((from, NodeEvent::Unsent { to, epoch }));
        }
    }
}
