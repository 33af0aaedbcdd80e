//! Why a text is no log.

use core::fmt;

use crate::wire::WireError;
use crate::{AddressError, ConfigError, NodeIdError};

/// Why a text is no log, and in which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogError {
    /// The line, counted from one; the last one if something is missing at the end.
    pub line: usize,
    /// What is wrong with it.
    pub problem: LogProblem,
}

/// What is wrong with a line of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogProblem {
    /// The first line is not that of a log of this version.
    NotALog,
    /// A word is missing; this is what should stand there.
    Missing(&'static str),
    /// There is more in the line than belongs there.
    TooMuch,
    /// This should stand there, and something else does.
    Expected(&'static str),
    /// There is no such option.
    UnknownOption,
    /// There is no such event.
    UnknownEvent,
    /// The options, which end before this line, are no configuration.
    Config(ConfigError),
    /// A node id is wrong.
    Id(NodeIdError),
    /// An address is wrong.
    Address(AddressError),
    /// The bytes are no message: they belong in a `garbage` event.
    Message(WireError),
    /// The bytes hold no message that is known: the machine never hears of such.
    NoMessage,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.problem {
            LogProblem::NotALog => f.write_str("a log begins with `pex log 1`"),
            LogProblem::Missing(what) => write!(f, "add {what}"),
            LogProblem::TooMuch => f.write_str("remove what follows the event"),
            LogProblem::Expected(what) => write!(f, "write {what} here"),
            LogProblem::UnknownOption => f.write_str("there is no such option"),
            LogProblem::UnknownEvent => f.write_str(
                "after the time, write up, down, message, garbage, unsent, resolved, tick, rewind or \
                 store",
            ),
            LogProblem::Config(error) => write!(f, "{error}"),
            LogProblem::Id(error) => write!(f, "{error}"),
            LogProblem::Address(error) => write!(f, "{error}"),
            LogProblem::Message(error) => write!(f, "{error}"),
            LogProblem::NoMessage => f.write_str("write the bytes of a request or a response"),
        }
    }
}

impl core::error::Error for LogError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.problem {
            LogProblem::Config(error) => Some(error),
            LogProblem::Id(error) => Some(error),
            LogProblem::Address(error) => Some(error),
            LogProblem::Message(error) => Some(error),
            LogProblem::NotALog
            | LogProblem::Missing(_)
            | LogProblem::TooMuch
            | LogProblem::Expected(_)
            | LogProblem::UnknownOption
            | LogProblem::UnknownEvent
            | LogProblem::NoMessage => None,
        }
    }
}
