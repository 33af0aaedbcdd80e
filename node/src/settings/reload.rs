//! What a running seed takes over of other settings, and what needs a restart.

use super::Settings;
use super::file::{Given, Set};
use super::key::Key;

type Difference<'a> = (&'static Key, &'a Given, &'a Given);

/// The keys that differ, of those that can be changed while a seed runs, or of those that can't.
fn differing<'a>(
    old: &'a [Set],
    new: &'a [Set],
    reloads: bool,
) -> impl Iterator<Item = Difference<'a>> {
    let pairs = old.iter().zip(new);
    let pairs =
        pairs.filter(move |((key, old), (_, new))| key.reloads == reloads && old.text != new.text);
    pairs.map(|((key, old), (_, new))| (*key, old, new))
}

/// The networks that are in both, with what was set for them and what is.
fn in_both<'a>(
    old: &'a Settings,
    new: &'a Settings,
) -> impl Iterator<Item = (&'a str, &'a [Set], &'a [Set])> {
    let olds = old.networks.iter().zip(&old.effective.networks);
    olds.filter_map(|(network, values)| {
        let chain_id = network.chain_id.as_str();
        let place = new.networks.iter().position(|it| it.chain_id == chain_id)?;
        Some((
            chain_id,
            &values[..],
            &new.effective.networks.get(place)?[..],
        ))
    })
}

/// What is taken over while a seed runs, of what differs.
pub(super) fn changes(old: &Settings, new: &Settings) -> Vec<String> {
    let say =
        |(key, old, new): Difference<'_>| format!("{} = {} (was {})", key.name, new.text, old.text);
    let process = differing(&old.effective.process, &new.effective.process, true);
    let mut all: Vec<String> = process.map(say).collect();
    for (chain_id, olds, news) in in_both(old, new) {
        let of = if old.effective.several {
            format!("{chain_id}: ")
        } else {
            String::new()
        };
        all.extend(
            differing(olds, news, true)
                .map(say)
                .map(|change| format!("{of}{change}")),
        );
    }
    all
}

/// What can't be changed while a seed runs, of what differs.
pub(super) fn needs_restart(old: &Settings, new: &Settings) -> Vec<String> {
    let process = differing(&old.effective.process, &new.effective.process, false);
    let mut all: Vec<String> = process.map(|(key, ..)| key.path()).collect();
    for (chain_id, olds, news) in in_both(old, new) {
        let of = if old.effective.several {
            format!(" of {chain_id}")
        } else {
            String::new()
        };
        all.extend(differing(olds, news, false).map(|(key, ..)| format!("{}{of}", key.path())));
    }
    let missing =
        |from: &Settings, chain_id: &str| !from.networks.iter().any(|it| it.chain_id == chain_id);
    let gone = old.networks.iter().filter(|it| missing(new, &it.chain_id));
    all.extend(gone.map(|it| format!("that {} is no longer served", it.chain_id)));
    let added = new.networks.iter().filter(|it| missing(old, &it.chain_id));
    all.extend(added.map(|it| format!("that {} is served", it.chain_id)));
    all
}
