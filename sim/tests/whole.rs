//! Whole runs: networks and what becomes of them, swarms of faults, nodes out for harm, and the scenarios that come along.

#[cfg(test)]
#[path = "whole/doors.rs"]
mod doors;
#[cfg(test)]
#[path = "whole/hostile.rs"]
mod hostile;
#[cfg(test)]
#[path = "whole/mutants.rs"]
mod mutants;
#[cfg(test)]
#[path = "whole/networks.rs"]
mod networks;
#[cfg(test)]
#[path = "whole/scenarios.rs"]
mod scenarios;
#[cfg(test)]
#[path = "whole/swarm.rs"]
mod swarm;
