//! What a seed says, as far as its level goes.

use core::fmt;

use pex_node::Notice;
use pex_node::settings::{LogFormat, LogLevel, Settings};
use tracing::{debug, error, info, trace, warn};

use crate::commands::Failure;
use crate::commands::log::{self, Format, Log, LogArgs};

/// Begins the log of the process.
pub(super) fn start(settings: &Settings) -> Result<Log, Failure> {
    let format = match settings.log_format {
        LogFormat::Json => Format::Json,
        _ => Format::Plain,
    };
    Log::start(&LogArgs::new(format, filter(settings.log_level)))
}

/// What is said at a level. Strangers come and go all the time; at `info` there is none of that.
pub(super) const fn filter(level: LogLevel) -> &'static str {
    match level {
        LogLevel::None => "off",
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info,pex::peer=warn,pex::refused=warn,pex::heard=warn,pex::fault=error",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}

/// Says lines of one network, or of the process.
#[derive(Clone, Debug, Default)]
pub(super) struct Voice {
    /// None where there is only one network.
    network: Option<String>,
}

impl Voice {
    /// The voice of one network among several.
    pub(super) fn of(network: &str) -> Self {
        let network = Some(network.to_owned());
        Self { network }
    }

    pub(super) fn say(&self, level: LogLevel, line: fmt::Arguments<'_>) {
        let chain_id = self.network.as_deref();
        match level {
            LogLevel::None => {}
            LogLevel::Error => error!(target: "pex::node", chain_id, "{line}"),
            LogLevel::Warn => warn!(target: "pex::node", chain_id, "{line}"),
            LogLevel::Info => info!(target: "pex::node", chain_id, "{line}"),
            LogLevel::Debug => debug!(target: "pex::node", chain_id, "{line}"),
            LogLevel::Trace => trace!(target: "pex::node", chain_id, "{line}"),
        }
    }

    pub(super) fn tell(&self, notice: &Notice) {
        log::tell(self.network.as_deref(), notice);
    }
}
