//! The crawl: what it hears, and when a visit ends.

use pex::Kind;

use super::visit::ANSWERS_MAX;
use super::*;

fn long_visits_max() -> usize {
    CrawlOptions::default().long_visits_max()
}

#[test]
fn a_network_has_at_least_as_many_nodes_as_were_found() {
    let unknown = |at_least| Estimate::Unknown { at_least };
    assert_eq!(no_less_than(1, 0, unknown(0)), unknown(1));
    assert_eq!(no_less_than(1, 1, unknown(5)), unknown(5));
    let known = |nodes, low, high| Estimate::Known { nodes, low, high };
    assert_eq!(no_less_than(70, 60, known(43, 40, 61)), known(60, 60, 61));
    assert_eq!(no_less_than(70, 30, known(43, 40, 61)), known(43, 40, 61));
    assert_eq!(no_less_than(70, 60, known(43, 43, 43)), unknown(70));
}

fn visit(kind: Kind) -> Visit {
    Visit::new(kind)
}

#[tokio::test]
async fn an_answer_that_is_not_full_ends_a_visit() {
    assert!(visit(Kind::V2).is_over_after(99, 99));
    assert!(!visit(Kind::V2).is_over_after(100, 99));
    assert!(visit(Kind::V1).is_over_after(31, 31));
    assert!(!visit(Kind::V1).is_over_after(32, 31));
}

#[tokio::test]
async fn stale_answers_in_a_row_end_a_visit() {
    let mut v2 = visit(Kind::Kin);
    let over: Vec<bool> = [0, 1, 0, 0]
        .map(|fresh| v2.is_over_after(100, fresh))
        .into();
    assert_eq!(over, [false, false, false, true]);
    assert!(visit(Kind::V1).is_over_after(250, 0));
}

#[tokio::test]
async fn a_node_that_never_runs_out_of_news_is_left_in_the_end() {
    let mut visit = visit(Kind::V2);
    let over = (1..1_000).find(|_| visit.is_over_after(100, 100));
    assert_eq!(over, Some(ANSWERS_MAX));
}

fn local() -> Arc<Local> {
    let key = crate::transport::NodeKey::from_seed(&[1; 32]);
    let info = crate::transport::NodeInfo::new(key.id(), "c", "m", "1.2.3.4:5").unwrap();
    Arc::new(Local::new(key, info).unwrap())
}

/// A crawl with so many visits under way, each after so many answers.
fn crawl(visits: usize, answers: u32) -> Crawl {
    let mut crawl = Crawl::new(local(), TransportConfig::default(), Seed::new([7; 32]), &[]);
    for n in 0..visits {
        let mut visit = visit(Kind::V2);
        visit.answers = answers;
        crawl.visits.insert(visited(n), visit);
    }
    crawl
}

fn visited(n: usize) -> NodeId {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    NodeId::new(bytes)
}

#[tokio::test]
async fn an_address_that_nobody_may_dial_tells_us_of_no_node() {
    let mut crawl = crawl(0, 0);
    let at = |n: u8, place: &str| format!("{}@{place}", NodeId::new([n; 20])).parse().unwrap();
    let (near, far): (NodeAddress, NodeAddress) = (at(7, "127.0.0.1:22"), at(7, "9.9.9.9:26656"));
    // As after an answer of somebody outside: the machine has refused the address.
    crawl.heard(&near, visited(1));
    assert_eq!(crawl.map.nodes().len(), 0);
    crawl.driver.name(far.clone());
    crawl.heard(&far, visited(2));
    crawl.heard(&near, visited(3));
    let found = &crawl.map.nodes()[&far.id()];
    assert_eq!(found.address, Some(far));
    assert_eq!(
        found.told_by,
        [visited(2), visited(3)],
        "they did tell of it"
    );
}

