//! `pex init` and `pex show-node-id`.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use clap::Args;
use pex_node::settings::Settings;
use pex_node::transport::NodeKey;

use super::seed::{Flags, HomeArgs, ID_IS_LOST, file_of, make_key};
use super::terminal::{Output, complain};
use super::{Failure, Outcome};

/// Write the settings and the key of a seed node
///
/// Makes config/config.toml in the home, with every key, its default and what it means, and
/// config/node_key.json. What is given as a flag is set in the file. Nothing that is there is ever
/// written over.
///
/// Example: pex init --chain-id cosmoshub-4
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    home: HomeArgs,
    #[command(flatten)]
    flags: Flags,
}

/// Show the id of a seed node
///
/// Prints the id that follows from the key in the home. On standard error it says what others write
/// as their seed; with --address that is printed in place of the id.
///
/// Example: pex show-node-id
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    home: HomeArgs,
    /// Print id@host:port, of which external_address has the second part
    #[arg(long)]
    address: bool,
}

pub(super) fn run(args: &InitArgs) -> Result<Outcome, Failure> {
    let home = args.home.path()?;
    let path = file_of(&home);
    let (file, values) = (path.display(), args.flags.values());
    let there = || {
        Failure::new(format_args!(
            "{file} is there already, and is left as it is; edit it, or choose another --home"
        ))
    };
    if path.exists() {
        return Err(there());
    }
    if let Some(folder) = path.parent() {
        let made = fs::create_dir_all(folder);
        made.map_err(|why| {
            Failure::new(format_args!(
                "{}: {why}; choose another --home",
                folder.display()
            ))
        })?;
    }
    let text = Settings::template(values);
    write_new(&path, &text).map_err(|why| match why.kind() {
        ErrorKind::AlreadyExists => there(),
        _ => Failure::new(format_args!("{file}: {why}; choose another --home")),
    })?;
    let key_path = home.join(
        values
            .get("node_key_file")
            .map_or("config/node_key.json", String::as_str),
    );
    let made = !key_path.exists();
    let key = if made {
        make_key(&key_path)?
    } else {
        load(&key_path)?
    };
    let (key_file, id) = (key_path.display(), key.id());
    let mut out = Output::new();
    writeln!(out, "wrote {file}")?;
    if made {
        writeln!(out, "wrote {key_file}: back it up; {ID_IS_LOST}")?;
    } else {
        writeln!(out, "kept {key_file}, which was there")?;
    }
    writeln!(out, "the id of this node is {id}")?;
    if !values.contains_key("chain_id") {
        writeln!(out, "next: set chain_id in the file")?;
    }
    if !values.contains_key("seeds") {
        writeln!(
            out,
            "next: set seeds in the file, unless you bring an address book"
        )?;
    }
    if home_is_default(args)? {
        writeln!(out, "next: pex seed")?;
    } else {
        writeln!(out, "next: pex seed --home {}", home.display())?;
    }
    out.flush()?;
    Ok(Outcome::Done)
}

fn home_is_default(args: &InitArgs) -> Result<bool, Failure> {
    let home = args.home.path()?;
    Ok(std::env::home_dir().is_some_and(|user| user.join(".pex") == home))
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(text.as_bytes());
    written.and_then(|()| file.sync_all()).inspect_err(|_| {
        // Half of it would be left as it is by the next try.
        let _gone = fs::remove_file(path);
    })
}

fn load(path: &Path) -> Result<NodeKey, Failure> {
    let loaded = NodeKey::load(path);
    loaded.map_err(|why| Failure::new(format_args!("{}: {why}", path.display())))
}

pub(super) fn show(args: &ShowArgs) -> Result<Outcome, Failure> {
    let home = args.home.path()?;
    let inputs = Flags::default().inputs(&home)?;
    // A home without a network has an id all the same.
    let settings = inputs.read().or_else(|wrong| {
        let read = inputs.clone().with_flag("chain_id", "none").read();
        read.map_err(|_| Failure::usage(wrong))
    })?;
    let (mut out, mut shown) = (Output::new(), BTreeSet::new());
    for network in &settings.networks {
        let id = load(&network.node_key)?.id();
        let outside = network.external_address.as_ref();
        let address = outside.map(|place| format!("{id}@{place}"));
        match (address, args.address) {
            (Some(address), true) => writeln!(out, "{address}")?,
            (None, true) => {
                return Err(Failure::usage(
                    "external_address is not set; set it to the host:port where others reach this node",
                ));
            }
            (address, false) => {
                if shown.insert(id) {
                    writeln!(out, "{id}")?;
                }
                match address {
                    Some(address) => complain(format_args!("give others as their seed: {address}")),
                    None => complain(format_args!(
                        "give others as their seed: {id}@HOST:{}, with the host where they reach this node",
                        network.listen.port()
                    )),
                }
            }
        }
    }
    out.flush()?;
    Ok(Outcome::Done)
}
