//! The networks of a process, a task each.

use core::time::Duration;

use pex_node::observe::{Observatory, Probe};
use pex_node::seed::{SeedEvent, SeedNode};
use pex_node::settings::{LogLevel, NetworkSettings};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::voice::Voice;
use crate::commands::Failure;
use crate::commands::signals::Signals;

/// How long those who are hung up on at the end may take for what is queued for them.
const FAREWELL: Duration = Duration::from_secs(3);

/// How often a network shows a sign of life.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a network is told.
#[derive(Debug)]
enum Order {
    Reconfigure(Box<NetworkSettings>),
    Close,
}

/// All networks. None of them ends before it is told to, or the process does.
#[derive(Debug, Default)]
pub(super) struct Networks {
    tasks: JoinSet<Result<(), Failure>>,
    orders: Vec<(String, mpsc::UnboundedSender<Order>)>,
}

impl Networks {
    /// Runs a seed in a task of its own.
    pub(super) fn run(&mut self, seed: SeedNode, voice: Voice, observatory: &Observatory) {
        let (orders, queue) = mpsc::unbounded_channel();
        let place = seed.place().to_string();
        let place = seed.settings().external_address.as_ref().unwrap_or(&place);
        let probe = observatory.watch(&seed.settings().chain_id, seed.id(), place);
        self.orders.push((seed.settings().chain_id.clone(), orders));
        self.tasks.spawn(serve(seed, queue, voice, probe));
    }

    /// Why a network has ended that should not have. Safe to cancel.
    pub(super) async fn first_end(&mut self) -> Failure {
        match self.tasks.join_next().await {
            Some(Ok(Err(why))) => why,
            Some(Ok(Ok(()))) | None => {
                Failure::new("a network is served no longer; start pex anew")
            }
            Some(Err(why)) => Failure::new(format_args!(
                "a network is served no longer, for a defect of pex: {why}; start it anew, and report this"
            )),
        }
    }

    /// Hands the networks their new settings.
    pub(super) fn reconfigure(&self, all: &[NetworkSettings]) {
        for (chain_id, orders) in &self.orders {
            if let Some(settings) = all.iter().find(|it| it.chain_id == *chain_id) {
                let order = Order::Reconfigure(Box::new(settings.clone()));
                // One that has ended ends the process.
                let _ended = orders.send(order);
            }
        }
    }

    /// Ends all of them, unless another signal comes first.
    pub(super) async fn close(&mut self, signals: &mut Signals) -> Result<(), Failure> {
        for (_, orders) in &self.orders {
            let _ended = orders.send(Order::Close);
        }
        let mut failure = None;
        loop {
            tokio::select! {
                ended = self.tasks.join_next() => match ended {
                    None => return failure.map_or(Ok(()), Err),
                    Some(Ok(ended)) => failure = failure.or_else(|| ended.err()),
                    Some(Err(why)) => failure = failure.or_else(|| Some(Failure::new(why))),
                },
                () = signals.end() => {
                    return Err(Failure::new("ended at once; an address book may not be saved"));
                }
            }
        }
    }
}

async fn serve(
    mut seed: SeedNode,
    mut orders: mpsc::UnboundedReceiver<Order>,
    voice: Voice,
    mut probe: Probe,
) -> Result<(), Failure> {
    greet(&seed, &voice);
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = seed.next() => {
                if let SeedEvent::Notice(notice) = &event {
                    probe.saw(notice);
                }
                tell(&event, &seed, &voice);
            }
            _ = looks.tick() => probe.update(seed.node()),
            order = orders.recv() => match order {
                Some(Order::Reconfigure(settings)) => {
                    if let Err(why) = seed.reconfigure(&settings) {
                        voice.say(LogLevel::Error, format_args!("the limits stay as they were: {why}"));
                    }
                }
                // Nobody can tell it anything any more.
                Some(Order::Close) | None => break,
            }
        }
    }
    let closed = Box::pin(seed.close(FAREWELL)).await;
    closed.map_err(Failure::new)
}

