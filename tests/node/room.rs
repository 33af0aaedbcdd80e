//! How many peers the exchange of a node has room for.

use pex::book::AddrBook;
use pex::v1::{Options, Switch};
use pex::wire::Message;
use pex::{Config, Epoch, Kind, Node, NodeAction, NodeEvent, NodeId, Seed, Time};

const ME: NodeId = NodeId::new([0xee; 20]);
const START: Time = Time::from_secs(1_700_000_000);

fn options(inbound: usize) -> Options {
    Options::seed()
        .slots(0, inbound)
        .inbound_per_ip(1_000)
        .build()
        .unwrap()
}

/// These come; how many of them have to go at once.
fn come(node: &mut Node<Switch>, whom: core::ops::Range<u8>) -> usize {
    let gone = whom.map(|n| {
        let comes = NodeEvent::Accepted {
            peer: NodeId::new([n; 20]),
            epoch: Epoch::new(u64::from(n)),
            kind: Kind::V1,
            ip: Some([8, 8, 8, n].into()),
            listen: None,
        };
        let actions = node.handle(START, comes);
        let gone = actions
            .iter()
            .filter(|it| matches!(it, NodeAction::HangUp { .. }));
        gone.count()
    });
    gone.sum()
}

#[test]
fn an_exchange_has_room_for_all_whom_its_switch_lets_in_and_asks_them_all_at_once() {
    let seed = Seed::new([7; 32]);
    let switch = Switch::new(options(8), AddrBook::new(true, seed), ME, seed, START);
    let config = Config::builder().peers_max(3).outstanding_max(1);
    let mut node = Node::v1(config.build().unwrap(), switch, seed, START);
    assert_eq!(come(&mut node, 1..9), 0);
    assert_eq!(come(&mut node, 9..10), 1);
    // With more places there is more room.
    let _done = node.reconfigure(START, options(200));
    assert_eq!(come(&mut node, 10..202), 0);
    // Who stays for two minutes is asked, however many others are silent.
    let (mut now, mut asked) = (START, 0);
    while let Some(due) = node.deadline().filter(|at| *at <= START + secs(125)) {
        now = now.max(due);
        let actions = node.handle(now, NodeEvent::Tick);
        let asks = |it: &&NodeAction| {
            let NodeAction::Send { message, .. } = it else {
                return false;
            };
            matches!(message, Message::Request(_))
        };
        asked += actions.iter().filter(asks).count();
    }
    assert_eq!(asked, 200);
}

const fn secs(secs: u64) -> core::time::Duration {
    core::time::Duration::from_secs(secs)
}
