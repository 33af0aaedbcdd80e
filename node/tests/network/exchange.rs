//! Two nodes tell each other what they know.

use pex::{Directory as _, NodeAddress};
use pex_node::{DialError, Notice};
use tokio::net::TcpListener;

use crate::node::{Node, V1, address, both, make};

#[tokio::test]
async fn two_nodes_learn_what_the_other_knows() {
    let (known_to_a, known_to_b) = (address("10.0.0.1:1"), address("seed.example.com:2"));
    let mut a = make(1);
    a.known = std::slice::from_ref(&known_to_a);
    let mut b = make(2);
    b.known = std::slice::from_ref(&known_to_b);
    let (mut a, mut b) = (a.node().await, b.node().await);
    a.dial(&b.address);
    both(&mut a, &mut b, |a, b| {
        a.driver.node().peers().knows(&known_to_b) && b.driver.node().peers().knows(&known_to_a)
    })
    .await;
    let heard = |node: &Node, what, whom| {
        node.count(|notice| {
            matches!(notice, Notice::Heard { address, from } if address == what && *from == whom)
        })
    };
    assert_eq!(heard(&a, &known_to_b, b.id()), 1);
    assert_eq!(heard(&b, &known_to_a, a.id()), 1);
    assert_eq!(a.count(|notice| matches!(notice, Notice::Fault { .. })), 0);
}

#[tokio::test]
async fn an_answer_is_told_with_how_much_of_it_was_new() {
    let known = [address("10.0.0.1:1"), address("10.0.0.2:2")];
    let mut b = make(2);
    b.known = &known;
    let (mut a, mut b) = (make(1).node().await, b.node().await);
    a.dial(&b.address);
    let answered = |notice: &Notice| matches!(notice, Notice::Answered { .. });
    both(&mut a, &mut b, |a, b| {
        a.count(answered) >= 2 && b.count(answered) >= 1
    })
    .await;
    let answers: Vec<_> = a
        .told
        .iter()
        .filter_map(|notice| match notice {
            Notice::Answered { told, fresh, .. } => Some((*told, *fresh)),
            _ => None,
        })
        .collect();
    assert_eq!(answers[..2], [(2, 2), (2, 0)]);
    assert!(
        b.told
            .iter()
            .any(|notice| matches!(notice, Notice::Answered { told: 0, .. }))
    );
}

#[tokio::test]
async fn names_in_an_answer_of_v1_are_resolved() {
    let (name, unknown) = (address("localhost:1234"), address("name.invalid:1"));
    let known = [name.clone(), unknown.clone()];
    let mut a = make(1);
    (a.version, a.known) = (V1, &known);
    let mut b = make(2);
    b.version = V1;
    let (mut a, mut b) = (a.node().await, b.node().await);
    b.dial(&a.address);
    let place_of = |node: &Node, id| {
        node.driver
            .node()
            .peers()
            .addresses_of(id)
            .into_iter()
            .next()
    };
    both(&mut a, &mut b, |_, b| place_of(b, name.id()).is_some()).await;
    let resolved = place_of(&b, name.id()).unwrap();
    assert!(resolved.ip().unwrap().is_loopback(), "{resolved}");
    assert_eq!(resolved.port(), 1234);
    assert_eq!(place_of(&b, unknown.id()), None, "it has no IP address");
    assert_eq!(a.stats().requests_served, 1);
}

#[tokio::test]
async fn every_dial_ends_in_a_notice_and_is_counted_no_more() {
    let (mut a, mut b) = (make(1).node().await, make(2).node().await);
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    for place in [
        closed.to_string(),
        "name.invalid:1".into(),
        "10.0.0.1".into(),
    ] {
        a.dial(&address(&place));
    }
    a.dial(&b.address);
    assert_eq!(a.driver.dialing(), 4);
    let ended = |notice: &Notice| matches!(notice, Notice::Up(_) | Notice::DialFailed { .. });
    both(&mut a, &mut b, |a, _| a.count(ended) == 4).await;
    assert_eq!(a.driver.dialing(), 0);
    let failed = |a: &Node, why: fn(&DialError) -> bool| {
        a.count(|notice| matches!(notice, Notice::DialFailed { why: error, .. } if why(error)))
    };
    assert_eq!(failed(&a, |why| *why == DialError::Unsupported), 1);
    assert_eq!(failed(&a, |why| *why == DialError::UnknownName), 1);
    assert_eq!(failed(&a, |why| matches!(why, DialError::Transport(_))), 1);
}

#[tokio::test]
async fn an_address_nearer_than_allowed_is_not_dialed_even_by_name() {
    let (mut a, b) = (make(1).node().await, make(2).node().await);
    let by_name = format!("{}@localhost:{}", b.id(), b.address.port());
    for place in [b.address.clone(), by_name.parse().unwrap()] {
        a.driver.dial(place, pex_node::Reach::World);
    }
    let too_near = |notice: &Notice| {
        matches!(
            notice,
            Notice::DialFailed {
                why: DialError::TooNear,
                ..
            }
        )
    };
    a.until(|a| a.count(too_near) == 2).await;
}

#[tokio::test]
async fn an_address_that_no_node_can_have_is_not_dialed_whoever_told_it() {
    let (mut a, b) = (make(1).node().await, make(2).node().await);
    let failed = |notice: &Notice| {
        matches!(
            notice,
            Notice::DialFailed {
                why: DialError::Nowhere,
                ..
            }
        )
    };
    for place in ["0.0.0.0", "[::]", "224.0.0.1", "[2001:db8::1]"] {
        let address: NodeAddress = format!("{}@{place}:{}", b.id(), b.address.port())
            .parse()
            .unwrap();
        a.driver.dial(address, pex_node::Reach::Host);
    }
    a.until(|a| a.count(failed) == 4).await;
}
