use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use pex::book::AddrBook;
use pex::peers::{DialFailure, Options};
use pex::v1::{self, Switch};
use pex::wire::{Dialect, Message};
use pex::{Config, HangUp, Kind, NodeAddress, Seed};
use tokio::time::{Instant, timeout};

use super::*;

const SEED: Seed = Seed::new([7; 32]);
const ME: NodeId = NodeId::new([1; 20]);

fn discovery(reports: usize) -> Discovery {
    let clock = Clock::start();
    // Nothing but what a test is about sets the timer.
    let options = Options::builder()
        .feeler_every(None)
        .outbound_life(None)
        .build();
    let node = Node::new(Config::default(), options.unwrap(), ME, SEED, clock.now());
    Discovery::with_queue(node, clock, reports)
}

fn address(number: u8) -> NodeAddress {
    NodeAddress::mconn(NodeId::new([number; 20]), [8, 8, 8, number].into(), 26_656)
}

fn accepted(number: u8, epoch: Epoch) -> Report {
    Report::Accepted {
        peer: NodeId::new([number; 20]),
        epoch,
        kind: Kind::V2,
        ip: None,
        listen: None,
    }
}

fn orders<M: Manager>(discovery: &mut Discovery<M>) -> Vec<NodeAction> {
    core::iter::from_fn(|| discovery.take()).collect()
}

/// Whether a future is done at its first poll.
fn is_done<F: Future>(future: F) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    matches!(pin!(future).poll(&mut context), Poll::Ready(_))
}

#[tokio::test(start_paused = true)]
async fn an_embedder_of_v2_is_told_to_dial_and_then_to_ask() {
    let mut discovery = discovery(8);
    discovery.tell(NodeEvent::Named {
        address: address(2),
    });
    let dial = discovery.next().await;
    assert!(
        matches!(&dial, NodeAction::Dial { address: dialed, .. } if *dialed == address(2)),
        "{dial:?}"
    );

    let reporter = discovery.reporter();
    let (epoch, kind) = (reporter.epoch(), Kind::V2);
    let address = address(2);
    let (to, peer) = (address.id(), address.id());
    let dialed = Report::Dialed {
        address,
        epoch,
        kind,
        ip: None,
    };
    reporter.tell(dialed).await.unwrap();
    assert_eq!(discovery.next().await, NodeAction::Up { peer, epoch });
    let message = Message::Request(Dialect::V2);
    assert_eq!(
        discovery.next().await,
        NodeAction::Send { to, epoch, message }
    );
}

