//! Flags before environment variables, those before the file, the file before the defaults.

use std::path::{Path, PathBuf};

use pex::NodeId;

use super::file::{self, FileLayers, Given, Layer, Set, nearest, shortened};
use super::key::{KEYS, Key, Kind, Scope};
use super::problem::{Problem, Source};
use super::value;
use super::{Effective, Inputs, NetworkSettings, Settings};
use crate::transport::TransportConfig;

pub(super) fn settings(inputs: &Inputs) -> Result<Settings, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut file = FileLayers::default();
    if let Some((path, text)) = &inputs.file {
        match file::read(path, text) {
            Ok(read) => file = read,
            Err(wrong) => problems.extend(wrong),
        }
    }
    let over = overrides(inputs, &mut file.notes, &mut problems);
    if !file.networks.is_empty() {
        refuse_of_one_network(&file, &over, &mut problems);
    }
    // What is not read right is not judged further.
    if !problems.is_empty() {
        return Err(problems);
    }
    let effective = effective(&over, &file);
    let settings = typed(inputs, effective, file)?;
    refuse_shared(&settings)?;
    refuse_no_options(&settings)?;
    Ok(settings)
}

/// What flags and variables set: flags go first.
fn overrides(inputs: &Inputs, notes: &mut Vec<String>, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::new();
    for key in KEYS {
        let flag = inputs
            .flags
            .get(key.id)
            .map(|text| (text, Source::Flag(key.flag())));
        let name = key.variable();
        let variable = inputs
            .variables
            .get(&name)
            .map(|text| (text, Source::Variable(name)));
        let Some((text, source)) = flag.or(variable) else {
            continue;
        };
        if let Err(wrong) = key.kind.check(text) {
            let what = format!("{:?} is wrong; {wrong}", shortened(text));
            problems.push(Problem::new(source, what));
            continue;
        }
        let text = key.kind.plain(text);
        layer.insert(key.id, Given { text, source });
    }
    // Others may have variables with such names; only a slip is worth a word.
    let ours: Vec<String> = KEYS
        .iter()
        .map(Key::variable)
        .chain(["PEX_HOME".to_owned()])
        .collect();
    for name in inputs.variables.keys().filter(|name| !ours.contains(name)) {
        if let Some(near) = nearest(name, ours.iter().map(String::as_str)) {
            notes.push(format!("{name} has no effect; did you mean {near}?"));
        }
    }
    layer
}

/// Beside `[[network]]`, what is of one network says nothing.
fn refuse_of_one_network(file: &FileLayers, over: &Layer, problems: &mut Vec<Problem>) {
    let all = file.shared.iter().chain(over);
    for (id, given) in all.filter(|(_, given)| !given.text.is_empty()) {
        if Key::with_id(id).is_some_and(|key| key.scope == Scope::Network) {
            let what = format!(
                "{id} is of one network, and the file has [[network]] tables; set it in each of them"
            );
            problems.push(Problem::new(given.source.clone(), what));
        }
    }
}

fn effective(over: &Layer, file: &FileLayers) -> Effective {
    let pick = |key: &'static Key, network: &Layer| {
        let layers = [over, network, &file.shared];
        let given = layers.into_iter().find_map(|layer| layer.get(key.id));
        let default = || Given {
            text: key.default.to_owned(),
            source: Source::Default,
        };
        (key, given.cloned().unwrap_or_else(default))
    };
    let several = !file.networks.is_empty();
    let none = [(0, Layer::new())];
    let networks = if several { &file.networks[..] } else { &none };
    let of_network = |key: &&Key| key.scope != Scope::Process;
    let of = |(_, layer): &(usize, Layer)| {
        let keys = KEYS.iter().filter(of_network);
        let mut all: Vec<_> = keys.map(|key| pick(key, layer)).collect();
        if several {
            keep_files_apart(&mut all);
        }
        all
    };
    let process = KEYS.iter().filter(|key| key.scope == Scope::Process);
    Effective {
        process: process.map(|key| pick(key, &Layer::new())).collect(),
        networks: networks.iter().map(of).collect(),
        several,
    }
}

/// What is in the folder of a network, by the key that says where else it may be.
const OF_NETWORK: [(&str, &str); 2] = [
    ("addr_book_file", "addrbook.json"),
    ("peer_store_file", "peerstore.pex"),
];

/// Of several networks, each has its files in a folder of its own, unless it is said where.
fn keep_files_apart(all: &mut [Set]) {
    let chain_id = all.iter().find(|(key, _)| key.id == "chain_id");
    let chain_id = chain_id
        .map(|(_, given)| given.text.clone())
        .unwrap_or_default();
    for (key, given) in all {
        let file = OF_NETWORK.iter().find(|(id, _)| *id == key.id);
        if let Some((_, file)) = file.filter(|_| given.source == Source::Default) {
            given.text = format!("{chain_id}/{file}");
        }
    }
}

/// The values of some keys, which have been checked one by one.
struct Values<'a>(&'a [Set]);

