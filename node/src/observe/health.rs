//! Whether every network is well.

use core::fmt::Write as _;
use core::time::Duration;

use super::{Seen, View};

/// How long a loop may give no sign of life. It gives one each second.
const ALIVE_WITHIN: Duration = Duration::from_secs(10);

/// What is wrong with a network, if anything is.
pub(super) fn ailment(seen: &Seen, view: &View) -> Option<String> {
    if seen.ended {
        return Some("it has ended".to_owned());
    }
    let Some(latest) = &seen.latest else {
        return Some("its loop has not run yet".to_owned());
    };
    let silent = view.now - latest.at;
    if silent > ALIVE_WITHIN {
        return Some(format!("its loop is stuck since {} s", silent.as_secs()));
    }
    let has_to_listen = !seen.network.listen.is_empty();
    (has_to_listen && !latest.reading.is_listening)
        .then(|| "its listener is gone: nobody can connect".to_owned())
}

/// Whether all is well, and a line for each network.
pub(super) fn check(view: &View) -> (bool, String) {
    if view.networks.is_empty() {
        return (false, "not healthy: no network is run\n".to_owned());
    }
    let (mut healthy, mut text) = (true, String::new());
    for seen in &view.networks {
        let chain = &seen.network.chain_id;
        // Writing to a string never fails.
        let _never = match ailment(seen, view) {
            None => writeln!(text, "ok: {chain}"),
            Some(why) => {
                healthy = false;
                writeln!(text, "not healthy: {chain}: {why}")
            }
        };
    }
    (healthy, text)
}
