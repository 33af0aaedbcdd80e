//! `pex seed`.

mod args;
mod network;
mod voice;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use pex_node::Descriptors;
use pex_node::observe::Observatory;
use pex_node::seed::{SeedNode, StartError};
use pex_node::settings::{LogLevel, Settings};
use pex_node::transport::{KeyError, NodeKey};

use super::log::Log;
use super::observe::ObserveArgs;
use super::signals::{Asked, Signals};
use super::terminal::Output;
use super::{Failure, Outcome, in_runtime};
use network::Networks;
use voice::Voice;

pub(super) use args::{Flags, HomeArgs, SeedArgs, file_of};

pub(super) fn run(args: &SeedArgs) -> Result<Outcome, Failure> {
    let home = args.home.path()?;
    let settings = read(&args.flags, &home)?;
    if args.check_config {
        return show(&settings, &home);
    }
    let signals = Signals::take()?;
    let log = voice::start(&settings)?;
    let ended = in_runtime(serve(args, &home, &settings, &log, signals));
    log.end();
    ended
}

fn read(flags: &Flags, home: &Path) -> Result<Settings, Failure> {
    flags.inputs(home)?.read().map_err(Failure::usage)
}

/// Prints what is in force.
fn show(settings: &Settings, home: &Path) -> Result<Outcome, Failure> {
    let mut out = Output::new();
    writeln!(
        out,
        "# The settings in force, of the home {}",
        home.display()
    )?;
    for note in &settings.notes {
        writeln!(out, "# {note}")?;
    }
    write!(out, "{}", settings.to_toml())?;
    out.flush()?;
    Ok(Outcome::Done)
}

async fn serve(
    args: &SeedArgs,
    home: &Path,
    settings: &Settings,
    log: &Log,
    mut signals: Signals,
) -> Result<Outcome, Failure> {
    let voice = Voice::default();
    for note in &settings.notes {
        voice.say(LogLevel::Warn, format_args!("{note}"));
    }
    let metrics = ObserveArgs::new(settings.prometheus, &settings.namespace, settings.status);
    let windows = metrics.open()?;
    let observatory = Observatory::new(env!("PEX_VERSION"));
    let mut networks = start(settings, windows.visitors()?, &voice, &observatory)?;
    let _servers = windows.serve(&observatory, log);
    let mut current = settings.clone();
    loop {
        tokio::select! {
            ended = networks.first_end() => {
                // What ended it is what is to be told.
                let _also = networks.close(&mut signals).await;
                return Err(ended);
            }
            asked = signals.next() => match asked {
                Asked::End => {
                    voice.say(LogLevel::Info, format_args!("ending; a second signal ends at once"));
                    networks.close(&mut signals).await?;
                    voice.say(LogLevel::Info, format_args!("ended; the address books are saved"));
                    return Ok(Outcome::Done);
                }
                Asked::Reload => reload(&args.flags, home, settings, &mut current, &networks, log),
            }
        }
    }
}

/// Starts every network, or none.
fn start(
    settings: &Settings,
    visitors: usize,
    voice: &Voice,
    observatory: &Observatory,
) -> Result<Networks, Failure> {
    let mut keys = BTreeMap::new();
    let mut seeds = Vec::new();
    let several = settings.networks.len() > 1;
    let files = Descriptors::raise()?.without(visitors);
    let files = files.shared_by(settings.networks.len());
    for network in &settings.networks {
        let key = key(&mut keys, &network.node_key, voice)?;
        let seed = SeedNode::start(network, key, files);
        seeds.push(seed.map_err(|why| {
            let of = if several {
                format!("{}: ", network.chain_id)
            } else {
                String::new()
            };
            let what = format_args!("{of}{why}");
            match why {
                StartError::NodeInfo(_) | StartError::Options(_) => Failure::usage(what),
                _ => Failure::new(what),
            }
        })?);
    }
    let mut out = Output::new();
    for seed in &seeds {
        let (id, place) = (seed.id(), seed.place());
        let whose = if several {
            format!(" for {}", seed.settings().chain_id)
        } else {
            String::new()
        };
        writeln!(out, "listening on {id}@{place}{whose}")?;
    }
    out.flush()?;
    let mut networks = Networks::default();
    for seed in seeds {
        let voice = if several {
            Voice::of(&seed.settings().chain_id)
        } else {
            Voice::default()
        };
        networks.run(seed, voice, observatory);
    }
    Ok(networks)
}

/// The key in this file, which is made if it is not there.
fn key(
    keys: &mut BTreeMap<PathBuf, NodeKey>,
    path: &Path,
    voice: &Voice,
) -> Result<NodeKey, Failure> {
    if let Some(key) = keys.get(path) {
        return Ok(key.clone());
    }
    let name = path.display();
    let key = match NodeKey::load(path) {
        Err(KeyError::Read {
            kind: ErrorKind::NotFound,
        }) => {
            let key = make_key(path)?;
            voice.say(
                LogLevel::Warn,
                format_args!(
                    "{name}: made the key of this node, {}; back it up: {ID_IS_LOST}",
                    key.id()
                ),
            );
            key
        }
        loaded => loaded.map_err(|why| Failure::new(format_args!("{name}: {why}")))?,
    };
    keys.insert(path.to_owned(), key.clone());
    Ok(key)
}

/// Why a key is to be backed up.
pub(super) const ID_IS_LOST: &str =
    "without it this node has another id, and nobody who has it as a seed finds it";

/// Makes a key, and the folder for it.
pub(super) fn make_key(path: &Path) -> Result<NodeKey, Failure> {
    let name = path.display();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|why| {
            Failure::new(format_args!(
                "{}: {why}; choose another --home",
                folder.display()
            ))
        })?;
    }
    let key = NodeKey::generate().map_err(Failure::new)?;
    let saved = key.save(path);
    saved.map_err(|why| Failure::new(format_args!("{name}: {why}")))?;
    Ok(key)
}

/// Reads the settings again, and takes over what can be changed while it runs.
fn reload(
    flags: &Flags,
    home: &Path,
    started: &Settings,
    current: &mut Settings,
    networks: &Networks,
    log: &Log,
) {
    let voice = Voice::default();
    let new = match read(flags, home) {
        Ok(new) => new,
        Err(why) => {
            let line = format!("the settings are wrong, and those before stay in force: {why}");
            voice.say(LogLevel::Error, format_args!("{line}"));
            return;
        }
    };
    if let (Some(path), None) = (&started.file, &new.file) {
        voice.say(
            LogLevel::Error,
            format_args!(
                "{} is gone, and the settings before stay in force",
                path.display()
            ),
        );
        return;
    }
    let changes = current.changes(&new);
    if let Err(why) = log.set_level(voice::filter(new.log_level)) {
        voice.say(LogLevel::Error, format_args!("{why}"));
    }
    networks.reconfigure(&new.networks);
    let changes = match &changes[..] {
        [] => "nothing to take over".to_owned(),
        changes => changes.join(", "),
    };
    let line = format!("read the settings again: {changes}");
    voice.say(LogLevel::Info, format_args!("{line}"));
    for what in started.needs_restart(&new) {
        voice.say(
            LogLevel::Warn,
            format_args!("{what} has changed, which needs a restart"),
        );
    }
    *current = new;
}