impl Values<'_> {
    fn given(&self, id: &str) -> Option<&Given> {
        let mut all = self.0.iter();
        all.find(|(key, _)| key.id == id).map(|(_, given)| given)
    }

    fn read<T>(
        &self,
        id: &str,
        read: impl Fn(&str, Kind) -> Result<T, value::Wrong>,
    ) -> Result<T, Vec<Problem>> {
        let kind = Key::with_id(id).map_or(Kind::Text, |key| key.kind);
        let (text, at) = self.given(id).map_or(("", Source::Default), |given| {
            (given.text.as_str(), given.source.clone())
        });
        let wrong = |wrong: value::Wrong| vec![Problem::new(at.clone(), format!("{id}: {wrong}"))];
        read(text, kind).map_err(wrong)
    }

    fn text(&self, id: &str) -> String {
        self.given(id)
            .map(|given| given.text.clone())
            .unwrap_or_default()
    }

    fn switch(&self, id: &str) -> Result<bool, Vec<Problem>> {
        self.read(id, |text, _| value::switch(text))
    }

    fn number<N: TryFrom<u64> + Copy>(&self, id: &str, most: N) -> Result<N, Vec<Problem>> {
        let number = self.read(id, |text, kind| match kind {
            Kind::Number(min, max) => value::number(text, min, max),
            _ => value::number(text, 0, u64::MAX),
        })?;
        Ok(N::try_from(number).unwrap_or(most))
    }

    fn time(&self, id: &str) -> Result<core::time::Duration, Vec<Problem>> {
        self.read(id, |text, kind| match kind {
            Kind::Time(min, max) => value::time(text, min, max),
            _ => value::time(text, core::time::Duration::ZERO, core::time::Duration::MAX),
        })
    }
}

fn typed(
    inputs: &Inputs,
    effective: Effective,
    file: FileLayers,
) -> Result<Settings, Vec<Problem>> {
    let process = Values(&effective.process);
    let moniker = process.text("moniker");
    let mut networks = Vec::new();
    let mut lines = file.networks.iter().map(|(line, _)| *line);
    for values in &effective.networks {
        let at = lines.next();
        networks.push(network(inputs, &moniker, &Values(values), at)?);
    }
    let prometheus = process.switch("prometheus")?;
    let place = process.read("prometheus_listen_addr", |text, _| value::place(text))?;
    Ok(Settings {
        log_level: process.read("log_level", |text, _| value::level(text))?,
        log_format: process.read("log_format", |text, _| value::format(text))?,
        prometheus: prometheus.then_some(place),
        namespace: process.text("namespace"),
        status: process.read("status_listen_addr", |text, _| value::maybe_place(text))?,
        moniker,
        networks,
        file: inputs.file.as_ref().map(|(path, _)| path.clone()),
        notes: file.notes,
        effective,
    })
}

fn network(
    inputs: &Inputs,
    moniker: &str,
    values: &Values<'_>,
    line: Option<usize>,
) -> Result<NetworkSettings, Vec<Problem>> {
    let path = |id: &str| -> Result<PathBuf, Vec<Problem>> {
        let path = values.read(id, |text, _| value::file(text))?;
        Ok(inputs.home.join(path))
    };
    let chain_id = values.text("chain_id");
    if chain_id.is_empty() {
        return Err(vec![no_chain_id(inputs, line)]);
    }
    let is_no_folder = chain_id.contains('/') || chain_id.starts_with('.');
    let in_folder = |(id, file): &(&str, &str)| {
        let given = values.given(id);
        given.is_some_and(|it| {
            it.source == Source::Default && it.text == format!("{chain_id}/{file}")
        })
    };
    let unset = OF_NETWORK.iter().filter(|it| in_folder(it));
    let unset: Vec<&str> = unset.map(|(id, _)| *id).collect();
    if is_no_folder && !unset.is_empty() {
        let at = values
            .given("chain_id")
            .map_or(Source::Default, |it| it.source.clone());
        let unset = unset.join(" and ");
        let what = format!("no folder can have the name of this chain; set {unset}");
        return Err(vec![Problem::new(at, what)]);
    }
    let redial_max = values.time("persistent_peers_max_dial_period")?;
    let transport = TransportConfig {
        dial_timeout: values.time("dial_timeout")?,
        handshake_timeout: values.time("handshake_timeout")?,
        read_rate: core::num::NonZeroU32::new(values.number("recv_rate", u32::MAX)?),
        ..TransportConfig::default()
    };
    Ok(NetworkSettings {
        chain_id,
        moniker: moniker.to_owned(),
        node_key: path("node_key_file")?,
        listen: values.read("laddr", |text, _| value::place(text))?,
        external_address: values.read("external_address", |text, _| value::outside(text))?,
        seeds: values.read("seeds", |text, _| value::addresses(text))?,
        persistent_peers: values.read("persistent_peers", |text, _| value::addresses(text))?,
        unconditional_peer_ids: values
            .read("unconditional_peer_ids", |text, _| value::ids(text))?,
        private_peer_ids: values.read("private_peer_ids", |text, _| value::ids(text))?,
        book: path("addr_book_file")?,
        peer_store: path("peer_store_file")?,
        strict: values.switch("addr_book_strict")?,
        inbound_max: values.number("max_num_inbound_peers", usize::MAX)?,
        inbound_per_ip: values.number("max_inbound_per_ip", usize::MAX)?,
        newcomer_stays: values.time("seed_disconnect_wait_period")?,
        check_workers: values.number("check_workers", u32::MAX)?,
        check_period: values.time("check_period")?,
        redial_max: Some(redial_max).filter(|max| !max.is_zero()),
        save_every: values.time("save_every")?,
        transport,
    })
}

