//! What must hold of any bytes taken for the settings of a seed node.

use std::collections::BTreeMap;
use std::path::Path;

use pex::NodeId;
use pex_node::settings::{Inputs, Key, Settings, Source};

/// Reads the bytes as a file, and as a flag a line.
pub(crate) fn settings(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        as_file(text);
        as_flags(text);
    }
}

fn read(file: &str) -> Result<Settings, String> {
    let inputs = Inputs::new(Path::new("/home")).with_file("c.toml", file);
    inputs.read().map_err(|error| error.to_string())
}

fn as_file(text: &str) {
    let inputs = Inputs::new(Path::new("/home")).with_file("c.toml", text);
    let settings = match inputs.read() {
        Ok(settings) => settings,
        Err(error) => {
            assert!(!error.problems().is_empty());
            let lines = text.split('\n').count();
            for problem in error.problems() {
                let Source::File { line, .. } = problem.at else {
                    unreachable!("{problem} names no line");
                };
                assert!((1..=lines).contains(&line), "{problem}");
                let said = problem.to_string();
                assert!(!said.chars().any(char::is_control), "{said:?}");
            }
            return;
        }
    };
    assert!(!settings.networks.is_empty());
    for network in &settings.networks {
        // More seeds than there may be are refused here, and nowhere before.
        let _options = network.options(NodeId::new([1; 20]));
    }
    let printed = settings.to_toml();
    same(&settings, &read(&printed), &printed);
}

/// What was printed reads as what it was printed of.
fn same(settings: &Settings, again: &Result<Settings, String>, printed: &str) {
    let Ok(again) = again else {
        unreachable!("{again:?}: {printed}");
    };
    assert_eq!(settings.networks, again.networks, "{printed}");
    let process = |it: &Settings| {
        let names = (it.moniker.clone(), it.namespace.clone());
        (names, it.log_level, it.log_format, it.prometheus, it.status)
    };
    assert_eq!(process(settings), process(again), "{printed}");
    // Nothing is left to be told of: they are the same to the letter.
    let told = [settings.changes(again), settings.needs_restart(again)];
    assert_eq!(told, [Vec::<String>::new(), Vec::new()], "{printed}");
}

/// Flags that the command takes mean the same in the file that it writes.
fn as_flags(text: &str) {
    let mut values = BTreeMap::new();
    for line in text.lines() {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let key = Key::with_id(name.trim());
        if let Some(key) = key.filter(|key| key.kind.check(value).is_ok()) {
            values.insert(key.id, value.to_owned());
        }
    }
    let home = Inputs::new(Path::new("/home"));
    let flags = values
        .iter()
        .fold(home, |inputs, (id, value)| inputs.with_flag(id, value));
    let template = Settings::template(&values);
    match flags.read() {
        Ok(settings) => same(&settings, &read(&template), &template),
        Err(error) => assert_eq!(values.get("chain_id"), None, "{error}"),
    }
}
