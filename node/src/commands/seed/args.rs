//! The flags of a seed: one for each key of its file.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use pex_node::settings::{Inputs, KEYS, Key, Kind, Section};

use crate::commands::Failure;

/// Most bytes of a file of settings. CometBFT's has about 20,000.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Run a seed node: tell whoever asks of nodes that are there
///
/// Learns of nodes from its seeds and from those who come, dials each of them before it tells of it
/// and again every half hour, answers in the dialect of whoever asks, V1 or V2, and hangs up. Settings
/// are read from config/config.toml in the home, which pex init writes; each key of it can be given as
/// a flag or an environment variable too, which go before the file. Prints a line `listening on
/// id@host:port` for each network, and what happens on standard error.
///
/// SIGTERM and SIGINT save the address book and end it, SIGHUP has it read the file again.
///
/// Example: pex seed --chain-id cosmoshub-4 --seeds 0123…@seed.example.com:26656
#[derive(Debug, Args)]
pub(crate) struct SeedArgs {
    #[command(flatten)]
    pub(crate) home: HomeArgs,
    /// Say whether the settings are right, print those in force with where each is from, and end
    #[arg(long)]
    pub(crate) check_config: bool,
    #[command(flatten)]
    pub(crate) flags: Flags,
}

#[derive(Debug, Args)]
pub(crate) struct HomeArgs {
    /// The folder of settings, key and address book [default: ~/.pex]
    #[arg(long, value_name = "DIR", env = "PEX_HOME", hide_env_values = true)]
    home: Option<PathBuf>,
}

impl HomeArgs {
    /// The folder.
    pub(crate) fn path(&self) -> Result<PathBuf, Failure> {
        if let Some(home) = self
            .home
            .clone()
            .filter(|home| !home.as_os_str().is_empty())
        {
            return Ok(home);
        }
        let user = env::home_dir().filter(|home| !home.as_os_str().is_empty());
        user.map(|home| home.join(".pex")).ok_or_else(|| {
            Failure::usage("this user has no home folder; say where the files are with --home DIR")
        })
    }
}

/// Where the settings are, within a home.
pub(crate) fn file_of(home: &Path) -> PathBuf {
    home.join("config").join("config.toml")
}

/// What was given on the command line, by the ids of the keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags(BTreeMap<&'static str, String>);

impl Flags {
    pub(crate) const fn values(&self) -> &BTreeMap<&'static str, String> {
        &self.0
    }

    /// All that is set: the flags, the variables, and the file of this home, if it is there.
    pub(crate) fn inputs(&self, home: &Path) -> Result<Inputs, Failure> {
        let mut inputs = Inputs::new(home);
        let path = file_of(home);
        if let Some(text) = read(&path)? {
            inputs = inputs.with_file(path, text);
        }
        for (id, value) in &self.0 {
            inputs = inputs.with_flag(id, value);
        }
        let variables = env::vars_os();
        let texts = variables.map(|(name, value)| {
            let text = |it: std::ffi::OsString| it.to_string_lossy().into_owned();
            (text(name), text(value))
        });
        Ok(inputs.with_variables(texts))
    }
}

/// The text of a file; none if there is no file.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let name = path.display();
    let failed = |why: std::io::Error| {
        let instead = match why.kind() {
            ErrorKind::NotADirectory => "choose another --home",
            _ => "let this user read the file",
        };
        Failure::new(format_args!("{name}: {why}; {instead}"))
    };
    match fs::metadata(path) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(failed(why)),
        Ok(found) if !found.is_file() || found.len() > FILE_BYTES_MAX => {
            return Err(Failure::usage(format_args!(
                "{name}: this is no file of settings; write one with pex init"
            )));
        }
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(failed)?;
    let text = String::from_utf8(bytes);
    text.map(Some)
        .map_err(|_| Failure::usage(format_args!("{name}: this is no text in UTF-8")))
}

fn arg(key: &'static Key) -> Arg {
    let flag = key.flag();
    let mut help = key.about.to_owned();
    if !key.default.is_empty() {
        help = format!("{help} [default: {}]", key.default);
    }
    let arg = Arg::new(key.id)
        .long(flag.trim_start_matches('-').to_owned())
        .help(format!("{help} [env: {}]", key.variable()))
        .help_heading(match key.section {
            Section::Top => "Settings of the node",
            Section::P2p => "Settings of [p2p]",
            Section::Instrumentation => "Settings of [instrumentation]",
            _ => "Settings of [status]",
        })
        .value_parser(move |text: &str| key.kind.check(text).map(|()| text.to_owned()))
        .value_name(value_name(key.kind));
    let arg = if key.id == "laddr" {
        arg.visible_alias("laddr")
    } else {
        arg
    };
    match key.kind {
        Kind::Switch => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Kind::Addresses | Kind::Ids => arg.action(ArgAction::Append),
        _ => arg,
    }
}

const fn value_name(kind: Kind) -> &'static str {
    match kind {
        Kind::ChainId => "ID",
        Kind::File => "FILE",
        Kind::Switch => "BOOL",
        Kind::Number(..) => "N",
        Kind::Time(..) => "TIME",
        Kind::Place | Kind::MaybePlace => "IP:PORT",
        Kind::Outside => "HOST:PORT",
        Kind::Addresses => "ID@HOST:PORT,…",
        Kind::Ids => "ID,…",
        Kind::Level => "LEVEL",
        Kind::Format => "FORMAT",
        _ => "TEXT",
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(KEYS.iter().map(arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for key in KEYS {
            if let Some(values) = matches.get_many::<String>(key.id) {
                let values: Vec<&str> = values.map(String::as_str).collect();
                self.0.insert(key.id, values.join(","));
            }
        }
        Ok(())
    }
}
