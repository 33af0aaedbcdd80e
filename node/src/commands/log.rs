//! What happens, as lines on standard error that nobody has to wait for.

mod line;
mod queue;
mod refused;

use core::fmt;
use std::sync::{Mutex, PoisonError};

use clap::{Args, ValueEnum};
use pex_node::Notice;
use pex_node::transport::TransportError;
use tokio::time::Instant;
use tracing::{Level, Subscriber, debug, error, info, warn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload;

use super::Failure;
use line::Lines;
use queue::Queue;
use refused::Refused;

/// How and how much a command says of what happens.
#[derive(Clone, Debug, Args)]
pub(super) struct LogArgs {
    /// How lines on standard error look: plain text, or JSON with a field for each thing
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Plain)]
    log_format: Format,
    /// What is said there: error, warn, info, debug, trace or off; with TARGET=LEVEL for one kind of
    /// lines, and commas, as in info,pex::heard=off,pex::dial=debug. Kinds are pex::peer,
    /// pex::refused, pex::fault, pex::heard, pex::dial, pex::exchange, pex::book, pex::log and
    /// pex::node
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = level)]
    log_level: String,
}

impl LogArgs {
    /// The same as the flags say.
    pub(super) fn new(format: Format, level: &str) -> Self {
        Self {
            log_format: format,
            log_level: level.to_owned(),
        }
    }
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// The time, the level, and a sentence.
    Plain,
    /// An object, with the sentence and a field for each thing.
    Json,
}

/// The log of a process. What is said by `tracing` from anywhere comes out here.
#[derive(Debug)]
pub(super) struct Log {
    queue: Queue,
    refused: Mutex<Refused>,
    level: reload::Handle<Targets, Registry>,
}

impl Log {
    /// Begins to write. Once in a process.
    pub(super) fn start(args: &LogArgs) -> Result<Self, Failure> {
        let (log, subscriber) = Self::new(args)?;
        tracing::subscriber::set_global_default(subscriber).map_err(Failure::new)?;
        Ok(log)
    }

    fn new(args: &LogArgs) -> Result<(Self, impl Subscriber + Send + Sync + 'static), Failure> {
        let targets = targets(&args.log_level).map_err(Failure::usage)?;
        let queue = Queue::start();
        let (filter, level) = reload::Layer::new(targets);
        let lines = Lines::new(args.log_format, queue.writer()).with_filter(filter);
        let subscriber = Registry::default().with(lines);
        let refused = Mutex::default();
        Ok((
            Self {
                queue,
                refused,
                level,
            },
            subscriber,
        ))
    }

    /// Says more or less from now on. What is not understood changes nothing.
    pub(super) fn set_level(&self, level: &str) -> Result<(), Failure> {
        let targets = targets(level).map_err(Failure::usage)?;
        self.level.reload(targets).map_err(Failure::new)
    }

    /// Says something of the node as a whole.
    #[expect(clippy::unused_self, reason = "nothing is said before there is a log")]
    pub(super) fn line(&self, line: fmt::Arguments<'_>) {
        info!(target: "pex::node", "{line}");
    }

    /// Says what an operator may want to know of a notice; `chain_id` tells networks apart where
    /// there are several. Failed handshakes of one sort are told once a second, with their number;
    /// each of them at `debug`.
    pub(super) fn tell(&self, chain_id: Option<&str>, notice: &Notice) {
        let Notice::AcceptFailed(why) = notice else {
            return tell(chain_id, notice);
        };
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match refused.count(why, Instant::now()) {
            Some(1) => tell(chain_id, notice),
            Some(times) => tell_refused(chain_id, why, times),
            None => {
                debug!(target: "pex::refused", chain_id, event = "refused", %why, "refused: {why}");
            }
        }
    }

    /// Writes what waits, if somebody reads it.
    pub(super) fn end(self) {
        self.queue.end();
    }
}

/// Says how many handshakes came to nothing, and why the last one did.
fn tell_refused(chain_id: Option<&str>, why: &TransportError, times: u64) {
    info!(target: "pex::refused", chain_id, event = "refused", %why, times,
        "refused {times} times: {why}");
}

/// Says what an operator may want to know of a notice, in the log of the process.
pub(super) fn tell(chain_id: Option<&str>, notice: &Notice) {
    match notice {
        Notice::Up(remote) => {
            let (peer, address) = (remote.id, remote.socket_addr);
            let (moniker, version) = (remote.info.moniker(), remote.info.version());
            info!(target: "pex::peer", chain_id, event = "up", %peer, %address, moniker, version,
                "up {peer} at {address} ({})", moniker.escape_debug());
        }
        Notice::Down { peer, why } => {
            info!(target: "pex::peer", chain_id, event = "down", %peer, %why, "down {peer}: {why}");
        }
        Notice::AcceptFailed(why) => {
            info!(target: "pex::refused", chain_id, event = "refused", %why, "refused: {why}");
        }
        Notice::Fault { peer, fault, cut } => {
            let event = if *cut { "cut" } else { "fault" };
            warn!(target: "pex::fault", chain_id, event, %peer, why = %fault,
                "{event} {peer}: it {fault}");
        }
        Notice::Heard { address, from } => {
            info!(target: "pex::heard", chain_id, event = "heard", %address, %from,
                "heard of {address} from {from}");
        }
        Notice::NotWritten(why) => {
            error!(target: "pex::book", chain_id, event = "not_written", why,
                "what is known is not written: {why}");
        }
        Notice::WrittenAgain => {
            info!(target: "pex::book", chain_id, event = "written_again", "what is known is written again");
        }
        Notice::Evicted { peer, why } => {
            info!(target: "pex::peer", chain_id, event = "evicted", %peer, %why,
                "let go of {peer}: {why}");
        }
        Notice::DialFailed { address, why } => {
            debug!(target: "pex::dial", chain_id, event = "dial_failed", %address, %why,
                "could not reach {address}: {why}");
        }
        Notice::Answered { peer, told, fresh } => {
            debug!(target: "pex::exchange", chain_id, event = "answered", %peer, told, fresh,
                "{peer} told {told} addresses, {fresh} of them new");
        }
        Notice::Unanswered { peer, why } => {
            debug!(target: "pex::exchange", chain_id, event = "unanswered", %peer, %why,
                "{peer} is not answered: {why}");
        }
        _ => {}
    }
}

/// A level, if a filter can be made of it.
fn level(text: &str) -> Result<String, String> {
    targets(text).map(|_| text.to_owned())
}

/// Reads a filter. A word alone must be a level: it would else be a target, and silence all others.
fn targets(text: &str) -> Result<Targets, String> {
    let wrong = |part: &str| {
        format!(
            "{part:?} is no level; write error, warn, info, debug, trace or off, or TARGET=LEVEL such \
             as pex::heard=off, with commas between them"
        )
    };
    for part in text.split(',') {
        let (target, level) = part.split_once('=').unwrap_or(("all", part));
        let is_level = level == "off" || level.parse::<Level>().is_ok();
        // The parser takes numbers as well, and nothing for everything.
        if target.is_empty() || !is_level || level.parse::<u8>().is_ok() {
            return Err(wrong(part));
        }
    }
    text.parse().map_err(|_| wrong(text))
}

#[cfg(test)]
mod tests;
