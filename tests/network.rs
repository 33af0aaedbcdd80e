//! Where an address can be reached from, and which network it is of: every special range, to its
//! first and last address, in every spelling.

#[cfg(test)]
#[path = "network/groups.rs"]
mod groups;
#[cfg(test)]
#[path = "network/names.rs"]
mod names;
#[cfg(test)]
#[path = "network/ranges.rs"]
mod ranges;
#[cfg(test)]
#[path = "network/spellings.rs"]
mod spellings;
