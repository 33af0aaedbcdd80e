//! The machine decides whom to dial, keep and let go, and the driver carries it out.

use std::time::Duration;

use pex::peers::{Eviction, Options, OptionsBuilder, Standing};
use pex::{NodeAddress, NodeEvent, NodeId, Reach};
use pex_node::transport::{TransportConfig, connect};
use pex_node::{DialError, Notice};
use tokio::net::TcpListener;

use crate::node::{Make, Node, both, local, make};

/// A node that dials others on this machine, with whatever else these options say.
fn dialer<'a>(key: u8, set: impl FnOnce(OptionsBuilder) -> OptionsBuilder) -> Make<'a> {
    let options = Options::builder().feeler_every(None).nearest(Reach::Host);
    let mut make = make(key);
    make.options = set(options).build().unwrap();
    make
}

fn is_up(node: &Node, peer: NodeId) -> bool {
    node.driver.node().peers().standing(peer) == Standing::Ready
}

fn evictions(node: &Node, of: NodeId) -> Vec<Eviction> {
    let evicted = |notice: &Notice| match notice {
        Notice::Evicted { peer, why } if *peer == of => Some(*why),
        _ => None,
    };
    node.told.iter().filter_map(evicted).collect()
}

/// Notices that somebody is up or down.
fn turns(node: &Node) -> usize {
    node.count(|notice| matches!(notice, Notice::Up(_) | Notice::Down { .. }))
}

#[tokio::test]
async fn whom_the_owner_names_is_dialed_and_then_whom_he_tells_of() {
    let mut c = make(3).node().await;
    let known = [c.address.clone()];
    let mut b = make(2);
    b.known = &known;
    let (mut a, mut b) = (dialer(1, |it| it).node().await, b.node().await);
    a.driver.name(b.address.clone());
    let (told_by, of) = (b.id(), c.id());
    let heard = |notice: &Notice| matches!(notice, Notice::Heard { address, from } if address.id() == of && *from == told_by);
    both(&mut a, &mut b, |a, _| a.count(heard) == 1).await;
    both(&mut a, &mut c, |a, c| is_up(a, c.id()) && is_up(c, a.id())).await;
}

#[tokio::test]
async fn a_dial_that_fails_is_told_and_tried_again_later() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = closed.local_addr().unwrap();
    drop(closed);
    let soon = Duration::from_millis(50);
    let a = dialer(1, |it| it.retry(soon, soon).retry_persistent_max(soon));
    let mut a = a.node().await;
    let nobody = NodeAddress::mconn(NodeId::new([9; 20]), place.ip(), place.port());
    a.driver.name(nobody.clone());
    let failed = |notice: &Notice| matches!(notice, Notice::DialFailed { address, why: DialError::Transport(_) } if *address == nobody);
    a.until(|a| a.count(failed) == 3).await;
    assert_eq!(a.driver.node().peers().counts().failed, 3);
}

#[tokio::test]
async fn who_finds_no_place_is_hung_up_on_and_the_owner_is_told_why() {
    let mut a = make(1);
    let one = Options::builder().connected_max(1).slots(0, 1);
    a.options = one.upgrade_max(0).build().unwrap();
    let (mut a, mut b) = (a.node().await, make(2).node().await);
    let mut c = make(3).node().await;
    b.dial(&a.address);
    both(&mut a, &mut b, |a, b| is_up(a, b.id()) && is_up(b, a.id())).await;
    c.dial(&a.address);
    let down = |notice: &Notice| matches!(notice, Notice::Down { .. });
    both(&mut a, &mut c, |a, c| {
        c.count(down) == 1 && !evictions(a, c.id()).is_empty()
    })
    .await;
    assert_eq!(evictions(&a, c.id()), [Eviction::Full]);
    assert_eq!(turns(&a), 1, "only B was ever up: {:?}", a.told);
}

#[tokio::test]
async fn a_feeler_sees_that_a_node_is_there_and_is_up_for_nobody() {
    let mut a = dialer(1, |it| {
        let often = Duration::from_millis(100);
        it.connected_max(1).slots(0, 1).feeler_every(Some(often))
    })
    .node()
    .await;
    let mut b = make(2).node().await;
    a.driver.name(b.address.clone());
    both(&mut a, &mut b, |a, b| !evictions(a, b.id()).is_empty()).await;
    assert_eq!(evictions(&a, b.id()), [Eviction::Feeler]);
    let record = a.driver.node().peers().record(b.id()).unwrap();
    assert!(record.last_connected.is_some(), "it was reached");
    assert_eq!(turns(&a), 0);
}

#[tokio::test]
async fn who_misbehaves_by_the_owners_word_is_hung_up_on_and_not_dialed_again() {
    let (mut a, mut b) = (dialer(1, |it| it).node().await, make(2).node().await);
    a.driver.name(b.address.clone());
    both(&mut a, &mut b, |a, b| is_up(a, b.id())).await;
    let (peer, how) = (b.id(), pex::peers::Misconduct::Fatal);
    a.driver.tell(NodeEvent::Misbehaved { peer, how });
    let down = |notice: &Notice| matches!(notice, Notice::Down { .. });
    both(&mut a, &mut b, |a, b| {
        a.count(down) == 1 && b.count(down) == 1
    })
    .await;
    assert_eq!(evictions(&a, b.id()), [Eviction::Misconduct]);
    assert!(a.driver.node().peers().is_banned(b.id()));
}

#[tokio::test]
async fn where_a_node_that_comes_to_us_listens_is_learned_with_the_ip_address_it_comes_from() {
    for (listens, learned) in [
        ("tcp://0.0.0.0:26656", Some("127.0.0.1:26656")),
        ("tcp://9.9.9.9:1234", Some("127.0.0.1:1234")),
        ("some.name:7", Some("127.0.0.1:7")),
        ("tcp://0.0.0.0:0", None),
    ] {
        let mut a = make(1).node().await;
        let place = (a.address.ip().unwrap(), a.address.port()).into();
        let peer = local(9, listens);
        let id = peer.id();
        let dial = tokio::spawn(async move {
            let config = TransportConfig::default();
            connect(&peer, &config, place, None).await.unwrap()
        });
        a.until(|a| is_up(a, id)).await;
        let known = a.driver.node().peers().addresses_of(id);
        let learned = learned.map(|place| format!("{id}@{place}").parse().unwrap());
        assert_eq!(known, Vec::from_iter(learned), "{listens}");
        drop(dial);
    }
}