/// What an operator wants to know at the start.
fn greet(seed: &SeedNode, voice: &Voice) {
    let book = seed.node().switch().book();
    let path = seed.settings().book.display();
    for repair in seed.repairs() {
        voice.say(LogLevel::Warn, format_args!("{path}: {repair}"));
    }
    if let Some((entries, kept)) = seed.left_out() {
        let kept = kept.display();
        voice.say(
            LogLevel::Warn,
            format_args!(
                "{path}: {entries} entries are left out; the book as it was is kept as {kept}"
            ),
        );
    }
    if let Some(journal) = seed.journal() {
        voice.say(LogLevel::Warn, format_args!("{path}: {journal}"));
    }
    greet_with_store(seed, voice);
    if let Some((places, wanted)) = seed.too_few_places() {
        voice.say(
            LogLevel::Warn,
            format_args!(
                "{places} of {wanted} inbound peers are possible, as there may be no more files and sockets \
                 open; raise the limit with ulimit -n, or LimitNOFILE of systemd"
            ),
        );
    }
    let (size, good) = (book.size(), book.old());
    voice.say(
        LogLevel::Info,
        format_args!("{path}: {size} addresses, {good} of them good"),
    );
    match seed.public_address() {
        Some(address) => voice.say(LogLevel::Info, format_args!("give others as their seed: {address}")),
        None => voice.say(
            LogLevel::Info,
            format_args!(
                "set external_address to have it said here what others write as their seed: {}@HOST:{}",
                seed.id(),
                seed.place().port()
            ),
        ),
    }
}

/// What an operator wants to know of the peer store.
fn greet_with_store(seed: &SeedNode, voice: &Voice) {
    let (path, opened) = (seed.store().path().display(), seed.opened());
    if let Some((why, kept)) = &opened.set_aside {
        let kept = kept.display();
        voice.say(
            LogLevel::Warn,
            format_args!("{path}: {why}; it is kept as {kept}, and a new one is begun"),
        );
    }
    for damaged in &opened.damaged {
        voice.say(LogLevel::Warn, format_args!("{path}: {damaged}"));
    }
    let book = seed.settings().book.display();
    if opened.told_book > 0 {
        let addresses = opened.told_book;
        voice.say(
            LogLevel::Warn,
            format_args!("{book} is not there; begun with {addresses} addresses of {path}"),
        );
    }
    if opened.told_by_book > 0 {
        let nodes = opened.told_by_book;
        voice.say(
            LogLevel::Info,
            format_args!("{path}: begun with the {nodes} nodes of {book} that were reached"),
        );
    }
    let nodes = seed.store().len();
    voice.say(
        LogLevel::Info,
        format_args!("{path}: {nodes} nodes reached"),
    );
}

fn tell(event: &SeedEvent, seed: &SeedNode, voice: &Voice) {
    match event {
        SeedEvent::Notice(notice) => voice.tell(notice),
        SeedEvent::ClockSet(set) => voice.say(LogLevel::Warn, format_args!("{set}")),
        SeedEvent::Nobody(why) => voice.say(LogLevel::Warn, format_args!("{why}")),
        SeedEvent::Somebody => {
            let switch = seed.node().switch();
            let (outbound, inbound, _) = switch.peers();
            let good = switch.book().old();
            voice.say(
                LogLevel::Info,
                format_args!(
                    "{} peers again, and {good} good addresses",
                    outbound + inbound
                ),
            );
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::signals::Asked;

    #[tokio::test]
    async fn a_network_that_ends_by_a_panic_is_an_end_with_a_reason() {
        let mut networks = Networks::default();
        networks.tasks.spawn(core::future::pending());
        networks.tasks.spawn(async { panic!("a defect") });
        let why = networks.first_end().await.to_string();
        assert!(
            why.contains("a defect") && why.contains("served no longer"),
            "{why}"
        );
    }

    #[tokio::test]
    async fn a_second_signal_ends_what_does_not_end_by_itself() {
        let mut signals = Signals::that_came([Asked::Reload, Asked::End]);
        let mut networks = Networks::default();
        networks.tasks.spawn(core::future::pending());
        let ended = networks.close(&mut signals).await.unwrap_err();
        assert!(ended.to_string().contains("ended at once"), "{ended}");
    }

    #[tokio::test]
    async fn one_network_that_fails_at_the_end_does_not_keep_the_others_from_theirs() {
        let mut signals = Signals::that_came([]);
        let mut networks = Networks::default();
        networks
            .tasks
            .spawn(async { Err(Failure::new("no room on the disk")) });
        let (orders, mut queue) = mpsc::unbounded_channel();
        networks.orders.push(("c".to_owned(), orders));
        let (done, closed) = tokio::sync::oneshot::channel();
        networks.tasks.spawn(async move {
            assert!(matches!(queue.recv().await, Some(Order::Close)));
            done.send(()).unwrap();
            Ok(())
        });
        let failed = networks.close(&mut signals).await.unwrap_err();
        assert!(failed.to_string().contains("no room"), "{failed}");
        closed.await.unwrap();
    }
}
