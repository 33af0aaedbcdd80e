//! The crawl: what it hears, and when a visit ends.

use super::*;

fn address(place: &str) -> NodeAddress {
    NodeAddress::parse(&format!("{}@{place}", NodeId::new([1; 20]))).unwrap()
}

#[test]
fn nobody_makes_us_dial_nearer_than_where_we_met_them() {
    let (host, site, world) = ("127.0.0.1", "192.168.1.9", "8.8.8.8");
    let nowhere = "198.18.0.1";
    for (teller, place, allowed) in [
        (world, "127.0.0.1:22", None),
        (world, "[::1]:22", None),
        (world, "[::ffff:127.0.0.1]:22", None),
        (world, "0.0.0.0:22", None),
        (world, "224.0.0.1:22", None),
        (world, "10.0.0.1:22", None),
        (world, "169.254.169.254:80", None),
        (world, "9.9.9.9:26656", Some(Reach::World)),
        (site, "127.0.0.1:22", None),
        (site, "10.0.0.1:26656", Some(Reach::Site)),
        (site, "9.9.9.9:26656", Some(Reach::Site)),
        (host, "127.0.0.1:26656", Some(Reach::Host)),
        (host, "9.9.9.9:26656", Some(Reach::Host)),
        (host, "0.0.0.0:22", None),
        (nowhere, "9.9.9.9:26656", Some(Reach::World)),
        (nowhere, "10.0.0.1:26656", None),
        (nowhere, "198.18.0.2:26656", None),
    ] {
        let teller_ip = Some(teller.parse().unwrap());
        let found = nearest(&address(place), teller_ip);
        assert_eq!(found, allowed, "{teller} tells of {place}");
    }
}

#[test]
fn a_name_told_from_outside_may_not_lead_inside() {
    let world = Some("8.8.8.8".parse().unwrap());
    assert_eq!(nearest(&address("localhost:22"), world), Some(Reach::World));
}

#[test]
fn a_teller_who_has_left_is_taken_to_be_outside() {
    assert_eq!(nearest(&address("127.0.0.1:26656"), None), None);
    assert_eq!(nearest(&address("9.9.9.9:1"), None), Some(Reach::World));
}

#[test]
fn a_network_has_at_least_as_many_nodes_as_were_found() {
    let unknown = |at_least| Estimate::Unknown { at_least };
    assert_eq!(no_less_than(1, unknown(0)), unknown(1));
    assert_eq!(no_less_than(1, unknown(5)), unknown(5));
}

fn visit(kind: Kind) -> Visit {
    Visit::new(kind, [127, 0, 0, 1].into())
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

/// A crawl with so many visits under way, each after so many answers.
fn crawl(visits: usize, answers: u32) -> Crawl {
    let key = crate::transport::NodeKey::from_seed(&[1; 32]);
    let info = crate::transport::NodeInfo::new(key.id(), "c", "m", "1.2.3.4:5").unwrap();
    let local = Arc::new(Local::new(key, info).unwrap());
    let mut crawl = Crawl::new(local, TransportConfig::default(), Seed::new([7; 32]), &[]);
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
async fn who_always_has_more_to_tell_keeps_nobody_else_from_being_visited() {
    for (answers, dials) in [(0, 0), (1, 1)] {
        let mut crawl = crawl(VISITS_MAX, answers);
        let map = crawl.driver.store_mut();
        map.learn(&address("10.0.0.1:1"), None, Reach::Host);
        crawl.visit_more();
        assert_eq!(crawl.driver.dialing(), dials, "after {answers} answers");
    }
}

#[tokio::test]
async fn of_too_many_long_visits_the_longest_ends() {
    let mut crawl = crawl(LONG_VISITS_MAX, 1);
    let (longest, new) = (visited(5), visited(LONG_VISITS_MAX));
    crawl.visits.insert(new, visit(Kind::V2));
    if let Some(visit) = crawl.visits.get_mut(&longest) {
        visit.began -= Duration::from_secs(1);
    }
    assert_eq!(crawl.visits.len(), LONG_VISITS_MAX + 1);
    crawl.answered(new, 100, 100);
    assert_eq!(crawl.visits.len(), LONG_VISITS_MAX);
    assert!(!crawl.visits.contains_key(&longest));
}

#[test]
fn as_many_nodes_may_be_asked_at_once_as_are_visited() {
    assert!(Config::builder().outstanding_max(ASKED_MAX).build().is_ok());
}
