//! The time, which both parts of a node take from the same events.

use pex::peers::Options;
use pex::{Config, Epoch, Node, NodeAddress, NodeEvent, NodeId, Seed, Time};

const START: Time = Time::from_secs(1_700_000_000);

#[test]
fn the_exchange_and_the_manager_have_one_clock_whichever_an_event_is_for() {
    let me = NodeId::new([0xee; 20]);
    let seed = Seed::new([7; 32]);
    let mut node = Node::new(Config::default(), Options::default(), me, seed, START);
    let stood_still = |node: &Node| {
        let (exchange, manager) = (node.pex().stats(), node.peers().counts());
        (exchange.clock_stalls > 0, manager.clock_stalls > 0)
    };
    let at = |seconds: u64| Time::from_secs(1_700_000_000 + seconds);
    let (to, epoch) = (NodeId::new([1; 20]), Epoch::new(1));
    let address = NodeAddress::mconn(to, [8, 8, 8, 8].into(), 26_656);

    // Of this only the exchange hears, and of that only the manager: it goes by the later time.
    let _nothing = node.handle(at(100), NodeEvent::Unsent { to, epoch });
    let _dial = node.handle(at(90), NodeEvent::Named { address });
    assert_eq!(stood_still(&node), (true, true));
    let heard = node.peers().record(to).unwrap().addresses[0].heard;
    assert_eq!(heard, Some(at(100)));
}
