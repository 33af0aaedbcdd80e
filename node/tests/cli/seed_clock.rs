//! A seed in this process, while somebody sets the clock of the machine.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use pex::{NodeAddress, Time};
use pex_node::seed::{SeedEvent, SeedNode};
use pex_node::settings::{Inputs, NetworkSettings};
use pex_node::transport::NodeKey;
use pex_node::vault::{DiskVault, Vault as _};
use pex_node::{Clock, Descriptors, Notice};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::nodes::Nodes;
use crate::running_seed::{PATIENCE, REQUESTS, asks, home, names, near, seeds, visit};

const HOUR: i64 = 3_600;
const YEAR: i64 = 365 * 24 * HOUR;

/// By how many seconds the wall clock of these tests is wrong. One test at a time sets it.
static WRONG_BY: AtomicI64 = AtomicI64::new(0);
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn wall() -> SystemTime {
    let by = WRONG_BY.load(Ordering::SeqCst);
    let span = Duration::from_secs(by.unsigned_abs());
    let now = SystemTime::now();
    if by < 0 {
        // Nobody's clock stands before 1970.
        now.checked_sub(span).unwrap().max(SystemTime::UNIX_EPOCH)
    } else {
        now + span
    }
}

fn set_clock(by: i64) {
    WRONG_BY.store(by, Ordering::SeqCst);
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn settings(home: &Path, more: &str) -> NetworkSettings {
    let inputs = Inputs::new(home).with_file("config.toml", near(more));
    inputs.read().unwrap().networks.remove(0)
}

/// A seed that runs, and what it has told.
struct Running {
    address: NodeAddress,
    told: Arc<Mutex<Vec<SeedEvent>>>,
    ends: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    fn start(settings: &NetworkSettings) -> Self {
        let (key, files) = (NodeKey::generate().unwrap(), Descriptors::raise().unwrap());
        let clock = Clock::start_by(wall);
        let mut seed = SeedNode::start_by(clock, settings, key, files).unwrap();
        let (told, (ends, mut end)) = (Arc::<Mutex<Vec<_>>>::default(), oneshot::channel());
        let (id, place, tells) = (seed.id(), seed.place(), Arc::clone(&told));
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    event = seed.next() => tells.lock().unwrap().push(event),
                    _ = &mut end => break,
                }
            }
            assert_eq!(seed.node().switch().book().bans().count(), 0);
            Box::pin(seed.close(Duration::from_secs(1))).await.unwrap();
        });
        let address = NodeAddress::mconn(id, place.ip(), place.port());
        Self {
            address,
            told,
            ends,
            task,
        }
    }

    fn count(&self, which: impl Fn(&SeedEvent) -> bool) -> usize {
        let told = self.told.lock().unwrap();
        told.iter().filter(|event| which(event)).count()
    }

    /// Dials that came through.
    fn checks(&self) -> usize {
        self.count(|event| matches!(event, SeedEvent::Notice(Notice::Reached { .. })))
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < PATIENCE, "never: {what}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn serves(&self, node: &NodeAddress) {
        for (version, request, answer) in REQUESTS {
            let told = asks(visit(&self.address, version).await.unwrap(), request).await;
            assert_eq!(told[0], answer);
            assert!(names(&told, node), "{version}: {told:?}");
        }
    }

    async fn end(self) {
        self.ends.send(()).unwrap();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

/// Every time at which a node was reached or tried, as the book and the store have them.
fn stamps(settings: &NetworkSettings, node: &NodeAddress) -> Vec<u64> {
    let id = node.id().to_string();
    let book = fs::read_to_string(&settings.book).unwrap();
    let book: serde_json::Value = serde_json::from_str(&book).unwrap();
    let entries = book["addrs"].as_array().unwrap().iter();
    let mut entries = entries.filter(|it| it["addr"]["id"] == id);
    let entry = entries.next().unwrap();
    let keys = ["last_attempt", "last_success"];
    let times = keys.map(|key| humantime::parse_rfc3339(entry[key].as_str().unwrap()).unwrap());
    let mut all: Vec<u64> = times.into_iter().map(seconds).collect();

    let mut store = DiskVault::open(&settings.peer_store).unwrap();
    let records = store.load().unwrap().records;
    let record = records.iter().find(|it| it.id == node.id()).unwrap();
    let successes = record.addresses.iter().filter_map(|it| it.last_success);
    let times = successes.chain(record.last_connected);
    all.extend(times.map(|at| at.since(Time::EPOCH).as_secs()));
    assert!(all.len() >= 4, "{record:?}");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_wall_clock_is_set_to_a_seed_serves_on_and_neither_hurries_nor_forgets() {
    let _alone = ONE_AT_A_TIME.lock().await;
    set_clock(0);
    let began = seconds(SystemTime::now());
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = home("");
    let settings = settings(
        home.path(),
        &format!("{}\nsave_every = \"1s\"", seeds(&node)),
    );
    let seed = Running::start(&settings);
    seed.until("the node is reached", |it| it.checks() == 1)
        .await;
    seed.serves(&node).await;

    let now = i64::try_from(began).unwrap();
    for by in [YEAR, -HOUR, -now, 0] {
        // Who says nothing may stay for five minutes, whatever year it is.
        let guest = visit(&seed.address, "0.38.17").await.unwrap();
        let (checks, told) = (seed.checks(), seed.count(is_clock_set));
        set_clock(by);
        seed.until("the owner hears of it", |it| it.count(is_clock_set) > told)
            .await;
        // Time enough for what is due to happen.
        sleep(Duration::from_secs(2)).await;
        seed.serves(&node).await;
        assert_eq!(
            seed.checks(),
            checks,
            "nothing is due for half an hour: {by}"
        );
        let (_sender, mut receiver) = guest.split();
        let waits = timeout(Duration::from_millis(100), receiver.recv()).await;
        assert!(waits.is_err(), "the guest was hung up on: {by}: {waits:?}");
    }
    let is_fault = |event: &SeedEvent| {
        matches!(
            event,
            SeedEvent::Notice(Notice::Fault { .. } | Notice::NotWritten(_))
        )
    };
    assert_eq!(seed.count(is_fault), 0);
    assert_eq!(seed.count(is_clock_set), 4);
    seed.end().await;
    let ended = seconds(SystemTime::now());
    for stamp in stamps(&settings, &node) {
        assert!(
            (began..=ended).contains(&stamp),
            "{stamp}: {began} to {ended}"
        );
    }
}

const fn is_clock_set(event: &SeedEvent) -> bool {
    matches!(event, SeedEvent::ClockSet(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_began_by_a_wrong_clock_loses_nothing_when_it_begins_by_the_right_one() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let now = i64::try_from(seconds(SystemTime::now())).unwrap();
    for by in [YEAR, -now] {
        set_clock(by);
        let mut nodes = Nodes::default();
        let node = nodes.honest("c", &[]).await;
        let home = home("");
        let first = settings(home.path(), &seeds(&node));
        let seed = Running::start(&first);
        seed.until("the node is reached", |it| it.checks() == 1)
            .await;
        seed.serves(&node).await;
        seed.end().await;

        set_clock(0);
        let began = seconds(SystemTime::now());
        let second = settings(home.path(), "check_period = \"1s\"");
        let seed = Running::start(&second);
        // Before anything is checked again.
        seed.serves(&node).await;
        seed.until("the node is reached again", |it| it.checks() >= 1)
            .await;
        seed.end().await;
        let ended = seconds(SystemTime::now());
        for stamp in stamps(&second, &node) {
            assert!(
                (began..=ended).contains(&stamp),
                "{by}: {stamp}: {began} to {ended}"
            );
        }
    }
}