fn no_chain_id(inputs: &Inputs, line: Option<usize>) -> Problem {
    let path = inputs.file.as_ref().map(|(path, _)| path.as_path());
    match (path, line) {
        (Some(path), Some(line)) => Problem::in_file(
            path,
            line,
            "this network has no chain_id; add one to its table",
        ),
        (Some(path), None) => Problem::in_file(
            path,
            1,
            "chain_id is missing; add a line such as chain_id = \"cosmoshub-4\" at the top, or give \
             --chain-id",
        ),
        (None, _) => Problem::new(
            Source::Default,
            "which network? give --chain-id, or write a file with: pex init --chain-id ID",
        ),
    }
}

/// Settings of which a seed can't be made, though each of them is right for itself.
fn refuse_no_options(settings: &Settings) -> Result<(), Vec<Problem>> {
    let somebody = NodeId::new([0; 20]);
    let options = settings
        .networks
        .iter()
        .map(|it| (it, it.options(somebody)));
    let problems: Vec<Problem> = options
        .filter_map(|(network, options)| Some((network, options.err()?)))
        .map(|(network, why)| Problem::new(Source::Default, format!("{}: {why}", network.chain_id)))
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(problems)
}

/// What two networks may not have in common.
fn refuse_shared(settings: &Settings) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    let networks = settings.networks.iter().zip(&settings.effective.networks);
    let networks: Vec<(&NetworkSettings, Values<'_>)> = networks
        .map(|(network, values)| (network, Values(values)))
        .collect();
    for (n, (one, values)) in networks.iter().enumerate() {
        for (other, _) in &networks[..n] {
            let same = [
                (
                    "chain_id",
                    one.chain_id == other.chain_id,
                    "give each network its own",
                ),
                ("laddr", clash(one, other), "give each network its own port"),
                (
                    "addr_book_file",
                    same_file(&one.book, &other.book),
                    "give each network its own",
                ),
                (
                    "peer_store_file",
                    same_file(&one.peer_store, &other.peer_store),
                    "give each network its own",
                ),
            ];
            for (id, _, instead) in same.into_iter().filter(|(_, same, _)| *same) {
                let given = values.given(id);
                let mut at = given.map_or(Source::Default, |given| given.source.clone());
                if at == Source::Default {
                    at = values
                        .given("chain_id")
                        .map_or(at, |given| given.source.clone());
                }
                let what = format!(
                    "the networks {} and {} have one {id}; {instead}",
                    other.chain_id, one.chain_id
                );
                problems.push(Problem::new(at, what));
            }
        }
    }
    problems.extend(files_for_two_things(&networks));
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// Files that are to be two things at once, of which each would be written over the other.
fn files_for_two_things(networks: &[(&NetworkSettings, Values<'_>)]) -> Vec<Problem> {
    let files = networks.iter().flat_map(|(network, values)| {
        let its = [
            ("node_key_file", &network.node_key),
            ("addr_book_file", &network.book),
            ("peer_store_file", &network.peer_store),
        ];
        its.map(|(id, path)| (id, path, values.given(id).map(|it| &it.source)))
    });
    let files: Vec<_> = files.collect();
    let mut problems: Vec<Problem> = Vec::new();
    for (n, (id, path, at)) in files.iter().enumerate() {
        let same = |(other, it, _): &&(&str, &PathBuf, _)| other != id && same_file(it, path);
        let Some((other, _, others)) = files[..n].iter().find(same) else {
            continue;
        };
        let said = |it: Option<&Source>| it.filter(|it| **it != Source::Default).cloned();
        let at = said(*at)
            .or_else(|| said(*others))
            .unwrap_or(Source::Default);
        let path = path.display();
        let what = format!("{other} and {id} are one file, {path}; give each its own");
        problems.push(Problem::new(at, what));
    }
    problems
}

/// Whether two networks would listen at one place.
fn clash(one: &NetworkSettings, other: &NetworkSettings) -> bool {
    let (one, other) = (one.listen, other.listen);
    let all = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && (all || one.ip() == other.ip())
}

/// Whether two paths lead to one file, as far as their names tell.
fn same_file(one: &Path, other: &Path) -> bool {
    let plain = |path: &Path| path.components().collect::<PathBuf>();
    plain(one) == plain(other)
}
