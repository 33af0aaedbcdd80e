//! What a seed says: one place through which every line goes.

use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use pex_node::settings::{LogFormat, LogLevel};

use crate::commands::log::Log;

/// Says lines of all networks, as far as the level goes.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    shared: Arc<Mutex<Shared>>,
    /// Of which network the lines are; none where there is only one.
    network: Option<String>,
}

#[derive(Debug)]
struct Shared {
    log: Option<Log>,
    level: LogLevel,
    format: LogFormat,
}

impl Voice {
    pub(super) fn new(level: LogLevel, format: LogFormat) -> Self {
        let log = Some(Log::start());
        Self {
            shared: Arc::new(Mutex::new(Shared { log, level, format })),
            network: None,
        }
    }

    /// The voice of one network among several.
    pub(super) fn of(&self, network: &str) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            network: Some(network.to_owned()),
        }
    }

    pub(super) fn set_level(&self, level: LogLevel) {
        self.lock().level = level;
    }

    pub(super) fn say(&self, level: LogLevel, line: fmt::Arguments<'_>) {
        let mut shared = self.lock();
        if level > shared.level {
            return;
        }
        let format = shared.format;
        let Some(log) = &mut shared.log else {
            return;
        };
        match (format, &self.network) {
            (LogFormat::Json, network) => {
                let mut object =
                    serde_json::json!({"level": level.name(), "message": line.to_string()});
                if let (Some(network), Some(object)) = (network, object.as_object_mut()) {
                    object.insert("network".to_owned(), network.as_str().into());
                }
                log.line(format_args!("{object}"));
            }
            (_, Some(network)) => log.line(format_args!("{network}: {line}")),
            (_, None) => log.line(line),
        }
    }

    /// Says what is still to be said, if somebody reads it, and nothing after.
    pub(super) fn end(&self) {
        if let Some(log) = self.lock().log.take() {
            log.end();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        // Whoever panicked with it had at most lost a line.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
