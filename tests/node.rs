//! The exchange and the peer manager as one machine: what the one says, the other hears.

#[cfg(test)]
#[path = "node/clock.rs"]
mod clock;
#[cfg(test)]
#[path = "node/ending.rs"]
mod ending;
#[cfg(test)]
#[path = "node/faults.rs"]
mod faults;
#[cfg(test)]
#[path = "node/hearing.rs"]
mod hearing;
#[cfg(test)]
#[path = "node/keeping.rs"]
mod keeping;
#[cfg(test)]
#[path = "node/newcomers.rs"]
mod newcomers;
#[cfg(test)]
#[path = "node/room.rs"]
mod room;
#[cfg(test)]
#[path = "node/secrets.rs"]
mod secrets;
#[cfg(test)]
#[path = "node/strays.rs"]
mod strays;