#[tokio::test(start_paused = true)]
async fn an_embedder_of_v1_is_told_to_dial_its_seeds() {
    let clock = Clock::start();
    let options = v1::Options::builder().seeds(vec![address(2)]).build();
    let book = AddrBook::new(true, SEED);
    let switch = Switch::new(options.unwrap(), book, ME, SEED, clock.now());
    let node = Node::v1(Config::default(), switch, SEED, clock.now());
    let mut discovery = Discovery::new(node, clock);
    loop {
        if let NodeAction::Dial {
            address: dialed, ..
        } = discovery.next().await
        {
            assert_eq!(dialed, address(2));
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_timer_needs_nobody() {
    let mut discovery = discovery(8);
    discovery.tell(NodeEvent::Named {
        address: address(2),
    });
    let start = Instant::now();
    assert!(matches!(discovery.next().await, NodeAction::Dial { .. }));
    let reporter = discovery.reporter();
    let failed = Report::DialFailed {
        address: address(2),
        why: DialFailure::Unreachable,
    };
    reporter.tell(failed).await.unwrap();
    loop {
        if let NodeAction::Dial { .. } = discovery.next().await {
            break;
        }
    }
    // The retries of a seed begin at a minute.
    assert!(start.elapsed() >= Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn an_order_outlives_a_call_that_is_dropped() {
    let mut discovery = discovery(8);
    assert!(!is_done(discovery.next()), "there is nothing to do");
    let reporter = discovery.reporter();
    reporter.tell(accepted(2, Epoch::new(1))).await.unwrap();
    // Each call is dropped at the first moment in which it waits.
    let mut seen = Vec::new();
    while let Ok(order) = timeout(Duration::ZERO, discovery.next()).await {
        seen.push(order);
    }
    assert!(
        matches!(
            seen.as_slice(),
            [NodeAction::Up { .. }, NodeAction::Send { .. }, ..]
        ),
        "{seen:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_makes_reporters_wait_and_loses_nothing() {
    let mut discovery = discovery(1);
    let reporter = discovery.reporter();
    reporter.tell(accepted(2, Epoch::new(1))).await.unwrap();
    let second = accepted(3, Epoch::new(2));
    assert!(!is_done(reporter.tell(second.clone())));

    let task = tokio::spawn({
        let reporter = reporter.clone();
        async move { reporter.tell(second).await }
    });
    let mut up = Vec::new();
    while up.len() < 2 {
        if let NodeAction::Up { peer, .. } = discovery.next().await {
            up.push(peer);
        }
    }
    assert_eq!(up, [NodeId::new([2; 20]), NodeId::new([3; 20])]);
    task.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_report_is_taken_before_the_orders_of_the_last_one_are_gone() {
    let mut discovery = discovery(8);
    let reporter = discovery.reporter();
    for number in 2..8 {
        let epoch = reporter.epoch();
        reporter.tell(accepted(number, epoch)).await.unwrap();
    }
    discovery.next().await;
    assert_eq!(discovery.node().pex().peers().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_reports_to_nobody_is_told_so() {
    let discovery = discovery(1);
    let reporter = discovery.reporter();
    reporter.tell(accepted(2, Epoch::new(1))).await.unwrap();
    let waiting = tokio::spawn({
        let reporter = reporter.clone();
        async move { reporter.tell(accepted(3, Epoch::new(2))).await }
    });
    tokio::task::yield_now().await;
    drop(discovery);
    assert_eq!(waiting.await.unwrap(), Err(Gone));
    assert_eq!(reporter.tell(accepted(4, Epoch::new(3))).await, Err(Gone));
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_message_end_the_connection_and_unknown_ones_do_not() {
    let mut discovery = discovery(8);
    let reporter = discovery.reporter();
    let (from, epoch) = (NodeId::new([2; 20]), reporter.epoch());
    reporter.tell(accepted(2, epoch)).await.unwrap();
    discovery.next().await;
    orders(&mut discovery);

    // A member that no version has, then one that is cut short.
    discovery.tell_bytes(from, epoch, &[0x4a, 0x00]);
    assert_eq!(orders(&mut discovery), []);
    discovery.tell_bytes(from, epoch, &[0x1a, 0x05]);
    let orders = orders(&mut discovery);
    let cut = |order: &NodeAction| {
        matches!(
            order,
            NodeAction::HangUp {
                why: HangUp::Fault(_),
                ..
            }
        )
    };
    assert!(orders.iter().any(cut), "{orders:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_could_not_be_sent_is_made_again() {
    let mut discovery = discovery(8);
    let reporter = discovery.reporter();
    let (to, epoch) = (NodeId::new([2; 20]), reporter.epoch());
    reporter.tell(accepted(2, epoch)).await.unwrap();
    let start = Instant::now();
    let mut requests = 0;
    while requests < 2 {
        if let NodeAction::Send { .. } = discovery.next().await {
            requests += 1;
            reporter.tell(Report::Unsent { to, epoch }).await.unwrap();
        }
    }
    // Ten seconds if it were taken to be unanswered.
    assert!(start.elapsed() <= Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_written_down_is_handed_over_at_the_end() {
    let mut discovery = discovery(8);
    discovery.tell(NodeEvent::Named {
        address: address(2),
    });
    let changes = discovery.close();
    assert_eq!(changes.len(), 1);
}

#[test]
fn connections_have_numbers_of_their_own() {
    let reporter = discovery(1).reporter();
    let other = reporter.clone();
    assert_ne!(reporter.epoch(), other.epoch());
}

#[test]
fn a_thread_may_report_as_a_task_does() {
    let mut discovery = discovery(1);
    let reporter = discovery.reporter();
    let thread = std::thread::spawn(move || {
        for number in 2..6 {
            let epoch = reporter.epoch();
            reporter.tell_blocking(accepted(number, epoch)).unwrap();
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut up = 0;
        while up < 4 {
            up += usize::from(matches!(discovery.next().await, NodeAction::Up { .. }));
        }
    });
    thread.join().unwrap();
}
