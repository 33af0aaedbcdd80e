//! Whole runs: networks and what becomes of them, swarms of faults, and the scenarios that come along.

#[cfg(test)]
#[path = "whole/networks.rs"]
mod networks;
#[cfg(test)]
#[path = "whole/scenarios.rs"]
mod scenarios;
#[cfg(test)]
#[path = "whole/swarm.rs"]
mod swarm;