#[tokio::test]
async fn who_told_of_whom_counts_for_the_estimate_of_a_crawl_that_goes_on() {
    let mut crawl = crawl(0, 0);
    let at = |n: usize| {
        let [.., high, low] = n.to_be_bytes();
        NodeAddress::mconn(visited(n), [9, high, low, 9].into(), 26_656)
    };
    // Sixty of two hundred nodes tell of a tenth each, drawn anew.
    (0..200).for_each(|n| crawl.name(&at(n)));
    let mut draw = 1_u32;
    for teller in 0..60 {
        for _ in 0..20 {
            draw = draw.wrapping_mul(0x915f_77f5).wrapping_add(1);
            crawl.heard(&at((draw >> 16) as usize % 200), visited(teller));
        }
    }
    let state = State::parse(&crawl.state(), "c").unwrap();
    let (transport, seed) = (TransportConfig::default(), Seed::new([8; 32]));
    let options = CrawlOptions::default();
    let resumed = Crawl::with(local(), transport, seed, &[], options, Some(state));
    // The raw one: a crawl never holds that there are fewer than it has found.
    match resumed.driver.node().pex().estimate() {
        Estimate::Known { low, high, .. } => {
            assert!((low..=high).contains(&200), "{low} to {high}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_crawl_that_goes_on_dials_a_seed_again_that_had_failed_if_it_is_named_again() {
    let mut before = crawl(0, 0);
    let seed = NodeAddress::mconn(visited(1), [127, 0, 0, 1].into(), 1);
    before.name(&seed);
    let why = DialError::Transport(TransportError::SelfConnection);
    before
        .map
        .dial_failed(seed.clone(), sort::of(&why), why.to_string());
    let dials = |seeds: &[NodeAddress]| {
        let state = State::parse(&before.state(), "c").unwrap();
        let (transport, seed) = (TransportConfig::default(), Seed::new([8; 32]));
        let options = CrawlOptions::default();
        let resumed = Crawl::with(local(), transport, seed, seeds, options, Some(state));
        resumed.driver.dialing()
    };
    assert_eq!(dials(&[]), 0);
    assert_eq!(dials(std::slice::from_ref(&seed)), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crawl_that_was_short_of_descriptors_for_a_while_goes_on_and_is_complete() {
    let mut crawl = crawl(0, 0);
    let at = |n: usize| NodeAddress::mconn(visited(n), [127, 0, 0, 1].into(), 1);
    let out_of = || DialError::Transport(TransportError::OutOfDescriptors);
    crawl.dial_failed(at(1), &out_of());
    tokio::time::advance(STARVING_MAX * 2).await;
    assert!(crawl.starves());
    // Somebody else could be dialed since.
    crawl.dial_failed(at(2), &DialError::Transport(TransportError::SelfConnection));
    assert!(crawl.starved && !crawl.starves());
    crawl.dial_failed(at(1), &out_of());
    tokio::time::advance(STARVING_MAX * 2).await;
    assert!(!crawl.into_report(true).complete);
}

#[tokio::test]
async fn what_was_left_out_is_counted_on_when_a_crawl_goes_on() {
    let mut before = crawl(0, 0);
    before.left_out = 30_000;
    let state = State::parse(&before.state(), "c").unwrap();
    let (transport, seed) = (TransportConfig::default(), Seed::new([8; 32]));
    let options = CrawlOptions::default();
    let resumed = Crawl::with(local(), transport, seed, &[], options, Some(state));
    assert_eq!(resumed.into_report(true).left_out, 30_000);
}

#[tokio::test]
async fn seeds_that_are_ourselves_or_too_many_are_not_dialed_and_it_is_said_why() {
    let mut crawl = crawl(0, 0);
    let me = crawl.driver.node().peers().me();
    let at = |id: NodeId, port: u16| NodeAddress::mconn(id, [9, 9, 9, 9].into(), port);
    crawl.name(&at(me, 1));
    (1..=17).for_each(|port| crawl.name(&at(visited(1), port)));
    let why = |id: NodeId| match &crawl.map.nodes()[&id].outcome {
        Outcome::Failed { why, .. } => why.clone(),
        other => format!("{other:?}"),
    };
    assert!(why(me).contains("connected to ourselves"), "{}", why(me));
    let crowded = why(visited(1));
    assert!(crowded.contains("enough addresses"), "{crowded}");
    assert_eq!(crawl.driver.dialing(), 1);
}

#[tokio::test]
async fn of_too_many_long_visits_the_longest_ends() {
    let mut crawl = crawl(long_visits_max(), 1);
    let (longest, new) = (visited(5), visited(long_visits_max()));
    crawl.visits.insert(new, visit(Kind::V2));
    if let Some(visit) = crawl.visits.get_mut(&longest) {
        visit.began -= Duration::from_secs(1);
    }
    assert_eq!(crawl.visits.len(), long_visits_max() + 1);
    crawl.answered(new, 100, 100);
    assert_eq!(crawl.visits.len(), long_visits_max());
    assert!(!crawl.visits.contains_key(&longest));
}
